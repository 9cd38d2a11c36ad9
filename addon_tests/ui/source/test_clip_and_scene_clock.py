"""Buttons leave a person's scene as it is; where clip and scene differ the panel says so; the clip is shown as its hands have it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.movie_pixels import shown_pixels
from addon_tests.blender.written_curves import bag_of
from addon_tests.making.clip_kinds import COUNT, KINDS, number_of
from addon_tests.making.hand_poses import waving_hands
from addon_tests.making.numbered_pictures import number_in
from addon_tests.ui.cleanup_scene import COUNT as KEYED
from addon_tests.ui.cleanup_scene import keyed_fingers
from addon_tests.ui.whole_session import AnyLayout
from handmocap_addon.blender.clip.backgrounds import clip_background, clip_camera
from handmocap_addon.blender.clip.clock import timeline_frames
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses, write_hand_poses
from handmocap_addon.ui.common import panel_jobs
from handmocap_addon.ui.overlay import session
from handmocap_addon.ui.source.clock import draw_clocks

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory, worker_python: Path) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    command = [worker_python, "-m", "addon_tests.making.clip_kinds", folder]
    subprocess.run([str(part) for part in command], check=True, cwd=REPOSITORY)
    return folder


def _animated(scene: Any) -> Any:
    """A shot of a person's own, with its camera."""
    prop, view = bpy.data.objects.new("Prop", None), bpy.data.objects.new("View", bpy.data.cameras.new("View"))
    for thing in (prop, view):
        scene.collection.objects.link(thing)
    prop.keyframe_insert("location", frame=101)
    scene.camera = view
    scene.render.fps, scene.frame_end, scene.frame_start = 25, 300, 101
    return view


def _clock(scene: Any) -> tuple[int, ...]:
    render = scene.render
    return render.fps, scene.frame_start, scene.frame_end, render.resolution_x, render.resolution_y


def _texts(scene: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[str]]:
    """What the line says and which buttons it has."""
    session.look(scene)
    layout, buttons = AnyLayout(), []
    said: list[str] = []
    monkeypatch.setattr("handmocap_addon.ui.source.clock.sentence", lambda _layout, text, _icon: said.append(text))
    monkeypatch.setattr(layout, "operator", lambda name, *_, **__: buttons.append(name), raising=False)
    monkeypatch.setattr(AnyLayout, "column", lambda *_, **__: layout, raising=False)
    monkeypatch.setattr(AnyLayout, "row", lambda *_, **__: layout, raising=False)
    draw_clocks(layout, scene)  # type: ignore[arg-type]
    return said, buttons


def _frames(armature: Any) -> np.ndarray:
    return np.unique([key.co[0] for curve in bag_of(armature).fcurves for key in curve.keyframe_points])


def test_apply_leaves_an_animated_scene_and_match_scene_changes_it(settings: Any, tmp_path: Path) -> None:
    scene = settings.id_data
    _animated(scene)
    before = _clock(scene)
    armature = keyed_fingers(settings, tmp_path)
    assert _clock(scene) == before
    assert _frames(armature)[0] == 101
    assert bpy.ops.handmocap.apply_hands(match_scene=True) == {"FINISHED"}
    assert _clock(scene) == (30, 101, 100 + KEYED, 640, 480)
    np.testing.assert_array_equal(_frames(armature), np.arange(101, 101 + KEYED))


def test_apply_gives_a_fresh_scene_the_clips_clock(settings: Any, tmp_path: Path) -> None:
    keyed_fingers(settings, tmp_path)
    assert _clock(settings.id_data) == (30, 1, KEYED, 640, 480)


