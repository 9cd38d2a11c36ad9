"""Fingers from the stand-in on other rigs, measured on the bones that deform, as Blender evaluates them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from numpy.typing import NDArray

from addon_tests.blender.other_rigs import META_RIG, RIGIFY, append_rig, mixamo_double, save_rigify_rigs
from addon_tests.blender.rigs import MAKERS, ours
from addon_tests.blender.written_curves import bag_of, curve_of
from addon_tests.making.formulas import random_axis_angle
from handmocap_addon.blender.motion.motion_keys import write_hand_keys
from handmocap_addon.blender.motion.retarget import transfer_fingers
from handmocap_addon.blender.motion.shot import Shot
from handmocap_addon.blender.rig.armatures import map_armature
from handmocap_addon.core.body.model import BodyModel
from handmocap_addon.core.cleanup.clean_hands import CleanHand, Provenance
from handmocap_addon.core.errors import ArmatureError, BoneMapError
from handmocap_addon.core.hands.hand_poses import HandTrack
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz, fitted_rotation, normalized
from handmocap_addon.core.rig.bone_map import BoneMap, detected_bone_map
from handmocap_addon.core.rig.hand_skeleton import hand_skeleton
from handmocap_addon.core.skeleton import FINGERS, SIDES, Side, hand_joint_names

Array = NDArray[Any]

POSES = ("flat", "fist", "point", "spread", "pinch")
FRAMES = np.arange(1.0, len(POSES) + 1.0)


@pytest.fixture(scope="session")
def rigify_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rigify") / "rig.blend"
    save_rigify_rigs(path)
    return path


@pytest.fixture(params=[RIGIFY, META_RIG, "mixamo"])
def other_rig(request: pytest.FixtureRequest) -> Any:
    if request.param == "mixamo":
        return mixamo_double()
    return append_rig(request.getfixturevalue("rigify_file"), request.param)


@pytest.fixture
def rigify_rig(rigify_file: Path) -> Any:
    return append_rig(rigify_file, RIGIFY)


def _pose(model: BodyModel, side: Side, name: str) -> Array:
    skeleton = hand_skeleton(model, side)
    pose = np.zeros((15, 3))
    if name in ("fist", "point"):
        pose = skeleton.curled_pose(1.35, 1.6, 0.9, 0.8).reshape(15, 3).copy()
    if name == "point":
        pose[:3] = 0.0
    if name == "spread":
        handed = 1.0 if side == "left" else -1.0
        for finger, turn in (("index", -0.25), ("ring", 0.15), ("pinky", 0.3)):
            pose[FINGERS.index(finger) * 3] = skeleton.palm_normal * turn * -handed
    if name == "pinch":
        pose[:3] = skeleton.curled_pose(0.9, 0.9, 0.4).reshape(15, 3)[:3]
        pose[12:] = skeleton.curled_pose(0.0, 0.0, 0.0, 0.5).reshape(15, 3)[12:]
    return pose.ravel()


def _keyed(model: BodyModel, maker: Callable[[BodyModel], Any] = ours) -> Any:
    """An SMPL-X armature with one pose a frame, its wrists turned and itself placed anywhere."""
    armature = maker(model)
    hands = {}
    for side in SIDES:
        poses = np.stack([_pose(model, side, name) for name in POSES]).reshape(-1, 15, 3)
        hands[side] = CleanHand(axis_angle_to_quat_wxyz(poses), np.full(len(POSES), Provenance.MEASURED))
    write_hand_keys(Shot.of(armature), hands, {side: HandTrack.empty(len(POSES)) for side in SIDES}, FRAMES, "shot")
    for bone in ("left_wrist", "right_elbow"):
        armature.pose.bones[bone].rotation_mode = "QUATERNION"
        armature.pose.bones[bone].rotation_quaternion = (0.8, 0.4, -0.3, 0.2)
    armature.location = (1.0, 2.0, 0.5)
    return armature


def _map_of(rig: Any) -> BoneMap:
    found = detected_bone_map(rig.data.bones.keys())
    assert found is not None
    return found


def _deforming(rig: Any, bone: str) -> str:
    return f"DEF-{bone}" if f"DEF-{bone}" in rig.data.bones else bone


def _target_hand(rig: Any, side: Side) -> tuple[Array, Array]:
    """Wrist and knuckles (5, 3) without the thumb's, and finger bones (15, 3) as unit vectors, of the posed rig in the world."""
    posed = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
    bones, names, place = posed.pose.bones, _map_of(rig).bones, posed.matrix_world
    heads = np.array([place @ bones[_deforming(rig, names[joint])].head for joint in hand_joint_names(side)])
    ends = np.array([place @ _end(rig, bones, names[joint]) for joint in hand_joint_names(side)])
    wrist = np.array(place @ bones[names[f"{side}_wrist"]].head)
    return np.vstack((wrist, heads[[0, 3, 6, 9]])), normalized(ends - heads)


