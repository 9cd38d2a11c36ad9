"""Rate, range, size, camera and first frame of a person's scene stay unless asked, and keys go along where a clip's place changes."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.rigs import ours
from addon_tests.blender.written_curves import bag_of
from addon_tests.making.hand_poses import waving_hands
from handmocap_addon.blender.apply import apply_body, apply_hands
from handmocap_addon.blender.cleanup.problems import find_problems, read_problems, write_problems
from handmocap_addon.blender.cleanup.raw_ghost import show_raw
from handmocap_addon.blender.cleanup.retiming import retime
from handmocap_addon.blender.cleanup.seen_clip import seen_clip
from handmocap_addon.blender.clip.cameras import cameras_of
from handmocap_addon.blender.clip.clock import clip_start, match_scene_to_clip, timeline_frames
from handmocap_addon.blender.clip.scene_content import is_a_persons
from handmocap_addon.blender.curves.actions import count_keys
from handmocap_addon.blender.scene_time import set_frame_rate
from handmocap_addon.blender.shot.arguments import batch_parser
from handmocap_addon.blender.shot.commands import apply
from handmocap_addon.core.body.gvhmr_file import read_gvhmr_result
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.cleanup.clean_hands import CleanupSettings
from handmocap_addon.core.hands.hand_poses_file import write_hand_poses
from handmocap_addon.core.keys.settings import KeySettings
from handmocap_addon.core.process.ending import Ending

RATE = Fraction(24000, 1001)
COUNT = 96
SETTINGS = CleanupSettings()
ON_ROWS = KeySettings(whole_frames=False)
ENDING = Ending()


@pytest.fixture(autouse=True)
def _no_file() -> Iterator[None]:
    yield
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture
def shot(scene: Any) -> Any:
    """A shot with a prop that moves, at 30 fps from 1001 on, in a wide picture, seen by a camera of its own."""
    prop = bpy.data.objects.new("Prop", None)
    view = bpy.data.objects.new("Shot camera", bpy.data.cameras.new("Shot camera"))
    for thing in (prop, view):
        scene.collection.objects.link(thing)
    prop.keyframe_insert("location", frame=1001)
    scene.camera = view
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 2048, 858, 50
    set_frame_rate(scene, Fraction(30))
    scene.frame_end, scene.frame_start = 1200, 1001
    return scene


def _state(scene: Any) -> tuple[Any, ...]:
    render = scene.render
    size = (render.resolution_x, render.resolution_y, render.resolution_percentage)
    return (render.fps, round(render.fps_base, 6), scene.frame_start, scene.frame_end, *size, scene.camera.name)


def _motion(demo: Path) -> Any:
    return read_gvhmr_result(demo / "hmr4d_results.pt")


def _key_frames(thing: Any) -> np.ndarray:
    return np.unique([key.co[0] for curve in bag_of(thing).fcurves for key in curve.keyframe_points])


def _own_key(armature: Any, frame: float) -> None:
    bone = armature.pose.bones["left_index1"]
    bone.rotation_quaternion = (0.8, 0.0, 0.0, -0.6)
    bone.keyframe_insert("rotation_quaternion", frame=frame)


def _has_own_key(armature: Any, frame: float) -> bool:
    path = 'pose.bones["left_index1"].rotation_quaternion'
    values = [bag_of(armature).fcurves.find(path, index=channel).evaluate(frame) for channel in range(4)]
    return bool(np.allclose(values, (0.8, 0.0, 0.0, -0.6), atol=1e-3))


def test_body_and_fingers_leave_a_shot_as_it_is(shot: Any, demo: Path) -> None:
    motion, poses, before = _motion(demo), waving_hands(COUNT, RATE), _state(shot)
    armature = ours(load_stand_in_body(motion.betas))
    body = apply_body(armature, motion, poses, demo / "clip.mp4", "clip", False, key_settings=ON_ROWS)
    apply_hands(armature, poses, SETTINGS, "clip", ON_ROWS)
    assert _state(shot) == before
    expected = 1001 + np.arange(COUNT) / float(RATE) * 30
    np.testing.assert_allclose(timeline_frames(shot, poses, armature), expected, atol=1e-6)
    for thing in (armature, body.camera):
        np.testing.assert_allclose(_key_frames(thing), expected, atol=1e-3)
    # At another rate Blender would show other pictures than the rows that lie there.
    assert body.picture is not None
    assert body.picture.first_frame == 1001
    assert not body.picture.is_there
    assert len(body.camera.data.background_images) == 0


def test_a_scene_that_is_nobodys_is_given_the_clips_clock(scene: Any, demo: Path) -> None:
    poses = waving_hands(COUNT, RATE)
    armature = ours(load_stand_in_body(_motion(demo).betas))
    assert not is_a_persons(scene)
    match_scene_to_clip(scene, poses, armature)
    body = apply_body(armature, _motion(demo), poses, None, "clip", False)
    assert _state(scene) == (24, 1.001, 1, 96, 640, 480, 100, body.camera.name)


def test_a_shot_is_matched_where_that_is_asked_for(shot: Any, demo: Path) -> None:
    poses = waving_hands(COUNT, RATE)
    armature = ours(load_stand_in_body(_motion(demo).betas))
    match_scene_to_clip(shot, poses, armature)
    body = apply_body(armature, _motion(demo), poses, None, "clip", False, match_scene=True)
    assert _state(shot) == (24, 1.001, 1001, 1096, 640, 480, 100, body.camera.name)


def test_without_hands_the_body_leaves_a_shot_as_it_is(shot: Any, demo: Path) -> None:
    before = _state(shot)
    armature = ours(load_stand_in_body())
    apply_body(armature, _motion(demo), None, None, "clip", False)
    assert _state(shot) == before
    np.testing.assert_array_equal(_key_frames(armature), np.arange(1001, 1001 + COUNT))


def test_a_body_without_hands_tells_that_the_clip_plays_at_another_speed(shot: Any, demo: Path) -> None:
    armature = ours(load_stand_in_body())
    (said,) = apply_body(armature, _motion(demo), None, demo / "clip.mp4", "clip", False).warnings
    assert "clip.mp4 has 23.976 fps and the scene 30" in said
    assert "apply the body again" in said
    shot.render.fps, shot.render.fps_base = 24, 1.0
    assert apply_body(armature, _motion(demo), None, demo / "clip.mp4", "clip", False).warnings == ()


def test_a_chosen_first_frame_moves_everything_of_the_clip_there(scene: Any, demo: Path) -> None:
    motion, poses = _motion(demo), waving_hands(COUNT, RATE)
    armature = ours(load_stand_in_body(motion.betas))
    match_scene_to_clip(scene, poses, armature)
    body = apply_body(armature, motion, poses, demo / "clip.mp4", "clip", False)
    applied = apply_hands(armature, poses, SETTINGS, "clip")
    write_problems(armature, find_problems(armature, applied, poses))
    problems = read_problems(armature)
    _own_key(armature, 20)
    count = count_keys(armature)
    match_scene_to_clip(scene, poses, armature, first_frame=1001)
    apply_body(armature, motion, poses, demo / "clip.mp4", "clip", False, first_frame=1001)
    apply_hands(armature, poses, SETTINGS, "clip", first_frame=1001)
    expected = np.arange(1001, 1001 + COUNT)
    for thing in (armature, body.camera):
        np.testing.assert_array_equal(_key_frames(thing), expected)
    assert _has_own_key(armature, 1020)
    assert count_keys(armature) == count
    assert (scene.frame_start, scene.frame_end) == (1001, 1096)
    assert body.camera.data.background_images[0].clip.frame_start == 1001
    assert [one.first_frame for one in read_problems(armature)] == [one.first_frame + 1000 for one in problems]
    # What comes later knows it without being told.
    np.testing.assert_array_equal(seen_clip(scene, armature, poses, SETTINGS).frames, expected)
    np.testing.assert_array_equal(_key_frames(show_raw(armature, poses, scene)), expected)
    apply_hands(armature, poses, SETTINGS, "clip")
    np.testing.assert_array_equal(_key_frames(armature), expected)
    retime(armature, 1.0, 0.0, 10, scene)
    assert clip_start(scene, armature) == 1011
    apply_hands(armature, poses, SETTINGS, "clip", first_frame=1001)
    np.testing.assert_array_equal(_key_frames(armature), expected)
    retime(armature, 2.0, 1001.0, 0, scene)
    apply_hands(armature, poses, SETTINGS, "clip", ON_ROWS, first_frame=101)
    np.testing.assert_allclose(_key_frames(armature), 101 + np.arange(COUNT) / 2, atol=1e-3)


def test_a_scenes_new_rate_leaves_keys_and_overlay_together_until_the_next_run_moves_both(scene: Any) -> None:
    poses, armature = waving_hands(60, Fraction(24)), ours(load_stand_in_body())
    match_scene_to_clip(scene, poses, armature)
    apply_hands(armature, poses, SETTINGS, "clip", ON_ROWS)
    _own_key(armature, 21)
    count = count_keys(armature)
    set_frame_rate(scene, Fraction(48))
    np.testing.assert_array_equal(seen_clip(scene, armature, poses, SETTINGS).frames, np.arange(1, 61))
    apply_hands(armature, poses, SETTINGS, "clip", ON_ROWS)
    np.testing.assert_array_equal(_key_frames(armature), np.arange(1, 121, 2))
    np.testing.assert_array_equal(seen_clip(scene, armature, poses, SETTINGS).frames, np.arange(1, 121, 2))
    assert _has_own_key(armature, 41)
    assert count_keys(armature) == count


def test_a_saved_file_with_a_clock_of_its_own_is_a_persons(scene: Any, tmp_path: Path) -> None:
    poses, armature = waving_hands(10, Fraction(25)), ours(load_stand_in_body())
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "layout.blend"))
    assert not is_a_persons(scene)
    scene.frame_end = 300
    assert is_a_persons(scene)
    match_scene_to_clip(scene, poses, armature)
    assert not is_a_persons(scene)
    scene.render.fps = 30
    assert is_a_persons(scene)


def test_a_renamed_armature_keeps_its_camera(scene: Any, demo: Path) -> None:
    motion, poses = _motion(demo), waving_hands(COUNT, RATE)
    armature = ours(load_stand_in_body(motion.betas))
    match_scene_to_clip(scene, poses, armature)
    camera = apply_body(armature, motion, poses, None, "clip", False).camera
    armature.name = "Hero"
    assert apply_body(armature, motion, poses, None, "clip", False).camera == camera
    assert [thing for thing in scene.objects if thing.type == "CAMERA"] == [camera]
    retime(armature, 2.0, 1.0, 0, scene)
    assert _key_frames(camera)[-1] == _key_frames(armature)[-1] == 48.5


def test_a_camera_of_an_earlier_version_is_found_by_name_and_then_follows(scene: Any, demo: Path) -> None:
    armature = ours(load_stand_in_body())
    camera = apply_body(armature, _motion(demo), None, None, "clip", False).camera
    camera["handmocap_armature"] = armature.name
    assert cameras_of(armature) == [camera]
    armature.name = "Hero"
    assert cameras_of(armature) == [camera]
    assert cameras_of(ours(load_stand_in_body())) == []


@pytest.mark.parametrize(
    ("asked", "clock", "first"),
    [
        ((), (30, 1.0, 1001, 1200), 1001),
        (("--first-frame", "1101"), (30, 1.0, 1001, 1200), 1101),
        (("--match-scene",), (24, 1.001, 1001, 1096), 1001),
        (("--match-scene", "--first-frame", "17"), (24, 1.001, 17, 112), 17),
    ],
)
def test_apply_says_what_it_left(
    asked: tuple[str, ...], clock: tuple[Any, ...], first: int, shot: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    armature, poses = ours(load_stand_in_body()), waving_hands(COUNT, RATE)
    write_hand_poses(tmp_path / "hand_poses.npz", poses)
    arguments = ["apply", "--hands", str(tmp_path / "hand_poses.npz"), "--save", str(tmp_path / "out.blend"), *asked]
    apply(batch_parser().parse_args(arguments), ENDING)
    assert _state(shot)[:4] == clock
    assert _key_frames(armature)[0] == first
    said = capsys.readouterr().err
    assert ("30 fps (the clip 23.976)" in said) == ("--match-scene" not in asked)
    assert ("--match-scene" in said) == ("--match-scene" not in asked)
    assert ("frames 1001 to 1200 (the clip 1101 to 1220)" in said) == (asked == ("--first-frame", "1101"))


def test_a_later_run_that_is_asked_to_match_the_scene_brings_its_camera_too(shot: Any, demo: Path, tmp_path: Path) -> None:
    armature = ours(load_stand_in_body())
    poses = waving_hands(COUNT, RATE)
    write_hand_poses(tmp_path / "hand_poses.npz", poses)
    arguments = ["apply", "--hands", str(tmp_path / "hand_poses.npz"), "--gvhmr", str(demo / "hmr4d_results.pt")]
    arguments += ["--save", str(tmp_path / "out.blend")]
    before = _state(shot)
    apply(batch_parser().parse_args(arguments), ENDING)
    assert _state(shot) == before
    apply(batch_parser().parse_args([*arguments, "--match-scene"]), ENDING)
    assert _state(shot)[-1] != "Shot camera" and _state(shot)[:2] == (24, 1.001)
    (camera,) = cameras_of(armature)
    assert shot.camera == camera
    # Whoever chooses another one afterwards keeps it.
    shot.camera = bpy.data.objects["Shot camera"]
    apply(batch_parser().parse_args(arguments), ENDING)
    assert shot.camera.name == "Shot camera"
