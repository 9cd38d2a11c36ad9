"""A background Blender that works on a saved copy of the open file, so that the window stays free."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import bpy

from ...core.audience import set_up_exporter
from ...core.errors import MissingSetupError
from ...core.files.atomic_files import check_free_space, remove_temporaries_of
from ...core.files.json_dataclasses import to_json
from ...core.files.temporary_folders import TemporaryFolder
from ...core.job_protocol import Progress
from ...core.process.child_processes import python_command
from ..saving import write_copy
from .child_job import ChildJob
from .scene_copy_order import SceneCopyOrder

_SCRIPT: Final = Path(__file__).resolve().parents[1] / "background" / "__main__.py"


def exporting_command(lacking: str | None, bpy_python: Path | None) -> list[str]:
    """How to start a background Blender that has the exporters: the running one, or the `bpy` environment.

    Args:
        lacking: what the running build cannot write, as a sentence names it; None where it can write everything.
        bpy_python: the Python of the `bpy` environment, where there is one.

    Raises:
        MissingSetupError: this build lacks an exporter and there is no `bpy` environment.
    """
    if lacking is None:
        if bpy.app.binary_path:
            return [bpy.app.binary_path, "--background", "--factory-startup", "--python", str(_SCRIPT), "--"]
        return python_command(sys.executable, _SCRIPT, "--")
    if bpy_python is None or not bpy_python.is_file():
        raise MissingSetupError(f"This build of Blender cannot write {lacking}", set_up_exporter())
    return python_command(bpy_python, _SCRIPT, "--")


class SceneCopyJob:
    """A running order. Its folder, with the copy and the order that it works by, goes when the job has ended."""

    def __init__(
        self, program: Sequence[str], command: str, request: Any, targets: Sequence[Path], log_path: Path,
        needed_bytes: int = 0,
    ) -> None:  # fmt: skip
        """Start it.

        Args:
            program: as `exporting_command` gives; the order's path is added to it.
            command: what is to be done.
            request: the command's own dataclass.
            targets: files that it replaces.
            log_path: where its output goes.
            needed_bytes: what it lays into its folder beside the copy.

        Raises:
            OutputError, WorkerFailedError: nothing was started.
        """
        self._target_folders = {target.parent for target in targets}
        self._folder = TemporaryFolder()
        try:
            check_free_space(self._folder.path, needed_bytes)
            copy = self._folder.path / "scene.blend"
            write_copy(copy)
            order = SceneCopyOrder(command, self._folder.path, copy, tuple(targets), to_json(request))
            written = self._folder.path / "request.json"
            written.write_text(json.dumps(to_json(order)), encoding="utf-8")
            # The child leaves without Blender's own way out, which would remove the folder of its session.
            self.job = ChildJob([*program, str(written)], log_path, targets, self._folder)
        except BaseException:
            self._folder.remove()
            raise

    def poll(self) -> bool:
        """As `ChildJob.poll`."""
        running = self.job.poll()
        if not running:
            self._clean_up()
        return running

    def wait(self, on_progress: Callable[[Progress], None] | None = None) -> dict[str, Any]:
        """As `ChildJob.wait`."""
        try:
            return self.job.wait(on_progress)
        finally:
            self._clean_up()

    def _clean_up(self) -> None:
        self._folder.remove()
        for folder in self._target_folders:
            remove_temporaries_of(self.job.process_id, folder)
