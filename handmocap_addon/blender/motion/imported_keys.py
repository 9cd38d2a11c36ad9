"""Keys that another program left on the bones that are to be keyed: found, judged, and put aside."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...core.audience import way_out
from ...core.errors import KeysInTheWayError
from ...core.keys.key_makers import MANY_BONES, Maker, PropertyKeys, frames_in_words, makers_of
from ...core.keys.own_keys import OwnKeys
from ...core.maths.rotation_modes import AXIS_ANGLE, EULER_ORDERS, QUATERNION, rotation_property
from ..curves.key_arrays import clear_keys, enum_number, key_count, read_keys, rounded
from ..curves.locks import is_locked
from ..curves.tool_actions import ToolAction, check_editable, check_own, find_tool_action
from ..curves.written_record import forget_records, read_record
from ..version_differences import channelbag, drop_older_copy

Array = NDArray[Any]

_RESTS: dict[str, tuple[float, ...]] = {
    "location": (0.0, 0.0, 0.0),
    "scale": (1.0, 1.0, 1.0),
    "rotation_quaternion": (1.0, 0.0, 0.0, 0.0),
    "rotation_axis_angle": (0.0, 0.0, 1.0, 0.0),
    "rotation_euler": (0.0, 0.0, 0.0),
}
_ROTATIONS = tuple(rotation_property(mode) for mode in (QUATERNION, AXIS_ANGLE, EULER_ORDERS[0]))
_STILL = 1e-4
# On an action, the name of the copy that keeps what was taken off it.
_COPY = "handmocap_kept_copy"


@dataclass(frozen=True)
class GaveWay:
    """Keys of other programs that were taken off, of how many bones, and the action in which they are kept."""

    keys: int = 0
    bones: int = 0
    when: str = ""
    are_imported: bool = True  # else a person may have made some of them
    kept_in: str = ""

    def sentence(self, what: str) -> str:
        """What a person should know of it, empty where that is nothing; `what` is such as `finger`."""
        if not self.keys:
            return ""
        place = f"they are kept in the action {self.kept_in}"
        whose = " of another program" if self.are_imported else ""
        return f"{self.keys:,} keys{whose} on {self.bones} {what} bones ({self.when}) gave way: {place}"


@dataclass(frozen=True)
class _Found:
    """A property of a bone, and the curves of its that hold something."""

    bone: str
    name: str
    path: str
    curves: tuple[Any, ...]
    keys: PropertyKeys

    @property
    def is_shown(self) -> bool:
        """Whether its keys move the bone away from where a bone without them would be."""
        return self.name.startswith("rotation") or not self.keys.is_at_rest


def check_imported_keys(armature: Any, bones: Collection[str], own_keys: OwnKeys, what: str) -> None:
    """Look before anything is written; `what` is what the bones are called, such as `finger`.

    Raises:
        KeysInTheWayError: it is doubtful whose keys these are, and nobody said what to do.
        ArmatureError: the armature or its action is linked from another file.
    """
    check_own(armature)
    place = find_tool_action(armature)
    if place is None:
        return
    check_editable(place.action, armature)
    if own_keys is not OwnKeys.ASK:
        return
    judged = _judged(armature, place, bones)
    doubtful = [found for found, maker in judged if maker is Maker.UNSURE and found.is_shown]
    if doubtful:
        count = sum(found.keys.count for found, maker in judged if maker in (Maker.UNSURE, Maker.PROGRAM))
        names = sorted({found.bone for found in doubtful})
        raise KeysInTheWayError(
            f"{count:,} keys on {_bones_in_words(names, what)} in the action {place.action.name} "
            f"({_frames_in_words(doubtful)}) may be another program's or your own",
            way_out(
                "replace them with Replace, or keep them with Keep",
                "replace them with --start-over, or keep them with --keep-keys",
            ),
            count,
        )


def pose_that_stays(armature: Any, bones: Collection[str], what: str) -> str:
    """A sentence about one pose that a person, or a pose library, keyed on many of the bones; empty where there is none."""
    place = find_tool_action(armature)
    judged = _judged(armature, place, bones) if place is not None else []
    poses: dict[float, list[_Found]] = {}
    for found, maker in judged:
        if maker is Maker.PERSON and found.name.startswith("rotation") and len(found.keys.frames) == 1:
            poses.setdefault(float(found.keys.frames[0]), []).append(found)
    frame, most = max(poses.items(), key=lambda pose: len(pose[1]), default=(0.0, []))
    if len(most) < MANY_BONES:
        return ""
    pose = f"The pose on frame {frame:g} of {len(most)} {what} bones"
    return f"{pose} stays as your own; to replace it, start over"


def let_imported_keys_give_way(armature: Any, bones: Collection[str], own_keys: OwnKeys) -> GaveWay:
    """Take another program's keys off bones that are to be keyed; a copy of the action keeps them.

    Locked channels are left as they are. With their curves go location and scale that the same program keyed, and the bones
    rest in these.
    """
    place = find_tool_action(armature)
    if place is None or own_keys is OwnKeys.KEEP:
        return GaveWay()
    going = {OwnKeys.ASK: (Maker.PROGRAM,), OwnKeys.REPLACE: (Maker.PROGRAM, Maker.UNSURE)}.get(own_keys, tuple(Maker))
    leaving = [found for found, maker in _judged(armature, place, bones) if maker in going]
    leaving = [found for found in leaving if any(not _is_held(armature, curve) for curve in found.curves)]
    if not leaving:
        return GaveWay()
    kept_in = _kept_copy(place, leaving)
    count = sum(_take_off(armature, place, found) for found in leaving)
    bones_left, when = len({found.bone for found in leaving}), _frames_in_words(leaving)
    return GaveWay(count, bones_left, when, own_keys is not OwnKeys.START_OVER, kept_in)


def forget_bones(armature: Any, bones: Iterable[str]) -> GaveWay:
    """Remove all keys that move these bones, whoever made them, and all that is known about them.

    What no run of this tool wrote is kept in a copy of the action. Locked channels are left as they are.
    """
    bones = set(bones)
    gave_way = let_imported_keys_give_way(armature, bones, OwnKeys.START_OVER)
    place = find_tool_action(armature)
    bag = place.channelbag() if place is not None else None
    if place is None or bag is None:
        return gave_way
    for bone in bones:
        for name, rest in _RESTS.items():
            path = _path(bone, name)
            for index in range(len(rest)):
                curve = bag.fcurves.find(path, index=index)
                if curve is not None and not is_locked(armature, path, index, curve):
                    clear_keys(curve)
                    forget_records(place.action, place.slot, path, [index])
    return gave_way


def _judged(armature: Any, place: ToolAction, bones: Collection[str]) -> list[tuple[_Found, Maker]]:
    """What no run of this tool wrote on the bones, and who made it; all that moves the armature tells what is alike."""
    every = {found.path: found for found in _unrecorded(armature, place)}
    chosen = set(bones)
    of_bones = [path for path, found in every.items() if found.bone in chosen and found.keys.count]
    makers = makers_of({path: found.keys for path, found in every.items()}, of_bones)
    return [(every[path], makers[path]) for path in of_bones]


def _unrecorded(armature: Any, place: ToolAction) -> Iterable[_Found]:
    bag = place.channelbag()
    if bag is None:
        return
    curves: dict[str, dict[int, Any]] = {}
    for curve in bag.fcurves:
        curves.setdefault(curve.data_path, {})[curve.array_index] = curve
    for pose_bone in armature.pose.bones:
        # Curves of another rotation mode than the bone has do nothing.
        for name in (rotation_property(pose_bone.rotation_mode), "location", "scale"):
            path = _path(pose_bone.name, name)
            of_path = curves.get(path)
            if of_path and not any(_is_recorded(place, path, index) for index in of_path):
                yield _found(pose_bone.name, name, path, of_path)


def _path(bone: str, name: str) -> str:
    return f'pose.bones["{bpy.utils.escape_identifier(bone)}"].{name}'


def _is_recorded(place: ToolAction, path: str, index: int) -> bool:
    record = read_record(place.action, place.slot, path, index)
    return record is not None and len(record.keys) > 0


def _found(bone: str, name: str, path: str, curves: dict[int, Any]) -> _Found:
    keys = {index: read_keys(curve) for index, curve in curves.items() if key_count(curve)}
    if not keys:
        sampled = tuple(curve for curve in curves.values() if len(curve.sampled_points))
        return _Found(bone, name, path, sampled, _samples(bone, sampled))
    frames = {index: rounded(of["co"][:, 0]) for index, of in keys.items()}
    every = np.unique(np.concatenate(list(frames.values())))
    values = {index: of["co"][:, 1] for index, of in keys.items()}
    interpolation, types = (np.concatenate([of[which] for of in keys.values()]) for which in ("interpolation", "type"))
    is_still = all(float(np.ptp(of)) <= _STILL for of in values.values())
    found = PropertyKeys(
        bone,
        every,
        sum(len(of) for of in frames.values()),
        is_straight=bool((interpolation == enum_number("interpolation", "LINEAR")).all()),
        is_mixed=len(np.unique(types)) > 1,
        is_still=is_still,
        is_at_rest=is_still and all(abs(float(of[0]) - _RESTS[name][index]) <= _STILL for index, of in values.items()),
        is_alike=all(np.array_equal(np.unique(of), every) for of in frames.values()),
    )
    return _Found(bone, name, path, tuple(curves[index] for index in keys), found)


def _samples(bone: str, curves: tuple[Any, ...]) -> PropertyKeys:
    if not curves:
        return PropertyKeys.none(bone)
    frames = np.unique([point.co[0] for curve in curves for point in curve.sampled_points])
    return PropertyKeys(bone, frames, sum(len(curve.sampled_points) for curve in curves), is_sampled=True)


def _is_held(armature: Any, curve: Any) -> bool:
    return is_locked(armature, curve.data_path, curve.array_index, curve)


def _take_off(armature: Any, place: ToolAction, found: _Found) -> int:
    """Remove the curves with all that hangs on them, such as modifiers; returns how many keys went."""
    free = [curve for curve in found.curves if not _is_held(armature, curve)]
    count = sum(key_count(curve) or len(curve.sampled_points) for curve in free)
    indices = [curve.array_index for curve in free]
    bag = place.channelbag()
    for curve in free:
        bag.fcurves.remove(curve)  # type: ignore[union-attr]
    forget_records(place.action, place.slot, found.path, indices)
    now = getattr(armature.pose.bones[found.bone], found.name)
    for index in indices:
        now[index] = _RESTS[found.name][index]
    return count


def _kept_copy(place: ToolAction, leaving: list[_Found]) -> str:
    """The name of an action that holds what is leaving: a copy that stays in the file although nothing uses it."""
    action = place.action
    former = bpy.data.actions.get(str(action.get(_COPY, "")))
    if former is None or not _holds(former, place, leaving):
        former = action.copy()
        former.name = f"{action.name} before handmocap"
        former.use_fake_user = True
        action[_COPY] = former.name
        drop_older_copy(action, _COPY)
    return str(former.name)


def _holds(copy: Any, place: ToolAction, leaving: list[_Found]) -> bool:
    """Whether a copy that was made before, as for the body, has these very keys too."""
    slot = next((slot for slot in copy.slots if slot.handle == place.slot.handle), None)
    bag = channelbag(copy, slot)
    for curve in (curve for found in leaving for curve in found.curves):
        kept = bag.fcurves.find(curve.data_path, index=curve.array_index) if bag is not None else None
        if kept is None or not np.array_equal(read_keys(kept)["co"], read_keys(curve)["co"]):
            return False
    return True


def _bones_in_words(names: list[str], what: str) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} {what} bones"


def _frames_in_words(found: list[_Found]) -> str:
    return frames_in_words(np.concatenate([each.keys.frames for each in found]))