def _end(rig: Any, bones: Any, name: str) -> Any:
    bone = bones[_deforming(rig, name)]
    return bone.children[0].head if bone.children and "mixamo" in name else bone.tail


def _source_hand(armature: Any, side: Side) -> tuple[Array, Array]:
    posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    bones, place = posed.pose.bones, posed.matrix_world
    heads = np.array([place @ bones[joint].head for joint in hand_joint_names(side)])
    rig = map_armature(armature)
    vectors = np.empty((15, 3))
    for joint in range(15):
        if joint % 3 < 2:
            vectors[joint] = heads[joint + 1] - heads[joint]
            continue
        # The last bone goes on as the one before it does at rest.
        before, name = (hand_joint_names(side)[number] for number in (joint - 1, joint))
        rest = [np.array(armature.data.bones[bone].head_local) for bone in (before, name)]
        turn = np.array(bones[name].matrix.to_3x3()) @ rig.rest_rotmat[name].T
        vectors[joint] = np.array(place.to_3x3()) @ turn @ (rest[1] - rest[0])
    return np.vstack((np.array(place @ bones[f"{side}_wrist"].head), heads[[0, 3, 6, 9]])), normalized(vectors)


def _degrees_apart(armature: Any, rig: Any, side: Side) -> Array:
    """Angles (15,) between the finger bones of both rigs with one palm laid on the other, on the current frame."""
    (source, first), (target, second) = _source_hand(armature, side), _target_hand(rig, side)
    ways = [(points[1:] - points[0]) / np.linalg.norm(points[1:] - points[0], axis=1).mean() for points in (source, target)]
    turned = first @ fitted_rotation(*ways).T
    return np.degrees(np.arccos(np.clip(np.sum(turned * second, axis=1), -1.0, 1.0)))


def _assert_same_fingers(armature: Any, rig: Any, most: float = 0.1) -> None:
    for frame, pose in zip(FRAMES, POSES, strict=True):
        bpy.context.scene.frame_set(int(frame))
        for side in SIDES:
            assert _degrees_apart(armature, rig, side).max() < most, (pose, side)


def test_every_pose_stands_in_the_other_rigs_hand(other_rig: Any, stand_in: BodyModel) -> None:
    armature = _keyed(stand_in)
    bpy.context.scene.frame_set(1)
    assert min(_degrees_apart(armature, other_rig, side).max() for side in SIDES) > 15.0  # it rests otherwise
    report = transfer_fingers(armature, other_rig, _map_of(other_rig), FRAMES)
    assert report.keys.channels == 120 and report.keys.keys == 120 * len(FRAMES)
    _assert_same_fingers(armature, other_rig)


def _side_of_palm(hand: tuple[Array, Array], side: Side, finger: str) -> float:
    """How far a finger's middle bone points out of the palm: 1 straight out, -1 out of the back of the hand."""
    points, vectors = hand
    across, along = points[1] - points[3], points[1:].mean(axis=0) - points[0]
    back = normalized(np.cross(across, along) if side == "left" else np.cross(along, across))
    return float(-back @ vectors[FINGERS.index(finger) * 3 + 1])


