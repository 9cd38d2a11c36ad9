"""Hands of armatures at rest, as retargeting compares them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import ArmatureError, BoneMapError
from ...core.maths.rotations import normalized
from ...core.rig.bone_map import BoneMap, wrist_joint
from ...core.rig.retargeting import RestHand
from ...core.skeleton import FINGERS, HAND_JOINT_COUNT, Side, hand_joint_names
from .armatures import RigMap

Array = NDArray[Any]

# A last bone that leans further than this from the one before points nowhere: importers leave such tails.
_LARGEST_LEAN = np.cos(np.radians(60.0))


def smplx_rest_hand(armature: Any, rig: RigMap, side: Side) -> RestHand:
    """A hand of an SMPL-X armature. It has no fingertips: last bones go on as those before them do."""
    bones = {joint: rig.bone_of_joint[joint] for joint in (wrist_joint(side), *hand_joint_names(side))}
    rest = _bare_rest_hand(armature, bones, side)
    for base in range(0, HAND_JOINT_COUNT, 3):
        rest.directions[base : base + 2] = normalized(np.diff(rest.joints[base : base + 3], axis=0))
        rest.directions[base + 2] = rest.directions[base + 1]
    return rest


def mapped_rest_hand(armature: Any, bone_map: BoneMap, side: Side) -> RestHand:
    """A hand of another rig, by its bone map. A bone points to the next mapped joint, else to its child, else to its tail.

    Raises:
        BoneMapError: the armature lacks a bone of the map.
    """
    rest = _bare_rest_hand(armature, bone_map.bones, side)
    for finger in range(len(FINGERS)):
        before: Array | None = None
        for joint in range(finger * 3, finger * 3 + 3):
            if not rest.mapped[joint]:
                continue
            following = joint + 1 if joint < finger * 3 + 2 and rest.mapped[joint + 1] else None
            if following is not None:
                way = rest.joints[following] - rest.joints[joint]
            else:
                way = _way_of_last(armature.data.bones[bone_map.bones[hand_joint_names(side)[joint]]], before)
            if not np.linalg.norm(way) > 0.0:
                raise ArmatureError(
                    f"The bones of the {side} {FINGERS[finger]} of {armature.name} lie in one place", "look at the bone map"
                )
            rest.directions[joint] = normalized(way)
            before = way
    return rest


def _bare_rest_hand(armature: Any, bones: Any, side: Side) -> RestHand:
    """A hand without directions."""
    data_bones = armature.data.bones
    missing = [
        bones[joint]
        for joint in (wrist_joint(side), *hand_joint_names(side))
        if bones.get(joint, "") not in ("", *data_bones.keys())
    ]
    if missing:
        raise BoneMapError(
            f"The armature {armature.name} has no bone {missing[0]}", "choose another bone there, or clear the field"
        )
    joints, rotmat = np.full((HAND_JOINT_COUNT, 3), np.nan), np.full((HAND_JOINT_COUNT, 3, 3), np.nan)
    for number, joint in enumerate(hand_joint_names(side)):
        if joint in bones:
            bone = data_bones[bones[joint]]
            joints[number], rotmat[number] = bone.head_local, bone.matrix_local.to_3x3()
    wrist = np.array(data_bones[bones[wrist_joint(side)]].head_local)
    return RestHand(side, wrist, joints, np.full((HAND_JOINT_COUNT, 3), np.nan), rotmat)


def _way_of_last(bone: Any, before: Array | None) -> Array:
    """From a finger's last mapped bone on (3,): to its farthest child, else to its tail, else as the bone before."""
    head = np.array(bone.head_local)
    ways = [np.array(child.head_local) - head for child in bone.children]
    farthest = max(ways, key=np.linalg.norm, default=np.zeros(3))
    for way in (farthest, np.array(bone.tail_local) - head):
        length = float(np.linalg.norm(way))
        if before is None:
            if length > 1e-3 * bone.length:
                return way
        elif length > 0.1 * np.linalg.norm(before) and way @ before > _LARGEST_LEAN * length * np.linalg.norm(before):
            return way
    return np.zeros(3) if before is None else before
