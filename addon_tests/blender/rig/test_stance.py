"""What moves a person's armature besides our keys: undone, named, or refused before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view

from addon_tests.blender.motions import MadeUpShot
from addon_tests.making.person_rigs import PersonRig, add_person_rig
from handmocap_addon.blender.apply import apply_body, apply_hands
from handmocap_addon.blender.curves.tool_actions import find_tool_action
from handmocap_addon.blender.motion.key_obstacles import obstacle_sentences
from handmocap_addon.blender.motion.keyed_bones import KeyedBones
from handmocap_addon.blender.motion.shot import Shot
from handmocap_addon.blender.rig.posed_frames import posed_frames
from handmocap_addon.core.body.model import posed_joints
from handmocap_addon.core.cleanup.clean_hands import CleanupSettings
from handmocap_addon.core.errors import ArmatureError
from handmocap_addon.core.hands.hand_poses import HandPoses
from handmocap_addon.core.skeleton import JOINT_NAMES

COUNT = 6
SHOT = MadeUpShot(COUNT)
CLEANUP = CleanupSettings()


def made_up_poses() -> HandPoses:
    tracks = SHOT.tracks()
    for side, track in tracks.items():
        track.pose_axis_angle[:] = SHOT.hand_axis_angle[side].reshape(COUNT, 45)
    return HandPoses(tracks["left"], tracks["right"], np.arange(COUNT), None)


def largest_distance(armature: Any, rig: PersonRig, lift: float) -> float:
    """Metres between body joints in the armature and where forward kinematics has them, over all frames."""
    frames = np.arange(1.0, COUNT + 1.0)
    posed = posed_frames(armature, frames)
    expected = posed_joints(rig.t_pose(), SHOT.local_rotmat(), SHOT.translation + (0.0, lift, 0.0)).positions
    found = np.stack([posed.bones[joint][:, :3, 3] for joint in JOINT_NAMES[:22]], axis=1) @ rig.to_armature
    return float(np.abs(found - expected[:, :22]).max())


def _pose_root(armature: Any) -> None:
    armature.pose.bones["root"].rotation_mode = "XYZ"
    armature.pose.bones["root"].rotation_euler = (-np.pi / 2, 0.2, 0.0)
    armature.pose.bones["root"].location = (0.3, 0.0, 0.1)


def _key_root(armature: Any) -> None:
    for frame in (1, COUNT):
        _pose_root(armature)
        armature.pose.bones["root"].rotation_euler[2] = 0.3 * frame
        armature.pose.bones["root"].keyframe_insert("rotation_euler", frame=frame)
        armature.pose.bones["root"].keyframe_insert("location", frame=frame)


def _constrain_root(armature: Any) -> None:
    empty = bpy.data.objects.new("target", None)
    bpy.context.scene.collection.objects.link(empty)
    for frame in (1, COUNT):
        empty.location = (0.1 * frame, 0.0, 0.0)
        empty.keyframe_insert("location", frame=frame)
    constraint = armature.pose.bones["root"].constraints.new("COPY_LOCATION")
    constraint.target = empty


@pytest.mark.parametrize("pose", [_pose_root, _key_root, _constrain_root])
def test_bones_above_the_pelvis_are_made_up_for_and_named(pose: Callable[[Any], None], scene: Any) -> None:
    rig = PersonRig(roots=("root", "hips_offset"))
    armature = add_person_rig(rig)
    pose(armature)
    body = apply_body(armature, SHOT.motion(), None, None, "shot", steady_camera=False)
    assert largest_distance(armature, rig, body.lift) < 1e-4
    assert [warning.partition(",")[0] for warning in body.warnings] == ["root"]


def test_a_pelvis_with_other_relations_is_keyed_by_them(scene: Any) -> None:
    rig = PersonRig(axes="random")
    armature = add_person_rig(rig)
    armature.data.bones["pelvis"].use_local_location = False
    armature.data.bones["pelvis"].use_inherit_rotation = False
    _pose_root(armature)
    body = apply_body(armature, SHOT.motion(), None, None, "shot", steady_camera=False)
    assert largest_distance(armature, rig, body.lift) < 1e-4


@pytest.mark.parametrize("steady", [False, True])
def test_the_camera_goes_along_with_an_armature_that_moves(steady: bool, scene: Any) -> None:
    places = []
    for moves in (False, True):
        armature = add_person_rig(PersonRig(name=f"moves {moves}"))
        if moves:
            parent = bpy.data.objects.new("cart", None)
            scene.collection.objects.link(parent)
            armature.parent = parent
            for frame in (1, COUNT):
                parent.location, parent.rotation_euler = (frame, 0.0, 1.0), (0.0, 0.0, 0.2 * frame)
                parent.keyframe_insert("location", frame=frame)
                parent.keyframe_insert("rotation_euler", frame=frame)
        body = apply_body(armature, SHOT.motion(), None, None, f"shot {moves}", steady_camera=steady)
        assert any("itself moves" in warning for warning in body.warnings) == moves
        seen = []
        for frame in range(1, COUNT + 1):
            scene.frame_set(frame)
            head = armature.matrix_world @ armature.pose.bones["left_wrist"].head
            seen.append(world_to_camera_view(scene, body.camera, head))
        places.append(np.array(seen))
    np.testing.assert_allclose(places[1], places[0], atol=1e-4)


def _rest_position(armature: Any) -> None:
    armature.data.pose_position = "REST"


def _mirror(armature: Any) -> None:
    armature.scale = (-1.0, 1.0, 1.0)


def _flatten_by_parent(armature: Any) -> None:
    parent = bpy.data.objects.new("stretched", None)
    bpy.context.scene.collection.objects.link(parent)
    parent.scale = (1.0, 1.0, 1.3)
    armature.parent = parent


def _scale_root(armature: Any) -> None:
    armature.pose.bones["root"].scale = (1.1, 1.1, 1.1)


def _pose_between(armature: Any) -> None:
    armature.pose.bones["forearm"].rotation_quaternion = (0.9, 0.1, 0.0, 0.0)


def _no_inheritance(armature: Any) -> None:
    armature.data.bones["left_knee"].use_inherit_rotation = False


def _connect(armature: Any) -> None:
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    armature.data.edit_bones["root"].tail = armature.data.edit_bones["pelvis"].head
    armature.data.edit_bones["pelvis"].use_connect = True
    bpy.ops.object.mode_set(mode="OBJECT")


REFUSED = {
    "shows its rest position": _rest_position,
    "mirrored or flattened": _mirror,
    "scaled more along one axis": _flatten_by_parent,
    "root, above the pelvis of person, is scaled": _scale_root,
    "forearm of person, on which left_wrist hangs, is posed": _pose_between,
    "left_knee of person does not inherit rotation": _no_inheritance,
    "pelvis of person is connected to root": _connect,
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_cannot_be_held_is_refused_before_anything_is_written(sentence: str, scene: Any) -> None:
    armature = add_person_rig(PersonRig(between={"left_wrist": "forearm"}))
    REFUSED[sentence](armature)
    with pytest.raises(ArmatureError, match=sentence):
        apply_body(armature, SHOT.motion(), None, None, "shot", steady_camera=False)
    assert armature.animation_data is None or armature.animation_data.action is None


def _ik(armature: Any) -> None:
    target = bpy.data.objects.new("reach", None)
    bpy.context.scene.collection.objects.link(target)
    constraint = armature.pose.bones["left_index3"].constraints.new("IK")
    constraint.target, constraint.chain_count = target, 2


def _limit(armature: Any) -> None:
    constraint = armature.pose.bones["left_index2"].constraints.new("LIMIT_ROTATION")
    constraint.use_limit_x = constraint.use_limit_y = constraint.use_limit_z = True
    constraint.owner_space = "LOCAL"


def _drive(armature: Any) -> None:
    driver = armature.driver_add('pose.bones["left_index2"].rotation_quaternion', 1).driver
    driver.expression = "0.5"


def _scale_finger(armature: Any) -> None:
    armature.pose.bones["left_index2"].location = (0.01, 0.0, 0.0)


def _enlarge_finger(armature: Any) -> None:
    armature.pose.bones["left_index2"].scale = (1.2, 1.2, 1.2)


def _key_a_scale(armature: Any) -> None:
    bone = armature.pose.bones["left_index2"]
    for frame, scale in ((1, 1.0), (3, 1.3), (5, 1.0)):
        bone.scale = (scale, scale, scale)
        bone.keyframe_insert("scale", frame=frame)


def _lock(armature: Any) -> None:
    armature.pose.bones["left_index2"].lock_rotation = (True, True, True)


MOVED = {
    "left_index2 is moved or scaled;": _enlarge_finger,
    "left_index2 is moved or scaled by keys": _key_a_scale,
    "channels are locked": _lock,
    "the constraint IK of left_index": _ik,
    "the constraint Limit Rotation of left_index2 takes part": _limit,
    "a driver turns left_index2": _drive,
    "left_index2 is moved or scaled": _scale_finger,
}


@pytest.mark.parametrize("reason", MOVED)
def test_a_look_after_the_apply_names_what_holds_fingers_elsewhere(reason: str, scene: Any) -> None:
    armature = add_person_rig(PersonRig())
    MOVED[reason](armature)
    said = apply_hands(armature, made_up_poses(), CLEANUP, "shot").warnings
    assert any(reason in warning for warning in said), said
    for constraint in [one for bone in armature.pose.bones for one in bone.constraints]:
        constraint.influence = 0.0
    if "constraint" in reason:
        assert not apply_hands(armature, made_up_poses(), CLEANUP, "shot").warnings


def test_an_ik_is_the_reason_for_its_whole_chain(scene: Any) -> None:
    armature = add_person_rig(PersonRig())
    _ik(armature)
    (said,) = apply_hands(armature, made_up_poses(), CLEANUP, "shot").warnings
    assert "and 1 more of person" in said and "the constraint IK of left_index3 takes part" in said


def test_muted_curves_are_one_reason_and_what_is_not_named_is_counted(scene: Any) -> None:
    armature = add_person_rig(PersonRig())
    apply_hands(armature, made_up_poses(), CLEANUP, "shot")
    curves = find_tool_action(armature).channelbag().fcurves
    for curve in curves:
        curve.mute = curve.data_path.startswith("pose.bones")
        if curve.group is not None:
            curve.group.mute = True
    (said,) = apply_hands(armature, made_up_poses(), CLEANUP, "shot").warnings
    assert "and 29 more of person" in said and "curves are muted; unmute them" in said
    for curve in curves:
        curve.mute = False
    assert not apply_hands(armature, made_up_poses(), CLEANUP, "shot").warnings
    for number in (1, 2, 3):
        armature.pose.bones[f"left_index{number}"].scale = (1.1, 1.1, 1.1)
        armature.pose.bones[f"right_index{number}"].scale = (1.1, 1.1, 1.1)
    *_, last = apply_hands(armature, made_up_poses(), CLEANUP, "shot").warnings
    assert last == "3 more joints of person do not stand where they were keyed to stand, right_index1 first."


def test_the_strip_of_the_keys_themselves_is_no_reason(scene: Any) -> None:
    armature = add_person_rig(PersonRig())
    apply_hands(armature, made_up_poses(), CLEANUP, "shot")
    animation = armature.animation_data
    action, slot = animation.action, animation.action_slot
    animation.nla_tracks.new().strips.new("tool", 1, action).action_slot = slot
    animation.action = None
    assert not apply_hands(armature, made_up_poses(), CLEANUP, "shot").warnings
    _scale_finger(armature)
    (said,) = apply_hands(armature, made_up_poses(), CLEANUP, "shot").warnings
    assert "left_index2 is moved or scaled; clear its location and scale" in said


PLAYED = {
    "plays its keys 4 frames later than they stand: let it begin on frame 1": lambda strip: setattr(strip, "frame_start_ui", 5.0),
    "plays its keys 0.5 times as fast": lambda strip: setattr(strip, "scale", 2.0),
    "plays its keys backwards": lambda strip: setattr(strip, "use_reverse", True),
    "by a curve of time": lambda strip: setattr(strip, "use_animated_time", True),
    "plays only frames 1 to 3 of its keys": lambda strip: setattr(strip, "action_frame_end", 3.0),
    "is muted: unmute it": lambda strip: setattr(strip, "mute", True),
}  # fmt: skip


@pytest.mark.parametrize("how", PLAYED)
def test_a_strip_that_plays_the_keys_otherwise_is_named(how: str, scene: Any) -> None:
    armature = add_person_rig(PersonRig())
    apply_hands(armature, made_up_poses(), CLEANUP, "shot")
    animation = armature.animation_data
    strip = animation.nla_tracks.new().strips.new("tool", 1, animation.action)
    strip.action_slot = animation.action_slot
    animation.action = None
    assert not apply_hands(armature, made_up_poses(), CLEANUP, "shot").warnings
    PLAYED[how](strip)
    (obstacle,) = obstacle_sentences(armature, KeyedBones.fingers(Shot.of(armature)).paths)
    assert obstacle.startswith("The NLA strip tool ") and how in obstacle
    (said,) = apply_hands(armature, made_up_poses(), CLEANUP, "shot").warnings
    assert "of person do not stand" in said and how.split(":")[0] in said


def test_a_persons_own_keys_and_locks_are_no_fault(scene: Any) -> None:
    armature = add_person_rig(PersonRig())
    apply_hands(armature, made_up_poses(), CLEANUP, "shot")
    bone = armature.pose.bones["left_index1"]
    bone.rotation_quaternion = (0.9, 0.3, 0.0, 0.1)
    bone.keyframe_insert("rotation_quaternion", frame=3)
    armature.pose.bones["left_index2"].lock_rotation = (True, True, True)
    assert not apply_hands(armature, made_up_poses(), CLEANUP, "shot").warnings


def test_a_look_changes_nothing_that_is_shown(scene: Any) -> None:
    armature = add_person_rig(PersonRig())
    _key_root(armature)
    armature.hide_viewport = True
    armature.pose.bones["left_elbow"].location = (1.0, 2.0, 3.0)
    scene.frame_set(3)
    scenes = list(bpy.data.scenes)
    posed = posed_frames(armature, [1.0, 2.5, 5.0])
    assert np.ptp(posed.bones["root"], axis=0).max() > 0.1
    assert list(bpy.data.scenes) == scenes and scene.frame_current == 3
    assert armature.hide_viewport and tuple(armature.pose.bones["left_elbow"].location) == (1.0, 2.0, 3.0)
