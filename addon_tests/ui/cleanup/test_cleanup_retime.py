"""Everything of a clip faster, slower, sooner or later, a person's keys with it, and runs that follow."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.written_curves import bag_of
from addon_tests.ui.cleanup_scene import COUNT, degrees_between, key_types, keyed_fingers, rotations
from handmocap_addon.blender.curves.tool_actions import written_action

FRAMES = np.arange(1.0, COUNT + 1)


@pytest.fixture
def armature(settings: Any, tmp_path: Path) -> Any:
    return keyed_fingers(settings, tmp_path)


def _all_keys(armature: Any) -> dict[tuple[str, int], np.ndarray]:
    """Frames and handles of each curve's keys (n, 3), in frames."""
    return {
        (curve.data_path, curve.array_index): np.array(
            [(key.co[0], key.handle_left[0], key.handle_right[0]) for key in curve.keyframe_points]
        )
        for curve in bag_of(armature).fcurves
    }


def _own_key(armature: Any, frame: float) -> None:
    bone = armature.pose.bones["left_index1"]
    bone.rotation_quaternion = (0.8, 0.0, 0.0, -0.6)
    bone.keyframe_insert("rotation_quaternion", frame=frame)


@pytest.mark.parametrize(("speed", "around", "offset"), [(2.0, 1, 0), (0.5, 30, 7), (1.0, 0, -13), (1.3, 20, 4)])
def test_all_keys_move_and_a_run_finds_them_again(
    armature: Any, settings: Any, speed: float, around: int, offset: int
) -> None:
    _own_key(armature, 12.5)
    bpy.ops.handmocap.hold(first=30, last=40, sides={"RIGHT"})
    before, values = _all_keys(armature), rotations(armature, "left_index1")
    assert bpy.ops.handmocap.retime(speed=speed, around=around, offset=offset) == {"FINISHED"}

    def moved(frames: Any) -> np.ndarray:
        return around + (np.asarray(frames) - around) / speed + offset

    after = _all_keys(armature)
    for name, keys in before.items():
        np.testing.assert_allclose(after[name][:, 0], moved(keys[:, 0]), atol=1e-3)
    assert degrees_between(rotations(armature, "left_index1", moved(FRAMES)), values).max() < 0.1
    held = rotations(armature, "right_index1", moved(np.arange(30, 40.1, 0.5)))
    own = np.array((0.8, 0.0, 0.0, -0.6))
    for _ in range(2):
        assert bpy.ops.handmocap.apply_hands() == {"FINISHED"}
        assert degrees_between(rotations(armature, "left_index1", moved([12.5])), own)[0] < 0.01
        again = rotations(armature, "right_index1", moved(np.arange(30, 40.1, 0.5)))
        assert degrees_between(again, held).max() < 0.05
        kinds = key_types(armature, "left_index1")
        assert [kind for kind in kinds.values() if kind == "KEYFRAME"] == ["KEYFRAME"]
    if speed in (0.5, 1.0):
        # The clip's frames are whole ones again. Away from the person's key the run is what it was.
        frames = moved(np.arange(25.0, COUNT + 1))
        assert degrees_between(rotations(armature, "left_index1", frames), values[24:]).max() < 0.1


def test_problems_markers_and_the_range_follow(armature: Any) -> None:
    scene = bpy.context.scene
    own = scene.timeline_markers.new("beat", frame=3)
    lines = [line.first_frame for line in scene.handmocap_cleanup.problems]
    markers = sorted(marker.frame for marker in scene.timeline_markers if marker != own)
    assert len(markers)
    bpy.ops.handmocap.retime(speed=0.5, around=1)
    assert [line.first_frame for line in scene.handmocap_cleanup.problems] == [2 * frame - 1 for frame in lines]
    ours = sorted(marker.frame for marker in scene.timeline_markers if marker.name != "beat")
    assert ours == [2 * frame - 1 for frame in markers]
    assert next(marker.frame for marker in scene.timeline_markers if marker.name == "beat") == 3
    assert (scene.frame_start, scene.frame_end) == (1, 2 * COUNT - 1)
    bpy.ops.handmocap.mark_not_seen(first=59, last=61, sides={"LEFT"})
    assert key_types(armature, "left_index1")[61] == "JITTER"


def test_body_camera_and_clip_follow(settings: Any, shot_folder: Path, demo: Path) -> None:
    shutil.copy(demo / "hmr4d_results.pt", shot_folder)
    settings.clip, settings.gvhmr = str(shot_folder / "clip.mp4"), str(shot_folder / "hmr4d_results.pt")
    bpy.ops.handmocap.add_body()
    bpy.ops.handmocap.apply_body()
    armature, camera = settings.armature, bpy.context.scene.camera
    before = {thing: _all_keys(thing) for thing in (armature, camera)}
    assert bpy.ops.handmocap.retime(offset=10) == {"FINISHED"}
    for thing, keys in before.items():
        for name, frames in _all_keys(thing).items():
            np.testing.assert_allclose(frames, keys[name] + 10.0, atol=1e-3)
    clip = camera.data.background_images[0].clip
    assert clip.frame_start == 11
    bpy.ops.handmocap.apply_body()
    assert clip.frame_start == 11
    first = min(frames[0, 0] for frames in _all_keys(camera).values())
    assert first == 11.0 and len(camera.data.background_images) == 1


def test_back_again_is_as_before(armature: Any) -> None:
    _own_key(armature, 20)
    before = _all_keys(armature)
    bpy.ops.handmocap.retime(speed=0.5, around=5, offset=4)
    bpy.ops.handmocap.retime(offset=-4)
    bpy.ops.handmocap.retime(speed=2.0, around=5)
    for name, keys in _all_keys(armature).items():
        np.testing.assert_allclose(keys, before[name], atol=1e-3)
    bpy.ops.handmocap.apply_hands()
    for name, keys in _all_keys(armature).items():
        np.testing.assert_allclose(keys[:, 0], before[name][:, 0], atol=1e-3)


def test_a_retiming_is_undone(armature: Any) -> None:
    before = _all_keys(armature)
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.handmocap.retime("EXEC_DEFAULT", True, speed=2.0, around=1)
    bpy.ops.ed.undo()
    armature = bpy.context.scene.handmocap.armature
    for name, keys in _all_keys(armature).items():
        np.testing.assert_allclose(keys, before[name], atol=1e-5)
    assert "handmocap_retimed" not in written_action(armature).action


def test_a_retiming_beyond_the_timeline_changes_nothing(armature: Any) -> None:
    before = _all_keys(armature)
    with pytest.raises(RuntimeError, match="Keys would come to lie on frame"):
        bpy.ops.handmocap.retime(offset=2_000_000)
    for name, keys in _all_keys(armature).items():
        np.testing.assert_array_equal(keys, before[name])


def test_starting_over_stays_retimed(armature: Any) -> None:
    bpy.ops.handmocap.retime(speed=0.5, around=1)
    bpy.ops.handmocap.start_over(target="ALL")
    assert max(key_types(armature, "left_index1")) == 2 * COUNT - 1
    assert min(key_types(armature, "left_index1")) == 1
