"""A body that nothing moves, whose fingers do: it would be baked as it rests."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.errors import HandmocapError
from ...core.skeleton import BODY_JOINTS
from ..curves.key_arrays import read_keys
from ..curves.plain_curves import bones_in_path
from ..curves.tool_actions import actions_of
from .armatures import HAND_JOINTS, map_armature

NO_BODY_MOTION = "no body motion from this clip"
# Less than this in a curve is nobody's motion: radians, metres, parts of a quaternion.
_MOVES = 1e-4


def moves_body(armature: Any) -> bool:
    """Whether anything moves an armature's body: keys, drivers or constraints on the object or on bones beside the fingers.

    Raises:
        ArmatureError: it is no SMPL-X armature.
    """
    return _moves_body(armature, map_armature(armature).bone_of_joint)


def _moves_body(armature: Any, joints: dict[str, str]) -> bool:
    body = {bone.name for bone in armature.data.bones} - {joints[joint] for joint in HAND_JOINTS}
    if any(not each.mute for each in armature.constraints):
        return True
    if any(not each.mute for name in body for each in armature.pose.bones[name].constraints):
        return True
    animation = armature.animation_data
    if animation is None:
        return False
    if any(_moves_any(driver.data_path, body) for driver in animation.drivers):
        return True
    bags = [bag for each in actions_of(animation) if (bag := each.channelbag()) is not None]
    return any(_moves_any(curve.data_path, body) and _changes(curve) for bag in bags for curve in bag.fcurves)


def stillness_warnings(armature: Any) -> tuple[str, ...]:
    """What to say of a body that stands still while its fingers move; nothing where it moves."""
    try:
        joints = map_armature(armature).bone_of_joint
    except HandmocapError:
        return ()
    if _moves_body(armature, joints) or not _moves_fingers(armature, joints):
        return ()
    how = "in its T-pose" if _rests(armature, joints) else "in one pose"
    return (
        f"There is {NO_BODY_MOTION}: {armature.name} stands still {how} and only its fingers move; "
        "for the body give GVHMR's hmr4d_results.pt",
    )


def _moves_any(data_path: str, bones: set[str]) -> bool:
    """Whether a path is of one of the bones, or of the object's own place."""
    named = bones_in_path(data_path)
    return any(name in bones for name in named) if named else data_path.startswith(("location", "rotation_"))


def _changes(curve: Any) -> bool:
    if curve.modifiers:
        return True
    values = read_keys(curve)["co"][:, 1]
    return bool(len(values) > 1 and np.ptp(values) > _MOVES and not curve.mute)


def _moves_fingers(armature: Any, joints: dict[str, str]) -> bool:
    fingers = {joints[joint] for joint in HAND_JOINTS}
    animation = armature.animation_data
    bags = [bag for each in actions_of(animation) if (bag := each.channelbag()) is not None] if animation else []
    paths = [curve for bag in bags for curve in bag.fcurves if fingers & set(bones_in_path(curve.data_path))]
    return any(_changes(curve) for curve in paths)


def _rests(armature: Any, joints: dict[str, str]) -> bool:
    bones = [armature.pose.bones[joints[joint]] for joint in BODY_JOINTS if joint in joints]
    return all(np.allclose(bone.matrix_basis.to_3x3(), np.eye(3), atol=1e-3) for bone in bones)
