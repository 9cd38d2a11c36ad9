"""Bakes the deforming mesh to Alembic or USD in a background Blender, on a saved copy of the open file."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...core.bake.options import BAKE_SUFFIXES, BakeFile, BakeOptions
from ...core.bake.sampling import sampled_frames
from ...core.body.body_files import body_licences
from ...core.body.body_motion_file import read_body_motion
from ...core.body.point_cache import point_cache_bytes
from ...core.body.smplx_model_file import VERTEX_COUNT
from ...core.errors import BadInputError, BadUsageError, HandmocapError
from ...core.files.atomic_files import check_free_space, ensure_output_folder
from ...core.hands.hand_poses_file import read_hand_poses
from ..clip.cameras import cameras_of
from ..curves.kept_text import kept_text
from ..jobs.scene_copy_job import SceneCopyJob, exporting_command
from ..rig.armatures import deformed_meshes
from ..version_differences import can_export
from .exact_request import ExactRequest

Array = NDArray[Any]

_BYTES_PER_POINT = 12


@dataclass(frozen=True)
class BakeRequest:
    """Objects by name, target files, and the range of frames, both ends and handles included."""

    armature: str
    meshes: tuple[str, ...]
    targets: tuple[Path, ...]
    first_frame: int
    last_frame: int
    options: BakeOptions = field(default_factory=BakeOptions)
    camera: str | None = None
    sources: dict[str, Path] = field(default_factory=dict)  # what went into the shot, for the report beside each file
    licences: tuple[str, ...] = ()
    exact: ExactRequest | None = None  # where the options ask for the exact surface
    readers_python: Path | None = None  # reads the files back; None: Blender alone does

    @property
    def files(self) -> tuple[BakeFile, ...]:
        """What is written, in this order."""
        frames = self.first_frame, self.last_frame
        return tuple(file for target in self.targets for file in self.options.files_over(target, *frames))

    @property
    def frames_of_exact_surface(self) -> Array:
        """The places on the timeline (S,) where any of the files has samples."""
        suffixes = {target.suffix.lower() for target in self.targets}
        wanted = [sampled_frames(suffix, self.options, self.first_frame, self.last_frame) for suffix in suffixes]
        return np.unique(np.round(np.concatenate(wanted), 6))


def request_for(
    armature: Any, targets: Sequence[Path], scene: Any, options: BakeOptions | None = None,
    sources: dict[str, Path] | None = None, exact: ExactRequest | None = None,
) -> BakeRequest:  # fmt: skip
    """Bake what the armature deforms over the options' range; `exact` is what `exact_request` gives for the options.

    Raises:
        BadInputError: it deforms nothing, or a part is not there.
        BadUsageError: a target is neither Alembic nor USD, or cannot hold what is asked for.
    """
    options, sources = options or BakeOptions(), sources or {}
    meshes = deformed_meshes(armature)
    if not meshes:
        raise BadInputError(f"{armature.name} deforms no mesh", "add the body's mesh to it, or choose another armature")
    for target in targets:
        if target.suffix.lower() not in BAKE_SUFFIXES:
            raise BadUsageError(
                f"{target.name} is neither Alembic nor USD", f"name it with one of {', '.join(BAKE_SUFFIXES)}"
            )
        if target.suffix.lower() == ".abc" and options.geometry == "skeleton":
            raise BadUsageError("Alembic knows no skeleton", "bake the skeleton to USD alone, or another geometry")
    if options.geometry == "exact" and exact is None:
        raise BadUsageError(
            f"No SMPL-X model is named for {armature.name}", "choose its model file, or bake the skinned mesh"
        )
    camera = _camera(armature, scene) if "camera" in options.parts else None
    first, last = options.frames(scene.frame_start, scene.frame_end)
    names = tuple(mesh.name for mesh in meshes)
    licences = licences_of(armature, sources)
    return BakeRequest(armature.name, names, tuple(targets), first, last, options, camera, sources, licences, exact)


def _camera(armature: Any, scene: Any) -> str:
    """The clip's camera, else the scene's."""
    camera = next(iter(cameras_of(armature)), scene.camera)
    if camera is None:
        raise BadInputError("The scene has no camera to bake", "apply a body with its camera, or leave the camera out")
    return str(camera.name)


def licences_of(armature: Any, sources: dict[str, Path]) -> tuple[str, ...]:
    """The licences of what a body's motion was made with."""
    found = [kept_text(armature, "handmocap_licence", f"{armature.name}: its maker's")]
    if "hand_poses" in sources:
        with contextlib.suppress(HandmocapError):
            found = [*read_hand_poses(sources["hand_poses"]).meta.get("licences", []), *found]
    if "body_motion" in sources:
        with contextlib.suppress(HandmocapError):
            found += read_body_motion(sources["body_motion"]).meta.get("licences", [])
    if "gvhmr" in sources:
        found += body_licences(sources["gvhmr"])
    return tuple(found)


def _bytes_of(request: BakeRequest, file: BakeFile, with_normals: bool) -> int:
    """About what a file of all points takes; skeletons and parts are less."""
    meshes = [bpy.data.objects[name].data for name in request.meshes]
    values = sum(len(mesh.vertices) + (len(mesh.loops) if with_normals else 0) for mesh in meshes)
    samples = sampled_frames(file.path.suffix.lower(), request.options, file.first_frame, file.last_frame)
    return len(samples) * values * _BYTES_PER_POINT


class BakeJob(SceneCopyJob):
    """A running bake."""

    def __init__(
        self, request: BakeRequest, bpy_python: Path | None, log_path: Path, readers_python: Path | None = None
    ) -> None:
        """Start it. Without `readers_python` Blender alone reads the files back.

        Raises:
            MissingSetupError, OutputError: nothing was started.
        """
        can_write = all(can_export(target.suffix.lower()) for target in request.targets)
        command = exporting_command(None if can_write else "Alembic or USD", bpy_python)
        files, normals = request.files, request.options.normals
        for folder in {target.parent for target in request.targets}:
            ensure_output_folder(folder)
            here = [file for file in files if file.path.parent == folder]
            check_free_space(folder, sum(_bytes_of(request, file, normals) for file in here))
        # Where digests are not enough, the points of two files at most lie there for their proof.
        has_points = readers_python is None or request.options.geometry == "skeleton"
        raw = [_bytes_of(request, file, with_normals=False) for file in files] if has_points else []
        cache = 0 if request.exact is None else point_cache_bytes(VERTEX_COUNT, len(request.frames_of_exact_surface))
        paths = [file.path for file in files]
        request = replace(request, readers_python=readers_python)
        super().__init__(command, "bake", request, paths, log_path, sum(sorted(raw)[-2:]) + cache)
