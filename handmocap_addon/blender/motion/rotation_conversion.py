"""Bones from one rotation mode to another with all of their keys; whose a key is stays known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.maths.rotation_modes import nearest_forms, quat_wxyz_of_mode, rotation_property, values_in_mode
from .. import version_differences
from ..curves.actions import made_by_hand
from ..curves.key_arrays import Keys, chosen, enum_number, key_count, read_details, read_keys, replace_keys, rounded
from ..curves.locks import is_locked
from ..curves.tool_actions import ToolAction, actions_of, check_editable, check_own
from ..curves.written_record import (
    StoredFullKeys,
    WrittenKeys,
    forget_records,
    read_record,
    usable_full_keys,
    write_full_keys,
    write_record,
)
from .motion_keys import rotation_path

Array = NDArray[Any]

# Frames; the slope of a curve is that of its rotation over so short a time.
_MOMENT = 1e-3


@dataclass(frozen=True)
class Conversion:
    """Bones that have another mode now, keys that they have in it, and bones that were left alone."""

    bones: int
    keys: int
    left: tuple[str, ...]


def convert_rotations(armature: Any, bones: Iterable[str], mode: str) -> Conversion:
    """Give pose bones another rotation mode and turn their keys into it, in all actions of the armature.

    Keys stay on their frames, those of a person with type, interpolation and handles; the rotation is the same on keys and
    nearly so between them. A frame that a person deleted on one channel is deleted on all. Bones that are locked, or whose
    curves have modifiers, are left alone.

    Raises:
        ArmatureError: the armature or an action is linked from another file.
    """
    check_own(armature)
    animation = armature.animation_data
    places = (
        list({(place.action.name, place.slot.handle): place for place in actions_of(animation)}.values())
        if animation
        else []
    )
    for place in places:
        check_editable(place.action, armature)
    converted, keys, left = 0, 0, []
    for name in bones:
        pose_bone = armature.pose.bones[name]
        if pose_bone.rotation_mode == mode:
            continue
        properties = [_Property.of(place, name, pose_bone) for place in places]
        if any(found.is_held(armature) for found in properties):
            left.append(name)
            continue
        for found in properties:
            keys += found.convert(mode)
        pose_bone.rotation_mode = mode
        converted += 1
    return Conversion(converted, keys, tuple(left))


@dataclass(frozen=True, eq=False)
class _Property:
    """A bone's rotation in one action."""

    place: ToolAction
    bone: str
    mode: str
    at_rest: Array  # (k,) what a channel without a curve has
    curves: dict[int, Any]

    @classmethod
    def of(cls, place: ToolAction, bone: str, pose_bone: Any) -> _Property:
        mode = str(pose_bone.rotation_mode)
        at_rest = np.array(getattr(pose_bone, rotation_property(mode)), dtype=np.float64)
        bag = place.channelbag()
        path = rotation_path(bone, mode)
        found = {index: bag.fcurves.find(path, index=index) for index in range(len(at_rest))} if bag else {}
        curves = {index: curve for index, curve in found.items() if curve is not None and key_count(curve)}
        return cls(place, bone, mode, at_rest, curves)

    @property
    def path(self) -> str:
        return rotation_path(self.bone, self.mode)

    def is_held(self, armature: Any) -> bool:
        return any(
            is_locked(armature, self.path, index, self.curves.get(index)) for index in range(len(self.at_rest))
        ) or any(len(curve.modifiers) for curve in self.curves.values())

    def convert(self, mode: str) -> int:
        if not self.curves:
            return 0
        keys = {index: read_keys(curve) | read_details(curve) for index, curve in self.curves.items()}
        records = {index: self._record(index) for index in self.curves}
        hand, deleted = np.empty(0), np.empty(0)
        for index, curve in self.curves.items():
            frames, record = rounded(keys[index]["co"][:, 0]), records[index]
            hand = np.union1d(hand, frames[made_by_hand(curve, keys[index], record)])
            if record is not None:
                deleted = np.union1d(deleted, np.setdiff1d(rounded(record.keys[:, 0]), frames))
        everywhere = np.unique(np.concatenate([rounded(of["co"][:, 0]) for of in keys.values()]))
        frames = np.setdiff1d(everywhere, np.setdiff1d(deleted, hand))
        values = self._values(frames, keys)
        new_values = values_in_mode(quat_wxyz_of_mode(values, self.mode), mode)
        shape = self._first_keys(frames, hand, keys)
        slopes = [self._slopes(frames, values, new_values, keys, side, mode) for side in ("left", "right")]
        is_hand = np.isin(frames, hand)
        new_path = rotation_path(self.bone, mode)
        first = next(iter(self.curves.values()))
        group, muted, extrapolation = first.group, all(curve.mute for curve in self.curves.values()), first.extrapolation
        group_name = group.name if group is not None else self.bone
        full = usable_full_keys(self.place.action, self.place.slot, self.path, len(self.at_rest))
        recorded = None
        if any(record is not None for record in records.values()):
            recorded = self._spared(records, frames[~is_hand])
        for curve in list(self.curves.values()):
            self.place.channelbag().fcurves.remove(curve)  # type: ignore[union-attr]
        forget_records(self.place.action, self.place.slot, self.path, range(len(self.at_rest)))
        for index in range(new_values.shape[1]):
            of_channel = dict(shape)
            of_channel["co"] = np.stack((frames, new_values[:, index]), axis=-1).astype(np.float32)
            for side, (reach, slope) in zip(("left", "right"), slopes, strict=True):
                offset = np.stack((reach, reach * slope[:, index]), axis=-1)
                of_channel[f"handle_{side}"] = (of_channel["co"] + offset).astype(np.float32)
            written = _as_written(chosen(of_channel, ~is_hand))
            curve = version_differences.ensure_curve(self.place.action, self.place.slot, new_path, index, group_name)
            replace_keys(curve, written, chosen(of_channel, is_hand))
            curve.mute, curve.extrapolation = muted, extrapolation
            if recorded is not None:
                write_record(self.place.action, self.place.slot, new_path, index, written.and_also(recorded))
        if full is not None:
            turned = values_in_mode(quat_wxyz_of_mode(full.values, self.mode), mode)
            write_full_keys(
                self.place.action, self.place.slot, new_path, StoredFullKeys(full.frames, turned, full.key_types)
            )
        return int(new_values.size)

    def _record(self, index: int) -> WrittenKeys | None:
        return read_record(self.place.action, self.place.slot, self.path, index)

    def _values(self, frames: Array, keys: dict[int, Keys]) -> Array:
        """Values (n, k) on frames; between its keys as Blender has it."""
        values = np.tile(self.at_rest, (len(frames), 1))
        for index, curve in self.curves.items():
            own = rounded(keys[index]["co"][:, 0])
            order = np.argsort(own, kind="stable")
            row = order[np.clip(np.searchsorted(own[order], frames), 0, len(own) - 1)]
            values[:, index] = keys[index]["co"][row, 1]
            for number in np.flatnonzero(own[row] != frames):
                values[number, index] = curve.evaluate(frames[number])
        return values

    def _first_keys(self, frames: Array, hand: Array, keys: dict[int, Keys]) -> Keys:
        """On each frame everything but the numbers: of a key by hand where there is one, else of any."""
        found: Keys = {}
        source = np.full(len(frames), -1)
        rows = np.zeros(len(frames), dtype=int)
        by_hand = {index: made_by_hand(curve, keys[index], self._record(index)) for index, curve in self.curves.items()}
        for wanted in (True, False):
            for index, of in keys.items():
                place = np.searchsorted(frames, rounded(of["co"][:, 0]))
                place = np.clip(place, 0, len(frames) - 1)
                fits = (frames[place] == rounded(of["co"][:, 0])) & (source[place] < 0) & (by_hand[index] | (not wanted))
                source[place[fits]], rows[place[fits]] = index, np.flatnonzero(fits)
        for name in next(iter(keys.values())):
            found[name] = np.stack([keys[index][name][row] for index, row in zip(source, rows, strict=True)])
        return found

    def _slopes(
        self, frames: Array, values: Array, new_values: Array, keys: dict[int, Keys], side: str, mode: str
    ) -> tuple[Array, Array]:
        """How far handles of a side reach in frames (n,), below zero to the left, and the slopes (n, new k) there."""
        slope, reach, count = np.zeros_like(values), np.zeros(len(frames)), np.zeros(len(frames))
        for index, of in keys.items():
            place = np.clip(np.searchsorted(frames, rounded(of["co"][:, 0])), 0, len(frames) - 1)
            here = frames[place] == rounded(of["co"][:, 0])
            offset = (of[f"handle_{side}"] - of["co"])[here].astype(np.float64)
            moving = np.abs(offset[:, 0]) > 1e-6
            slope[place[here], index] = np.divide(offset[:, 1], offset[:, 0], out=np.zeros(len(offset)), where=moving)
            reach[place[here]] += offset[:, 0]
            count[place[here]] += 1
        later = quat_wxyz_of_mode(values + slope * _MOMENT, self.mode)
        stepped = values_in_mode(later, mode)
        stepped = nearest_forms(stepped, new_values, mode).of(np.arange(len(frames)), stepped)
        return reach / np.maximum(count, 1), (stepped - new_values) / _MOMENT

    @staticmethod
    def _spared(records: dict[int, WrittenKeys | None], written: Array) -> WrittenKeys:
        """Recorded frames on which no key of the tool's stands: known as once written, with a value that none has."""
        known = [record for record in records.values() if record is not None]
        frames = np.concatenate([rounded(record.keys[:, 0]) for record in known])
        types = np.concatenate([record.types for record in known])
        frames, first = np.unique(frames, return_index=True)
        spared = ~np.isin(frames, written)
        keys = np.stack((frames[spared], np.full(int(spared.sum()), np.nan)), axis=-1).astype(np.float32)
        return WrittenKeys.automatic(keys, types[first][spared])


def _as_written(keys: Keys) -> WrittenKeys:
    automatic = keys["handle_left_type"] != enum_number("handle_left_type", "FREE")
    handles = np.concatenate((keys["handle_left"], keys["handle_right"]), axis=-1)
    handles[automatic] = np.nan
    return WrittenKeys(keys["co"], keys["type"].astype(np.int32), handles)
