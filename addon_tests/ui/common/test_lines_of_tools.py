"""A tool's line in the panel is about a state of the file: it goes with undo and edits. A refusal is no failed stage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from addon_tests.ui.cleanup_scene import keyed_fingers
from handmocap_addon.ui.common import panel_jobs
from handmocap_addon.ui.state.states import Kind, state_of

TOOLS = {
    "mark_not_seen": {"first": 20, "last": 24},
    "blend_to_pose": {"pose": "FIST", "first": 20, "last": 24},
    "shift_hands": {"frames": 2},
}


@pytest.fixture
def armature(settings: Any, tmp_path: Path) -> Any:
    return keyed_fingers(settings, tmp_path)


def _look() -> None:
    """As Blender does after every change in a window, where a change of the panel's fields tags the scene."""
    bpy.context.scene.update_tag()
    bpy.context.view_layer.update()


@pytest.mark.parametrize("name", TOOLS)
def test_an_undo_takes_the_line_along(name: str, armature: Any) -> None:
    bpy.ops.ed.undo_push(message="before")
    assert getattr(bpy.ops.handmocap, name)("EXEC_DEFAULT", True, **TOOLS[name]) == {"FINISHED"}
    _look()
    assert panel_jobs.status("cleanup").ok
    bpy.ops.ed.undo()
    assert panel_jobs.status("cleanup") is None


def test_another_tool_takes_the_line_along(armature: Any) -> None:
    bpy.ops.handmocap.blend_to_pose(pose="FIST", first=20, last=24)
    _look()
    assert panel_jobs.status("cleanup").sentence == "Blend to Pose: Both hands, frames 20 to 24"
    bpy.ops.handmocap.reduce_keys()
    _look()
    assert panel_jobs.status("cleanup") is None
    assert "finger keys left" in panel_jobs.status("fingers").sentence


def test_a_persons_edit_takes_the_line_along(armature: Any) -> None:
    bpy.ops.handmocap.blend_to_pose(pose="FIST", first=20, last=24)
    _look()
    bpy.context.scene.frame_set(20)
    _look()
    assert panel_jobs.status("cleanup").ok
    bone = armature.pose.bones["left_index1"]
    bone.rotation_quaternion = (1.0, 0.0, 0.0, 0.0)
    bone.keyframe_insert("rotation_quaternion", frame=22)
    _look()
    assert panel_jobs.status("cleanup") is None


def test_the_lines_of_body_and_fingers_stand_beside_each_other(armature: Any, settings: Any) -> None:
    bpy.ops.handmocap.add_body()
    assert panel_jobs.status("body").sentence.startswith("Added")
    bpy.context.scene.handmocap.armature = armature
    _look()
    assert panel_jobs.status("body") is None, "another armature is chosen since"


@pytest.mark.parametrize(
    ("name", "reason"), [("hold", "needs a range"), ("relax", "needs a range"), ("copy_from_other_hand", "Only one hand")]
)
def test_a_refusal_is_no_failed_stage(name: str, reason: str, armature: Any) -> None:
    facts = state_of(bpy.context, "cleanup")
    with pytest.raises(RuntimeError, match=reason):
        getattr(bpy.ops.handmocap, name)()
    assert reason in panel_jobs.status("cleanup").sentence
    assert facts.kind == Kind.LOOK and state_of(bpy.context, "cleanup") == facts
    bpy.context.scene.handmocap_cleanup.use_range = True
    _look()
    assert panel_jobs.status("cleanup") is None


def test_a_refused_bake_is_no_failed_bake(armature: Any) -> None:
    settings = bpy.context.scene.handmocap
    settings.bake_usd = False
    settings.bake.geometry = "SKELETON"
    with pytest.raises(RuntimeError, match="Alembic knows no skeleton"):
        bpy.ops.handmocap.bake()
    assert state_of(bpy.context, "bake").kind == Kind.NOTHING