def test_a_fist_closes_towards_the_palm_and_a_flat_hand_is_flat(other_rig: Any, stand_in: BodyModel) -> None:
    transfer_fingers(_keyed(stand_in), other_rig, _map_of(other_rig), FRAMES)
    for side in SIDES:
        bpy.context.scene.frame_set(1)
        flat = _target_hand(other_rig, side)
        for finger in range(4):
            straight = flat[1][finger * 3 : finger * 3 + 3]
            assert (
                np.degrees(np.arccos(np.clip((straight[1:] * straight[:-1]).sum(axis=1), -1.0, 1.0))).max() < 15.0
            )  # the stand-in's own little finger rests bent by 11
            assert abs(_side_of_palm(flat, side, FINGERS[finger])) < 0.3
        bpy.context.scene.frame_set(3)
        pointing = _target_hand(other_rig, side)
        bend = np.degrees(np.arccos(np.clip(np.sum(pointing[1] * flat[1], axis=1), -1.0, 1.0)))
        assert bend[:3].max() < 0.2 and bend[4] > 90.0
        bpy.context.scene.frame_set(2)
        fist = _target_hand(other_rig, side)
        # Knuckles bend by 77 degrees and middle joints by 92 more: middle bones point back, and the first out of the palm.
        assert all(fist[1][finger * 3] @ flat[1][finger * 3] < 0.4 for finger in range(4))
        first = {name: (fist[0], np.roll(fist[1], 1, axis=0)) for name in FINGERS[:4]}
        assert all(_side_of_palm(first[name], side, name) > 0.8 for name in FINGERS[:4])


def test_the_change_alone_is_added_to_the_rigs_own_rest(rigify_rig: Any, stand_in: BodyModel) -> None:
    transfer_fingers(_keyed(stand_in), rigify_rig, _map_of(rigify_rig), FRAMES, same_pose=False)
    bpy.context.scene.frame_set(1)
    bpy.context.view_layer.update()
    for bone in ("f_index.02.L", "thumb.01.R"):
        np.testing.assert_allclose(rigify_rig.pose.bones[bone].rotation_quaternion, (1, 0, 0, 0), atol=1e-5)


def test_arms_and_master_controls_that_are_posed_are_accounted_for(rigify_rig: Any, stand_in: BodyModel) -> None:
    bones = rigify_rig.pose.bones
    bones["f_index.01_master.L"].scale = (1.0, 0.8, 1.0)
    bones["f_ring.01_master.R"].rotation_quaternion = (0.9, 0.3, 0.1, 0.0)
    bones["palm.L"].rotation_euler = (0.05, 0.0, 0.03)
    bones["hand_ik.L"].location = (0.1, 0.1, 0.2)
    bones["hand_ik.L"].rotation_quaternion = (0.7, 0.1, 0.5, 0.3)
    armature = _keyed(stand_in)
    transfer_fingers(armature, rigify_rig, _map_of(rigify_rig), FRAMES)
    # A palm that is cupped is another palm than the one at rest, so the two that are compared here differ a little.
    _assert_same_fingers(armature, rigify_rig, most=5.0)
    bones["palm.L"].rotation_euler = (0.0, 0.0, 0.0)
    transfer_fingers(armature, rigify_rig, _map_of(rigify_rig), FRAMES)
    _assert_same_fingers(armature, rigify_rig)


def test_master_controls_that_move_are_followed_frame_by_frame(rigify_rig: Any, stand_in: BodyModel) -> None:
    master = rigify_rig.pose.bones["f_middle.01_master.L"]
    for frame in (1, 5):
        master.scale = (1.0, 1.0 - 0.1 * frame, 1.0)
        master.rotation_quaternion = (1.0, 0.1 * frame, 0.0, 0.0)
        master.keyframe_insert("scale", frame=frame)
        master.keyframe_insert("rotation_quaternion", frame=frame)
    before = [key.co[1] for key in curve_of(rigify_rig, master.path_from_id("scale"), 1).keyframe_points]
    armature = _keyed(stand_in)
    transfer_fingers(armature, rigify_rig, _map_of(rigify_rig), FRAMES)
    _assert_same_fingers(armature, rigify_rig)
    assert [key.co[1] for key in curve_of(rigify_rig, master.path_from_id("scale"), 1).keyframe_points] == before


@pytest.mark.parametrize("maker", MAKERS[1:], ids=lambda maker: maker.__name__)
def test_every_makers_armature_gives_the_same_keys(maker: Any, stand_in: BodyModel) -> None:
    target = mixamo_double()
    values = []
    for source in (ours, maker):
        transfer_fingers(_keyed(stand_in, source), target, _map_of(target), FRAMES)
        values.append([[key.co[1] for key in curve.keyframe_points] for curve in bag_of(target).fcurves])
    np.testing.assert_allclose(values[1], values[0], atol=2e-5)


