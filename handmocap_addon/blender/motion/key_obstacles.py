"""What in an armature's animation data keeps keys from being what is shown: drivers, NLA, blending, mutes, modifiers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ...core.errors import ArmatureError
from .. import version_differences
from ..curves.key_arrays import read_pairs
from ..curves.locks import is_locked
from ..curves.plain_curves import bones_in_path
from ..curves.strip_times import holding_strip, how_it_plays
from ..curves.tool_actions import ToolAction, find_tool_action, written_action

_MOVES = re.compile(r"\.(location|scale)$")


@dataclass(frozen=True)
class Obstacle:
    """What is in the way, and what to do about it; `in_part` where most bones show their keys all the same."""

    what: str
    todo: str
    in_part: bool = False

    def sentence(self) -> str:
        return f"{self.what}: {self.todo}"


def check_obstacles(armature: Any, paths: Collection[str]) -> None:
    """Look before an armature is keyed for the first time; what a person does to keys of ours later is theirs to do.

    Args:
        armature: an armature object.
        paths: the data paths that are to be keyed.

    Raises:
        ArmatureError: something would win over the keys.
    """
    if armature.animation_data is None or written_action(armature) is not None:
        return
    for obstacle in _winners(armature, set(paths)):
        if not obstacle.in_part:
            raise ArmatureError(obstacle.what, obstacle.todo)


def obstacle_sentences(armature: Any, paths: Collection[str]) -> list[str]:
    """After an apply, what keeps the keys from being what is shown, wholly or in part."""
    if armature.animation_data is None:
        return []
    wanted = set(paths)
    found = [*_winners(armature, wanted), *_changed_curves(armature, wanted), *_moved_by_others(armature, wanted)]
    return [obstacle.sentence() for obstacle in found]


def strip_obstacle(armature: Any, paths: Collection[str]) -> Obstacle | None:
    """What the NLA does to some keys of the tool's, the first of it; None where it leaves them as they are."""
    found = _of_nla(armature, set(paths)) if armature.animation_data is not None else iter(())
    return next(found, None)


def _winners(armature: Any, wanted: set[str]) -> Iterator[Obstacle]:
    """What shows something else in the place of keys."""
    animation, place = armature.animation_data, find_tool_action(armature)
    driven = [
        driver.data_path
        for driver in animation.drivers
        if driver.data_path in wanted
        and not driver.mute
        and not is_locked(armature, driver.data_path, driver.array_index, None)
    ]
    if driven:
        in_part = 2 * len(set(driven)) < len(wanted)
        yield Obstacle(f"Drivers turn {_bones(driven)} and win over keys", "mute or delete these drivers", in_part)
    modes = [path for path in _curves(place) if path.endswith(".rotation_mode") and _shares_a_bone(path, wanted)]
    if modes:
        todo, in_part = "delete the curves of rotation_mode", 2 * len(set(modes)) < len(wanted)
        yield Obstacle(f"The rotation mode of {_bones(modes)} is animated", todo, in_part)
    yield from _of_nla(armature, wanted)


def _of_nla(armature: Any, wanted: set[str]) -> Iterator[Obstacle]:
    """What tracks, strips and blending show in the place of keys."""
    animation, place = armature.animation_data, find_tool_action(armature)
    if not animation.nla_tracks or not animation.use_nla:
        if place is not None and place.action != animation.action:
            yield Obstacle(f"The NLA that holds {place.action.name} is switched off", "switch it on")
        return
    solo = [track for track in animation.nla_tracks if track.is_solo]
    if solo and not (place is not None and _has(solo[0], place)):
        yield Obstacle(f"The NLA track {solo[0].name} of {armature.name} plays solo", "press its star in the NLA again")
    is_active = place is None or place.action == animation.action
    if is_active and animation.use_tweak_mode and written_action(armature) is None:
        yield Obstacle(f"{armature.name} is in the NLA's tweak mode", "leave it (Tab in the NLA editor)")
    elif is_active and (animation.action_blend_type != "REPLACE" or animation.action_influence < 1.0):
        blended = f"{animation.action_blend_type.capitalize()}, {animation.action_influence:.2g}"
        yield Obstacle(
            f"The active action of {armature.name} is blended with the NLA ({blended})", "set it to Replace and 1 in the NLA"
        )
    if place is not None and not is_active:
        yield from _of_strip(armature, place, wanted)
    elif place is not None and animation.use_tweak_mode:
        yield from _of_times(animation, place)


