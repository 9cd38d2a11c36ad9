"""What a person says about the estimate, through the panel's buttons, as it arrives on the keys and outlives runs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.ui.cleanup_scene import COUNT, degrees_between, key_types, keyed_fingers, rotations, write_hands
from handmocap_addon.blender.cleanup.corrections_store import read_corrections
from handmocap_addon.core.cleanup.corrections import NotSeen, OwnSmoothing, Rows, Shifted, SidesSwapped, WristFrom
from handmocap_addon.core.cleanup.raw_hands import raw_hand
from handmocap_addon.core.cleanup.wrist_source import WristSource
from handmocap_addon.core.hands.hand_poses import HandPoses, HandTrack
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses, write_hand_poses


@pytest.fixture
def armature(settings: Any, tmp_path: Path) -> Any:
    return keyed_fingers(settings, tmp_path)


def _apply() -> None:
    assert bpy.ops.handmocap.apply_hands() == {"FINISHED"}


def _raw(settings: Any, side: str, joint: int) -> np.ndarray:
    """Measured rotations (N, 4) of a joint; the stand-in's bones have the model's axes."""
    return raw_hand(read_hand_poses(settings.hand_poses_path()).track(side)).quat_wxyz[:, joint]


def test_a_jump_that_was_not_seen_is_filled_and_stays_so(armature: Any, settings: Any) -> None:
    settings.smoothing = 0.0
    _apply()
    raw = rotations(armature, "left_index1")
    assert bpy.ops.handmocap.mark_not_seen(first=31, last=31, sides={"LEFT"}) == {"FINISHED"}
    filled = rotations(armature, "left_index1")
    assert degrees_between(raw, filled)[30] > 30.0
    assert degrees_between(filled[29:30], filled[30:31])[0] < 10.0
    assert key_types(armature, "left_index1")[31] == "JITTER"
    settings.smoothing = 0.9
    _apply()
    assert key_types(armature, "left_index1")[31] == "JITTER"
    assert read_corrections(armature) == (NotSeen(Rows(30, 30), "left"),)


def test_without_a_range_the_current_frame_is_not_seen(armature: Any) -> None:
    bpy.context.scene.frame_set(11)
    assert bpy.ops.handmocap.mark_not_seen(sides={"RIGHT"}) == {"FINISHED"}
    assert read_corrections(armature) == (NotSeen(Rows(10, 10), "right"),)
    assert [frame for frame, kind in key_types(armature, "left_thumb2").items() if kind != "GENERATED"] == []


def test_sides_are_swapped_and_back(armature: Any, settings: Any) -> None:
    settings.smoothing = 0.0
    _apply()
    left = rotations(armature, "left_middle2")
    assert bpy.ops.handmocap.swap_sides(first=5, last=14) == {"FINISHED"}
    swapped = rotations(armature, "left_middle2")
    mirrored = _raw(settings, "right", 4) * (1.0, 1.0, -1.0, -1.0)
    assert degrees_between(swapped, mirrored)[4:14].max() < 0.1
    assert degrees_between(swapped, left)[[2, 16]].max() < 0.1
    _apply()
    assert degrees_between(rotations(armature, "left_middle2"), swapped).max() < 1e-3
    assert bpy.ops.handmocap.swap_sides(first=5, last=14) == {"FINISHED"}
    assert degrees_between(rotations(armature, "left_middle2"), left).max() < 1e-3
    assert read_corrections(armature) == ()


def test_back_to_raw_is_what_was_measured_on_those_fingers_and_frames_alone(armature: Any, settings: Any) -> None:
    smooth = {joint: rotations(armature, joint) for joint in ("left_index2", "left_thumb2", "right_index2")}
    assert bpy.ops.handmocap.back_to_raw(first=10, last=20, sides={"LEFT"}, fingers={"INDEX"}) == {"FINISHED"}
    raw = _raw(settings, "left", 1)
    now = rotations(armature, "left_index2")
    assert degrees_between(now, raw)[9:20].max() < 1e-3
    assert degrees_between(smooth["left_index2"], raw)[9:20].max() > 0.5
    assert degrees_between(now, smooth["left_index2"])[40:].max() < 1e-3
    for joint in ("left_thumb2", "right_index2"):
        assert degrees_between(rotations(armature, joint), smooth[joint]).max() < 1e-3


def test_back_to_raw_keeps_ones_own_keys_unless_they_are_given_up(armature: Any, settings: Any) -> None:
    bone = armature.pose.bones["left_index2"]
    bone.rotation_quaternion = (0.8, 0.0, 0.0, 0.6)
    bone.keyframe_insert("rotation_quaternion", frame=15)
    assert bpy.ops.handmocap.back_to_raw(first=10, last=20, sides={"LEFT"}) == {"FINISHED"}
    assert degrees_between(rotations(armature, "left_index2", [15]), np.array([[0.8, 0.0, 0.0, 0.6]]))[0] < 0.1
    assert bpy.ops.handmocap.back_to_raw(first=10, last=20, sides={"LEFT"}, also_my_keys=True) == {"FINISHED"}
    assert degrees_between(rotations(armature, "left_index2"), _raw(settings, "left", 1))[9:20].max() < 1e-3
    assert set(key_types(armature, "left_index2").values()) == {"GENERATED"}


def test_fingers_are_smoothed_more_over_a_range(armature: Any, settings: Any) -> None:
    settings.smoothing = 0.0
    _apply()
    raw = rotations(armature, "right_ring2")
    assert bpy.ops.handmocap.smooth(first=1, last=30, sides={"RIGHT"}, strength=0.7) == {"FINISHED"}
    smooth = rotations(armature, "right_ring2")

    def shaking(quat: np.ndarray) -> float:
        return float(np.abs(np.diff(quat, n=3, axis=0)).mean())

    assert shaking(smooth[:30]) < 0.5 * shaking(raw[:30])
    assert degrees_between(smooth, raw)[36:39].max() < 1e-3


def test_a_hand_comes_later_and_a_second_offset_adds_up(armature: Any, settings: Any) -> None:
    settings.smoothing = 0.0
    _apply()
    left, right = rotations(armature, "left_index1"), rotations(armature, "right_index1")
    assert bpy.ops.handmocap.shift_hands(sides={"LEFT"}, frames=3) == {"FINISHED"}
    assert degrees_between(rotations(armature, "left_index1")[3:], left[:-3]).max() < 1e-3
    assert degrees_between(rotations(armature, "right_index1"), right).max() < 1e-3
    assert bpy.ops.handmocap.shift_hands(sides={"LEFT"}, frames=-1) == {"FINISHED"}
    assert read_corrections(armature) == (Shifted("left", 2),)
    assert bpy.ops.handmocap.shift_hands(sides={"LEFT"}, frames=-2) == {"FINISHED"}
    assert read_corrections(armature) == ()
    assert degrees_between(rotations(armature, "left_index1"), left).max() < 1e-3


def test_corrections_are_forgotten_where_that_is_asked(armature: Any) -> None:
    bpy.ops.handmocap.mark_not_seen(first=1, last=20, sides={"LEFT", "RIGHT"})
    bpy.ops.handmocap.smooth(sides={"LEFT"}, fingers={"THUMB", "INDEX"}, strength=0.25)
    bpy.ops.handmocap.forget_corrections(first=11, last=COUNT, sides={"LEFT"})
    assert read_corrections(armature) == (
        NotSeen(Rows(0, 9), "left"),
        NotSeen(Rows(0, 19), "right"),
        OwnSmoothing(Rows(0, 9), "left", ("index", "thumb"), 0.25),
    )
    bpy.ops.handmocap.forget_corrections(sides={"LEFT", "RIGHT"})
    assert read_corrections(armature) == ()
    assert "handmocap_corrections" not in armature.animation_data.action


def test_another_estimate_is_corrected_alike(armature: Any, settings: Any, tmp_path: Path) -> None:
    bpy.ops.handmocap.mark_not_seen(first=31, last=33, sides={"LEFT"})
    other = tmp_path / "other.npz"
    write_hands(other, jump=None)
    settings.hand_poses = str(other)
    _apply()
    types = key_types(armature, "left_index1")
    assert [types[frame] for frame in (30, 31, 33, 34)] == ["GENERATED", "JITTER", "JITTER", "GENERATED"]


def test_corrections_are_saved_and_undone(armature: Any, settings: Any, tmp_path: Path) -> None:
    bpy.ops.handmocap.mark_not_seen(first=3, last=4)
    path = str(tmp_path / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    armature = bpy.context.scene.handmocap.armature
    assert len(read_corrections(armature)) == 2
    before = rotations(armature, "left_index1")
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.handmocap.swap_sides("EXEC_DEFAULT", True, first=1, last=20)
    assert isinstance(read_corrections(armature)[-1], SidesSwapped)
    bpy.ops.ed.undo()
    armature = bpy.context.scene.handmocap.armature
    assert len(read_corrections(armature)) == 2
    assert degrees_between(rotations(armature, "left_index1"), before).max() < 1e-3


def test_a_selection_and_the_preview_range_go_before_the_panel(armature: Any) -> None:
    scene = bpy.context.scene
    scene.handmocap_cleanup.sides = {"RIGHT"}
    scene.handmocap_cleanup.use_range, scene.handmocap_cleanup.first, scene.handmocap_cleanup.last = True, 5, 6
    bpy.ops.handmocap.smooth(strength=0.5)
    scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end = True, 20, 29
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="POSE")
    bpy.ops.pose.select_all(action="DESELECT")
    bpy.ops.handmocap.smooth(strength=0.25)
    for name in ("left_thumb1", "head"):
        bone = armature.pose.bones[name]
        (bone if bpy.app.version >= (5, 0, 0) else bone.bone).select = True
    bpy.ops.handmocap.smooth(strength=0.75)
    assert read_corrections(armature) == (
        OwnSmoothing(Rows(4, 5), "right", strength=0.5),
        OwnSmoothing(Rows(19, 28), "right", strength=0.25),
        OwnSmoothing(Rows(19, 28), "left", ("thumb",), 0.75),
    )


def test_the_wrist_of_a_range_comes_from_the_hand(settings: Any, demo: Path, tmp_path: Path) -> None:
    hands = HandTrack.empty(96)
    hands.detected[:], hands.score[:], hands.global_orient_axis_angle[:] = True, 1.0, (3.0, 0.1, 0.0)
    path = tmp_path / "hand_poses.npz"
    write_hand_poses(path, HandPoses(hands, hands, np.arange(96), np.arange(96) / 24.0))
    shutil.copy(demo / "hmr4d_results.pt", tmp_path)
    settings.gvhmr, settings.hand_poses = str(tmp_path / "hmr4d_results.pt"), str(path)
    bpy.ops.handmocap.add_body()
    bpy.ops.handmocap.apply_body()
    bpy.ops.handmocap.apply_hands()
    armature = settings.armature

    def wrist(frame: int) -> np.ndarray:
        bpy.context.scene.frame_set(frame)
        return np.array(armature.pose.bones["left_wrist"].rotation_quaternion)

    body = {frame: wrist(frame) for frame in (1, 40, 90)}
    assert bpy.ops.handmocap.wrist_from(first=35, last=45, sides={"LEFT"}, source="HAND") == {"FINISHED"}
    assert read_corrections(armature) == (WristFrom(Rows(34, 44), "left", WristSource.HAND),)
    assert np.abs(wrist(40) - body[40]).max() > 0.05
    np.testing.assert_allclose(wrist(1), body[1], atol=1e-6)
    np.testing.assert_allclose(wrist(90), body[90], atol=1e-6)
    hand = wrist(40)
    bpy.ops.handmocap.apply_body()
    np.testing.assert_allclose(wrist(40), hand, atol=1e-6)
    assert bpy.ops.handmocap.forget_corrections() == {"FINISHED"}
    np.testing.assert_allclose(wrist(40), body[40], atol=1e-6)
    settings.gvhmr = ""
    with pytest.raises(RuntimeError, match="Choose GVHMR's hmr4d_results.pt in Source first"):
        bpy.ops.handmocap.wrist_from(source="HAND")


def test_what_cannot_be_applied_is_not_kept(armature: Any, settings: Any) -> None:
    Path(settings.hand_poses).write_bytes(b"PK damaged")
    with pytest.raises(RuntimeError, match="cannot be read as hand poses"):
        bpy.ops.handmocap.mark_not_seen(first=3, last=4)
    assert read_corrections(armature) == ()


def test_frames_outside_of_the_clip_are_one_sentence(armature: Any) -> None:
    with pytest.raises(
        RuntimeError, match="The clip has no frames from 200 to 210: choose other ones: the clip's are 1 to 60"
    ):
        bpy.ops.handmocap.mark_not_seen(first=200, last=210)
    with pytest.raises(RuntimeError, match="The frames 9 to 3 are none"):
        bpy.ops.handmocap.mark_not_seen(first=9, last=3)
    assert read_corrections(armature) == ()


def test_damaged_corrections_are_one_sentence(armature: Any) -> None:
    armature.animation_data.action["handmocap_corrections"] = "{nonsense"
    with pytest.raises(RuntimeError, match="The corrections in this file are damaged"):
        bpy.ops.handmocap.apply_hands()


def test_starting_over_on_a_finger_forgets_what_was_said_about_it(armature: Any) -> None:
    bpy.ops.handmocap.mark_not_seen(first=5, last=6, sides={"LEFT", "RIGHT"})
    bpy.ops.handmocap.back_to_raw(sides={"LEFT", "RIGHT"}, fingers={"INDEX", "THUMB"})
    bpy.ops.handmocap.start_over(target="LEFT")
    assert read_corrections(armature) == (
        NotSeen(Rows(4, 5), "right"),
        OwnSmoothing(Rows(0, 59), "right", ("index", "thumb")),
    )
