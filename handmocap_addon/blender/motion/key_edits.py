"""How the key tools change finger curves: as a person would, so that later runs keep it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BadUsageError
from ...core.maths.rotation_modes import nearest_forms, quat_wxyz_of_mode, rotation_property, values_in_mode
from ...core.skeleton import joint_group
from .. import version_differences
from ..curves.actions import made_by_hand
from ..curves.key_arrays import chosen, key_count, key_type_number, read_details, read_keys, replace_keys, rounded
from ..curves.locks import is_locked
from ..curves.tool_actions import ToolAction, written_action
from ..curves.written_record import WrittenKeys, read_record, write_record
from ..rig.finger_target import FingerTarget, finger_bones
from .motion_keys import rotation_path

Array = NDArray[Any]

BY_HAND_KEY = "KEYFRAME"
_QUATERNION_WIDTH = 4


@dataclass(frozen=True)
class FingerCurves:
    """Where the rotation of a joint's bone is keyed, in the bone's own rotation mode."""

    armature: Any
    place: ToolAction
    joint: str
    bone: Any

    @property
    def mode(self) -> str:
        return str(self.bone.rotation_mode)

    @property
    def data_path(self) -> str:
        return rotation_path(self.bone.name, self.mode)

    @property
    def width(self) -> int:
        """How many numbers the rotation has."""
        return len(getattr(self.bone, rotation_property(self.mode)))

    def curve(self, index: int) -> Any | None:
        bag = self.place.channelbag()
        return bag.fcurves.find(self.data_path, index=index) if bag is not None else None

    def values_at(self, frames: Array) -> Array:
        """Values (n, width) of the curves; where a channel has none, what the bone has now."""
        now = np.array(getattr(self.bone, rotation_property(self.mode)), dtype=np.float64)
        values = np.repeat(now[None], len(frames), axis=0)
        for index in range(self.width):
            curve = self.curve(index)
            if curve is not None and key_count(curve):
                values[:, index] = [curve.evaluate(frame) for frame in frames.tolist()]
        return values

    def quat_wxyz_at(self, frames: Array) -> Array:
        """Rotations (n, 4) of the bone about its own rest axes."""
        return quat_wxyz_of_mode(self.values_at(frames), self.mode)

    def keyed_frames(self, first: float, last: float) -> Array:
        """Frames (n,) on which any channel has a key."""
        curves = [curve for index in range(self.width) if (curve := self.curve(index)) is not None]
        frames = np.unique(np.concatenate([np.empty(0), *(read_keys(curve)["co"][:, 0] for curve in curves)]))
        return frames[(frames >= first) & (frames <= last)]


def finger_curves(armature: Any, target: FingerTarget) -> list[FingerCurves]:
    """The curves of a target's joints, of those that the armature has.

    Raises:
        BadUsageError: nothing was keyed yet.
    """
    place = written_action(armature)
    if place is None:
        raise BadUsageError("There are no finger keys yet", "press Apply Fingers first")
    bones = finger_bones(armature)
    return [
        FingerCurves(armature, place, joint, armature.pose.bones[bones[joint]]) for joint in target.joints if joint in bones
    ]


def key_rotations(curves: FingerCurves, frames: Array, quat_wxyz: Array, ease_frames: float) -> int:
    """Put a person's keys in the place of all that there are from the first to the last of `frames`; returns how many.

    On either side the tool's own keys go over `ease_frames`, up to the next key of the person's own, so that the curve
    leads over. All these frames stay free of the tool's keys in later runs. Locked Euler angles are left as they are, and so
    is a quaternion of which any part is locked.

    Args:
        curves: a joint's.
        frames: (n,) ascending.
        quat_wxyz: (n, 4) about the bone's own rest axes.
        ease_frames: on each side.
    """
    states = [_State.of(curves, index) for index in range(curves.width)]
    locked = [state is None for state in states]
    # Euler angles can be locked one by one; parts of a quaternion are no rotation.
    if all(locked) or (any(locked) and curves.width == _QUATERNION_WIDTH):
        return 0
    by_hand = np.unique(np.concatenate([state.frames[state.by_hand] for state in states if state is not None]))
    low = max([frames[0] - ease_frames, *by_hand[by_hand < frames[0]]])
    high = min([frames[-1] + ease_frames, *by_hand[by_hand > frames[-1]]])
    values = values_in_mode(quat_wxyz, curves.mode)
    before = curves.values_at(np.array([min(frames[0], low)]))
    values = nearest_forms(values[:1], before, curves.mode).of(np.zeros(len(values), dtype=int), values)
    for index, state in enumerate(states):
        if state is not None:
            state.replace(frames, values[:, index], low, high)
    return len(frames) * sum(state is not None for state in states)


@dataclass(frozen=True, eq=False)
class _State:
    """A channel before a tool changes it."""

    curves: FingerCurves
    index: int
    curve: Any
    keys: dict[str, Array]
    by_hand: Array
    record: WrittenKeys | None

    @classmethod
    def of(cls, curves: FingerCurves, index: int) -> _State | None:
        """None where the channel is locked."""
        curve = curves.curve(index)
        if is_locked(curves.armature, curves.data_path, index, curve):
            return None
        place = curves.place
        if curve is None:
            group = joint_group(curves.joint)
            curve = version_differences.ensure_curve(place.action, place.slot, curves.data_path, index, group)
        keys = read_keys(curve)
        record = read_record(place.action, place.slot, curves.data_path, index)
        return cls(curves, index, curve, keys | read_details(curve), made_by_hand(curve, keys, record), record)

    @property
    def frames(self) -> Array:
        return self.keys["co"][:, 0].astype(np.float64)

    def replace(self, frames: Array, values: Array, low: float, high: float) -> None:
        old = self.frames
        inside = (old >= frames[0]) & (old <= frames[-1])
        beside = (old >= low) & (old <= high) & ~self.by_hand
        kept = chosen(self.keys, ~(inside | beside))
        types = np.full(len(frames), key_type_number(BY_HAND_KEY))
        made = WrittenKeys.automatic(np.stack((frames, values), axis=-1).astype(np.float32), types)
        replace_keys(self.curve, made, kept)
        self._stay_free(low, high)

    def _stay_free(self, low: float, high: float) -> None:
        """A frame that is remembered as written and has no key counts as deleted by a person."""
        if self.record is None or len(self.record.keys) == 0:
            return
        free = np.setdiff1d(np.arange(np.ceil(low), np.floor(high) + 1.0), rounded(self.record.keys[:, 0]))
        free = np.setdiff1d(free, rounded(read_keys(self.curve)["co"][:, 0]))
        if len(free):
            rows = self.record.of(np.zeros(len(free), dtype=int))
            rows.keys[:, 0] = free
            place, path = self.curves.place, self.curves.data_path
            write_record(place.action, place.slot, path, self.index, self.record.and_also(rows))


def forget_edits(armature: Any, target: FingerTarget, first: float, last: float) -> None:
    """Remove all keys of some finger joints on some frames, a person's own too, so that the next run writes them afresh.

    Locked channels are left as they are.

    Raises:
        BadUsageError: nothing was keyed yet.
    """
    for curves in finger_curves(armature, target):
        for index in range(curves.width):
            state = _State.of(curves, index)
            if state is None:
                continue
            inside = (state.frames >= first) & (state.frames <= last)
            nothing = WrittenKeys.automatic(np.empty((0, 2), dtype=np.float32), np.empty(0, dtype=np.int32))
            replace_keys(state.curve, nothing, chosen(state.keys, ~inside))
            if state.record is not None:
                outside = (state.record.keys[:, 0] < first) | (state.record.keys[:, 0] > last)
                place = curves.place
                write_record(place.action, place.slot, curves.data_path, index, state.record.of(outside))