def _of_strip(armature: Any, place: ToolAction, wanted: set[str]) -> Iterator[Obstacle]:
    """The tool's action is in a strip: what that does to it, and what lies above."""
    animation = armature.animation_data
    tracks = list(animation.nla_tracks)
    at = next(number for number, track in reversed(list(enumerate(tracks))) if _has(track, place))
    strip = next(strip for strip in tracks[at].strips if strip.action == place.action)
    if tracks[at].mute or strip.mute:
        yield Obstacle(f"The NLA strip {strip.name} that holds the keys is muted", "unmute it")
    elif strip.blend_type != "REPLACE" or _is_faint(strip):
        yield Obstacle(
            f"The NLA strip {strip.name} that holds the keys is blended", "set it to Replace and an influence of 1"
        )
    else:
        yield from _of_times(animation, place)
    above = [(track.name, one) for track in tracks[at + 1 :] if not track.mute for one in _actions(track)]
    if animation.action is not None and animation.action_slot is not None:
        above.append((animation.action.name, ToolAction(animation.action, animation.action_slot)))
    for name, action in above:
        covered = wanted & set(_curves(action))
        if covered:
            yield Obstacle(
                f"{name} lies above the keys in the NLA and moves {_bones(covered)} too", "mute it to see the keys"
            )


def _of_times(animation: Any, place: ToolAction) -> Iterator[Obstacle]:
    """A strip that plays the tool's keys on other frames than they stand on."""
    strip = holding_strip(animation, place)
    played = how_it_plays(strip, place) if strip is not None else None
    if strip is not None and played is not None:
        yield Obstacle(f"The NLA strip {strip.name} {played[0]}", played[1])


def _changed_curves(armature: Any, wanted: set[str]) -> Iterator[Obstacle]:
    """Curves of the tool's action that show something else than their keys."""
    place = find_tool_action(armature)
    bag = place.channelbag() if place is not None else None
    curves = [curve for curve in bag.fcurves if curve.data_path in wanted] if bag is not None else []
    # A muted group does nothing to the curves of layered actions.
    muted = [curve.data_path for curve in curves if curve.mute]
    if muted:
        yield Obstacle(f"Curves of {_bones(muted)} are muted, so their keys do nothing", "unmute them")
    modified = [
        curve.data_path
        for curve in curves
        if any(not modifier.mute and modifier.type != "CYCLES" for modifier in curve.modifiers)
    ]
    if modified:
        yield Obstacle(f"Curve modifiers change what is keyed on {_bones(modified)}", "mute or remove them")


def _moved_by_others(armature: Any, wanted: set[str]) -> Iterator[Obstacle]:
    """Strips that shift or scale bones whose rotation alone is keyed."""
    animation = armature.animation_data
    if not animation.use_nla:
        return
    for track in animation.nla_tracks:
        moved = [
            curve.data_path
            for one in _actions(track)
            if not track.mute
            for curve in _curves_of(one)
            if _MOVES.search(curve.data_path)
            and curve.data_path not in wanted
            and _shares_a_bone(curve.data_path, wanted)
            and _is_off(curve)
        ]
        if moved:
            yield Obstacle(f"The NLA track {track.name} shifts or scales {_bones(moved)}", "mute it, or delete these curves")


def _is_off(curve: Any) -> bool:
    rest = 1.0 if curve.data_path.endswith(".scale") else 0.0
    return any(abs(value - rest) > 1e-4 for value in read_pairs(curve, "co")[:, 1].tolist())


def _is_faint(strip: Any) -> bool:
    """Whether it shows its keys in part; the number beside it counts only where it is animated."""
    curves = [curve for curve in strip.fcurves if curve.data_path == "influence"]
    keys = [value for curve in curves for value in read_pairs(curve, "co")[:, 1].tolist()] or [strip.influence]
    return bool(strip.use_animated_influence) and min(keys) < 1.0


def _has(track: Any, place: ToolAction) -> bool:
    return any(strip.action == place.action for strip in track.strips)


def _actions(track: Any) -> list[ToolAction]:
    strips = [
        strip for strip in track.strips if not strip.mute and strip.action is not None and strip.action_slot is not None
    ]
    return [ToolAction(strip.action, strip.action_slot) for strip in strips]


def _curves_of(place: ToolAction | None) -> list[Any]:
    bag = version_differences.channelbag(place.action, place.slot) if place is not None else None
    return [curve for curve in bag.fcurves if not curve.mute] if bag is not None else []


def _curves(place: ToolAction | None) -> list[str]:
    return [curve.data_path for curve in _curves_of(place)]


def _shares_a_bone(path: str, wanted: Iterable[str]) -> bool:
    owner = path.rpartition(".")[0]
    return any(other.rpartition(".")[0] == owner for other in wanted)


def _bones(paths: Iterable[str]) -> str:
    """`left_index1`, `left_index1 and left_index2`, `left_index1 and 8 more bones`."""
    names = list(dict.fromkeys(name for path in paths for name in bones_in_path(path)))
    if len(names) <= 2:
        return " and ".join(names)
    return f"{names[0]} and {len(names) - 1} more bones"
