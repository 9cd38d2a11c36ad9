"""Fingers and body as keys on an armature's bones."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...core.audience import way_out
from ...core.body.motion import BodyMotion, BodyTrack, floor_height
from ...core.body.stand_in import smplx_rest_response
from ...core.cleanup.clean_hands import CleanHand, Provenance
from ...core.errors import ArmatureError, KeysInTheWayError
from ...core.hands.hand_poses import HandTrack
from ...core.keys.settings import KeySettings
from ...core.maths.frame_sampling import FrameSampling
from ...core.maths.rotation_modes import QUATERNION, rotation_property, values_in_mode
from ...core.skeleton import BODY_JOINTS, JOINT_INDEX, Side, hand_joint_names, joint_group
from ..curves.actions import FILLED_KEY, MEASURED_KEY, RELAXED_KEY, Channel, Written, keys_in_the_way, write_keys
from ..curves.key_arrays import key_type_number
from ..curves.plain_curves import bones_in_path
from ..curves.tool_actions import check_own
from ..rig.armatures import RigMap, deformed_meshes, has_body
from ..rig.pelvis_keys import pelvis_keys
from .shot import Shot

Array = NDArray[Any]

# Where an armature deforms nothing, the sole is taken this far below the lowest foot joint (neutral SMPL-X: 0.05 m).
_SOLE_BELOW_FOOT = 0.05


# By the numbers of `Provenance`.
_KEY_TYPES = {Provenance.MEASURED: MEASURED_KEY, Provenance.FILLED: FILLED_KEY, Provenance.RELAXED: RELAXED_KEY}


@dataclass(frozen=True)
class KeyReport:
    """Channels, keys that were written, keys of a person's own that stayed, and channels that are locked and so were not.

    `unkeyed_bones` got no key at all and `hardly_keyed_bones` less than half of theirs: what is locked or a person's own.
    `replaced_keys` of another program gave way, and are kept in the action `replaced_keys_in`.
    """

    channels: int
    keys: int
    kept_keys: int
    locked_channels: int = 0
    unkeyed_bones: tuple[str, ...] = ()
    hardly_keyed_bones: tuple[str, ...] = ()
    replaced_keys: int = 0
    replaced_keys_in: str = ""

    def sentence(self) -> str:
        """What a person should know of it beside the number of frames; empty where that is nothing."""
        parts = [f", {self.kept_keys} keys of your own kept"] if self.kept_keys else []
        if self.replaced_keys:
            parts.append(f", {self.replaced_keys} keys of another program replaced")
        if self.locked_channels:
            parts.append(f", {self.locked_channels} locked channels left as they are")
        return "".join(parts)


def write_hand_keys(
    shot: Shot,
    hands: dict[Side, CleanHand],
    tracks: dict[Side, HandTrack],
    frames: Array,
    action_name: str,
    settings: KeySettings | None = None,
    only_joints: Collection[str] | None = None,
) -> KeyReport:
    """Key the fingers of the given sides, and their scores as properties of the armature.

    Args:
        shot: an SMPL-X armature of any make, with its fingers.
        hands: finger rotations by side, N frames each.
        tracks: the raw tracks, for the scores.
        frames: (N,) timeline frames, ascending.
        action_name: name of the action where the armature has none.
        settings: the defaults where None.
        only_joints: fingers by the names of their joints; all where None.

    Raises:
        ArmatureError: the armature is linked from another file.
    """
    settings = settings or KeySettings()
    armature = shot.armature
    check_own(armature)
    sampling = sampling_of(frames, settings)
    channels: list[Channel] = []
    for side, hand in hands.items():
        key_types = np.empty(len(hand.provenance), dtype=np.int32)
        for provenance, identifier in _KEY_TYPES.items():
            key_types[hand.provenance == provenance] = key_type_number(identifier)
        types = sampling.nearest(key_types)
        names = hand_joint_names(side)
        for number, joint in enumerate(names):
            if only_joints is None or joint in only_joints:
                quat = sampling.rotations(hand.quat_wxyz[:, number])
                channels += _rotation_channels(shot, joint, quat, sampling.frames, types)
        if only_joints is None or set(names) <= set(only_joints):
            channels.append(_score_channel(armature, side, tracks[side], sampling, types))
    return _report(armature, action_name, channels, settings)


def write_body_keys(
    shot: Shot,
    motion: BodyMotion,
    frames: Array,
    action_name: str,
    filled_wrists: Mapping[Side, Array] = MappingProxyType({}),
    settings: KeySettings | None = None,
) -> tuple[KeyReport, float]:
    """Key pelvis and body in the world's space, soles near the floor; returns the report and the lift in metres.

    Args:
        shot: a whole SMPL-X armature of any make.
        motion: N frames.
        frames: (N,) timeline frames.
        action_name: name of the action where the armature has none.
        filled_wrists: frames (N,) by side on which a wrist of the hand estimator's was not measured.
        settings: the defaults where None.

    Raises:
        ArmatureError: the armature lacks body bones.
    """
    settings = settings or KeySettings()
    armature, rig = shot.armature, shot.rig
    sampling = sampling_of(frames, settings)
    lift = -floor_height(motion_on_rig(motion, rig), _complete_rest_joints(rig), _sole_height(armature, rig))
    measured = np.full(motion.frame_count, key_type_number(MEASURED_KEY))
    filled = {f"{side}_wrist": rows for side, rows in filled_wrists.items()}
    channels: list[Channel] = []
    position = rig.rest_joints[0] + motion_on_rig(motion, rig).world.translation + np.array((0.0, lift, 0.0))
    turned, placed = sampling.rotations(motion.world.orient_quat_wxyz), sampling.numbers(position)
    pelvis = pelvis_keys(armature, rig, turned, placed, sampling.frames)
    types = sampling.nearest(measured)
    channels += _channels_of(shot, "pelvis", pelvis.quat_wxyz, sampling.frames, types)
    for joint, quat in zip(BODY_JOINTS[1:], np.moveaxis(motion.body_quat_wxyz, 1, 0), strict=True):
        types = np.where(filled[joint], key_type_number(FILLED_KEY), measured) if joint in filled else measured
        channels += _rotation_channels(shot, joint, sampling.rotations(quat), sampling.frames, sampling.nearest(types))
    path = bone_path(rig.bone_of_joint["pelvis"], "location")
    types = sampling.nearest(measured)
    channels += [
        Channel(path, index, joint_group("pelvis"), sampling.frames, pelvis.location[:, index], types) for index in range(3)
    ]
    return _report(armature, action_name, channels, settings), lift


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
    neutral, response = smplx_rest_response()
    betas = np.zeros(response.shape[-1])
    betas[: len(motion.betas)] = np.ravel(motion.betas)[: len(betas)]
    pelvis: Array = neutral[0] + response[0] @ betas
    return pelvis


def rotation_path(bone_name: str, rotation_mode: str = QUATERNION) -> str:
    """The data path of a bone's rotation in a rotation mode."""
    return bone_path(bone_name, rotation_property(rotation_mode))


