"""On every timeline frame the camera's background is the picture of the row that lies there, whatever the clip."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.movie_pixels import shown_pixels
from addon_tests.blender.rigs import ours
from addon_tests.making.clip_kinds import COUNT, KINDS, READ, number_of, reading_of
from addon_tests.making.gvhmr_results import made_up_motion, write_gvhmr_result
from addon_tests.making.hand_poses import waving_hands
from addon_tests.making.numbered_pictures import bottom_colours, number_in
from handmocap_addon.blender.apply import apply_hands
from handmocap_addon.blender.cleanup.retiming import retime
from handmocap_addon.blender.clip.backgrounds import clip_background, pixels_to_region, show_picture
from handmocap_addon.blender.clip.clock import match_scene_to_clip, timeline_frames
from handmocap_addon.blender.clip.proxy_folder import remove_oldest_proxies
from handmocap_addon.blender.clip.proxy_job import show_when_made
from handmocap_addon.blender.clip.shown_pictures import ClipPicture, last_number, picture_of
from handmocap_addon.blender.scene_time import set_frame_rate
from handmocap_addon.blender.shot.arguments import batch_parser
from handmocap_addon.blender.shot.commands import apply
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.cleanup.clean_hands import CleanupSettings
from handmocap_addon.core.hands.hand_poses import HandPoses
from handmocap_addon.core.hands.hand_poses_file import write_hand_poses
from handmocap_addon.core.overlay.picture_placement import placed
from handmocap_addon.core.process.ending import Ending
from handmocap_addon.set_up import environments

REPOSITORY = Path(__file__).resolve().parents[3]
ENDING = Ending()
SHOWN_AS_IT_IS = {"plain.mp4", "wide_pixels.mp4", "plate", "unpadded", "gap", "tagged"}


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory, worker_python: Path) -> Path:
    """One clip of each kind."""
    folder = tmp_path_factory.mktemp("clips")
    command = [worker_python, "-m", "addon_tests.making.clip_kinds", folder]
    subprocess.run([str(part) for part in command], check=True, cwd=REPOSITORY)
    return folder


def _hands(name: str) -> HandPoses:
    kind = KINDS[name]
    return waving_hands(COUNT, kind.fps, kind.times, name=name, size=list(kind.size), **kind.notes)


def _camera(scene: Any) -> Any:
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(camera)
    return camera


def _shown(
    scene: Any, clip: Path, poses: HandPoses, folder: Path, worker_python: Path, armature: Any = None, camera: Any = None
) -> tuple[ClipPicture, Any]:
    """What is shown of a clip, with its proxy made where it needs one, and the background."""
    picture, camera = picture_of(scene, clip, poses, armature, folder), camera or _camera(scene)
    worker = [str(worker_python), str(REPOSITORY / "handmocap_addon" / "worker")]
    said = show_when_made(camera, clip, picture, lambda: worker, folder / "logs", lambda _progress: None)
    if picture.request is None:
        show_picture(camera, clip, picture)
    else:
        assert said is not None
        assert picture.reason in said
        assert picture.is_there, said
    return picture, clip_background(camera, clip)


def _assert_each_row_is_shown(footage: Any, frames: np.ndarray, name: str, folder: Path, lost: tuple[int, ...] = ()) -> None:
    for row, frame in enumerate(frames):
        if row in lost or frame != round(frame):
            continue
        pixels = shown_pixels(footage, round(frame), folder)
        assert number_in(pixels) == number_of(name, row), f"row {row} on frame {frame}"
        left, right = bottom_colours(pixels)
        assert left[0] > 2 * left[2], "red at the left"
        assert right[2] > 2 * right[0], "blue at the right"


@pytest.mark.parametrize("first_frame", [1, 1001])
@pytest.mark.parametrize("name", KINDS)
def test_each_rows_picture_stands_on_its_frame(
    name: str, first_frame: int, scene: Any, clips: Path, tmp_path: Path, worker_python: Path
) -> None:
    poses = _hands(name)
    match_scene_to_clip(scene, poses, None, first_frame)
    picture, background = _shown(scene, clips / name, poses, tmp_path, worker_python)
    assert (picture.request is None) == (name in SHOWN_AS_IT_IS), picture.reason
    frames = timeline_frames(scene, poses)
    assert frames[0] == first_frame
    lost = poses.clip_notes().lost_frames
    _assert_each_row_is_shown(background.clip, frames, name, tmp_path, lost)
    if name == "lost.mp4":
        before, lost_one = (shown_pixels(background.clip, first_frame + row, tmp_path) for row in (6, 7))
        assert number_in(lost_one * 2.0) == number_in(before), "the last one again"
        assert lost_one.mean() < 0.6 * before.mean(), "and darker"


@pytest.mark.parametrize("matched", [True, False], ids=["matched", "another rate"])
@pytest.mark.parametrize("name", READ)
def test_what_the_worker_found_in_a_hostile_clip_is_what_is_shown(
    name: str, matched: bool, scene: Any, clips: Path, tmp_path: Path, worker_python: Path
) -> None:
    reading = reading_of(clips / name)
    fps = Fraction(*reading.clip["fps"])
    poses = waving_hands(len(reading.times), fps, reading.times, **reading.clip)
    if matched:
        match_scene_to_clip(scene, poses, None, 1001)
    else:
        set_frame_rate(scene, 2 * fps)
    picture, background = _shown(scene, clips / name, poses, tmp_path, worker_python)
    frames = timeline_frames(scene, poses)
    seen = [(number, frame) for number, frame in zip(reading.numbers, frames, strict=True) if number >= 0]
    assert len({number for number, _ in seen}) > 5
    for number, frame in seen:
        if frame == round(frame):
            shown = shown_pixels(background.clip, round(frame), tmp_path)
            assert number_in(shown) == number, f"{number} on frame {frame}, {picture.reason or 'as it is'}"
            left, right = bottom_colours(shown)[:: -1 if reading.clip.get("mirrored") else 1]
            assert left[0] > 2 * left[2], "red at the left"
            assert right[2] > 2 * right[0], "blue at the right"


@pytest.mark.parametrize("name", ["plain.mp4", "varying.mp4", "turned_90.mp4", "wide_pixels.mp4", "plate", "gap"])
def test_a_scene_that_keeps_its_rate_sees_each_row_at_its_time(
    name: str, scene: Any, clips: Path, tmp_path: Path, worker_python: Path
) -> None:
    poses = _hands(name)
    set_frame_rate(scene, 2 * KINDS[name].fps)
    picture, background = _shown(scene, clips / name, poses, tmp_path, worker_python)
    assert picture.request is not None
    frames = timeline_frames(scene, poses)
    assert frames[-1] > COUNT + 10
    _assert_each_row_is_shown(background.clip, frames, name, tmp_path, poses.clip_notes().lost_frames)


def test_a_clip_that_was_slowed_is_shown_slowed(scene: Any, clips: Path, tmp_path: Path, worker_python: Path) -> None:
    poses, armature, camera = _hands("plain.mp4"), ours(load_stand_in_body()), _camera(scene)
    match_scene_to_clip(scene, poses)
    apply_hands(armature, poses, CleanupSettings(), "clip")
    clip = clips / "plain.mp4"
    picture, background = _shown(scene, clip, poses, tmp_path, worker_python, armature, camera)
    assert picture.request is None
    retime(armature, 0.5, 1.0, 10, scene)
    picture, again = _shown(scene, clip, poses, tmp_path, worker_python, armature, camera)
    assert again == background, "the same background, with what an artist set on it"
    frames = timeline_frames(scene, poses, armature)
    np.testing.assert_array_equal(frames, 11 + 2.0 * np.arange(COUNT))
    _assert_each_row_is_shown(again.clip, frames, "plain.mp4", tmp_path)


def test_a_proxy_is_made_once_for_what_it_shows(scene: Any, clips: Path, tmp_path: Path, worker_python: Path) -> None:
    poses, clip = _hands("turned_90.mp4"), clips / "turned_90.mp4"
    match_scene_to_clip(scene, poses)
    picture, _ = _shown(scene, clip, poses, tmp_path, worker_python)
    made = picture.file.stat().st_mtime_ns
    again, _ = _shown(scene, clip, poses, tmp_path, worker_python)
    assert (again.file, again.file.stat().st_mtime_ns) == (picture.file, made)
    set_frame_rate(scene, Fraction(60))
    other, _ = _shown(scene, clip, poses, tmp_path, worker_python)
    assert other.file != picture.file
    assert sorted(path.suffix for path in picture.file.parent.iterdir()) == [".mov", ".mov"]


def test_the_oldest_proxies_go_and_none_that_is_shown(scene: Any, clips: Path, tmp_path: Path, worker_python: Path) -> None:
    poses, clip = _hands("turned_90.mp4"), clips / "turned_90.mp4"
    match_scene_to_clip(scene, poses)
    picture, _ = _shown(scene, clip, poses, tmp_path, worker_python)
    folder = picture.file.parent
    names = [f"turned_90 {number:012x}.mov" for number in range(6)]
    others = ["notes.mov", "turned_90 0000000000xy.mov", "turned_90 000000000001.mp4"]
    for age, name in enumerate([*others, *names]):
        (folder / name).write_bytes(bytes(1000))
        os.utime(folder / name, (1_000_000 + age, 1_000_000 + age))
    os.utime(picture.file, (1, 1))
    bpy.data.movieclips[0].copy().filepath = str(folder / names[1])
    size = picture.file.stat().st_size
    assert remove_oldest_proxies(picture) == []
    gone = remove_oldest_proxies(picture, size + 3000)
    assert gone == [folder / names[0], folder / names[2], folder / names[3]]
    assert {path.name for path in folder.iterdir()} == {picture.file.name, names[1], names[4], names[5], *others}
    assert remove_oldest_proxies(replace(picture, request=None), 0) == []
    remove_oldest_proxies(picture, 0)
    assert {path.name for path in folder.iterdir()} == {picture.file.name, names[1], *others}


@pytest.mark.parametrize("name", ["turned_90.mp4", "wide_pixels.mp4", "varying.mp4"])
def test_boxes_and_landmarks_lie_on_the_picture(
    name: str, scene: Any, clips: Path, tmp_path: Path, worker_python: Path
) -> None:
    """Where the colours meet is the middle of the picture: in the hands' space, and in the region as Blender draws it."""
    poses, camera = _hands(name), _camera(scene)
    match_scene_to_clip(scene, poses)
    _picture, background = _shown(scene, clips / name, poses, tmp_path, worker_python, None, camera)
    width, height = KINDS[name].size
    pixel_x, pixel_y = background.clip.display_aspect
    shown = background.clip.size[0] * pixel_x, background.clip.size[1] * pixel_y
    assert shown[0] / shown[1] == pytest.approx(width / height, rel=0.01)
    region = (scene.render.resolution_x, scene.render.resolution_y)
    assert region == (width, height)
    window = camera.calc_matrix_camera(bpy.context.evaluated_depsgraph_get(), x=width, y=height)
    affine = pixels_to_region(scene, camera, background, KINDS[name].size, window, region)
    corners = placed(np.array(((0.0, 0.0), (width, height), (width / 4, height / 8))), affine)
    np.testing.assert_allclose(corners, ((0, height), (width, 0), (width / 4, height * 7 / 8)), atol=0.5)
    pixels = shown_pixels(background.clip, 1, tmp_path)
    red = pixels[pixels.shape[0] * 3 // 4, :, 0] > 110
    assert int(np.argmin(red)) / len(red) == pytest.approx(0.5, abs=0.03)


def test_a_clip_that_blender_cannot_read_is_shown_all_the_same(
    scene: Any, clips: Path, tmp_path: Path, worker_python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a codec that Blender's FFmpeg lacks."""
    from handmocap_addon.blender.clip import shown_pictures
    from handmocap_addon.core.errors import ClipError

    def refuse(_clip: Path) -> None:
        raise ClipError("Blender cannot read it")

    monkeypatch.setattr(shown_pictures, "look_at", refuse)
    poses = _hands("plain.mp4")
    match_scene_to_clip(scene, poses)
    picture, background = _shown(scene, clips / "plain.mp4", poses, tmp_path, worker_python)
    assert picture.reason == "Blender cannot read it"
    _assert_each_row_is_shown(background.clip, timeline_frames(scene, poses), "plain.mp4", tmp_path)


def test_a_proxy_that_cannot_be_made_is_a_sentence_and_nothing_wrong_is_shown(
    scene: Any, clips: Path, tmp_path: Path
) -> None:
    from handmocap_addon.core.errors import MissingSetupError

    def nothing() -> list[str]:
        raise MissingSetupError("The hand estimator is not set up yet", "press Set up in the panel")

    poses, camera, clip = _hands("turned_90.mp4"), _camera(scene), clips / "turned_90.mp4"
    match_scene_to_clip(scene, poses)
    picture = picture_of(scene, clip, poses, None, tmp_path)
    said = show_when_made(camera, clip, picture, nothing, tmp_path / "logs", lambda _progress: None)
    assert said is not None
    assert "stored turned" in said
    assert "press Set up" in said
    assert len(camera.data.background_images) == 0


def test_apply_shows_the_proxy_and_says_so(
    scene: Any, clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    armature, poses, clip = ours(load_stand_in_body()), _hands("varying.mp4"), clips / "varying.mp4"
    write_hand_poses(tmp_path / "hand_poses.npz", poses)
    write_gvhmr_result(tmp_path / "hmr4d_results.pt", made_up_motion(COUNT, size=KINDS["varying.mp4"].size))
    arguments: list[Any] = ["apply", "--hands", tmp_path / "hand_poses.npz", "--gvhmr", tmp_path / "hmr4d_results.pt"]
    arguments += ["--clip", clip, "--save", tmp_path / "out.blend", "--env", environments.default_folder()]
    apply(batch_parser().parse_args(list(map(str, arguments))), ENDING)
    background = clip_background(scene.camera, clip)
    assert "its frame rate varies" in capsys.readouterr().err
    assert background.clip.filepath.endswith(".mov")
    _assert_each_row_is_shown(background.clip, timeline_frames(scene, poses, armature), "varying.mp4", tmp_path)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("sh010.1001.jpg", ("sh010.", "1001", ".jpg")),
        ("0001_v3.png", ("0001_v", "3", ".png")),
        ("0001_beauty.png", ("", "0001", "_beauty.png")),
        ("plate.png", ("plate", "", ".png")),
        ("7.exr", ("", "7", ".exr")),
    ],
)
def test_blender_counts_the_last_number_of_a_name(name: str, parts: tuple[str, str, str]) -> None:
    assert last_number(name) == parts