@pytest.mark.parametrize("mode", ["XYZ", "ZXY", "AXIS_ANGLE"])
def test_the_rigs_own_rotation_modes(mode: str, stand_in: BodyModel) -> None:
    target = mixamo_double(rotation_mode=mode)
    armature = _keyed(stand_in)
    report = transfer_fingers(armature, target, _map_of(target), FRAMES)
    assert report.keys.channels == 30 * (4 if mode == "AXIS_ANGLE" else 3)
    assert {bone.rotation_mode for bone in target.pose.bones} == {mode}
    _assert_same_fingers(armature, target)


def _random_motion(armature: Any, mode: str, frames: int) -> None:
    random = np.random.default_rng(9)
    for joint in hand_joint_names("left"):
        bone = armature.pose.bones[joint]
        bone.rotation_mode = mode
        for frame, pose in zip(
            range(1, frames + 1, 4), random_axis_angle(random, frames, 1, largest=1.0)[:, 0], strict=False
        ):
            if mode == "QUATERNION":
                bone.rotation_quaternion = axis_angle_to_quat_wxyz(pose)
            else:
                bone.rotation_euler = pose
            bone.keyframe_insert("rotation_quaternion" if mode == "QUATERNION" else "rotation_euler", frame=frame)


@pytest.mark.parametrize("mode", ["QUATERNION", "YXZ"])
def test_curves_read_directly_give_what_blender_shows(mode: str, stand_in: BodyModel) -> None:
    """Keys on every fourth frame, so that curves are read between them; a constraint without effect forces the slow way."""
    armature, target = ours(stand_in), mixamo_double()
    _random_motion(armature, mode, 13)
    frames, values = np.arange(1.0, 14.0), []
    for slow in (False, True):
        if slow:
            constraint = armature.pose.bones["left_index1"].constraints.new("LIMIT_LOCATION")
            assert not constraint.mute
        transfer_fingers(armature, target, _map_of(target), frames)
        values.append([[key.co[1] for key in curve.keyframe_points] for curve in bag_of(target).fcurves])
    np.testing.assert_allclose(values[1], values[0], atol=1e-5)


def test_nla_drivers_and_constraints_on_the_source_are_followed(stand_in: BodyModel) -> None:
    armature, target = _keyed(stand_in), mixamo_double()
    animation = armature.animation_data
    track = animation.nla_tracks.new()
    track.strips.new("shot", 1, animation.action)
    animation.action = None
    armature.pose.bones["left_ring2"].driver_add("rotation_quaternion", 1).driver.expression = "0.2"
    constraint = armature.pose.bones["right_index2"].constraints.new("COPY_ROTATION")
    constraint.target, constraint.subtarget = armature, "right_middle2"
    constraint.target_space = constraint.owner_space = "LOCAL"
    bpy.context.scene.frame_set(77)
    transfer_fingers(armature, target, _map_of(target), FRAMES)
    assert bpy.context.scene.frame_current == 77
    _assert_same_fingers(armature, target)
    assert not any(bone.constraints for bone in target.pose.bones)


def test_own_keys_and_other_channels_stay_on_a_second_transfer(rigify_rig: Any, stand_in: BodyModel) -> None:
    armature = _keyed(stand_in)
    transfer_fingers(armature, rigify_rig, _map_of(rigify_rig), FRAMES)
    bone = rigify_rig.pose.bones["f_index.02.L"]
    bone.rotation_quaternion = (0.5, 0.5, 0.5, 0.5)
    bone.keyframe_insert("rotation_quaternion", frame=3)
    bone.location = (0.0, 0.01, 0.0)
    bone.keyframe_insert("location", frame=2)
    constraints = sum(len(pose_bone.constraints) for pose_bone in rigify_rig.pose.bones)
    report = transfer_fingers(armature, rigify_rig, _map_of(rigify_rig), FRAMES)
    assert report.keys.kept_keys == 4
    bpy.context.scene.frame_set(3)
    np.testing.assert_allclose(bone.rotation_quaternion, (0.5, 0.5, 0.5, 0.5), atol=1e-6)
    assert bone.location[1] == pytest.approx(0.01)
    assert sum(len(pose_bone.constraints) for pose_bone in rigify_rig.pose.bones) == constraints
    assert curve_of(rigify_rig, bone.path_from_id("rotation_quaternion"), 0).group.name == "Left index"


