"""SMPL-X parameters of a sequence, and the file in which the worker is given them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import PosesFileError
from ..files.atomic_files import replacing
from ..files.npz_files import NpzError, read_npz
from ..skeleton import JOINT_NAMES
from .model import Array

# In the order of the joints, with the names that the `smplx` package gives them.
_PARTS = {
    "global_orient": 3,
    "body_pose": 63,
    "jaw_pose": 3,
    "leye_pose": 3,
    "reye_pose": 3,
    "left_hand_pose": 45,
    "right_hand_pose": 45,
}
_AXIS_ANGLE_VALUES = sum(_PARTS.values())
_HINT = "write it again from the scene"
# An hour and a half of poses at 60 frames a second.
_MOST_BYTES = 1 << 29


@dataclass(frozen=True, eq=False)
class SmplxPoses:
    """N frames of one body in the model's axes (x left, y up, z forward), hands absolute in the flat convention.

    `placement` are affine matrices from there, in metres, to where the points are wanted; they act on column vectors.
    """

    pose_axis_angle: Array  # (N, 55, 3)
    translation: Array  # (N, 3) metres
    betas: Array  # (B,)
    expression: Array  # (N, E), E may be 0
    placement: Array  # (N, 4, 4)

    @property
    def frame_count(self) -> int:
        return len(self.pose_axis_angle)

    def frames(self, chosen: slice) -> SmplxPoses:
        """Some of the frames."""
        return SmplxPoses(
            self.pose_axis_angle[chosen],
            self.translation[chosen],
            self.betas,
            self.expression[chosen],
            self.placement[chosen],
        )


def write_smplx_poses(path: Path, poses: SmplxPoses) -> None:
    """Write an npz with `smplx`'s names: axis-angle (N, 3), (N, 63), …, `transl`, `betas`, `expression`, and `placement`.

    Raises:
        OutputError: it cannot be written.
    """
    flat = poses.pose_axis_angle.reshape(poses.frame_count, -1)
    starts = np.cumsum([0, *_PARTS.values()])
    arrays: dict[str, Any] = {
        name: flat[:, first : first + size] for (name, size), first in zip(_PARTS.items(), starts, strict=False)
    }
    arrays |= {"transl": poses.translation, "betas": poses.betas, "expression": poses.expression}
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays, placement=poses.placement)


def read_smplx_poses(path: Path) -> SmplxPoses:
    """Read what `write_smplx_poses` wrote; without `betas`, `expression` and `placement`: zero, none and the model's place.

    Raises:
        PosesFileError: no such file, an array is missing or of another shape, or holds numbers that are not finite.
    """
    if not path.exists():
        raise PosesFileError(f"There is no file {path}", _HINT)
    try:
        arrays = read_npz(path, (*_PARTS, "transl", "betas", "expression", "placement"), _MOST_BYTES, as_doubles=True)
    except NpzError as error:
        raise PosesFileError(f"{path.name} cannot be read as npz, it {error.message}", _HINT) from error
    missing = [name for name in (*_PARTS, "transl") if name not in arrays]
    if missing:
        raise PosesFileError(f"{path.name} has no {missing[0]}", _HINT)
    count = len(np.atleast_1d(arrays["transl"]))
    arrays.setdefault("betas", np.zeros(0))
    arrays.setdefault("expression", np.zeros((count, 0)))
    arrays.setdefault("placement", np.broadcast_to(np.eye(4), (count, 4, 4)))
    shapes: dict[str, tuple[int, ...]] = {name: (count, size) for name, size in _PARTS.items()}
    shapes |= {"transl": (count, 3), "betas": (arrays["betas"].size,), "placement": (count, 4, 4)}
    shapes["expression"] = (count, arrays["expression"].shape[-1] if arrays["expression"].ndim else 0)
    for name, shape in shapes.items():
        if arrays[name].shape != shape or count == 0:
            raise PosesFileError(f"{path.name} has {name} of shape {arrays[name].shape} instead of {shape}", _HINT)
        if arrays[name].dtype.kind not in "fiu" or not np.isfinite(arrays[name]).all():
            raise PosesFileError(f"{path.name} holds numbers in {name} that are not finite", _HINT)
    pose = np.concatenate([arrays[name] for name in _PARTS], axis=1, dtype=np.float64)
    assert pose.shape[1] == _AXIS_ANGLE_VALUES
    numbers = {name: arrays[name].astype(np.float64, copy=False) for name in ("transl", "betas", "expression", "placement")}
    return SmplxPoses(
        pose_axis_angle=pose.reshape(count, len(JOINT_NAMES), 3),
        translation=numbers["transl"],
        betas=numbers["betas"],
        expression=numbers["expression"],
        placement=numbers["placement"],
    )
