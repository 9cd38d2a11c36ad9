"""Fingers and body as keys on an armature's bones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.body_motion import BodyMotion, BodyTrack, floor_height
from ..core.clean_hands import CleanHand, Provenance
from ..core.errors import ArmatureError
from ..core.hand_poses import HandTrack
from ..core.rotations import sign_continuous_quat_wxyz
from ..core.skeleton import BODY_JOINTS, JOINT_INDEX, Side, hand_joint_names, joint_group
from .actions import FILLED_KEY, MEASURED_KEY, Channel, key_type_number, write_channels
from .armatures import RigMap, deformed_meshes, has_body, map_armature

Array = NDArray[Any]

# Where an armature deforms nothing, the sole is taken this far below the lowest foot joint (neutral SMPL-X: 0.05 m).
_SOLE_BELOW_FOOT = 0.05


@dataclass(frozen=True)
class KeyReport:
    """What was written: curves, keys, and keys of a person's own that stayed."""

    channels: int
    keys: int
    kept_keys: int


def write_hand_keys(
    armature: Any, hands: dict[Side, CleanHand], tracks: dict[Side, HandTrack], frames: Array, action_name: str
) -> KeyReport:
    """Key the fingers of the given sides, and their scores as properties of the armature.

    Args:
        armature: an SMPL-X armature object of any make.
        hands: finger rotations by side, N frames each.
        tracks: the raw tracks, for the scores.
        frames: (N,) timeline frames.
        action_name: name of the action where the armature has none.

    Raises:
        ArmatureError: the armature has no finger bones.
    """
    rig = map_armature(armature, [joint for side in hands for joint in hand_joint_names(side)])
    channels: list[Channel] = []
    for side, hand in hands.items():
        measured = hand.provenance == Provenance.MEASURED
        key_types = np.where(measured, key_type_number(MEASURED_KEY), key_type_number(FILLED_KEY))
        for number, joint in enumerate(hand_joint_names(side)):
            channels += _rotation_channels(armature, rig, joint, hand.quat_wxyz[:, number], frames, key_types)
        channels.append(_score_channel(armature, side, tracks[side], frames, key_types))
    return _written(armature, action_name, channels)


def write_body_keys(
    armature: Any,
    motion: BodyMotion,
    frames: Array,
    action_name: str,
    filled_wrists: Mapping[Side, Array] = MappingProxyType({}),
) -> tuple[KeyReport, float]:
    """Key pelvis and body in the world's space, soles near the floor; returns the report and the lift in metres.

    Args:
        armature: a whole SMPL-X armature of any make.
        motion: N frames.
        frames: (N,) timeline frames.
        action_name: name of the action where the armature has none.
        filled_wrists: frames (N,) by side on which a wrist of the hand estimator's was not measured.

    Raises:
        ArmatureError: the armature lacks body bones.
    """
    rig = map_armature(armature, BODY_JOINTS)
    lift = -floor_height(motion_on_rig(motion, rig), _complete_rest_joints(rig), _sole_height(armature, rig))
    key_types = np.full(motion.frame_count, key_type_number(MEASURED_KEY))
    channels = _rotation_channels(armature, rig, "pelvis", motion.world.orient_quat_wxyz, frames, key_types)
    filled = {f"{side}_wrist": rows for side, rows in filled_wrists.items()}
    for number, joint in enumerate(BODY_JOINTS[1:]):
        types = np.where(filled[joint], key_type_number(FILLED_KEY), key_types) if joint in filled else key_types
        channels += _rotation_channels(armature, rig, joint, motion.body_quat_wxyz[:, number], frames, types)
    position = rig.rest_joints[0] + motion_on_rig(motion, rig).world.translation + np.array((0.0, lift, 0.0))
    path = f'pose.bones["{rig.bone_of_joint["pelvis"]}"].location'
    location = rig.bone_location("pelvis", position)
    channels += [Channel(path, index, joint_group("pelvis"), frames, location[:, index], key_types) for index in range(3)]
    return _written(armature, action_name, channels), lift


def motion_on_rig(motion: BodyMotion, rig: RigMap) -> BodyMotion:
    """The motion with its world translation counted from the rig's own rest pelvis.

    GVHMR's translation is added to the rest pelvis of the SMPL-X model with the motion's betas.
    """
    return replace(
        motion,
        world=BodyTrack(
            motion.world.orient_quat_wxyz, motion.world.translation + smplx_rest_pelvis(motion) - rig.rest_joints[0]
        ),
    )


def smplx_rest_pelvis(motion: BodyMotion) -> Array:
    """The pelvis (3,) of the SMPL-X rest pose for the motion's betas, metres."""
    from ..core.stand_in_body import load_stand_in_body

    return load_stand_in_body(motion.betas).rest_joints[0]


def rotation_path(bone_name: str) -> str:
    """The data path of a bone's quaternion."""
    return f'pose.bones["{bone_name}"].rotation_quaternion'


def _rotation_channels(
    armature: Any, rig: RigMap, joint: str, quat_wxyz: Array, frames: Array, key_types: Array
) -> list[Channel]:
    bone_name = rig.bone_of_joint[joint]
    pose_bone = armature.pose.bones[bone_name]
    pose_bone.rotation_mode = "QUATERNION"
    values = sign_continuous_quat_wxyz(rig.bone_quat_wxyz(joint, quat_wxyz))
    path = rotation_path(bone_name)
    return [Channel(path, index, joint_group(joint), frames, values[:, index], key_types) for index in range(4)]


def _score_channel(armature: Any, side: Side, track: HandTrack, frames: Array, key_types: Array) -> Channel:
    name = f"{side}_hand_score"
    armature[name] = 0.0
    armature.id_properties_ui(name).update(min=0.0, max=1.0, description=f"How sure the estimator is of the {side} hand")
    values = np.where(track.detected, track.score, 0.0)
    return Channel(f'["{name}"]', 0, "Hand scores", frames, values, key_types)


def _written(armature: Any, action_name: str, channels: list[Channel]) -> KeyReport:
    kept = write_channels(armature, action_name, channels)
    return KeyReport(len(channels), sum(len(channel.frames) for channel in channels), kept)


def _complete_rest_joints(rig: RigMap) -> Array:
    """Rest joints with missing face and finger bones at their parents', which forward kinematics of the feet never uses."""
    if not has_body(rig):
        raise ArmatureError("The armature lacks body bones", "choose a whole SMPL-X armature")
    return np.where(np.isnan(rig.rest_joints), rig.rest_joints[0], rig.rest_joints)


def _sole_height(armature: Any, rig: RigMap) -> float:
    lowest = []
    for mesh in deformed_meshes(armature):
        points = np.empty(len(mesh.data.vertices) * 3, dtype=np.float32)
        mesh.data.vertices.foreach_get("co", points)
        into_armature = np.array(armature.matrix_world.inverted() @ mesh.matrix_world)
        points = points.reshape(-1, 3) @ into_armature[:3, :3].T + into_armature[:3, 3]
        if len(points):
            lowest.append(float((points @ rig.model_to_armature)[:, 1].min() / rig.units_per_metre))
    if lowest:
        return min(lowest)
    feet = [JOINT_INDEX["left_foot"], JOINT_INDEX["right_foot"]]
    return float(rig.rest_joints[feet, 1].min()) - _SOLE_BELOW_FOOT
