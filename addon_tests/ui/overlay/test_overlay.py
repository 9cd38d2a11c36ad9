"""What is shown over the clip: when it is read, what it follows, and the way to the clip's camera."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

import handmocap_addon
from addon_tests.ui.cleanup_scene import COUNT, keyed_fingers, write_hands
from handmocap_addon.core.cleanup.gap_filling import Provenance
from handmocap_addon.core.overlay.seen_hands import row_at
from handmocap_addon.ui.overlay import session, viewport


def _states(side: str) -> np.ndarray:
    clip = session.shown_clip(bpy.context.scene)
    assert clip is not None
    return clip.hands[side].provenance


def test_hands_are_read_once_and_again_when_their_file_changes(settings: Any, tmp_path: Path) -> None:
    scene, path = bpy.context.scene, tmp_path / "hand_poses.npz"
    assert session.shown_clip(scene) is None
    write_hands(path)
    settings.hand_poses = str(path)
    # Asking reads nothing.
    assert session.shown_clip(scene) is None
    assert session.look(scene)
    shown = session.shown_clip(scene)
    assert shown is not None and len(shown.frames) == COUNT
    assert not session.look(scene)
    assert session.shown_clip(scene) is shown
    write_hands(path, count=20, jump=None)
    assert session.look(scene)
    assert len(session.shown_clip(scene).frames) == 20
    path.unlink()
    assert session.look(scene)
    assert session.shown_clip(scene) is None


def test_a_damaged_file_shows_nothing(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "hand_poses.npz").write_text("no hands")
    settings.hand_poses = str(tmp_path / "hand_poses.npz")
    session.look(bpy.context.scene)
    assert session.shown_clip(bpy.context.scene) is None


def test_settings_corrections_and_problems_are_followed(settings: Any, tmp_path: Path) -> None:
    scene = bpy.context.scene
    keyed_fingers(settings, tmp_path)
    settings.longest_gap = 1.0
    session.look(scene)
    assert (_states("right")[40:55] == Provenance.FILLED).all()
    settings.longest_gap = 0.2
    assert session.look(scene)
    assert (_states("right")[40:55] == Provenance.RELAXED).all()
    bpy.ops.handmocap.mark_not_seen(sides={"LEFT"}, first=11, last=13)
    assert session.look(scene)
    assert (_states("left")[10:13] == Provenance.FILLED).all()
    looks = session.shown_clip(scene).looks["right"]
    assert [(first, end) for first, end, bad in zip(looks.first, looks.end, looks.state, strict=True) if bad] == [
        (41.0, 56.0)
    ]
    for line in scene.handmocap_cleanup.problems:
        line.done = True
    assert session.look(scene)
    assert not session.shown_clip(scene).looks["right"].state.any()
    # An undone correction is no longer followed either.
    bpy.ops.handmocap.forget_corrections(sides={"LEFT"}, first=11, last=13)
    assert session.look(scene)
    assert (_states("left")[10:13] == Provenance.MEASURED).all()


def test_rows_are_on_the_frames_of_their_keys_also_after_retiming(settings: Any, tmp_path: Path) -> None:
    scene = bpy.context.scene
    keyed_fingers(settings, tmp_path)
    session.look(scene)
    assert row_at(session.shown_clip(scene).frames, 10) == 9
    bpy.ops.handmocap.retime(speed=0.5, around=1, offset=10)
    assert session.look(scene)
    assert row_at(session.shown_clip(scene).frames, 11 + 2 * 9) == 9


def test_scenes_are_shown_apart_and_forgotten_with_their_file(settings: Any, tmp_path: Path) -> None:
    scene, other = bpy.context.scene, bpy.data.scenes.new("other")
    for each, count in ((scene, 20), (other, 30)):
        write_hands(tmp_path / f"{count}.npz", count, None)
        each.handmocap.hand_poses = str(tmp_path / f"{count}.npz")
        session.look(each)
    assert [len(session.shown_clip(each).frames) for each in (scene, other)] == [20, 30]
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert session._shown == {}


def test_draw_handlers_come_and_go_with_the_extension(empty_scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    handmocap_addon.register()
    handles = list(viewport._HANDLES)
    assert [space for space, _ in handles] == [bpy.types.SpaceView3D, bpy.types.SpaceDopeSheetEditor]
    handmocap_addon.unregister()
    assert viewport._HANDLES == []
    for space, handle in handles:
        with pytest.raises((ValueError, RuntimeError)):
            space.draw_handler_remove(handle, "WINDOW")


def test_what_is_shown_is_saved_with_the_file(settings: Any, tmp_path: Path) -> None:
    assert (settings.shown.hands, settings.shown.boxes, settings.shown.strip) == (True, True, True)
    settings.shown.boxes = False
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    settings.shown.boxes = True
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert not bpy.context.scene.handmocap.shown.boxes


def _viewport_space() -> Any:
    areas = [area for area in bpy.context.screen.areas if area.type == "VIEW_3D"]
    return max(areas, key=lambda area: area.width * area.height).spaces.active


def test_a_clip_without_a_body_gets_a_camera_to_look_through(settings: Any, shot_folder: Path) -> None:
    scene = bpy.context.scene
    assert not bpy.ops.handmocap.add_clip_camera.poll()
    assert not bpy.ops.handmocap.look_through_clip.poll()
    settings.clip = str(shot_folder / "clip.mp4")
    assert not bpy.ops.handmocap.look_through_clip.poll()
    assert bpy.ops.handmocap.add_clip_camera() == {"FINISHED"}
    assert scene.camera.data.background_images[0].clip.filepath == settings.clip
    assert (scene.render.resolution_x, scene.render.resolution_y, scene.frame_end) == (640, 480, 96)
    space = _viewport_space()
    assert space.region_3d.view_perspective == "CAMERA"
    assert bpy.ops.handmocap.look_through_clip() == {"FINISHED"}
    assert space.region_3d.view_perspective == "PERSP"
    clips = scene.camera
    scene.camera = None
    assert bpy.ops.handmocap.look_through_clip() == {"FINISHED"}
    assert scene.camera == clips and space.region_3d.view_perspective == "CAMERA"


def test_the_hands_file_says_how_fast_the_clip_is(settings: Any, shot_folder: Path) -> None:
    write_hands(shot_folder / "hand_poses.npz")
    settings.clip = str(shot_folder / "clip.mp4")
    bpy.ops.handmocap.add_clip_camera()
    scene = bpy.context.scene
    assert (scene.render.fps, scene.frame_end) == (30, COUNT)
    bpy.ops.handmocap.add_clip_camera(match_scene=False)
    assert len([thing for thing in scene.objects if thing.type == "CAMERA"]) == 2


def test_a_clip_that_is_none_is_said_to_be(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "words.mp4").write_text("no video")
    settings.clip = str(tmp_path / "words.mp4")
    with pytest.raises(RuntimeError, match=r"Blender cannot read words\.mp4"):
        bpy.ops.handmocap.add_clip_camera()
