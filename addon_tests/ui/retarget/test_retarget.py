"""To Another Rig, by its buttons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from addon_tests.blender.other_rigs import mixamo_double
from addon_tests.blender.rigs import add_plain_armature
from handmocap_addon.blender.curves.actions import count_keys
from handmocap_addon.core.rig.bone_map import MAPPED_JOINTS
from handmocap_addon.ui.common import panel_jobs


@pytest.fixture
def retarget(settings: Any, hand_poses_file: Path) -> Any:
    """The stage's fields, with keyed fingers on a body and a Mixamo skeleton beside it."""
    settings.hand_poses = str(hand_poses_file)
    bpy.ops.handmocap.add_body()
    bpy.ops.handmocap.apply_hands()
    settings.retarget.target = mixamo_double()
    return settings.retarget


def test_choosing_a_rig_fills_in_its_bones_and_one_button_keys_it(retarget: Any) -> None:
    assert retarget.map_name == "Mixamo"
    assert [item.name for item in retarget.bones] == list(MAPPED_JOINTS)
    assert retarget.bones["left_index1"].bone == "mixamorig:LeftHandIndex1"
    assert bpy.ops.handmocap.transfer_fingers() == {"FINISHED"}
    assert count_keys(retarget.target) == 5 * 120
    assert panel_jobs.status("retarget").sentence == "600 keys on 5 frames"
    assert retarget.target.animation_data.action.name == "hand_poses motion fingers"


def test_a_map_is_edited_saved_and_loaded(retarget: Any, tmp_path: Path) -> None:
    retarget.bones["left_ring2"].bone = ""
    path = tmp_path / "Meine Figur.json"
    assert bpy.ops.handmocap.save_bone_map(filepath=str(path)) == {"FINISHED"}
    assert bpy.ops.handmocap.detect_bone_map() == {"FINISHED"}
    assert retarget.bones["left_ring2"].bone == "mixamorig:LeftHandRing2"
    assert bpy.ops.handmocap.load_bone_map(filepath=str(path)) == {"FINISHED"}
    assert retarget.bones["left_ring2"].bone == ""
    assert retarget.map_name == "Meine Figur"
    bpy.ops.handmocap.transfer_fingers()
    assert count_keys(retarget.target) == 5 * 116


def test_another_rigs_bones_are_named_by_hand(retarget: Any) -> None:
    retarget.bones.clear()
    retarget.target = add_plain_armature({"hand": (0.0, 0.0, 0.0)})
    assert [item.bone for item in retarget.bones] == [""] * 32
    with pytest.raises(RuntimeError, match="Name the other rig's finger bones first"):
        bpy.ops.handmocap.transfer_fingers()
    bpy.ops.handmocap.detect_bone_map()
    assert "names of neither Rigify nor Mixamo" in panel_jobs.status("retarget").sentence


def test_a_failure_is_a_sentence_in_the_panel(retarget: Any, tmp_path: Path) -> None:
    retarget.bones["left_ring2"].bone = "gone"
    with pytest.raises(RuntimeError, match="has no bone gone"):
        bpy.ops.handmocap.transfer_fingers()
    assert "has no bone gone: choose another bone there" in panel_jobs.status("retarget").sentence
    assert count_keys(retarget.target) == 0
    with pytest.raises(RuntimeError, match="cannot be read"):
        bpy.ops.handmocap.load_bone_map(filepath=str(tmp_path / "none.json"))


def test_transferring_waits_for_both_rigs(settings: Any) -> None:
    with pytest.raises(RuntimeError, match="Add a body or choose an SMPL-X armature first"):
        bpy.ops.handmocap.transfer_fingers()
    settings.armature = add_plain_armature({"bone": (0.0, 0.0, 0.0)})
    for name in ("transfer_fingers", "detect_bone_map", "load_bone_map"):
        with pytest.raises(RuntimeError, match="Choose the other rig first"):
            getattr(bpy.ops.handmocap, name)()
