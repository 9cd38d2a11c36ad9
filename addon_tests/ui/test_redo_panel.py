"""What a pressed tool did is in its redo panel: the values that it took from the panel, not empty ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest

from addon_tests.ui.cleanup_scene import keyed_fingers
from handmocap_addon.blender.version_differences import select_bone

FINGERS = {"INDEX", "MIDDLE", "RING", "PINKY", "THUMB"}


@pytest.fixture
def armature(settings: Any, tmp_path: Path) -> Any:
    found = keyed_fingers(settings, tmp_path)
    bpy.context.scene.frame_set(26)
    return found


def _press(name: str, **given: Any) -> Any:
    """As a button does; returns what the redo panel then has. Without a window Blender presses nothing, so this does
    what `invoke` does (`addon_tests/window/truths.py` presses the real ones)."""
    cls = getattr(bpy.types, f"HANDMOCAP_OT_{name}")

    def execute(self: Any, context: bpy.types.Context) -> Any:
        self.take_from_panel(context)
        return original(self, context)

    original, cls.execute = cls.execute, execute
    try:
        assert getattr(bpy.ops.handmocap, name)("EXEC_DEFAULT", True, **given) == {"FINISHED"}
    finally:
        cls.execute = original
    operator = bpy.context.window_manager.operators[-1]
    assert operator.bl_idname == f"HANDMOCAP_OT_{name}"
    return operator.properties


def _select(armature: Any, chosen: Callable[[str], bool]) -> None:
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="POSE")
    for bone in armature.pose.bones:
        select_bone(bone, chosen(bone.name))


def _is_right_finger(name: str) -> bool:
    return name.startswith("right_") and name[-1] in "123" and name[6:-1].upper() in FINGERS


def test_a_pose_on_the_selected_hand(armature: Any) -> None:
    _select(armature, _is_right_finger)
    bpy.context.scene.handmocap_cleanup.pose = "FIST"
    shown = _press("blend_to_pose")
    assert (shown.pose, shown.sides, shown.fingers, shown.joints) == ("FIST", {"RIGHT"}, FINGERS, "")
    assert (shown.first, shown.last, shown.factor) == (26, 26, 1.0)


def test_single_bones_are_named(armature: Any) -> None:
    _select(armature, lambda name: name in ("left_index2", "right_thumb3"))
    shown = _press("relax", first=20, last=24)
    assert (shown.joints, shown.first, shown.last) == ("left_index2, right_thumb3", 20, 24)


def test_an_action_as_the_pose(armature: Any) -> None:
    action = armature.animation_data.action
    cleanup = bpy.context.scene.handmocap_cleanup
    cleanup.pose, cleanup.pose_action = "ACTION", action
    shown = _press("blend_to_pose")
    assert (shown.pose, shown.action) == ("ACTION", action.name)


def test_the_range_comes_from_the_timeline(armature: Any) -> None:
    scene = bpy.context.scene
    scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end = True, 12, 18
    scene.handmocap_cleanup.sides = {"LEFT"}
    for name in ("hold", "relax", "copy_from_other_hand", "mark_not_seen", "smooth", "back_to_raw", "forget_corrections"):
        shown = _press(name)
        assert (shown.sides, shown.first, shown.last, shown.whole_clip) == ({"LEFT"}, 12, 18, False), name


@pytest.mark.parametrize("name", ["smooth", "back_to_raw", "swap_sides", "forget_corrections"])
def test_without_a_range_it_says_the_whole_clip(armature: Any, name: str) -> None:
    if name == "forget_corrections":
        bpy.ops.handmocap.smooth(strength=0.1)
    shown = _press(name)
    assert (shown.whole_clip, shown.first, shown.last) == (True, 1, 60)


def test_the_frame_of_not_seen(armature: Any) -> None:
    shown = _press("mark_not_seen")
    assert (shown.first, shown.last, shown.whole_clip) == (26, 26, False)


def test_other_tools(armature: Any) -> None:
    settings = bpy.context.scene.handmocap
    settings.reduction_error, settings.reduction_sharing = 2.5, "HAND"
    shown = _press("reduce_keys")
    assert (shown.error, shown.sharing) == (2.5, "HAND")
    assert _press("convert_rotation", mode="XYZ").bones == "FINGERS"
    _select(armature, lambda name: name == "left_index1")
    assert _press("convert_rotation", mode="QUATERNION").bones == "SELECTED"
    assert _press("add_body").body == "stand-in"


def test_another_error_in_the_redo_panel_goes_to_the_panel(armature: Any) -> None:
    """So that tools that bring full keys back for a moment reduce them again alike."""
    assert bpy.ops.handmocap.reduce_keys(error=9.0, sharing="HAND") == {"FINISHED"}
    settings = bpy.context.scene.handmocap
    assert (settings.reduction_error, settings.reduction_sharing) == (9.0, "HAND")


@pytest.mark.parametrize("joints", ["left_index4", "thumb"])
def test_joints_that_are_none(armature: Any, joints: str) -> None:
    with pytest.raises(RuntimeError, match=f"There is no finger joint {joints}: give names such as left_index1"):
        bpy.ops.handmocap.relax(first=1, last=5, joints=joints)