@pytest.mark.parametrize(
    ("button", "rate", "last"), [("match_scene", 30, KEYED), ("follow_scene", 60, 2 * KEYED - 1)], ids=str
)
def test_a_scene_set_to_another_rate_is_said_and_either_button_mends_it(
    button: str, rate: int, last: int, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    armature, scene = keyed_fingers(settings, tmp_path), settings.id_data
    assert _texts(scene, monkeypatch) == ([], [])
    scene.render.fps = 60
    (said,), buttons = _texts(scene, monkeypatch)
    assert "clip has 30 fps, the scene 60" in said
    assert "keyed at 30" in said
    assert buttons == ["handmocap.match_scene", "handmocap.follow_scene"]
    # Until then keys and overlay are together.
    np.testing.assert_array_equal(session.shown_clip(scene).frames, _frames(armature))
    assert getattr(bpy.ops.handmocap, button)() == {"FINISHED"}
    assert scene.render.fps == rate
    assert _frames(armature)[[0, -1]].tolist() == [1, last]
    session.look(scene)
    np.testing.assert_array_equal(session.shown_clip(scene).frames, _frames(armature))
    said_after, buttons_after = _texts(scene, monkeypatch)
    assert buttons_after == ([] if button == "match_scene" else ["handmocap.match_scene"])
    assert not any("keyed" in text for text in said_after)


def test_a_clip_camera_leaves_a_persons_scene_and_its_camera(settings: Any, demo: Path) -> None:
    scene = settings.id_data
    view, before = _animated(scene), _clock(scene)
    settings.clip = str(demo / "clip.mp4")
    assert bpy.ops.handmocap.add_clip_camera() == {"FINISHED"}
    assert bpy.ops.handmocap.look_through_clip() == {"FINISHED"}
    assert (scene.camera, _clock(scene)) == (view, before)
    assert clip_camera(scene, demo / "clip.mp4") not in (None, view)


@pytest.fixture
def hands_of(settings: Any, tmp_path: Path, clips: Path) -> Callable[[str], Path]:
    """Chooses a clip with hands of its own; returns its path."""

    def choose(name: str) -> Path:
        kind = KINDS[name]
        poses = waving_hands(COUNT, kind.fps, kind.times, name=name, size=list(kind.size), **kind.notes)
        write_hand_poses(tmp_path / "hand_poses.npz", poses)
        settings.clip = str(clips / name)
        settings.hand_poses = str(tmp_path / "hand_poses.npz")
        return clips / name

    return choose


@pytest.mark.parametrize("name", ["varying.mp4", "turned_90.mp4", "plate"])
def test_the_clip_behind_its_camera_is_the_hands_own(
    name: str, hands_of: Callable[[str], Path], settings: Any, tmp_path: Path
) -> None:
    clip, scene = hands_of(name), settings.id_data
    assert bpy.ops.handmocap.add_clip_camera() == {"FINISHED"}
    camera = clip_camera(scene, clip)
    footage = clip_background(camera, clip).clip
    is_proxy = footage.filepath.endswith(".mov")
    assert is_proxy == (name != "plate")
    said = panel_jobs.status("source")
    assert (said is not None and "proxy" in said.sentence) == is_proxy
    frames = timeline_frames(scene, read_hand_poses(settings.hand_poses_path()), settings.armature)
    for row in (0, 5, 13, COUNT - 1):
        assert number_in(shown_pixels(footage, round(frames[row]), tmp_path)) == number_of(name, row)


def test_a_retimed_clip_is_shown_at_its_new_speed(hands_of: Callable[[str], Path], settings: Any, tmp_path: Path) -> None:
    clip, scene = hands_of("plain.mp4"), settings.id_data
    bpy.ops.handmocap.add_body()
    bpy.ops.handmocap.apply_hands()
    bpy.ops.handmocap.add_clip_camera()
    assert clip_background(clip_camera(scene, clip), clip).clip.filepath.endswith(".mp4")
    assert bpy.ops.handmocap.retime(speed=0.5, around=1, offset=4) == {"FINISHED"}
    footage = clip_background(clip_camera(scene, clip), clip).clip
    for row in (0, 7, COUNT - 1):
        assert number_in(shown_pixels(footage, 5 + 2 * row, tmp_path)) == row


def test_without_keys_overlay_and_picture_stay_together_at_another_rate(
    hands_of: Callable[[str], Path], settings: Any, tmp_path: Path
) -> None:
    clip, scene = hands_of("plain.mp4"), settings.id_data
    bpy.ops.handmocap.add_clip_camera()
    scene.render.fps, scene.render.fps_base = 60, 1.0
    session.look(scene)
    frames = session.shown_clip(scene).frames
    footage = clip_background(clip_camera(scene, clip), clip).clip
    for row in (0, 9, COUNT - 1):
        assert number_in(shown_pixels(footage, round(frames[row]), tmp_path)) == row
