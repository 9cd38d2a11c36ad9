"""Results that are there already, and how they are known to be what would come out again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ...core.errors import HandPosesFileError
from ...core.files.damaged_files import aside_of
from ...core.hands.hand_poses import HandPoses
from ...core.hands.hand_poses_file import read_hand_poses
from .fingerprint import fingerprint

_SEAL = "seal"


def sealed(poses: HandPoses) -> HandPoses:
    """With a digest of all of it in its notes, by which a file that was changed since is known."""
    return replace(poses, meta=poses.meta | {_SEAL: _seal(poses)})


def finished_before(target: Path, made_from: str) -> HandPoses | None:
    """What a target holds, if it was made from the same by the same program last and is as it was then."""
    poses = read_if_any(target)
    if poses is None or poses.meta.get(_SEAL) != _seal(poses):
        return None
    parts = poses.meta.get("parts")
    return poses if isinstance(parts, list) and parts and parts[-1].get("fingerprint") == made_from else None


def read_if_any(target: Path) -> HandPoses | None:
    """What a target holds, if it can be read."""
    try:
        return read_hand_poses(target)
    except HandPosesFileError:
        return None


def place_aside(target: Path) -> Path | None:
    """Where a file goes that stands at a target and cannot be read, so that nothing in it is lost; None where it can be."""
    try:
        read_hand_poses(target)
    except HandPosesFileError:
        if target.is_file():
            return aside_of(target)
    return None


def with_warning(poses: HandPoses, sentence: str) -> HandPoses:
    """With one more sentence of what should be known."""
    return replace(poses, meta=poses.meta | {"warnings": [*poses.warnings(), sentence]})


def _seal(poses: HandPoses) -> str:
    # A file adds its schema's version to the notes.
    notes: dict[str, Any] = {key: value for key, value in poses.meta.items() if key not in (_SEAL, "schema_version")}
    return fingerprint(poses.left, poses.right, poses.frame_index, poses.frame_time, notes)
