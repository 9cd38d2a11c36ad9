"""Cameras with the clip behind them, held against Blender's own projection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

from handmocap_addon.blender.clip.backgrounds import clip_background, clip_camera, pixels_to_region
from handmocap_addon.blender.clip.cameras import add_clip_camera, show_clip_behind
from handmocap_addon.core.errors import ClipError
from handmocap_addon.core.overlay.picture_placement import placed


def _camera(scene: Any, name: str = "camera") -> Any:
    camera = bpy.data.objects.new(name, bpy.data.cameras.new(name))
    scene.collection.objects.link(camera)
    return camera


def _without_picture(folder: Path) -> Path:
    (folder / "words.mp4").write_text("no video")
    return folder / "words.mp4"


def test_the_camera_with_the_clip_is_found_and_the_scene_s_own_goes_first(scene: Any, demo: Path, tmp_path: Path) -> None:
    clip = demo / "clip.mp4"
    bare, first, second = (_camera(scene, name) for name in ("bare", "first", "second"))
    assert clip_camera(scene, clip) is None
    for camera in (first, second):
        show_clip_behind(camera, clip, 1)
    assert clip_background(bare, clip) is None
    assert clip_background(first, clip) == first.data.background_images[0]
    assert clip_background(first, tmp_path / "clip.mp4") is None
    assert clip_background(None, clip) is None
    scene.camera = second
    assert clip_camera(scene, clip) == second
    scene.camera = bare
    assert clip_camera(scene, clip) == first


def test_a_clip_of_a_path_relative_to_the_file_is_found_too(scene: Any, demo: Path, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes((demo / "clip.mp4").read_bytes())
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    camera = _camera(bpy.context.scene)
    show_clip_behind(camera, clip, 1)
    camera.data.background_images[0].clip.filepath = "//clip.mp4"
    assert clip_background(camera, clip) is not None


def test_a_folder_of_images_and_an_image_are_found(scene: Any, tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    picture = bpy.data.images.new("picture", 40, 30)
    for number in (1, 2):
        picture.filepath_raw, picture.file_format = str(folder / f"{number:04}.png"), "PNG"
        picture.save()
    sequence, still = _camera(scene), _camera(scene)
    show_clip_behind(sequence, folder, 1)
    assert clip_background(sequence, folder) is not None
    background = still.data.background_images.new()
    background.image = bpy.data.images.load(str(folder / "0001.png"))
    assert clip_background(still, folder / "0001.png") == background
    assert clip_background(still, folder / "0002.png") is None


@pytest.mark.parametrize("size", [(640, 480), (270, 480), (1920, 1080)])
@pytest.mark.parametrize("pixels", [(1.0, 1.0), (1.5, 1.0)])
@pytest.mark.parametrize("kind", ["PERSP", "ORTHO"])
def test_pixels_lie_where_the_camera_sees_what_is_there(
    kind: str, pixels: tuple[float, float], size: tuple[int, int], scene: Any, demo: Path
) -> None:
    camera = scene.camera = _camera(scene)
    show_clip_behind(camera, demo / "clip.mp4", 1)
    camera.data.background_images[0].frame_method = "STRETCH"
    camera.location, camera.rotation_euler = (1.0, -2.0, 3.0), (0.8, 0.1, 0.4)
    camera.data.type, camera.data.shift_x, camera.data.shift_y = kind, 0.1, -0.2
    scene.render.resolution_x, scene.render.resolution_y = size
    scene.render.pixel_aspect_x, scene.render.pixel_aspect_y = pixels
    bpy.context.view_layer.update()
    # The region is the frame itself, so that its pixels are those of the picture.
    window = camera.calc_matrix_camera(
        bpy.context.evaluated_depsgraph_get(), x=size[0], y=size[1], scale_x=pixels[0], scale_y=pixels[1]
    )
    affine = pixels_to_region(scene, camera, camera.data.background_images[0], size, window, size)
    for place in ((0.3, 0.2, -4.0), (-0.5, 0.4, -2.0)):
        x, y, _depth = world_to_camera_view(scene, camera, camera.matrix_world @ Vector(place))
        seen = np.array((x * size[0], (1.0 - y) * size[1]))
        assert np.allclose(placed(seen, affine), (x * size[0], y * size[1]), atol=1e-2)


def test_a_missing_clip_is_taken_to_be_of_the_hands_size(scene: Any, demo: Path, tmp_path: Path) -> None:
    camera = scene.camera = _camera(scene)
    show_clip_behind(camera, demo / "clip.mp4", 1)
    camera.data.background_images[0].frame_method = "FIT"
    background, window = camera.data.background_images[0], np.diag((1.0, 1.0, -1.0, 1.0))
    there = pixels_to_region(scene, camera, background, (640, 480), window, (800, 600))
    background.clip = bpy.data.movieclips.load(str(_without_picture(tmp_path)))
    assert np.allclose(pixels_to_region(scene, camera, background, (640, 480), window, (800, 600)), there)
    assert pixels_to_region(scene, camera, background, None, window, (800, 600)) is None


def test_a_clip_camera_brings_size_rate_and_length_of_the_clip(scene: Any, demo: Path) -> None:
    camera = add_clip_camera(scene, demo / "clip.mp4", None, match_scene=True)
    assert (scene.render.resolution_x, scene.render.resolution_y) == (640, 480)
    assert scene.render.fps / scene.render.fps_base == pytest.approx(24000 / 1001, abs=1e-3)
    assert (scene.frame_start, scene.frame_end) == (1, 96)
    assert camera.data.show_background_images
    forwards = camera.matrix_basis.to_3x3() @ Vector((0.0, 0.0, -1.0))
    assert np.allclose(forwards, (0.0, 1.0, 0.0), atol=1e-6)


def test_what_is_no_clip_leaves_no_camera(scene: Any, tmp_path: Path) -> None:
    _without_picture(tmp_path)
    with pytest.raises(ClipError, match=r"words\.mp4"):
        add_clip_camera(scene, tmp_path / "words.mp4", None, match_scene=True)
    assert len(scene.objects) == 0
    assert len(bpy.data.movieclips) == 0
