"""Fingers of an SMPL-X armature, as they are shown, as keys on another rig's bones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...core.errors import ArmatureError, BadInputError, BoneMapError
from ...core.keys.hand_key_ease import EASE_FRAMES
from ...core.keys.own_keys import OwnKeys
from ...core.rig.bone_map import BoneMap, detected_bone_map, wrist_joint
from ...core.rig.retargeting import RestHand, retargeted_rotmat
from ...core.skeleton import SIDES, Side, hand_joint_names, joint_group
from ..curves.actions import MEASURED_KEY, Channel, write_keys
from ..curves.key_arrays import key_type_number
from ..curves.plain_curves import curves_of, has_only_an_action, local_rotmat, moves_by_curves_alone
from ..curves.rotation_channels import is_locked, rotation_channels
from ..rig.armatures import RigMap, map_armature
from ..rig.finger_chains import Link, asked_of, between_moves, finger_links
from ..rig.hand_rests import mapped_rest_hand, smplx_rest_hand
from ..rig.sampled_bones import Asked, rotmats_now, sampled_rotmats
from .keyed_bones import KeyedBones
from .motion_keys import KeyReport, check_room, report_of

Array = NDArray[Any]


@dataclass(frozen=True)
class TransferReport:
    """What was keyed on the target, and which of its mapped bones were left out since their rotation is locked.

    `warnings` are what a person should know beside it.
    """

    keys: KeyReport
    frame_count: int
    locked_bones: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def transfer_fingers(
    source: Any, target: Any, bone_map: BoneMap, frames: Array, same_pose: bool = True, action_name: str = "fingers",
    own_keys: OwnKeys = OwnKeys.ASK,
) -> TransferReport:  # fmt: skip
    """Key the target's mapped finger bones so that its fingers stand in its hands as the source's do in its own.

    The source is read as it is shown, with edits, NLA and all else that moves it. The target's wrists and whatever lies
    between its finger bones stay as they are and are accounted for; keys of a person's own on it stay.

    Args:
        source: an SMPL-X armature object of any make.
        target: another armature object of the scene.
        bone_map: which of its bones stand for which joints; sides without a palm are left out.
        frames: (N,) whole timeline frames.
        same_pose: see `core.rig.retargeting.retargeted_rotmat`.
        action_name: name of the action where the target has none.
        own_keys: what becomes of other programs' keys on the target.

    Raises:
        KeysInTheWayError: nobody knows whose keys are there, or they leave no room.
        ArmatureError: a rig lacks bones, cannot be keyed, or its palm cannot be found.
        BoneMapError: the map names no whole palm, or bones that the target lacks.
        BadInputError: there are no frames.
    """
    rig = map_armature(source)
    _check_target(source, target)
    sides = [side for side in SIDES if bone_map.has_palm(side)]
    if not sides:
        raise BoneMapError(
            "The bone map has no palm", "map a hand's bone and the first bones of two fingers besides the thumb"
        )
    if len(frames) == 0:
        raise BadInputError("There are no frames to transfer", "set the scene's range")
    hands = {side: _Hands.of(source, rig, target, bone_map, side) for side in sides}
    links = {side: finger_links(target, hand.bone_of_hand, hand.bones.values()) for side, hand in hands.items()}
    keyed = KeyedBones.of(target, "finger", [link.bone for side in sides for link in links[side]])
    keyed.check(own_keys)
    source_rotmats, target_rotmats = _read(source, rig, target, hands, links, frames)
    channels: list[Channel] = []
    key_types = np.full(len(frames), key_type_number(MEASURED_KEY))
    for side, hand in hands.items():
        wanted = retargeted_rotmat(hand.source, hand.target, source_rotmats[side], same_pose)
        for link in links[side]:
            local = _own_rotation(target, hand, link, wanted, target_rotmats)
            group = joint_group(hand.joint_of[link.bone])
            channels += rotation_channels(target.pose.bones[link.bone], local, frames, group, key_types)
    room = keyed.make_room(own_keys)
    check_room(target, channels)
    written = report_of(len(channels), write_keys(target, action_name, channels, EASE_FRAMES))
    keys, warnings = keyed.outcome(written, room)
    locked = tuple(bone for hand in hands.values() for bone in hand.locked_bones)
    return TransferReport(keys, len(frames), locked, warnings)


@dataclass(frozen=True)
class _Hands:
    """A side of both rigs, with the target's bones that can be keyed by joint."""

    source: RestHand
    target: RestHand
    bone_of_hand: str
    bones: dict[str, str]
    locked_bones: tuple[str, ...]

    @classmethod
    def of(cls, source: Any, rig: RigMap, target: Any, bone_map: BoneMap, side: Side) -> _Hands:
        target_hand = mapped_rest_hand(target, bone_map, side)
        mapped = {joint: bone_map.bones[joint] for joint in hand_joint_names(side) if joint in bone_map.bones}
        locked = tuple(bone for bone in mapped.values() if is_locked(target.pose.bones[bone]))
        free = {joint: bone for joint, bone in mapped.items() if bone not in locked}
        return cls(smplx_rest_hand(source, rig, side), target_hand, bone_map.bones[wrist_joint(side)], free, locked)

    @property
    def joint_of(self) -> dict[str, str]:
        return {bone: joint for joint, bone in self.bones.items()}