def bone_path(bone_name: str, name: str) -> str:
    """The data path of a property of a pose bone, whatever characters the bone has in its name."""
    return f'pose.bones["{bpy.utils.escape_identifier(bone_name)}"].{name}'


def _rotation_channels(shot: Shot, joint: str, quat_wxyz: Array, frames: Array, key_types: Array) -> list[Channel]:
    return _channels_of(shot, joint, shot.rig.bone_quat_wxyz(joint, quat_wxyz), frames, key_types)


def _channels_of(shot: Shot, joint: str, bone_quat_wxyz: Array, frames: Array, key_types: Array) -> list[Channel]:
    bone_name = shot.rig.bone_of_joint[joint]
    mode = shot.armature.pose.bones[bone_name].rotation_mode
    values = values_in_mode(bone_quat_wxyz, mode)
    path = rotation_path(bone_name, mode)
    group = joint_group(joint)
    return [Channel(path, index, group, frames, values[:, index], key_types) for index in range(values.shape[1])]


def sampling_of(frames: Array, settings: KeySettings) -> FrameSampling:
    """On which frames rows on these frames are keyed."""
    return FrameSampling.on_whole_frames(frames) if settings.whole_frames else FrameSampling.on_rows(frames)


def score_path(side: Side) -> str:
    """The data path of a hand's score."""
    return f'["{side}_hand_score"]'


def _score_channel(armature: Any, side: Side, track: HandTrack, sampling: FrameSampling, key_types: Array) -> Channel:
    name = f"{side}_hand_score"
    if name not in armature:
        armature[name] = 0.0
    armature.id_properties_ui(name).update(min=0.0, max=1.0, description=f"How sure the estimator is of the {side} hand")
    values = sampling.numbers(np.where(track.detected, track.score, 0.0))
    return Channel(score_path(side), 0, "Hand scores", sampling.frames, values, key_types)


def _report(armature: Any, action_name: str, channels: list[Channel], settings: KeySettings) -> KeyReport:
    bones = [channel for channel in channels if channel.data_path.startswith("pose.bones")]
    check_room(armature, bones)
    return report_of(len(channels), write_keys(armature, action_name, channels, settings.ease_frames))


def check_room(armature: Any, channels: list[Channel]) -> None:
    """Raises KeysInTheWayError where not one key could be written, as all bones are locked or keyed by a person."""
    in_the_way = keys_in_the_way(armature, channels) if channels else None
    if in_the_way is None:
        return
    if not in_the_way.kept:
        raise KeysInTheWayError(
            f"Nothing can be keyed, as all channels of these bones of {armature.name} are locked",
            "unlock their rotations or curves, and apply again",
        )
    raise KeysInTheWayError(
        f"Nothing can be keyed, as all {in_the_way.kept:,} keys on these bones of {armature.name} are your own",
        way_out("replace them with Replace", "replace them with --start-over"),
        in_the_way.kept,
        are_all=True,
    )


def report_of(channel_count: int, written: Written) -> KeyReport:
    """What came of writing channels."""
    unkeyed, hardly = (
        tuple(dict.fromkeys(bone for path in paths for bone in bones_in_path(path)))
        for paths in (written.unkeyed, written.hardly_keyed)
    )
    return KeyReport(channel_count, written.keys, written.kept, written.locked, unkeyed, hardly)


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
