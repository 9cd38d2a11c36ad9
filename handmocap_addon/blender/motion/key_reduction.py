"""Fewer keys on the fingers, and the full ones back."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BadInputError, BadUsageError
from ...core.keys.key_sharing import KeySharing
from ...core.keys.reduction import PARTS, FullKeys, ReducedKeys, reduced_keys
from ...core.maths.rotation_modes import quat_wxyz_of_mode
from ...core.skeleton import SIDES, Side, hand_joint_names, joint_group
from ..curves.actions import Channel, ToolKeys, find_curve, tool_keys, write_channels
from ..curves.key_arrays import key_count
from ..curves.locks import is_locked
from ..curves.tool_actions import find_tool_action
from ..curves.written_record import StoredFullKeys, read_full_keys, write_full_keys
from ..rig.armatures import map_armature
from .motion_keys import rotation_path

Array = NDArray[Any]

_NO_KEYS = ("The armature has no finger keys of this tool", "press Apply Fingers first")
# Full keys that stay on each side of a person's key, beyond the next one: tried in this order, as handles that Blender makes
# may depend on keys further away.
_REACHES = (0, 2, 8)


@dataclass(frozen=True)
class ReductionSettings:
    """By how many degrees a finger bone may turn from its full rotation, and what shares its keys.

    Raises:
        BadUsageError: the error is out of its range.
    """

    error_degrees: float = 1.5
    sharing: KeySharing = KeySharing.FINGER

    def __post_init__(self) -> None:
        if not 0.05 <= self.error_degrees <= 45.0:
            raise BadUsageError(f"The error of the reduction is {self.error_degrees:g} degrees", "give 0.05 to 45")


@dataclass(frozen=True)
class HandReduction:
    """Keys on a hand's finger curves, a person's among them, and how far a bone is from its full rotation at most."""

    keys_before: int
    keys_after: int
    largest_error_degrees: float


@dataclass(frozen=True)
class ReductionResult:
    """What was reduced, by side, and how many keys of a person's own stayed."""

    hands: dict[Side, HandReduction] = field(default_factory=dict)
    kept_keys: int = 0

    @property
    def keys_before(self) -> int:
        return sum(hand.keys_before for hand in self.hands.values())

    @property
    def keys_after(self) -> int:
        return sum(hand.keys_after for hand in self.hands.values())


def reduce_finger_keys(armature: Any, settings: ReductionSettings | None = None) -> ReductionResult:
    """Leave only those finger keys that keep every bone within an angle of its full rotation, in the mode that it has.

    The angle holds on every key and at eighths of the way to the next. Bones that share keys do so with those of their own
    rotation mode; one with a locked channel stays as it is. Keys that a person made, moved, changed or gave
    other handles stay as they are, with the full keys beside them; frames whose key a person deleted get none. The full keys
    are stored in the action. Keys that are reduced already are reduced anew from the full ones.

    Raises:
        ArmatureError: the armature has no finger bones.
        BadInputError: its fingers have no keys of this tool.
    """
    settings = settings or ReductionSettings()
    bones = _bones(armature)
    _restored(armature)
    hands: dict[Side, HandReduction] = {}
    kept = 0
    for side in SIDES:
        groups = [
            _Group.of(armature, mode, alike)
            for names in settings.sharing.joints(side)
            for mode, alike in _by_mode(armature, [(joint, bones[joint]) for joint in names]).items()
        ]
        # Fewer than two keys leave nothing to reduce.
        found = [group for group in groups if group is not None]
        if not found:
            continue
        before = sum(keys.key_count for group in found for keys in group.keys)
        largest, kept_of_side = _reduce(armature, found, settings.error_degrees)
        hands[side] = HandReduction(before, sum(_count(armature, group) for group in found), largest)
        kept += kept_of_side
    if not hands:
        if any(_key_count(armature, _path(armature, bone)) for bone in bones.values() if _is_held(armature, bone)):
            raise BadInputError("Every finger bone with keys has a locked rotation", "unlock what is to be reduced")
        raise BadInputError(*_NO_KEYS)
    return ReductionResult(hands, kept)


def restore_full_keys(armature: Any) -> ReductionResult:
    """Bring back the full finger keys, but where a person made, changed or deleted keys: those stay so.

    Those of a bone with a locked channel stay stored.

    Raises:
        ArmatureError: the armature has no finger bones.
        BadInputError: its finger keys are not reduced, or locked.
    """
    restored = _restored(armature)
    if restored is None and is_reduced(armature):
        raise BadInputError("Every finger bone with reduced keys has a locked rotation", "unlock what is to come back")
    if restored is None:
        raise BadInputError("The finger keys of the armature are not reduced", "there is nothing to bring back")
    return restored


