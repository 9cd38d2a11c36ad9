"""A clip without a body is never ticked as having one, and a body that stands still is not baked without a word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from addon_tests.ui.cleanup_scene import keyed_fingers
from handmocap_addon.blender.rig.body_stillness import stillness_warnings
from handmocap_addon.ui.state.states import Kind, state_of


@pytest.fixture
def armature(settings: Any, tmp_path: Path) -> Any:
    return keyed_fingers(settings, tmp_path)


def test_fingers_on_a_body_that_stands_still(armature: Any) -> None:
    body = state_of(bpy.context, "body")
    assert body.kind == Kind.LOOK and body.text == f"{armature.name}: no body motion from this clip"
    (said,) = stillness_warnings(armature)
    assert "stands still in its T-pose and only its fingers move" in said


def test_a_body_that_was_posed_stands_still_in_a_pose(armature: Any) -> None:
    armature.pose.bones["left_shoulder"].rotation_quaternion = (0.8, 0.0, 0.0, 0.6)
    (said,) = stillness_warnings(armature)
    assert "stands still in one pose" in said


def _keyed_body(armature: Any) -> None:
    bone = armature.pose.bones["left_elbow"]
    bone.rotation_mode = "QUATERNION"
    for frame, angle in ((1, 0.0), (20, 0.5)):
        bone.rotation_quaternion = (1.0 - angle, angle, 0.0, 0.0)
        bone.keyframe_insert("rotation_quaternion", frame=frame)


def _constrained_body(armature: Any) -> None:
    target = bpy.data.objects.new("target", None)
    bpy.context.scene.collection.objects.link(target)
    constraint = armature.pose.bones["pelvis"].constraints.new("COPY_LOCATION")
    constraint.target = target


def _driven_body(armature: Any) -> None:
    armature.pose.bones["spine1"].driver_add("rotation_quaternion", 1)


def _walking_object(armature: Any) -> None:
    for frame, x in ((1, 0.0), (20, 2.0)):
        armature.location.x = x
        armature.keyframe_insert("location", frame=frame)


@pytest.mark.parametrize("moved", [_keyed_body, _constrained_body, _driven_body, _walking_object])
def test_a_body_that_a_person_moves_is_one(moved: Any, armature: Any) -> None:
    moved(armature)
    assert stillness_warnings(armature) == ()
    body = state_of(bpy.context, "body")
    assert body.kind == Kind.DONE and body.text == f"{armature.name}, its own motion"


def test_keys_that_do_not_change_are_no_motion(armature: Any) -> None:
    bone = armature.pose.bones["left_elbow"]
    for frame in (1, 20):
        bone.keyframe_insert("rotation_quaternion", frame=frame)
    assert stillness_warnings(armature)


def test_a_body_without_moving_fingers_is_nobodys_concern(settings: Any) -> None:
    bpy.ops.handmocap.add_body()
    assert stillness_warnings(bpy.context.scene.handmocap.armature) == ()
    assert state_of(bpy.context, "body").kind == Kind.LOOK


def test_gvhmrs_motion_is_a_body(armature: Any, settings: Any, demo: Path) -> None:
    from addon_tests.ui.cleanup_scene import write_hands

    write_hands(Path(settings.hand_poses), count=96)
    settings.gvhmr = str(demo / "hmr4d_results.pt")
    assert state_of(bpy.context, "body").kind == Kind.NOTHING
    assert bpy.ops.handmocap.apply_hands() == bpy.ops.handmocap.apply_body() == {"FINISHED"}
    body = state_of(bpy.context, "body")
    # These hands hold no landmarks, so the one thing to look at is whether they are this body's.
    assert body.kind == Kind.LOOK and body.text.startswith("Nobody has looked whether hands and body are of one clip")
    assert stillness_warnings(armature) == ()


def test_a_lone_bone_is_no_body(settings: Any) -> None:
    armature = bpy.data.objects.new("Armature", bpy.data.armatures.new("Armature"))
    bpy.context.scene.collection.objects.link(armature)
    settings.armature = armature
    body = state_of(bpy.context, "body")
    assert body.kind == Kind.LOOK and "Armature" in body.text and "pelvis" in body.text