def test_a_strip_that_plays_the_rigs_keys_later_is_said(rigify_rig: Any, stand_in: BodyModel) -> None:
    armature = _keyed(stand_in)
    assert not transfer_fingers(armature, rigify_rig, _map_of(rigify_rig), FRAMES).warnings
    animation = rigify_rig.animation_data
    strip = animation.nla_tracks.new().strips.new("fingers", 1, animation.action)
    strip.action_slot = animation.action_slot
    animation.action = None
    assert not transfer_fingers(armature, rigify_rig, _map_of(rigify_rig), FRAMES).warnings
    strip.frame_start_ui = 21.0
    (said,) = transfer_fingers(armature, rigify_rig, _map_of(rigify_rig), FRAMES).warnings
    assert said == "The NLA strip fingers plays its keys 20 frames later than they stand: let it begin on frame 1"


def test_locked_channels_get_no_keys(stand_in: BodyModel) -> None:
    target = mixamo_double(rotation_mode="XYZ")
    armature = _keyed(stand_in)
    target.pose.bones["mixamorig:LeftHandRing2"].lock_rotation = (True, True, True)
    target.pose.bones["mixamorig:LeftHandIndex2"].lock_rotation = (False, True, False)
    report = transfer_fingers(armature, target, _map_of(target), FRAMES)
    assert report.locked_bones == ("mixamorig:LeftHandRing2",)
    assert report.keys.channels == 29 * 3 - 1
    # What hangs on a locked bone still points where it should.
    bpy.context.scene.frame_set(2)
    assert _degrees_apart(armature, target, "left")[11] < 0.1


def test_a_map_of_some_fingers_keys_those_alone(stand_in: BodyModel) -> None:
    target = mixamo_double()
    armature = _keyed(stand_in)
    some = {joint: bone for joint, bone in _map_of(target).bones.items() if joint.startswith("left") and joint[-1] != "3"}
    report = transfer_fingers(armature, target, BoneMap("some", some), FRAMES)
    assert report.keys.channels == 10 * 4
    bpy.context.scene.frame_set(2)
    assert _degrees_apart(armature, target, "left")[[0, 1, 3, 4]].max() < 0.1


def test_what_cannot_be_followed_is_one_sentence(stand_in: BodyModel) -> None:
    armature, target = _keyed(stand_in), mixamo_double()
    bones = dict(_map_of(target).bones)
    with pytest.raises(ArmatureError, match="cannot get its own fingers"):
        transfer_fingers(armature, armature, BoneMap("x", bones), FRAMES)
    with pytest.raises(BoneMapError, match="has no bone nowhere"):
        transfer_fingers(armature, target, BoneMap("x", bones | {"left_ring2": "nowhere"}), FRAMES)
    with pytest.raises(ArmatureError, match="does not hang on mixamorig:RightArm"):
        transfer_fingers(armature, target, BoneMap("x", bones | {"left_wrist": "mixamorig:RightArm"}), FRAMES)
    with pytest.raises(BoneMapError, match="no palm"):
        transfer_fingers(armature, target, BoneMap("x", {"left_index1": bones["left_index1"]}), FRAMES)
    target.data.bones[bones["left_thumb2"]].use_inherit_rotation = False
    with pytest.raises(ArmatureError, match="does not inherit rotation"):
        transfer_fingers(armature, target, BoneMap("x", bones), FRAMES)
    assert target.animation_data is None or target.animation_data.action is None


def test_a_linked_rig_needs_an_editable_override(rigify_file: Path, stand_in: BodyModel) -> None:
    armature = _keyed(stand_in)
    with bpy.data.libraries.load(str(rigify_file), link=True) as (_there, wanted):
        wanted.objects = [RIGIFY]
    (linked,) = wanted.objects
    bpy.context.scene.collection.objects.link(linked)
    with pytest.raises(ArmatureError, match="linked from another file"):
        transfer_fingers(armature, linked, _map_of(linked), FRAMES)
    override = linked.override_hierarchy_create(bpy.context.scene, bpy.context.view_layer, do_fully_editable=True)
    bpy.context.view_layer.update()
    transfer_fingers(armature, override, _map_of(override), FRAMES)
    assert override.animation_data.action.library is None
    _assert_same_fingers(armature, override)