def _restored(armature: Any) -> ReductionResult | None:
    channels: list[Channel] = []
    counts: dict[Side, int] = {}
    bones = _bones(armature)
    for side in SIDES:
        for joint in hand_joint_names(side):
            path = _path(armature, bones[joint])
            full = _stored_full_keys(armature, path)
            if full is not None and not _is_held(armature, bones[joint]):
                group = joint_group(joint)
                channels += [
                    Channel(path, index, group, full.frames, full.values[:, index], full.key_types)
                    for index in range(_channel_count(path))
                ]
                counts[side] = counts.get(side, 0) + _key_count(armature, path)
    if not channels:
        return None
    kept = write_channels(armature, "", channels)
    hands = {}
    for side, before in counts.items():
        paths = {channel.data_path for channel in channels} & {
            _path(armature, bones[name]) for name in hand_joint_names(side)
        }
        hands[side] = HandReduction(before, sum(_key_count(armature, path) for path in paths), 0.0)
    return ReductionResult(hands, kept)


def is_reduced(armature: Any) -> bool:
    """Whether full finger keys are stored that reduced ones stand for."""
    bones = _bones(armature)
    return any(
        _stored_full_keys(armature, _path(armature, bones[joint])) is not None
        for side in SIDES
        for joint in hand_joint_names(side)
    )


@dataclass(frozen=True, eq=False)
class _Group:
    """Bones of one rotation mode that share keys, what stands on them, and the rows of each bone's keys that all have."""

    mode: str
    joints: list[str]
    paths: list[str]
    keys: list[ToolKeys]
    rows: list[Array]
    frames: Array  # (N,) that all have
    special: Array  # (M,) of keys that a person made, or that not all have

    @staticmethod
    def of(armature: Any, mode: str, bones: list[tuple[str, str]]) -> _Group | None:
        bones = [(joint, bone) for joint, bone in bones if not _is_held(armature, bone)]
        paths = [rotation_path(bone, mode) for _, bone in bones]
        keys = [tool_keys(armature, path, _channel_count(path)) for path in paths]
        present = [number for number, of in enumerate(keys) if of is not None and len(of.frames)]
        chosen = [of for number, of in enumerate(keys) if number in present and of is not None]
        if not chosen:
            return None
        frames = functools.reduce(np.intersect1d, [of.frames for of in chosen])
        if len(frames) < 2:
            return None
        special = np.setdiff1d(np.concatenate([part for of in chosen for part in (of.frames, of.others)]), frames)
        rows = [np.searchsorted(of.frames, frames) for of in chosen]
        joints = [bones[number][0] for number in present]
        return _Group(mode, joints, [paths[number] for number in present], chosen, rows, frames, special)

    def untouched(self, reach: int) -> Array:
        """Which gaps (N - 1,) between the common keys stay as they are: where special keys are, and `reach` beside."""
        gaps = np.zeros(len(self.frames) - 1, bool)
        place = np.searchsorted(self.frames, self.special) - 1
        for shift in range(-reach, reach + 1):
            beside = place + shift
            gaps[beside[(beside >= 0) & (beside < len(gaps))]] = True
        return gaps

    def full(self, reach: int) -> FullKeys:
        def stacked(name: str) -> Array:
            return np.stack([getattr(of, name)[rows] for of, rows in zip(self.keys, self.rows, strict=True)], axis=1)

        values, left, right = stacked("values"), stacked("left_handles"), stacked("right_handles")
        return FullKeys(self.frames, values, left, right, np.zeros(len(self.frames), bool), self.untouched(reach), self.mode)

    def channels(self, reduced: ReducedKeys, reach: int) -> list[Channel]:
        """The reduced keys, and full ones that not all bones have where nothing is touched."""
        untouched = self.untouched(reach)
        channels = []
        for number, (joint, path, keys, common) in enumerate(
            zip(self.joints, self.paths, self.keys, self.rows, strict=True)
        ):
            extra = np.setdiff1d(np.arange(len(keys.frames)), common)
            gap = np.searchsorted(self.frames, keys.frames[extra]) - 1
            inside = (gap >= 0) & (gap < len(untouched))
            extra = extra[np.where(inside, untouched[np.clip(gap, 0, len(untouched) - 1)], True)]
            rows = np.concatenate((common[reduced.rows], extra))
            order = np.argsort(rows)
            left = np.concatenate((reduced.left_handles[:, number], keys.left_handles[extra]))[order]
            right = np.concatenate((reduced.right_handles[:, number], keys.right_handles[extra]))[order]
            rows = rows[order]
            handles = np.concatenate((left, right), axis=-1)
            channels += [
                Channel(
                    path, index, joint_group(joint), keys.frames[rows], keys.values[rows, index], keys.key_types[rows],
                    handles[:, index],
                )
                for index in range(_channel_count(path))
            ]  # fmt: skip
        return channels

    def store(self, armature: Any) -> None:
        place = find_tool_action(armature)
        assert place is not None
        for path, keys in zip(self.paths, self.keys, strict=True):
            write_full_keys(place.action, place.slot, path, StoredFullKeys(keys.frames, keys.values, keys.key_types))


