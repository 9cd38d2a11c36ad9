"""Reads npz in AMASS's form: `poses`, or `root_orient` and `pose_body`, and `trans`.

In AMASS's own files z is up. Those made from GVHMR's results by gvhmr-batch-process, and this program's own, say which.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import BodyMotionFileError
from ..files.array_files import FileContent
from .gvhmr_arrays import body_rotations, root_rotations, without_root
from .makers import AMASS, GVHMR
from .motion import BodyMotion
from .parameters import UpAxis
from .pose_arrays import BODY_JOINTS, PoseFile, rate_in, text_in
from .world_alone import SMPLX, WorldParts, world_motion

Array = NDArray[Any]
_SMPL, _SMPLH = "SMPL", "SMPL-H"
# SMPL's 24 joints end with both hands; SMPL-H has 30 joints of fingers after the body's 22, SMPL-X three of the face before.
_BODY_OF_JOINTS: Final = {BODY_JOINTS: SMPLX, 24: _SMPL, 52: _SMPLH, 55: SMPLX}
_FIRST_FINGER: Final = {52: 22, 55: 25}
_PARTS: Final = ("root_orient", "pose_body")


def amass_motion(path: Path, content: FileContent) -> BodyMotion | None:
    """The motion in a file of this form, or None where it is none.

    Raises:
        BodyMotionFileError: it is one, and not whole.
    """
    value = content.value
    if content.unknown or not isinstance(value, dict) or "trans" not in value:
        return None
    if "poses" not in value and not all(part in value for part in _PARTS):
        return None
    # Its licence is that of who made it.
    file = PoseFile(path, GVHMR if text_in(value, "betas_source").startswith("gvhmr") else AMASS)
    pose = file.pose(value["poses"], "poses") if "poses" in value else _joined(file, value)
    body = _body_of(value, pose.shape[1])
    if body is None:
        raise BodyMotionFileError(
            f"{file.path.name} cannot be read for certain: poses are of {pose.shape[1]} joints", "use one of SMPL-X"
        )
    first = _FIRST_FINGER.get(pose.shape[1])
    parts = WorldParts(
        pose,
        file.vectors(value["trans"], "trans", len(pose), 3),
        file.betas(value.get("betas"), "betas", len(pose)),
        body,
        pose[:, first:] if first is not None else None,
        rate_in(value, "mocap_frame_rate", "mocap_framerate", "fps"),
        "z",
        _said_up(value),
        text_in(value, "gender"),
    )
    return world_motion(file, parts)


def _joined(file: PoseFile, value: dict[Any, Any]) -> Array:
    """Rotations (N, 22, 4) of a file that has them in parts alone."""
    with file.about("pose_body"):
        joints = body_rotations(file.numbers(value["pose_body"]))
    with file.about("root_orient"):
        root = root_rotations(file.numbers(value["root_orient"]), len(joints))
    with file.about("pose_body"):
        body = without_root(joints, [root])
    if len(body) == 0:
        raise BodyMotionFileError(f"{file.path.name} holds no frames", file.maker.again)
    return np.concatenate((root[:, None], body), axis=1)


def _body_of(value: dict[Any, Any], joint_count: int) -> str | None:
    """Whose joints they are, in words; None where nobody has so many."""
    named = text_in(value, "surface_model_type", "model_type", "model").replace("-", "").replace("_", "")
    if joint_count not in _BODY_OF_JOINTS:
        return None
    for word, body in (("smplx", SMPLX), ("smplh", _SMPLH), ("smpl", _SMPL)):
        if named.startswith(word):
            return body
    # Written by this program, which knows SMPL-X alone.
    return SMPLX if "up_axis" in value else _BODY_OF_JOINTS[joint_count]


def _said_up(value: dict[Any, Any]) -> UpAxis | None:
    named = text_in(value, "up_axis", "output_up", "coordinate_system")
    for axis in ("y", "z"):
        if named == axis or f"{axis}_up" in named or f"{axis}-up" in named:
            return axis
    return None
