from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

import handmocap_addon
from addon_tests.making.glb_reader import read_glb
from handmocap_addon.core.body.motion_formats import MotionFormat
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses
from handmocap_addon.ui.common import panel_jobs
from handmocap_addon.ui.motion_files.operators import STAGE


@pytest.fixture
def body(settings: Any) -> Any:
    """The stand-in over three frames."""
    bpy.ops.handmocap.add_body()
    bpy.context.scene.frame_start, bpy.context.scene.frame_end = 1, 3
    return settings.armature


def _said() -> str:
    status = panel_jobs.status(STAGE)
    assert status is not None
    return status.sentence


def test_the_panels_button_writes_into_the_panels_folder(settings: Any, body: Any, tmp_path: Path) -> None:
    settings.motion_files.folder = str(tmp_path / "out für Zoë")
    assert bpy.ops.handmocap.export_motion(motion_format="SMPL") == {"FINISHED"}
    assert (tmp_path / "out für Zoë" / "motion.smpl").is_file()
    assert _said().startswith("motion.smpl: 3 frames")


def test_a_script_names_the_file_and_a_suffix_is_added(settings: Any, body: Any, tmp_path: Path) -> None:
    assert bpy.ops.handmocap.export_motion(motion_format="GLTF", filepath=str(tmp_path / "walk")) == {"FINISHED"}
    assert len(read_glb(tmp_path / "walk.glb").times) == 3


def test_edited_hands_keep_the_rows_of_the_file_in_the_panel(
    settings: Any, body: Any, hand_poses_file: Path, tmp_path: Path
) -> None:
    settings.hand_poses = str(hand_poses_file)
    bpy.ops.handmocap.apply_hands()
    bone = body.pose.bones["left_thumb1"]
    bone.rotation_quaternion = (0.9, 0.3, 0.1, 0.1)
    bone.keyframe_insert("rotation_quaternion", frame=2)
    assert bpy.ops.handmocap.export_motion(motion_format="HANDS") == {"FINISHED"}
    edited = read_hand_poses(tmp_path / MotionFormat.HANDS.file_name)
    assert edited.frame_count == 5
    thumb = edited.left.pose_axis_angle.reshape(5, 15, 3)[:, 12]
    assert np.linalg.norm(thumb[1]) > 0.5
    np.testing.assert_array_equal(edited.left.score, 1.0)


def test_what_the_file_cannot_say_is_told(settings: Any, body: Any, tmp_path: Path) -> None:
    body.pose.bones["left_index3"].location = (0.0, 0.025, 0.0)
    bpy.ops.handmocap.export_motion(motion_format="AMASS", filepath=str(tmp_path / "a.npz"))
    assert "off by up to 25.0 mm" in _said()


def test_without_an_armature_or_a_folder_it_says_what_to_do(settings: Any) -> None:
    assert not bpy.ops.handmocap.export_motion.poll()
    with pytest.raises(RuntimeError, match="Add a body or choose an SMPL-X armature first"):
        bpy.ops.handmocap.export_motion()
    bpy.ops.handmocap.add_body()
    with pytest.raises(RuntimeError, match="choose a folder for the motion files"):
        bpy.ops.handmocap.export_motion()


def test_another_name_for_the_format_is_one_sentence(settings: Any, body: Any, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="walk.npz is no name for FBX: end it with .fbx"):
        bpy.ops.handmocap.export_motion(motion_format="FBX", filepath=str(tmp_path / "walk.npz"))
    assert "is no name for FBX" in _said()
    assert list(tmp_path.iterdir()) == []


def test_file_export_has_the_formats_as_long_as_the_extension_is_on(settings: Any) -> None:
    def entries() -> list[str]:
        return [
            draw.__name__ for draw in bpy.types.TOPBAR_MT_file_export._dyn_ui_initialize() if "handmocap" in draw.__module__
        ]

    assert entries() == ["draw_export_entry"]
    handmocap_addon.unregister()
    assert entries() == []
    handmocap_addon.register()
    assert entries() == ["draw_export_entry"]
