"""`hand_poses.npz`: the contract between the worker, Blender and other pipelines. See docs/files.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import HandPosesFileError
from ..files.atomic_files import replacing
from ..files.json_files import JsonError, parsed_json
from ..files.npz_files import NpzError, finite_as, has_numbers, npz_shapes, read_npz
from ..plain_text import plain_json
from ..skeleton import SIDES, Side
from .hand_poses import MOST_FRAMES, HandPoses, HandTrack

Array = NDArray[Any]

HAND_POSES_NAME = "hand_poses.npz"
SCHEMA_VERSION = 1
_MOST_BYTES = 900_000_000  # of MOST_FRAMES
_MOST_NOTES = 1 << 26  # bytes

# File key to attribute and the shape of one frame; the first two are all that other pipelines must write.
_REQUIRED = {"hand_pose": ("pose_axis_angle", (45,), "f4"), "detected": ("detected", (), "?")}
_OPTIONAL = {
    "score": ("score", (), "f4"),
    "detector_score": ("detector_score", (), "f4"),
    "bbox": ("bbox", (4,), "f4"),
    "keypoints_2d": ("keypoints_2d", (21, 2), "f4"),
    "keypoints_3d": ("keypoints_3d", (21, 3), "f4"),
    "global_orient": ("global_orient_axis_angle", (3,), "f4"),
    "betas": ("betas", (10,), "f4"),
}
_KEYS = frozenset(f"{side}_{key}" for side in SIDES for key in _REQUIRED | _OPTIONAL) | {"frame_index", "frame_time"}
_HINT = "run Estimate again, or write left_ and right_ hand_pose (N, 45) and detected (N,)"


def write_hand_poses(path: Path, poses: HandPoses) -> None:
    """Write the file in one step.

    Raises:
        OutputError: the place cannot be written.
    """
    arrays: dict[str, Any] = {"frame_index": poses.frame_index.astype("i8")}
    for side in SIDES:
        track = poses.track(side)
        for key, (attribute, _, kind) in (_REQUIRED | _OPTIONAL).items():
            arrays[f"{side}_{key}"] = getattr(track, attribute).astype(kind, copy=False)
    if poses.frame_time is not None:
        arrays["frame_time"] = poses.frame_time.astype("f8")
    meta = json.dumps({"schema_version": SCHEMA_VERSION, **poses.meta}, ensure_ascii=False)
    arrays["meta"] = np.array(plain_json(meta))
    # An open file: to a name without the ending numpy would add it.
    with replacing(Path(path)) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)


def is_hand_poses(path: Path) -> bool:
    """Whether a file has what such a one must have, whatever it is called."""
    needed = [f"{side}_{key}" for side in SIDES for key in _REQUIRED]
    try:
        return len(npz_shapes(path, needed)) == len(needed)
    except NpzError:
        return False


def read_hand_poses(path: Path) -> HandPoses:
    """Read the file; the first four rows alone are enough.

    Raises:
        HandPosesFileError: missing, damaged, or of other shapes.
    """
    path = Path(path)
    if not path.is_file():
        raise HandPosesFileError(f"There is no file {path}", "run Estimate first")
    try:
        rows = max((shape[0] for shape in npz_shapes(path, _KEYS).values() if shape), default=0)
        if rows > MOST_FRAMES:
            raise HandPosesFileError(f"{path.name} has {rows} frames, more than the {MOST_FRAMES} that are read", _HINT)
        content = read_npz(path, _KEYS, _MOST_BYTES) | read_npz(path, ("meta",), _MOST_NOTES)
    except NpzError as error:
        raise HandPosesFileError(f"{path.name} cannot be read as hand poses, it {error.message}", _HINT) from error
    tracks = {side: _track(path, content, side) for side in SIDES}
    frame_count = len(tracks["left"].detected)
    if len(tracks["right"].detected) != frame_count:
        raise HandPosesFileError(f"{path.name} has hands of different lengths", _HINT)
    if frame_count == 0:
        raise HandPosesFileError(f"{path.name} holds no frames", "run Estimate again")
    frame_index = _checked(path, content, "frame_index", np.arange(frame_count), "i8")
    frame_time = _checked(path, content, "frame_time", np.zeros(frame_count), "f8") if "frame_time" in content else None
    if frame_time is not None and not (np.diff(frame_time) > 0).all():
        raise HandPosesFileError(f"{path.name} has a frame_time that does not grow", _HINT)
    try:
        meta = parsed_json(str(content["meta"])) if "meta" in content else {}
    except JsonError as error:
        raise HandPosesFileError(f"{path.name} has a damaged meta entry", _HINT) from error
    if not isinstance(meta, dict):
        raise HandPosesFileError(f"{path.name} has a meta entry that is no JSON object", _HINT)
    return HandPoses(tracks["left"], tracks["right"], frame_index, frame_time, meta)


def _track(path: Path, content: dict[str, Any], side: Side) -> HandTrack:
    missing = [f"{side}_{key}" for key in _REQUIRED if f"{side}_{key}" not in content]
    if missing:
        raise HandPosesFileError(f"{path.name} has no {missing[0]}", _HINT)
    frame_count = len(np.atleast_1d(content[f"{side}_detected"]))
    blank = HandTrack.empty(frame_count)
    given = set(content)
    values = {
        attribute: _checked(path, content, f"{side}_{key}", getattr(blank, attribute), kind)
        for key, (attribute, _, kind) in (_REQUIRED | _OPTIONAL).items()
    }
    if f"{side}_score" not in given:
        # Without a score a measured frame counts fully.
        values["score"] = values["detected"].astype("f4")
    if f"{side}_detector_score" not in given:
        values["detector_score"] = values["score"].copy()
    return HandTrack(**values)


def _checked(path: Path, content: dict[str, Any], key: str, blank: Array, kind: str) -> Array:
    if key not in content:
        return blank
    value = content.pop(key)  # no longer kept twice from here on
    if not has_numbers(value, blank.shape):
        raise HandPosesFileError(f"{path.name} has {key} of shape {value.shape} where {blank.shape} is needed", _HINT)
    stored = finite_as(value, kind)
    if stored is None:
        raise HandPosesFileError(f"{path.name} holds numbers that are not finite in {key}", _HINT)
    return stored
