"""Why a bone does not stand where its keys put it, in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.maths.rotation_modes import rotation_property
from ..curves.locks import is_locked
from ..curves.tool_actions import find_tool_action
from ..rig.armatures import RigMap
from ..rig.bone_parents import bones_between
from .key_obstacles import strip_obstacle
from .motion_keys import bone_path


def reason_of(armature: Any, rig: RigMap, joint: str) -> str:
    """What moves a joint's bone besides its keys, and what to do about it."""
    name = rig.bone_of_joint[joint]
    constraints = _constraints(armature, name)
    if constraints:
        return f"the constraint {constraints[0]} of {name} takes part; mute it, or bake with it as it is"
    chain = _chain_through(armature, name)
    if chain is not None:
        return f"the constraint {chain[0]} of {chain[1]} takes part; mute it, or bake with it as it is"
    drivers = armature.animation_data.drivers if armature.animation_data else ()
    prefix = bone_path(name, "")
    if any(driver.data_path.startswith(prefix) and not driver.mute for driver in drivers):
        return f"a driver turns {name}; mute or remove it"
    curves = _curves(armature, prefix)
    # A muted group does nothing to the curves of layered actions.
    if any(curve.mute for curve in curves):
        return "curves are muted; unmute them"
    if any(not modifier.mute for curve in curves for modifier in curve.modifiers):
        return "modifiers change the curves; remove them"
    if _has_locks(armature, joint, name, curves):
        return "channels are locked; unlock them and apply again"
    in_the_way = strip_obstacle(armature, [curve.data_path for curve in curves])
    if in_the_way is not None:
        return f"{in_the_way.what[0].lower()}{in_the_way.what[1:]}; {in_the_way.todo}"
    strips = _other_strips(armature)
    if strips:
        return f"{strips} takes part; mute it, or push the tool's action down above it"
    bone, posed = armature.data.bones[name], armature.pose.bones[name]
    between = bones_between(armature, rig, joint)
    for one in (bone, *between):
        if not one.use_inherit_rotation or one.inherit_scale not in ("FULL", "ALIGNED", "FIX_SHEAR"):
            return f"{one.name} does not inherit rotation and scale from its parent; switch that on in its relations"
    if np.abs(np.array(posed.scale) - 1.0).max() > 1e-4 or (joint != "pelvis" and np.abs(posed.location).max() > 1e-6):
        return f"{name} is moved or scaled; clear its location and scale"
    if any(curve.data_path.endswith((".scale", ".location") if joint != "pelvis" else ".scale") for curve in curves):
        return f"{name} is moved or scaled by keys; delete those of its location and scale"
    for one in between:
        return f"{one.name}, on which it hangs, is posed; clear its pose and its keys"
    return "something besides its keys moves it; look at its parents' scale, constraints and strips"


def _constraints(armature: Any, name: str) -> list[str]:
    return [
        constraint.name
        for constraint in armature.pose.bones[name].constraints
        if not constraint.mute and constraint.influence > 0.0
    ]


def _chain_through(armature: Any, name: str) -> tuple[str, str] | None:
    """An IK whose chain goes through a bone, and the bone on which it is."""
    for end in armature.pose.bones:
        for constraint in end.constraints:
            if constraint.type not in ("IK", "SPLINE_IK") or constraint.mute or constraint.influence == 0.0:
                continue
            chain = [end, *end.parent_recursive]
            first = 1 if constraint.type == "IK" and not constraint.use_tail else 0
            # Zero is the whole chain; where the tail does not count, the parent is the first of it.
            last = first + constraint.chain_count if constraint.chain_count else len(chain)
            if any(bone.name == name for bone in chain[first:last]):
                return constraint.name, end.name
    return None


def _has_locks(armature: Any, joint: str, name: str, curves: list[Any]) -> bool:
    """Whether any channel that is keyed of the joint's bone is locked."""
    mode = armature.pose.bones[name].rotation_mode
    properties = [(rotation_property(mode), 3 if len(mode) == 3 else 4), *([("location", 3)] if joint == "pelvis" else [])]
    channels = [(bone_path(name, of), index) for of, count in properties for index in range(count)]
    by_channel = {(curve.data_path, curve.array_index): curve for curve in curves}
    return any(is_locked(armature, *channel, by_channel.get(channel)) for channel in channels)


def _curves(armature: Any, prefix: str) -> list[Any]:
    place = find_tool_action(armature)
    bag = place.channelbag() if place else None
    return [curve for curve in bag.fcurves if curve.data_path.startswith(prefix)] if bag else []


def _other_strips(armature: Any) -> str:
    """What of the animation is not the tool's action alone; empty where nothing is."""
    animation, place = armature.animation_data, find_tool_action(armature)
    if animation is None or place is None:
        return ""
    if animation.action == place.action and (animation.action_influence < 1.0 or animation.action_blend_type != "REPLACE"):
        return f"the action {place.action.name}, which is blended in,"
    if animation.action is not None and animation.action != place.action:
        return f"the action {animation.action.name}"
    tracks = [
        track
        for track in animation.nla_tracks
        if not track.mute and any(not strip.mute and strip.action != place.action for strip in track.strips)
    ]
    return f"the NLA track {tracks[-1].name}" if tracks else ""
