"""The demo's own numbers: its camera and its wrists are known, so is where each wrist is in the picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

from addon_tests.blender.rigs import meshcapade_like, mpi_like, ours, world_surface
from handmocap_addon.blender.apply import apply_body
from handmocap_addon.blender.clip.cameras import _set_lens
from handmocap_addon.blender.motion.apply_warnings import warnings_of
from handmocap_addon.blender.scene_time import set_frame_rate
from handmocap_addon.core.body.gvhmr_file import read_gvhmr_result
from handmocap_addon.core.body.pictures import turned_upright, with_lens_scaled
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.errors import BadInputError, BelongingError
from handmocap_addon.core.hands.hand_poses import HandPoses, HandTrack
from handmocap_addon.core.skeleton import SIDES

FRAME_COUNT = 96


@pytest.fixture(scope="module")
def truth(demo: Path) -> Iterator[Any]:
    with np.load(demo / "truth.npz") as content:
        yield {key: content[key] for key in content.files}


def _applied(
    demo: Path, scene: Any, maker: Any = ours, steady: bool = False, armature: Any = None, motion: Any = None, **clip: Any
) -> Any:
    motion = motion or read_gvhmr_result(demo / "hmr4d_results.pt")
    armature = armature or maker(load_stand_in_body(motion.betas))
    set_frame_rate(scene, Fraction(24000, 1001))
    meta = {"clip": {"name": "clip.mp4", "size": [640, 480], "fps": [24000, 1001], **clip}}
    blank = HandTrack.empty(FRAME_COUNT)
    poses = HandPoses(blank, blank, np.arange(FRAME_COUNT), np.arange(FRAME_COUNT) * 1001 / 24000, meta)
    return armature, apply_body(armature, motion, poses, demo / "clip.mp4", "clip motion", steady)


def _true_pixels(truth: dict[str, Any], side: str) -> np.ndarray:
    seen = truth[f"{side}_wrist_world"] @ truth["world_to_camera_rotmat"].T + truth["world_to_camera_translation"]
    projected = seen @ truth["intrinsics"].T
    return projected[:, :2] / projected[:, 2:]


def _largest_miss(
    scene: Any, armature: Any, truth: dict[str, Any], size: tuple[int, int] = (640, 480), corner: tuple[int, int] = (0, 0)
) -> float:
    """Pixels between the wrists as Blender's camera sees them, in a part of the picture that begins at `corner`, and the true."""
    wanted = {side: _true_pixels(truth, side) for side in SIDES}
    misses = []
    for row in range(FRAME_COUNT):
        scene.frame_set(row + 1)
        evaluated = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        camera = scene.camera.evaluated_get(bpy.context.evaluated_depsgraph_get())
        for side in SIDES:
            place = evaluated.matrix_world @ evaluated.pose.bones[f"{side}_wrist"].head
            x, y, depth = world_to_camera_view(scene, camera, place)
            assert depth > 0.5
            misses.append(np.linalg.norm(np.array((x, 1.0 - y)) * size + corner - wanted[side][row]))
    return float(max(misses))


@pytest.mark.parametrize("maker", [ours, mpi_like, meshcapade_like], ids=lambda maker: maker.__name__)
def test_the_moving_camera_sees_the_wrists_where_the_clip_does(
    maker: Any, demo: Path, scene: Any, truth: dict[str, Any]
) -> None:
    armature, _applied_body = _applied(demo, scene, maker)
    assert _largest_miss(scene, armature, truth) < 1.0


def test_the_steady_camera_sees_the_wrists_where_the_clip_does(demo: Path, scene: Any, truth: dict[str, Any]) -> None:
    armature, applied = _applied(demo, scene, steady=True)
    assert _largest_miss(scene, armature, truth) < 2.0
    assert applied.camera.animation_data is None


def test_the_true_wrists_move_so_that_a_miss_would_show(truth: dict[str, Any]) -> None:
    assert np.ptp(_true_pixels(truth, "left"), axis=0).max() > 4.0


def test_the_moving_camera_has_a_key_on_every_frame(demo: Path, scene: Any) -> None:
    _armature, applied = _applied(demo, scene)
    assert applied.camera.animation_data.action is not None
    assert list(applied.camera.animation_data.action.frame_range) == [1.0, 96.0]


def test_the_clip_is_behind_the_camera_from_frame_one_on(demo: Path, scene: Any) -> None:
    _armature, applied = _applied(demo, scene)
    (background,) = applied.camera.data.background_images
    assert applied.camera.data.show_background_images
    assert background.source == "MOVIE_CLIP"
    assert background.show_background_image
    assert Path(bpy.path.abspath(background.clip.filepath)) == demo / "clip.mp4"
    assert background.clip.frame_start == 1
    assert background.clip.frame_duration == FRAME_COUNT
    assert tuple(background.clip.size) == (640, 480)