def other_rigs(source: Any, bone_map: BoneMap | None = None) -> list[Any]:
    """Armature objects of the scene, without the source, that have the map's bones; without a map, that a built-in fits."""
    rigs = [candidate for candidate in bpy.context.scene.objects if candidate.type == "ARMATURE" and candidate != source]
    if bone_map is None:
        return [rig for rig in rigs if detected_bone_map(rig.data.bones.keys()) is not None]
    return [rig for rig in rigs if set(bone_map.bones.values()) <= set(rig.data.bones.keys())]


def _check_target(source: Any, target: Any) -> None:
    """A sentence for each reason why the target cannot be keyed."""
    if target is None or target.type != "ARMATURE":
        raise ArmatureError("No armature is chosen to transfer to", "choose the rig that shall get the fingers")
    if target == source:
        raise ArmatureError(f"{target.name} cannot get its own fingers", "choose another rig")
    if target.library is not None or (target.override_library is not None and target.override_library.is_system_override):
        raise ArmatureError(
            f"{target.name} is linked from another file and cannot be edited",
            "make a library override of it that is editable",
        )
    action = target.animation_data.action if target.animation_data else None
    if action is not None and not action.is_editable:
        raise ArmatureError(
            f"The action {action.name} of {target.name} is linked", "make it local, or give the rig a new one"
        )


def _read(
    source: Any, rig: RigMap, target: Any, hands: dict[Side, _Hands], links: dict[Side, list[Link]], frames: Array
) -> tuple[dict[Side, Array], dict[str, Array]]:
    """The source's finger bones (N, 15, 3, 3) by side, as if their hand rested, and the target's bones that lie between.

    What nothing but curves moves is read from them; only for the rest is the scene evaluated frame by frame.
    """
    asked: Asked = []
    plain = _is_plain(source, rig, list(hands))
    if not plain:
        asked.append((source, [rig.bone_of_joint[joint] for side in hands for joint in _hand_and_fingers(side)]))
    all_links = [link for side in hands for link in links[side]]
    between = asked_of(target, all_links)
    moves = any(between_moves(target, hands[side].bone_of_hand, links[side]) for side in hands)
    if moves:
        asked += between
    sampled = sampled_rotmats(asked, frames.astype(int).tolist()) if asked else []
    if plain:
        curves = curves_of(source)
        read = {side: _from_curves(source, rig, side, curves, frames) for side in hands}
    else:
        read = {side: _from_samples(rig, side, sampled[0]) for side in hands}
    return read, sampled[-1] if moves else rotmats_now(between)[0]


def _hand_and_fingers(side: Side) -> tuple[str, ...]:
    return (wrist_joint(side), *hand_joint_names(side))


def _is_plain(source: Any, rig: RigMap, sides: list[Side]) -> bool:
    """Whether curves alone move the source's fingers, each on the one before it."""
    if not has_only_an_action(source) or source.data.pose_position == "REST":
        return False
    for side in sides:
        for number, joint in enumerate(hand_joint_names(side)):
            bone = source.data.bones[rig.bone_of_joint[joint]]
            holder = wrist_joint(side) if number % 3 == 0 else hand_joint_names(side)[number - 1]
            if bone.parent is None or bone.parent.name != rig.bone_of_joint[holder]:
                return False
            if not moves_by_curves_alone(source, bone.name):
                return False
    return True


def _from_curves(source: Any, rig: RigMap, side: Side, curves: Any, frames: Array) -> Array:
    found = []
    for number, joint in enumerate(hand_joint_names(side)):
        local = local_rotmat(source, rig.bone_of_joint[joint], curves, frames)
        rest = rig.rest_rotmat[joint]
        if number % 3 == 0:
            found.append(rest @ local)
        else:
            rest_of_parent = rig.rest_rotmat[hand_joint_names(side)[number - 1]]
            found.append(found[-1] @ rest_of_parent.T @ rest @ local)
    return np.stack(found, axis=1)


def _from_samples(rig: RigMap, side: Side, rotmats: dict[str, Array]) -> Array:
    hand = np.swapaxes(rotmats[rig.bone_of_joint[wrist_joint(side)]], -1, -2)
    at_rest = rig.rest_rotmat[wrist_joint(side)]
    return np.stack([at_rest @ hand @ rotmats[rig.bone_of_joint[joint]] for joint in hand_joint_names(side)], axis=1)


def _own_rotation(target: Any, hand: _Hands, link: Link, wanted: Array, rotmats: dict[str, Array]) -> Array:
    """A target bone's own rotation (N, 3, 3) in its rest axes, that turns it to `wanted` from where its parent stands."""
    bones = target.data.bones
    numbers = {name: number for number, name in enumerate(hand_joint_names(hand.target.side))}
    holder = hand.joint_of.get(link.holder)
    parent = wanted[:, numbers[holder]] if holder else np.array(bones[link.holder].matrix_local.to_3x3())
    if link.between:
        parent = parent @ link.rotation_between(rotmats)
    rest_of_parent = np.array(bones[link.parent].matrix_local.to_3x3())
    rest = np.array(bones[link.bone].matrix_local.to_3x3())
    unturned = parent @ rest_of_parent.T @ rest
    return np.swapaxes(unturned, -1, -2) @ wanted[:, numbers[hand.joint_of[link.bone]]]
