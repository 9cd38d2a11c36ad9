"""Why a bone does not stand where its keys put it, in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from .armatures import RigMap
from .bone_parents import bones_between
from .motion_keys import bone_path
from .tool_actions import find_tool_action


def reason_of(armature: Any, rig: RigMap, joint: str) -> str:
    """What moves a joint's bone besides its keys, and what to do about it."""
    name = rig.bone_of_joint[joint]
    constraints = _constraints(armature, name)
    if constraints:
        return f"the constraint {constraints[0]} of {name} takes part; mute it, or bake with it as it is"
    drivers = armature.animation_data.drivers if armature.animation_data else ()
    prefix = bone_path(name, "")
    if any(driver.data_path.startswith(prefix) and not driver.mute for driver in drivers):
        return f"a driver turns {name}; mute or remove it"
    curves = _curves(armature, prefix)
    if any(curve.mute or (curve.group is not None and curve.group.mute) for curve in curves):
        return f"its curves are muted; unmute those of {name}"
    if any(not modifier.mute for curve in curves for modifier in curve.modifiers):
        return f"modifiers change its curves; remove those of {name}"
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
    for one in between:
        return f"{one.name}, on which it hangs, is posed; clear its pose and its keys"
    return "something besides its keys moves it; look at its parents' scale, constraints and strips"


def _constraints(armature: Any, name: str) -> list[str]:
    return [
        constraint.name
        for constraint in armature.pose.bones[name].constraints
        if not constraint.mute and constraint.influence > 0.0
    ]


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
    tracks = [track for track in animation.nla_tracks if track.strips and not track.mute]
    return f"the NLA track {tracks[-1].name}" if tracks else ""
