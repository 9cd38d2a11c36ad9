"""What stands between a rig's mapped finger bones, and whether it moves while the hand stands still.

Rigify's controls do not hang on one another: bones that follow a finger's master control lie between. A key on the control
is right only on top of what those do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import ArmatureError
from .. import version_differences
from ..curves.plain_curves import bones_in_path
from .sampled_bones import Asked

Array = NDArray[Any]


@dataclass(frozen=True)
class Link:
    """A mapped bone, the mapped bone or hand that it hangs on, and the bones between from its parent up."""

    bone: str
    holder: str
    between: tuple[str, ...]

    @property
    def parent(self) -> str:
        return self.between[0] if self.between else self.holder

    def rotation_between(self, rotmats: dict[str, Array]) -> Array:
        """How the parent's axes stand in the holder's (N, 3, 3), from both in the armature's."""
        return np.swapaxes(rotmats[self.holder], -1, -2) @ rotmats[self.parent]


def finger_links(armature: Any, hand: str, bones: Iterable[str]) -> list[Link]:
    """The link of each mapped bone.

    Raises:
        ArmatureError: a bone does not hang on the hand, or takes no rotation from its parent.
    """
    mapped = set(bones)
    links = []
    for name in bones:
        bone = armature.data.bones[name]
        if not bone.use_inherit_rotation:
            raise ArmatureError(
                f"The bone {name} of {armature.name} does not inherit rotation", "switch that on in its relations"
            )
        between = []
        ancestor = bone.parent
        while ancestor is not None and ancestor.name != hand and ancestor.name not in mapped:
            between.append(ancestor.name)
            ancestor = ancestor.parent
        if ancestor is None:
            raise ArmatureError(
                f"The bone {name} of {armature.name} does not hang on {hand}", "choose another bone for the hand"
            )
        links.append(Link(name, ancestor.name, tuple(between)))
    return links


def asked_of(armature: Any, links: list[Link]) -> Asked:
    """The bones whose stand tells what lies between."""
    return [(armature, sorted({name for link in links if link.between for name in (link.holder, link.parent)}))]


def between_moves(armature: Any, hand: str, links: list[Link]) -> bool:
    """Whether what lies between may change over frames, or may depend on something that cannot be told."""
    sources = _sources(armature, hand, links)
    if sources is None:
        return True
    animation = armature.animation_data
    if animation is None:
        return False
    if any(track.strips and not track.mute for track in animation.nla_tracks):
        return bool(sources)
    bag = (
        version_differences.channelbag(animation.action, animation.action_slot)
        if animation.action_slot is not None
        else None
    )
    return any(sources & set(bones_in_path(curve.data_path)) for curve in bag.fcurves) if bag else False


def _sources(armature: Any, hand: str, links: list[Link]) -> set[str] | None:
    """Bones by which those between may move, without the hand and the mapped ones; None where other things may move them."""
    bones = armature.pose.bones
    drivers = armature.animation_data.drivers if armature.animation_data else ()
    stops = {hand} | {link.bone for link in links}
    found: set[str] = set()
    waiting = [name for link in links for name in link.between]
    while waiting:
        name = waiting.pop()
        if name in found or name in stops:
            continue
        found.add(name)
        targets: list[tuple[Any, str]] = []
        for constraint in bones[name].constraints:
            targets += _constraint_targets(constraint)
        for driver in drivers:
            if name in bones_in_path(driver.data_path):
                targets += _driver_targets(driver)
        if any(target != armature or not source for target, source in targets):
            return None
        waiting += [source for _target, source in targets]
        # A bone out of the hand may move against it, whatever it hangs on.
        parent = bones[name].parent
        if parent is None:
            return None
        waiting.append(parent.name)
    return found


def _constraint_targets(constraint: Any) -> list[tuple[Any, str]]:
    if constraint.mute:
        return []
    if constraint.type == "ARMATURE":
        return [(target.target, target.subtarget) for target in constraint.targets]
    target = getattr(constraint, "target", None)
    return [(target, getattr(constraint, "subtarget", ""))] if target is not None else []


def _driver_targets(curve: Any) -> list[tuple[Any, str]]:
    found = []
    for variable in curve.driver.variables:
        for target in variable.targets:
            if variable.type == "SINGLE_PROP":
                found.append((target.id, next(iter(bones_in_path(target.data_path)), "")))
            else:
                found.append((target.id, target.bone_target))
    return found
