"""A background Blender that works on a saved copy of the open file, so that the window stays free."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import bpy

from ...core.files.atomic_files import remove_temporaries_of
from ...core.files.temporary_folders import TemporaryFolder
from ...core.job_protocol import Progress
from ...core.process.child_processes import python_command
from ..saving import write_copy
from .child_job import ChildJob


def running_blender_command(script: Path) -> list[str]:
    """How to start a script in a background Blender of the running build."""
    if bpy.app.binary_path:
        return [bpy.app.binary_path, "--background", "--factory-startup", "--python", str(script), "--"]
    return python_command(sys.executable, script, "--")


class SceneCopyJob:
    """A running script. Its folder, with the copy and the order that it works by, goes when the job has ended."""

    def __init__(self, command: Sequence[str], order: dict[str, Any], targets: Sequence[Path], log_path: Path) -> None:
        """Start it.

        Args:
            command: as `running_blender_command` gives; the order's path is added to it.
            order: what the script is to do, of JSON's types; `folder`, `blend` and `targets` of paths are added.
            targets: files that the script replaces.
            log_path: where its output goes.

        Raises:
            OutputError, WorkerFailedError: nothing was started.
        """
        self._target_folders = {target.parent for target in targets}
        self._folder = TemporaryFolder()
        try:
            copy = self._folder.path / "scene.blend"
            write_copy(copy)
            places = {"folder": str(self._folder.path), "blend": str(copy), "targets": [str(target) for target in targets]}
            written = self._folder.path / "request.json"
            written.write_text(json.dumps(order | places), encoding="utf-8")
            # The child leaves without Blender's own way out, which would remove the folder of its session.
            self.job = ChildJob([*command, str(written)], log_path, targets, self._folder)
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