def _reduce(armature: Any, groups: list[_Group], limit_degrees: float) -> tuple[float, int]:
    """Reduce groups of one hand; returns the largest error in degrees and how many keys of a person's own stayed."""
    largest, kept = 0.0, 0
    by_shape: dict[tuple[str, int], list[_Group]] = {}
    for group in groups:
        by_shape.setdefault((group.mode, len(group.joints)), []).append(group)
    for alike in by_shape.values():
        before = [_sampled(armature, group) for group in alike]
        waiting = list(range(len(alike)))
        for reach in _REACHES:
            reduced = reduced_keys([alike[number].full(reach) for number in waiting], limit_degrees)
            still_waiting = []
            for number, result in zip(waiting, reduced, strict=True):
                group = alike[number]
                kept_here = write_channels(armature, "", group.channels(result, reach))
                error = max(result.largest_error_degrees, _angle(before[number], _sampled(armature, group)))
                if error > limit_degrees and reach < _REACHES[-1]:
                    still_waiting.append(number)
                    continue
                if error > limit_degrees:
                    _write_back(armature, group)
                    error = 0.0
                else:
                    group.store(armature)
                largest, kept = max(largest, error), kept + kept_here
            waiting = still_waiting
            if not waiting:
                break
    return largest, kept


def _write_back(armature: Any, group: _Group) -> None:
    channels = [
        Channel(path, index, joint_group(joint), keys.frames, keys.values[:, index], keys.key_types)
        for joint, path, keys in zip(group.joints, group.paths, group.keys, strict=True)
        for index in range(_channel_count(path))
    ]
    write_channels(armature, "", channels)


def _sampled(armature: Any, group: _Group) -> Array:
    """Rotations (n, J, 4) around a person's keys, as Blender has them: `reduced_keys` knows nothing of those."""
    gaps = np.flatnonzero(group.untouched(1))
    start, end = group.frames[gaps].astype(np.float64), group.frames[gaps + 1].astype(np.float64)
    moments = (start[:, None] + (end - start)[:, None] * np.arange(PARTS) / PARTS).ravel()
    curves = [find_curve(armature, path, index) for path in group.paths for index in range(_channel_count(path))]
    values = [[curve.evaluate(moment) for moment in moments] for curve in curves if curve is not None]
    shape = (len(group.paths), _channel_count(group.paths[0]), len(moments))
    return quat_wxyz_of_mode(np.array(values).reshape(shape).transpose(2, 0, 1), group.mode)


def _angle(first: Array, second: Array) -> float:
    """The largest angle in degrees between rotations (n, J, 4)."""
    apart = np.minimum(np.linalg.norm(first - second, axis=-1), np.linalg.norm(first + second, axis=-1))
    return float(np.degrees(4.0 * np.arcsin(np.minimum(0.5 * apart, 1.0))).max(initial=0.0))


def _bones(armature: Any) -> dict[str, str]:
    return map_armature(armature).bone_of_joint


def _stored_full_keys(armature: Any, path: str) -> StoredFullKeys | None:
    place = find_tool_action(armature)
    return read_full_keys(place.action, place.slot, path, _channel_count(path)) if place is not None else None


def _path(armature: Any, bone: str) -> str:
    return rotation_path(bone, armature.pose.bones[bone].rotation_mode)


def _channel_count(path: str) -> int:
    return 3 if path.endswith("rotation_euler") else 4


def _by_mode(armature: Any, bones: list[tuple[str, str]]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for joint, bone in bones:
        found.setdefault(armature.pose.bones[bone].rotation_mode, []).append((joint, bone))
    return found


def _is_held(armature: Any, bone: str) -> bool:
    path = _path(armature, bone)
    return any(is_locked(armature, path, index, find_curve(armature, path, index)) for index in range(_channel_count(path)))


def _key_count(armature: Any, path: str) -> int:
    curves = [find_curve(armature, path, index) for index in range(_channel_count(path))]
    return sum(key_count(curve) for curve in curves if curve is not None)


def _count(armature: Any, group: _Group) -> int:
    return sum(_key_count(armature, path) for path in group.paths)
