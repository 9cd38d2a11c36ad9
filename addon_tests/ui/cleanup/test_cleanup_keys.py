"""The key tools: what they do to the rotations, that it is undone, that a run keeps it, and that scripts can call them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.ui.cleanup_scene import COUNT, degrees_between, key_types, keyed_fingers, rotations
from handmocap_addon.blender.cleanup.pose_tools import built_in_pose
from handmocap_addon.core.skeleton import HAND_JOINT_COUNT, hand_joint_names

FRAMES = np.arange(1.0, COUNT + 1)


@pytest.fixture
def armature(settings: Any, tmp_path: Path) -> Any:
    return keyed_fingers(settings, tmp_path)


def _everything(armature: Any) -> np.ndarray:
    """Rotations (30, N, 4)."""
    return np.stack([rotations(armature, joint) for side in ("left", "right") for joint in hand_joint_names(side)])


def _between(first: float, last: float) -> np.ndarray:
    """Quarters of frames too: a curve may not leave between two keys."""
    return np.arange(first, last + 0.01, 0.25)


def test_a_hold_holds_one_pose_by_two_keys(armature: Any) -> None:
    bpy.context.scene.frame_set(1)
    before = _everything(armature)
    assert bpy.ops.handmocap.hold(first=20, last=30, sides={"LEFT"}, fingers={"INDEX"}) == {"FINISHED"}
    after = _everything(armature)
    for number, joint in enumerate(hand_joint_names("left")[:3]):
        held = rotations(armature, joint, _between(20, 30))
        assert degrees_between(held, before[number, 19]).max() < 0.01
        types = key_types(armature, joint)
        assert [frame for frame in types if 15 <= frame <= 35] == [20, 30]
        assert types[20] == types[30] == "KEYFRAME" and types[14] == types[36] == "GENERATED"
    for rows in (slice(0, 14), slice(35, None)):
        assert degrees_between(after[:3, rows], before[:3, rows]).max() < 1e-3
    assert degrees_between(after[3:], before[3:]).max() < 1e-3


def test_the_pose_under_the_playhead_is_held(armature: Any) -> None:
    wanted = rotations(armature, "right_middle1")
    bpy.context.scene.frame_set(25)
    bpy.ops.handmocap.hold(first=20, last=30, sides={"RIGHT"})
    assert degrees_between(rotations(armature, "right_middle1", _between(20, 30)), wanted[24]).max() < 0.01


def test_relax_leads_to_the_relaxed_hand(armature: Any) -> None:
    before = rotations(armature, "left_pinky1")
    assert bpy.ops.handmocap.relax(first=10, last=30, sides={"LEFT"}) == {"FINISHED"}
    relaxed = built_in_pose(armature, "relaxed")["left_pinky1"]
    after = rotations(armature, "left_pinky1")
    assert degrees_between(after[9:10], before[9])[0] < 0.01
    assert degrees_between(after[29:30], relaxed)[0] < 0.01
    away = degrees_between(after[9:30], relaxed)
    assert (np.diff(away) <= 1e-6).all()
    assert degrees_between(after[35:], before[35:]).max() < 1e-3


@pytest.mark.parametrize("pose", ["FLAT", "RELAXED", "FIST", "POINT", "PINCH"])
def test_a_pose_is_held_over_the_range(armature: Any, pose: str) -> None:
    assert bpy.ops.handmocap.blend_to_pose(first=20, last=25, pose=pose) == {"FINISHED"}
    wanted = built_in_pose(armature, pose.lower())
    for side in ("left", "right"):
        for joint in hand_joint_names(side):
            assert degrees_between(rotations(armature, joint, _between(20, 25)), wanted[joint]).max() < 0.01


def test_half_way_to_a_pose_keeps_half_the_motion(armature: Any) -> None:
    before = rotations(armature, "left_index1")
    bpy.ops.handmocap.blend_to_pose(first=10, last=40, pose="FIST", factor=0.5, sides={"LEFT"})
    after = rotations(armature, "left_index1")
    fist = built_in_pose(armature, "fist")["left_index1"]
    np.testing.assert_allclose(degrees_between(after, fist)[9:40], 0.5 * degrees_between(before, fist)[9:40], atol=0.01)
    assert {kind for frame, kind in key_types(armature, "left_index1").items() if 10 <= frame <= 40} == {"KEYFRAME"}


def test_without_a_range_the_current_frame_gets_the_pose(armature: Any) -> None:
    bpy.context.scene.frame_set(33)
    bpy.context.scene.handmocap_cleanup.pose = "POINT"
    assert bpy.ops.handmocap.blend_to_pose(sides={"RIGHT"}) == {"FINISHED"}
    types = key_types(armature, "right_index2")
    assert [frame for frame, kind in types.items() if kind == "KEYFRAME"] == [33]
    wanted = built_in_pose(armature, "point")["right_index2"]
    assert degrees_between(rotations(armature, "right_index2", [33]), wanted)[0] < 0.01


def _pose_action(euler: bool) -> Any:
    action = bpy.data.actions.new("thumbs up")
    slot = action.slots.new("OBJECT", "rig")
    bag = action.layers.new("Layer").strips.new(type="KEYFRAME").channelbag(slot, ensure=True)
    name, values = ("rotation_euler", (0.5, 0.0, 0.25)) if euler else ("rotation_quaternion", (0.8, 0.6, 0.0, 0.0))
    for index, value in enumerate(values):
        curve = bag.fcurves.new(f'pose.bones["left_thumb2"].{name}', index=index)
        curve.keyframe_points.insert(7, value)
        curve.keyframe_points.insert(20, 0.0)
    return action


def test_a_pose_comes_from_an_action_at_its_first_frame(armature: Any) -> None:
    action = _pose_action(euler=False)
    action.asset_mark()
    before = _everything(armature)
    assert bpy.ops.handmocap.blend_to_pose(first=20, last=22, action="thumbs up") == {"FINISHED"}
    wanted = np.array((0.8, 0.6, 0.0, 0.0))
    assert degrees_between(rotations(armature, "left_thumb2", _between(20, 22)), wanted).max() < 0.01
    others = [number for number in range(2 * HAND_JOINT_COUNT) if number != 13]
    assert degrees_between(_everything(armature)[others], before[others]).max() < 1e-3
    bpy.data.actions.remove(action)
    cleanup = bpy.context.scene.handmocap_cleanup
    cleanup.pose, cleanup.pose_action = "ACTION", _pose_action(euler=True)
    assert bpy.ops.handmocap.blend_to_pose(first=20, last=22) == {"FINISHED"}
    from mathutils import Euler

    wanted = np.array(Euler((0.5, 0.0, 0.25)).to_quaternion())
    assert degrees_between(rotations(armature, "left_thumb2", [21]), wanted).max() < 0.01


def test_a_pose_comes_from_a_library_and_leaves_nothing(armature: Any, tmp_path: Path) -> None:
    library = tmp_path / "poses.blend"
    action = _pose_action(euler=False)
    action.asset_mark()
    bpy.data.libraries.write(str(library), {action})
    bpy.data.actions.remove(action)
    before = sorted(each.name for each in bpy.data.actions)
    pose = {"first": 20, "last": 22, "library": str(library)}
    assert bpy.ops.handmocap.blend_to_pose(action="thumbs up", **pose) == {"FINISHED"}
    wanted = np.array((0.8, 0.6, 0.0, 0.0))
    assert degrees_between(rotations(armature, "left_thumb2", [21]), wanted)[0] < 0.01
    assert sorted(each.name for each in bpy.data.actions) == before and len(bpy.data.libraries) == 0
    with pytest.raises(RuntimeError, match="poses.blend has no action thumbs down"):
        bpy.ops.handmocap.blend_to_pose(action="thumbs down", **pose)
    library.write_bytes(b"nothing")
    with pytest.raises(RuntimeError, match="cannot be read as a Blender file"):
        bpy.ops.handmocap.blend_to_pose(action="thumbs up", **pose)


def test_an_action_of_something_else_is_one_sentence(armature: Any) -> None:
    bpy.data.actions.new("bouncing ball")
    with pytest.raises(RuntimeError, match="The action bouncing ball keys no finger of mannequin"):
        bpy.ops.handmocap.blend_to_pose(first=20, last=22, action="bouncing ball")
    bpy.context.scene.handmocap_cleanup.pose = "ACTION"
    with pytest.raises(RuntimeError, match="No action with a pose is chosen"):
        bpy.ops.handmocap.blend_to_pose(first=20, last=22)


def test_the_other_hand_is_copied_mirrored(armature: Any) -> None:
    right = {joint: rotations(armature, joint) for joint in hand_joint_names("right")}
    assert bpy.ops.handmocap.copy_from_other_hand(first=5, last=35, sides={"LEFT"}) == {"FINISHED"}
    for joint, source in right.items():
        copied = rotations(armature, joint.replace("right", "left"))
        # The stand-in's bones have the model's axes, in which a mirrored hand turns the other way about y and z.
        assert degrees_between(copied, source * (1.0, 1.0, -1.0, -1.0))[4:35].max() < 0.01
        assert degrees_between(rotations(armature, joint), source).max() < 1e-3
    with pytest.raises(RuntimeError, match="Only one hand can be copied to"):
        bpy.ops.handmocap.copy_from_other_hand(first=5, last=35, sides={"LEFT", "RIGHT"})


_TOOLS = {
    "hold": {},
    "relax": {},
    "blend_to_pose": {"pose": "PINCH", "factor": 0.7},
    "copy_from_other_hand": {},
}


@pytest.mark.parametrize("name", _TOOLS)
def test_a_tool_is_undone(armature: Any, name: str) -> None:
    before = _everything(armature)
    bpy.ops.ed.undo_push(message="before")
    getattr(bpy.ops.handmocap, name)("EXEC_DEFAULT", True, first=12, last=30, sides={"LEFT"}, **_TOOLS[name])
    assert degrees_between(_everything(armature), before).max() > 1.0
    bpy.ops.ed.undo()
    armature = bpy.context.scene.handmocap.armature
    assert degrees_between(_everything(armature), before).max() < 1e-4
    assert set(key_types(armature, "left_index1").values()) == {"GENERATED"}
    bpy.ops.handmocap.apply_hands()
    assert degrees_between(_everything(armature), before).max() < 1e-3


@pytest.mark.parametrize("mode", ["QUATERNION", "XZY", "AXIS_ANGLE"])
@pytest.mark.parametrize("name", _TOOLS)
def test_a_run_with_other_settings_keeps_what_a_tool_made(armature: Any, settings: Any, name: str, mode: str) -> None:
    for joint in hand_joint_names("left"):
        armature.pose.bones[joint].rotation_mode = mode
    bpy.ops.handmocap.apply_hands()
    getattr(bpy.ops.handmocap, name)(first=12, last=30, sides={"LEFT"}, **_TOOLS[name])
    made = {joint: rotations(armature, joint, _between(12, 30)) for joint in ("left_index1", "left_thumb3")}
    assert [frame for frame in key_types(armature, "left_index1") if frame in (7, 11, 31, 35)] == []
    settings.smoothing = 0.1
    for _ in range(2):
        assert bpy.ops.handmocap.apply_hands() == {"FINISHED"}
        for joint, values in made.items():
            off = degrees_between(rotations(armature, joint, _between(12, 30)), values)
            # Automatic handles of a lone key lean towards the keys beyond it, which other settings move a little.
            assert off.max() < (2.0 if name == "relax" else 0.05)
            assert max(off[0], off[-1]) < 1e-3
            assert [frame for frame in key_types(armature, joint) if frame in (7, 11, 31, 35)] == []
    assert armature.pose.bones["left_index1"].rotation_mode == mode


def test_a_person_s_keys_beside_the_range_stay(armature: Any) -> None:
    bone = armature.pose.bones["left_index1"]
    bone.rotation_quaternion = (0.9, 0.3, 0.2, 0.1)
    bone.keyframe_insert("rotation_quaternion", frame=18)
    bpy.ops.handmocap.hold(first=20, last=30, sides={"LEFT"}, fingers={"INDEX"})
    types = key_types(armature, "left_index1")
    assert [frame for frame in types if 14 <= frame <= 30] == [14, 15, 16, 17, 18, 20, 30]
    wanted = np.array((0.9, 0.3, 0.2, 0.1)) / np.linalg.norm((0.9, 0.3, 0.2, 0.1))
    assert degrees_between(rotations(armature, "left_index1", [18]), wanted)[0] < 0.1


def test_locked_bones_are_left_alone(armature: Any) -> None:
    armature.pose.bones["left_index1"].lock_rotation = (True, True, True)
    before = rotations(armature, "left_index1")
    bpy.ops.handmocap.hold(first=20, last=30, sides={"LEFT"}, fingers={"INDEX"})
    assert degrees_between(rotations(armature, "left_index1"), before).max() < 1e-3
    assert key_types(armature, "left_index2")[20] == "KEYFRAME"
    for joint in ("left_index2", "left_index3"):
        armature.pose.bones[joint].lock_rotation = (True, True, True)
    with pytest.raises(RuntimeError, match="No key was made: look whether these bones' rotations are locked"):
        bpy.ops.handmocap.hold(first=20, last=30, sides={"LEFT"}, fingers={"INDEX"})


@pytest.mark.parametrize("name", ["hold", "relax"])
def test_a_range_is_asked_for_where_one_frame_makes_no_sense(armature: Any, name: str) -> None:
    with pytest.raises(RuntimeError, match="needs a range: set a preview range in the timeline"):
        getattr(bpy.ops.handmocap, name)(sides={"LEFT"})


def test_a_range_beyond_the_clip_makes_keys_there(armature: Any) -> None:
    bpy.context.scene.frame_set(1)
    last = rotations(armature, "left_index1")[-1]
    assert bpy.ops.handmocap.hold(first=60, last=90, sides={"LEFT"}) == {"FINISHED"}
    bpy.ops.handmocap.apply_hands()
    assert degrees_between(rotations(armature, "left_index1", _between(60, 90)), last).max() < 0.01


def test_reduced_fingers_are_held_and_stay_reduced(armature: Any) -> None:
    bpy.context.scene.frame_set(1)
    bpy.ops.handmocap.reduce_keys()
    few = len(key_types(armature, "left_index1"))
    before = rotations(armature, "left_index1")
    assert few < 40
    bpy.ops.handmocap.hold(first=20, last=30, sides={"LEFT"})
    held = rotations(armature, "left_index1", _between(20, 30))
    assert degrees_between(held, held[0]).max() < 0.01
    assert len(key_types(armature, "left_index1")) < 40
    away = np.r_[0:13, 36:COUNT]
    assert degrees_between(rotations(armature, "left_index1"), before)[away].max() < 2 * 1.5
    bpy.ops.handmocap.full_keys()
    types = key_types(armature, "left_index1")
    assert [frame for frame in types if 15 <= frame <= 35] == [20, 30] and len(types) > 35
    assert degrees_between(rotations(armature, "left_index1", _between(20, 30)), held).max() < 0.01
    bpy.ops.handmocap.reduce_keys()
    bpy.ops.handmocap.mark_not_seen(first=50, last=50, sides={"LEFT"})
    assert len(key_types(armature, "left_index1")) < 40


def test_starting_over_takes_a_hold_back(armature: Any) -> None:
    before = rotations(armature, "left_index1")
    bpy.ops.handmocap.hold(first=20, last=30)
    bpy.ops.handmocap.mark_not_seen(first=3, last=4)
    bpy.ops.handmocap.start_over(target="ALL")
    assert degrees_between(rotations(armature, "left_index1"), before).max() < 1e-3
    assert set(key_types(armature, "left_index1").values()) == {"GENERATED"}
    assert "handmocap_corrections" not in armature.animation_data.action
