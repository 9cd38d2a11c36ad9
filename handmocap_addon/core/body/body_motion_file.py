"""`body_motion.npz`: a body's motion that was estimated from a clip, beside the hands' file. See docs/files.md."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import BodyMotionFileError
from ..files.atomic_files import replacing
from ..files.json_files import JsonError, parsed_json
from ..files.npz_files import NpzError, finite_as, has_numbers, npz_shapes, read_npz
from ..hands.hand_poses import MOST_FRAMES
from ..maths.rotations import axis_angle_to_quat_wxyz, quat_wxyz_to_axis_angle
from ..plain_text import plain_json
from .makers import BUILT_IN
from .motion import BodyMotion, BodyTrack

Array = NDArray[Any]

BODY_MOTION_NAME: Final = "body_motion.npz"
# Of the pelvis and the 21 joints after it.
BODY_JOINT_COUNT: Final = 22
SCHEMA_VERSION: Final = 1
_MOST_BYTES = 900_000_000  # of MOST_FRAMES
_MOST_NOTES = 1 << 26  # bytes
# Shape of one frame and type.
_KEYS: Final[dict[str, tuple[tuple[int, ...], str]]] = {
    "body_pose": ((63,), "f4"),
    "world_global_orient": ((3,), "f4"),
    "world_transl": ((3,), "f4"),
    "camera_global_orient": ((3,), "f4"),
    "camera_transl": ((3,), "f4"),
    "intrinsics": ((3, 3), "f8"),
    "measured": ((), "?"),
    "joints_measured": ((BODY_JOINT_COUNT,), "?"),
    "frame_index": ((), "i8"),
    "frame_time": ((), "f8"),
}
_HINT = "run Estimate again, which makes it anew"


@dataclass(frozen=True, eq=False)
class StoredBody:
    """The motion of one person over N frames, what of it was measured, and where it comes from."""

    motion: BodyMotion
    measured: Array  # (N,) bool
    joints_measured: Array  # (N, 22) bool, pelvis to right_wrist
    frame_index: Array  # (N,) decoded source frame of each row
    frame_time: Array  # (N,) seconds, growing
    meta: dict[str, Any]

    def arrays(self) -> dict[str, Array]:
        """As the file has them, `meta` left out."""
        motion, seen = self.motion, self.motion.seen()
        values = {
            "body_pose": quat_wxyz_to_axis_angle(motion.body_quat_wxyz).reshape(motion.frame_count, 63),
            "world_global_orient": quat_wxyz_to_axis_angle(motion.world.orient_quat_wxyz),
            "world_transl": motion.world.translation,
            "camera_global_orient": quat_wxyz_to_axis_angle(seen.track.orient_quat_wxyz),
            "camera_transl": seen.track.translation,
            "intrinsics": seen.intrinsics,
            "measured": self.measured,
            "joints_measured": self.joints_measured,
            "frame_index": self.frame_index,
            "frame_time": self.frame_time,
        }
        stored = {key: np.asarray(value).astype(_KEYS[key][1], copy=False) for key, value in values.items()}
        return {**stored, "betas": motion.betas.astype("f4", copy=False)}


def write_body_motion(path: Path, body: StoredBody) -> None:
    """Write the file in one step.

    Raises:
        OutputError: the place cannot be written.
    """
    notes = {"schema_version": SCHEMA_VERSION, **body.meta, "warnings": list(body.motion.warnings)}
    arrays: dict[str, Any] = {**body.arrays(), "meta": np.array(plain_json(json.dumps(notes, ensure_ascii=False)))}
    with replacing(Path(path)) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)


def is_body_motion(path: Path) -> bool:
    """Whether a file has the members of one, whatever it is called."""
    try:
        return len(npz_shapes(path, ("body_pose", "world_transl", "camera_transl", "joints_measured"))) == 4
    except NpzError:
        return False


def read_body_motion(path: Path) -> StoredBody:
    """Read the file.

    Raises:
        BodyMotionFileError: missing, damaged, or of other shapes.
    """
    path = Path(path)
    if not path.is_file():
        raise BodyMotionFileError(f"There is no file {path}", "run Estimate first")
    try:
        rows = npz_shapes(path, _KEYS).get("body_pose", ())
        if rows and rows[0] > MOST_FRAMES:
            raise BodyMotionFileError(f"{path.name} has {rows[0]} frames, more than the {MOST_FRAMES} that are read", _HINT)
        content = read_npz(path, {*_KEYS, "betas"}, _MOST_BYTES) | read_npz(path, ("meta",), _MOST_NOTES)
    except NpzError as error:
        raise BodyMotionFileError(f"{path.name} cannot be read as a body's motion, it {error.message}", _HINT) from error
    missing = [key for key in (*_KEYS, "betas", "meta") if key not in content]
    if missing:
        raise BodyMotionFileError(f"{path.name} has no {missing[0]}", _HINT)
    count = len(np.atleast_1d(content["body_pose"]))
    if count == 0:
        raise BodyMotionFileError(f"{path.name} holds no frames", _HINT)
    values = {key: _checked(path, content, key, (count, *shape), kind) for key, (shape, kind) in _KEYS.items()}
    betas = _checked(path, content, "betas", (10,), "f8")
    if not (np.diff(values["frame_time"]) > 0).all():
        raise BodyMotionFileError(f"{path.name} has a frame_time that does not grow", _HINT)
    if (values["intrinsics"][:, (0, 1, 0, 1), (0, 1, 2, 2)] <= 0.0).any():
        raise BodyMotionFileError(f"{path.name} has intrinsics that are no camera's lens", _HINT)
    meta = _notes(path, content["meta"])
    motion = BodyMotion(
        axis_angle_to_quat_wxyz(values["body_pose"].reshape(count, 21, 3)),
        BodyTrack(axis_angle_to_quat_wxyz(values["world_global_orient"]), values["world_transl"].astype("f8")),
        BodyTrack(axis_angle_to_quat_wxyz(values["camera_global_orient"]), values["camera_transl"].astype("f8")),
        betas,
        values["intrinsics"],
        str(path),
        tuple(str(sentence) for sentence in meta.pop("warnings", []) if isinstance(sentence, str)),
        BUILT_IN,
    )
    return StoredBody(
        motion, values["measured"], values["joints_measured"], values["frame_index"], values["frame_time"], meta
    )


def stored_arrays(path: Path) -> dict[str, Array]:
    """What `StoredBody.arrays` gave, to the bit.

    Raises:
        BodyMotionFileError: it cannot be read.
    """
    try:
        return read_npz(path, {*_KEYS, "betas"}, _MOST_BYTES)
    except NpzError as error:
        raise BodyMotionFileError(f"{path.name} cannot be read as a body's motion, it {error.message}", _HINT) from error


def _notes(path: Path, stored: Array) -> dict[str, Any]:
    try:
        meta = parsed_json(str(stored))
    except JsonError as error:
        raise BodyMotionFileError(f"{path.name} has a damaged meta entry", _HINT) from error
    if not isinstance(meta, dict) or not isinstance(meta.get("warnings", []), list):
        raise BodyMotionFileError(f"{path.name} has a meta entry that is not the format's", _HINT)
    return meta


def _checked(path: Path, content: dict[str, Any], key: str, shape: tuple[int, ...], kind: str) -> Array:
    value = content.pop(key)  # no longer kept twice from here on
    if not has_numbers(value, shape):
        raise BodyMotionFileError(f"{path.name} has {key} of shape {value.shape} where {shape} is needed", _HINT)
    stored = finite_as(value, kind)
    if stored is None:
        raise BodyMotionFileError(f"{path.name} holds numbers that are not finite in {key}", _HINT)
    return stored