def test_the_picture_has_the_clips_size_and_the_camera_is_the_scenes(demo: Path, scene: Any) -> None:
    _armature, applied = _applied(demo, scene)
    assert scene.camera == applied.camera
    assert (scene.render.resolution_x, scene.render.resolution_y) == (640, 480)
    assert scene.render.resolution_percentage == 100


def _cameras(scene: Any) -> list[Any]:
    return [thing for thing in scene.objects if thing.type == "CAMERA"]


@pytest.mark.parametrize("steady", [False, True])
def test_applying_again_brings_the_same_camera_up_to_date(
    demo: Path, scene: Any, truth: dict[str, Any], steady: bool
) -> None:
    armature, first = _applied(demo, scene, steady=steady)
    armature.location = (0.5, -1.0, 0.2)
    bpy.context.view_layer.update()
    _armature, again = _applied(demo, scene, steady=steady, armature=armature)
    assert again.camera == first.camera
    assert _cameras(scene) == [first.camera]
    assert len(first.camera.data.background_images) == 1
    assert _largest_miss(scene, armature, truth) < 2.0


def test_a_camera_may_stand_still_and_move_again(demo: Path, scene: Any, truth: dict[str, Any]) -> None:
    armature, moving = _applied(demo, scene)
    for steady in (True, False, True):
        _applied(demo, scene, steady=steady, armature=armature)
        assert (moving.camera.animation_data is None) == steady
        assert _largest_miss(scene, armature, truth) < 2.0
    assert _cameras(scene) == [moving.camera]


def test_a_person_s_own_camera_stays_as_it_is_and_the_scene_s(demo: Path, scene: Any) -> None:
    armature, applied = _applied(demo, scene)
    own = bpy.data.objects.new("clip motion camera", bpy.data.cameras.new("Own"))
    scene.collection.objects.link(own)
    own.location, own.data.lens, scene.camera = (1.0, 2.0, 3.0), 85.0, own
    _applied(demo, scene, armature=armature)
    assert set(_cameras(scene)) == {applied.camera, own}
    assert scene.camera == own
    assert own.animation_data is None
    assert (*own.location, own.data.lens) == (1.0, 2.0, 3.0, 85.0)


def test_a_person_s_keys_and_places_of_the_camera_stay(demo: Path, scene: Any) -> None:
    armature, applied = _applied(demo, scene)
    camera = applied.camera
    camera.location = (1.0, 2.0, 3.0)
    camera.keyframe_insert("location", frame=30)
    _applied(demo, scene, armature=armature)
    scene.frame_set(30)
    assert tuple(camera.location) == pytest.approx((1.0, 2.0, 3.0))
    _other, steady = _applied(demo, scene, steady=True)
    steady.camera.location = (4.0, 5.0, 6.0)
    _applied(demo, scene, steady=True, armature=_other)
    assert tuple(steady.camera.location) == (4.0, 5.0, 6.0)


def test_another_armature_gets_a_camera_of_its_own(demo: Path, scene: Any) -> None:
    _armature, first = _applied(demo, scene)
    _other, second = _applied(demo, scene)
    assert first.camera != second.camera
    assert scene.camera == second.camera


def test_a_principal_point_off_the_middle_moves_the_picture(demo: Path, scene: Any) -> None:
    data = bpy.data.cameras.new("Lens")
    camera = bpy.data.objects.new("Lens", data)
    scene.collection.objects.link(camera)
    scene.render.resolution_x, scene.render.resolution_y = 640, 480
    _set_lens(data, np.array(((700.0, 0.0, 300.0), (0.0, 700.0, 260.0), (0.0, 0.0, 1.0))), (640, 480))
    bpy.context.view_layer.update()
    # A point straight ahead, then one to the right of and above the axis; Blender's camera looks along -z.
    for place, pixel in (((0.0, 0.0, -2.0), (300.0, 260.0)), ((0.4, 0.2, -2.0), (440.0, 190.0))):
        x, y, _depth = world_to_camera_view(scene, camera, Vector(place))
        assert (x * 640.0, (1.0 - y) * 480.0) == pytest.approx(pixel, abs=0.01)


def test_feet_stay_on_the_floor(demo: Path, scene: Any) -> None:
    armature, _applied_body = _applied(demo, scene)
    heights = []
    for frame in range(1, FRAME_COUNT + 1, 5):
        scene.frame_set(frame)
        heights.append(world_surface(armature)[:, 2].min())
    assert np.abs(heights).max() < 0.02


def test_the_range_is_the_clips_where_there_are_no_hands_yet(demo: Path, scene: Any) -> None:
    motion = read_gvhmr_result(demo / "hmr4d_results.pt")
    apply_body(ours(load_stand_in_body(motion.betas)), motion, None, None, "body", steady_camera=True)
    assert (scene.frame_start, scene.frame_end) == (1, FRAME_COUNT)
    assert (scene.render.resolution_x, scene.render.resolution_y) == (640, 480)


