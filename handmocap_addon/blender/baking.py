"""Bakes the deforming mesh to Alembic or USD in a background Blender, on a saved copy of the open file."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy

from ..core.atomic_files import check_free_space, ensure_output_folder, remove_temporaries_of
from ..core.bake_options import BakeOptions
from ..core.errors import BadInputError, BadUsageError, MissingSetupError
from ..core.job_protocol import Progress
from .armatures import deformed_meshes
from .exact_request import ExactRequest
from .jobs import ChildJob
from .saving import write_copy
from .version_differences import can_export

SUFFIXES = (".abc", ".usdc", ".usda", ".usd")
_BYTES_PER_POINT = 12
_BAKE_SCRIPT = Path(__file__).with_name("bake_job.py")


@dataclass(frozen=True)
class BakeRequest:
    """Objects by name, target files, and the range of frames, both ends and handles included."""

    armature: str
    meshes: tuple[str, ...]
    targets: tuple[Path, ...]
    first_frame: int
    last_frame: int
    options: BakeOptions = field(default_factory=BakeOptions)
    exact: ExactRequest | None = None  # where the options ask for the exact surface

    def to_json(self) -> dict[str, Any]:
        """What the background process gets."""
        return {
            "armature": self.armature,
            "meshes": self.meshes,
            "targets": [str(target) for target in self.targets],
            "first_frame": self.first_frame,
            "last_frame": self.last_frame,
            "options": self.options.to_json(),
            "exact": self.exact.to_json() if self.exact is not None else None,
        }


def request_for(
    armature: Any,
    targets: Sequence[Path],
    scene: Any,
    options: BakeOptions | None = None,
    exact: ExactRequest | None = None,
) -> BakeRequest:
    """Bake what the armature deforms over the options' range; `exact` is what `exact_request` gives for the options.

    Raises:
        BadInputError: it deforms nothing.
        BadUsageError: a target is neither Alembic nor USD, or cannot hold what is asked for.
    """
    options = options or BakeOptions()
    meshes = deformed_meshes(armature)
    if not meshes:
        raise BadInputError(f"{armature.name} deforms no mesh", "add the body's mesh to it, or choose another armature")
    for target in targets:
        if target.suffix.lower() not in SUFFIXES:
            raise BadUsageError(f"{target.name} is neither Alembic nor USD", f"name it with one of {', '.join(SUFFIXES)}")
    first, last = options.frames(scene.frame_start, scene.frame_end)
    names = tuple(mesh.name for mesh in meshes)
    return BakeRequest(armature.name, names, tuple(targets), first, last, options, exact)


def exporting_command(suffixes: Sequence[str], bpy_python: Path | None) -> list[str]:
    """How to start a background Blender that has the exporters: the running one, or the `bpy` environment.

    Raises:
        MissingSetupError: this build lacks an exporter and there is no `bpy` environment.
    """
    if all(can_export(suffix) for suffix in suffixes):
        if bpy.app.binary_path:
            return [bpy.app.binary_path, "--background", "--factory-startup", "--python", str(_BAKE_SCRIPT), "--"]
        return [sys.executable, str(_BAKE_SCRIPT), "--"]
    if bpy_python is None or not bpy_python.is_file():
        raise MissingSetupError(
            "This build of Blender cannot write Alembic or USD", "press Set up the exporter, or run handmocap.py setup"
        )
    return [str(bpy_python), str(_BAKE_SCRIPT), "--"]


class BakeJob:
    """A running bake. Its folder, with the copy of the file that it works on, goes when the job has ended."""

    def __init__(self, request: BakeRequest, bpy_python: Path | None, log_path: Path) -> None:
        """Start it.

        Raises:
            MissingSetupError, OutputError: nothing was started.
        """
        command = exporting_command([target.suffix.lower() for target in request.targets], bpy_python)
        frames = request.last_frame - request.first_frame + 1
        points = sum(len(bpy.data.objects[name].data.vertices) for name in request.meshes)
        self._target_folders = {target.parent for target in request.targets}
        for folder in self._target_folders:
            ensure_output_folder(folder)
            files = sum(target.parent == folder for target in request.targets)
            check_free_space(folder, files * frames * points * _BYTES_PER_POINT)
        self._folder = Path(tempfile.mkdtemp(prefix="handmocap-bake-"))
        try:
            copy = self._folder / "scene.blend"
            write_copy(copy)
            order = self._folder / "request.json"
            order.write_text(
                json.dumps({"folder": str(self._folder), "blend": str(copy), **request.to_json()}), encoding="utf-8"
            )
            # The child leaves without Blender's own way out, which would remove the folder of its session.
            own_place = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self._folder))
            self.job = ChildJob([*command, str(order)], log_path, {**os.environ, **own_place}, request.targets)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
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
        shutil.rmtree(self._folder, ignore_errors=True)
        for folder in self._target_folders:
            remove_temporaries_of(self.job.process_id, folder)
