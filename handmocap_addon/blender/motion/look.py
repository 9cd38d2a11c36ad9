"""Whether bones stand where they were keyed to stand, and if not, what holds them elsewhere.

Looked at through Blender's own evaluation, so that whatever takes part in it is in what is seen. Where a person's keys or
locks hold a bone, it is meant to stand elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.keys.own_keys import OwnKeys
from ...core.maths.rotation_modes import rotation_property
from ...core.maths.rotations import angle_between_rotmats, quat_wxyz_to_rotmat
from ...core.skeleton import JOINT_INDEX, JOINT_NAMES, PARENTS
from ..curves.actions import find_curve, made_by_hand
from ..curves.key_arrays import read_keys
from ..curves.locks import is_locked
from ..curves.tool_actions import find_tool_action
from ..curves.written_record import read_record
from ..rig.armatures import RigMap
from ..rig.posed_frames import PosedFrames, inverse, posed_frames
from .look_reasons import reason_of
from .motion_keys import bone_path

Array = NDArray[Any]

# What a joint may add to a chain's error; a chain of all joints stays within 0.1 degrees and 0.5 mm where each keeps this.
_ANGLE, _DISTANCE, _SCALE = np.radians(0.05), 2e-4, 1e-3
# Metres from a joint to what else hangs on its bone, where that is no joint: what a scale carries away.
_LEAST_REACH = 0.02
_MOST_REASONS = 3


@dataclass(frozen=True, eq=False)
class Wanted:
    """How joints were keyed to stand on K frames: local rotations (K, 4) by joint in the model's axes.

    `pelvis` (K, 3) is its place, metres, model's axes; None where it was not keyed.
    """

    frames: Array
    quat_wxyz: Mapping[str, Array]
    pelvis: Array | None = None


@dataclass(frozen=True)
class _Off:
    """The worst of a joint: rows on which it is elsewhere, and by how much there."""

    joint: str
    row: int
    degrees: float
    millimetres: float


def look_at_pose(
    armature: Any, rig: RigMap, wanted: Wanted, ease_frames: float, own_keys: OwnKeys = OwnKeys.ASK
) -> tuple[str, ...]:
    """A sentence for each reason for which joints stand elsewhere than keyed; none where all is well.

    Args:
        armature: the armature object that was keyed.
        rig: what its bones are.
        wanted: how it was keyed.
        ease_frames: how far round a key of a person's own the tool's keys give way to it.
        own_keys: where all that was there was to be kept, what that does to the pose is said too.
    """
    places = _Places.of(armature, rig, posed_frames(armature, wanted.frames))
    by_reason: dict[str, list[_Off]] = {}
    for joint in wanted.quat_wxyz:
        off = _off(armature, rig, wanted, places, joint, ease_frames)
        if off is not None:
            by_reason.setdefault(reason_of(armature, rig, joint), []).append(off)
    said = [_sentence(armature, reason, offs, wanted) for reason, offs in list(by_reason.items())[:_MOST_REASONS]]
    more = [off.joint for offs in list(by_reason.values())[_MOST_REASONS:] for off in offs]
    if more:
        said.append(
            f"{len(more)} more joints of {armature.name} do not stand where they were keyed to stand, {more[0]} first."
        )
    if own_keys is OwnKeys.KEEP:
        said += _kept_sentence(armature, rig, wanted, places)
    return tuple(said)


def _kept_sentence(armature: Any, rig: RigMap, wanted: Wanted, places: _Places) -> list[str]:
    """What keys that were kept because that was asked for hold elsewhere than the clip has it."""
    held: dict[str, float] = {}
    rows_held: set[int] = set()
    for joint in wanted.quat_wxyz:
        turned, _ = _difference(rig, wanted, places, joint)
        rows = [
            row for row in np.flatnonzero(turned > _ANGLE) if _is_a_persons(armature, rig, joint, wanted.frames[row], 0.0)
        ]
        if rows:
            held[joint] = float(np.degrees(turned[rows].max()))
            rows_held |= {int(row) for row in rows}
    if not held:
        return []
    worst = max(held, key=lambda joint: held[joint])
    others = f" and {len(held) - 1} more" if len(held) > 1 else ""
    return [
        f"Keys that were kept hold {worst}{others} of {armature.name} elsewhere than the clip has them, on {len(rows_held)} "
        f"of {len(wanted.frames)} frames that were looked at and by up to {held[worst]:.1f}°."
    ]


def _sentence(armature: Any, reason: str, offs: list[_Off], wanted: Wanted) -> str:
    worst = max(offs, key=lambda off: max(off.degrees, off.millimetres / 5.0))
    others = f" and {len(offs) - 1} more" if len(offs) > 1 else ""
    off = f"{worst.degrees:.1f}°" if worst.degrees > np.degrees(_ANGLE) else f"{worst.millimetres:.1f} mm"
    return (
        f"{worst.joint}{others} of {armature.name} do not stand where they were keyed to stand ({off} off on frame "
        f"{wanted.frames[worst.row]:g}): {reason}."
    )


def _off(
    armature: Any, rig: RigMap, wanted: Wanted, places: _Places, joint: str, ease_frames: float
) -> _Off | None:  # fmt: skip
    turned, moved = _difference(rig, wanted, places, joint)
    rows = np.flatnonzero((turned > _ANGLE) | (moved > _DISTANCE))
    rows = np.array([row for row in rows if not _is_a_persons(armature, rig, joint, wanted.frames[row], ease_frames)], int)
    if len(rows) == 0:
        return None
    row = int(rows[np.argmax(turned[rows] + moved[rows])])
    return _Off(joint, row, float(np.degrees(turned[row])), float(moved[row] * 1000.0))


@dataclass(frozen=True, eq=False)
class _Places:
    """By joint: its head at rest (3,), what its bone does to what it deforms (K, 4, 4), and the inverse of that.

    All in the armature's space.
    """

    head: Mapping[str, Array]
    change: Mapping[str, Array]
    undo: Mapping[str, Array]

    @classmethod
    def of(cls, armature: Any, rig: RigMap, posed: PosedFrames) -> _Places:
        rest = np.array([armature.data.bones[name].matrix_local for name in rig.bone_of_joint.values()])
        changes = np.stack([posed.bones[name] for name in rig.bone_of_joint.values()]) @ inverse(rest)[:, None]
        joints = list(rig.bone_of_joint)
        return cls(*(dict(zip(joints, values, strict=True)) for values in (rest[:, :3, 3], changes, inverse(changes))))


def _difference(rig: RigMap, wanted: Wanted, places: _Places, joint: str) -> tuple[Array, Array]:
    """Radians (K,) and metres (K,) by which a joint stands off on its parent; the pelvis in the armature."""
    axes, index, head = rig.model_to_armature, JOINT_INDEX[joint], places.head[joint]
    found, parent = places.change[joint], np.eye(3)
    expected_head: Array = head
    if index > 0:
        found = places.undo[JOINT_NAMES[PARENTS[index]]] @ found
        parent = rig.rest.turns[PARENTS[index]]
    elif wanted.pelvis is not None:
        expected_head = rig.to_armature(wanted.pelvis)
    local = quat_wxyz_to_rotmat(wanted.quat_wxyz[joint])
    expected = axes @ parent @ local @ rig.rest.turns[index].T @ axes.T
    lengths = np.linalg.norm(found[:, :3, :3], axis=-2, keepdims=True)
    turned = angle_between_rotmats(expected, found[:, :3, :3] / np.maximum(lengths, 1e-9))
    place = found[:, :3, :3] @ head + found[:, :3, 3]
    moved: Array = np.linalg.norm(place - expected_head, axis=-1) / rig.units_per_metre
    scaled = np.abs(lengths - 1.0).max(axis=(-2, -1))
    return turned, np.maximum(moved, np.where(scaled > _SCALE, scaled * _reach(rig, index), 0.0))


def _reach(rig: RigMap, index: int) -> float:
    """Metres from a joint to the farthest that hangs on it."""
    ends = rig.rest_joints[[child for child, parent in enumerate(PARENTS) if parent == index]]
    distances = np.linalg.norm(ends - rig.rest_joints[index], axis=-1)
    return float(np.nanmax([_LEAST_REACH, *distances]))


def _is_a_persons(armature: Any, rig: RigMap, joint: str, frame: float, ease_frames: float) -> bool:
    """Whether keys of a person's own or locks hold a joint on a frame."""
    name = rig.bone_of_joint[joint]
    mode = armature.pose.bones[name].rotation_mode
    paths = [(bone_path(name, rotation_property(mode)), 3 if len(mode) == 3 else 4)]
    paths += [(bone_path(name, "location"), 3)] if joint == "pelvis" else []
    return any(_holds_own(armature, path, index, frame, ease_frames) for path, count in paths for index in range(count))


def _holds_own(armature: Any, path: str, index: int, frame: float, ease_frames: float) -> bool:
    curve, place = find_curve(armature, path, index), find_tool_action(armature)
    if curve is None or place is None:
        return False
    if is_locked(armature, path, index, curve):
        return True
    keys = read_keys(curve)
    record = read_record(place.action, place.slot, path, index)
    frames = keys["co"][:, 0]
    own = frames[made_by_hand(curve, keys, record)]
    # A key of the tool's that a person deleted leaves a gap in which the curve goes its own way.
    gone: Array = np.zeros(0) if record is None else np.setdiff1d(record.keys[:, 0].round(3), frames.round(3))
    return bool((np.abs(np.concatenate((own, gone)) - frame) <= ease_frames + 1.0).any())