@pytest.mark.parametrize("size", [(1280, 960), (320, 240), (642, 480)])
def test_a_body_of_pictures_of_another_size_has_the_clip_s_camera(
    size: tuple[int, int], demo: Path, scene: Any, truth: dict[str, Any]
) -> None:
    motion = with_lens_scaled(read_gvhmr_result(demo / "hmr4d_results.pt"), (640.0, 480.0), size)
    armature, applied = _applied(demo, scene, motion=motion)
    assert (scene.render.resolution_x, scene.render.resolution_y) == (640, 480)
    assert _largest_miss(scene, armature, truth) < (1.0 if size != (642, 480) else 3.0)
    assert bool(applied.warnings) == (size != (642, 480))


def test_a_body_of_a_part_of_larger_pictures_has_its_lens_shifted(demo: Path, scene: Any, truth: dict[str, Any]) -> None:
    """480x440 of the 640x480, from 90, 30 on: the principal point is a tenth off the middle."""
    motion = read_gvhmr_result(demo / "hmr4d_results.pt")
    lens = motion.intrinsics.copy()
    lens[:, :2, 2] -= (90.0, 30.0)
    armature, body = _applied(demo, scene, motion=replace(motion, intrinsics=lens), size=[480, 440])
    assert any("its middle at 230, 210 in the 480x440 of clip.mp4" in said for said in body.warnings)
    assert (scene.render.resolution_x, scene.render.resolution_y) == (480, 440)
    assert _largest_miss(scene, armature, truth, (480, 440), (90, 30)) < 1.0


@pytest.mark.parametrize("rotation", [90, 270])
def test_a_body_of_a_phone_s_lying_pictures_has_the_upright_camera(
    rotation: int, demo: Path, scene: Any, truth: dict[str, Any]
) -> None:
    lying = turned_upright(read_gvhmr_result(demo / "hmr4d_results.pt"), (640, 480), 360 - rotation)
    armature, applied = _applied(demo, scene, motion=lying, rotation=rotation, stored_size=[480, 640])
    assert _largest_miss(scene, armature, truth) < 1.0
    assert f"{rotation} degrees" in warnings_of(armature, "body")[0]
    assert applied.warnings == warnings_of(armature, "body")


def _lying(motion: Any) -> Any:
    return turned_upright(motion, (640, 480), 90)


def _of_a_wide_picture(motion: Any) -> Any:
    return with_lens_scaled(motion, (640.0, 480.0), (1920, 800))


def _half(motion: Any) -> Any:
    return motion.slice_frames(0, 48)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_lying, "480x640 and clip.mp4 has 640x480: they lie"),
        (_of_a_wide_picture, "1920x800 and clip.mp4 has 640x480"),
        (_half, "has 48 frames and clip.mp4 has 96"),
    ],
)
@pytest.mark.parametrize("has_hands", [True, False])
def test_a_body_of_another_clip_is_refused_and_changes_nothing(
    change: Any, sentence: str, has_hands: bool, demo: Path, scene: Any
) -> None:
    motion = change(read_gvhmr_result(demo / "hmr4d_results.pt"))
    armature = ours(load_stand_in_body(motion.betas))
    before = (scene.frame_end, scene.render.resolution_x, scene.camera, len(scene.objects))
    with_hands = partial(_applied, demo, scene, motion=motion, armature=armature)
    without = partial(apply_body, armature, motion, None, demo / "clip.mp4", "clip motion", False)
    with pytest.raises(BadInputError, match=sentence):
        (with_hands if has_hands else without)()
    assert armature.animation_data is None
    assert (scene.frame_end, scene.render.resolution_x, scene.camera, len(scene.objects)) == before


def test_a_body_whose_wrists_are_not_where_the_hands_are_is_refused(demo: Path, scene: Any, truth: dict[str, Any]) -> None:
    motion = read_gvhmr_result(demo / "hmr4d_results.pt")
    tracks = []
    for side in SIDES:
        track = HandTrack.empty(FRAME_COUNT)
        track.detected[:] = True
        track.keypoints_2d[:] = _true_pixels(truth, side)[:, None]
        tracks.append(track)
    meta = {"clip": {"name": "clip.mp4", "size": [640, 480], "fps": [24000, 1001]}}
    poses = HandPoses(*tracks, np.arange(FRAME_COUNT), np.arange(FRAME_COUNT) * 1001 / 24000, meta)
    armature = ours(load_stand_in_body(motion.betas))
    elsewhere = replace(motion, camera=replace(motion.camera, translation=motion.camera.translation + (1.2, 0.0, 0.0)))
    with pytest.raises(BelongingError, match="seen on 96 of 96 frames of clip.mp4"):
        apply_body(armature, elsewhere, poses, demo / "clip.mp4", "clip motion", False)
    assert armature.animation_data is None
    assert apply_body(armature, motion, poses, demo / "clip.mp4", "clip motion", False).warnings == ()
