"""Reads GVHMR's `hmr4d_results.pt` into a BodyMotion."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .body_motion import BodyMotion, BodyTrack
from .errors import BadUsageError, BodyMotionFileError
from .rotations import Array, axis_angle_to_quat_wxyz
from .torch_archive import read_torch_archive

# GVHMR's copy of the clip, beside its result.
CLIP_NAME = "0_input_video.mp4"
RESULT_NAME = "hmr4d_results.pt"
_SPACES = ("smpl_params_global", "smpl_params_incam")
_WIDTHS = {"body_pose": 63, "betas": 10, "global_orient": 3, "transl": 3}
_HINT = "choose the hmr4d_results.pt in GVHMR's output folder"


def read_gvhmr_result(path: Path) -> BodyMotion:
    """World and camera motion, shape and intrinsics of one person.

    Raises:
        BodyMotionFileError: unreadable, unsafe, or without what a GVHMR result holds.
    """
    path = Path(path)
    content = read_torch_archive(path)
    if not isinstance(content, dict):
        raise BodyMotionFileError(f"{path.name} is not a GVHMR result, it holds a {type(content).__name__}", _HINT)
    spaces = {space: _parameters(path, content, space) for space in _SPACES}
    world, camera = spaces["smpl_params_global"], spaces["smpl_params_incam"]
    intrinsics = _array(path, content, "K_fullimg")
    frame_count = len(world["body_pose"])
    if frame_count == 0:
        raise BodyMotionFileError(f"{path.name} holds no frames", "run GVHMR on the clip again")
    if intrinsics.shape != (frame_count, 3, 3) or len(camera["body_pose"]) != frame_count:
        raise BodyMotionFileError(f"{path.name} is damaged, its parts have different lengths", _HINT)
    return BodyMotion(
        body_quat_wxyz=axis_angle_to_quat_wxyz(world["body_pose"].reshape(frame_count, 21, 3)),
        world=BodyTrack(axis_angle_to_quat_wxyz(world["global_orient"]), world["transl"]),
        camera=BodyTrack(axis_angle_to_quat_wxyz(camera["global_orient"]), camera["transl"]),
        # One shape a person: GVHMR repeats it on every frame.
        betas=np.median(world["betas"], axis=0),
        intrinsics=intrinsics,
        source=str(path),
    )


def read_gvhmr_results(paths: Sequence[Path]) -> list[BodyMotion]:
    """The motions of several people, who must be several: hands near one body given twice would be split between the two.

    Raises:
        BodyMotionFileError: as for one.
        BadUsageError: two results are of the same body.
    """
    motions = [read_gvhmr_result(path) for path in paths]
    for (first, motion), (second, other) in itertools.combinations(zip(paths, motions, strict=True), 2):
        if all(
            np.array_equal(part, other_part)
            for part, other_part in (
                (motion.body_quat_wxyz, other.body_quat_wxyz),
                (motion.camera.translation, other.camera.translation),
            )
        ):
            raise BadUsageError(f"{first} and {second} are the same person's", "name one GVHMR result for each person")
    return motions


def _parameters(path: Path, content: dict[str, Any], space: str) -> dict[str, Array]:
    group = content.get(space)
    if not isinstance(group, dict):
        raise BodyMotionFileError(f"{path.name} is not a GVHMR result, it has no {space}", _HINT)
    parameters = {key: _array(path, group, key) for key in _WIDTHS}
    for key, width in _WIDTHS.items():
        if parameters[key].shape[1:] != (width,):
            raise BodyMotionFileError(f"{path.name} is damaged, {space} has {key} of shape {parameters[key].shape}", _HINT)
    frame_count = len(parameters["body_pose"])
    for key in _WIDTHS:
        if len(parameters[key]) != frame_count:
            raise BodyMotionFileError(f"{path.name} is damaged, {space} has {key} of shape {parameters[key].shape}", _HINT)
    return parameters


def _array(path: Path, group: dict[str, Any], key: str) -> Array:
    value = group.get(key)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
        raise BodyMotionFileError(f"{path.name} is not a GVHMR result, it has no {key}", _HINT)
    if not np.isfinite(value).all():
        raise BodyMotionFileError(f"{path.name} holds numbers that are not finite in {key}", "run GVHMR on the clip again")
    return value.astype(np.float64)
