"""Which clip hands are looked for in, and how bodies come onto its frames and before its camera."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from addon_tests.making.clips import write_clip
from addon_tests.making.gvhmr_results import made_up_motion, write_gvhmr_result
from addon_tests.making.hostile_clips import put_index_first, write_pixel_aspect
from handmocap_addon.core.body.gvhmr_file import read_gvhmr_result
from handmocap_addon.core.body.motion import BodyMotion
from handmocap_addon.core.body.pictures import turned_upright
from handmocap_addon.core.errors import BelongingError, FrameCountError
from handmocap_addon.core.maths.rotations import quat_wxyz_multiply
from handmocap_addon.worker.commands.gvhmr_clip import ClipOfBodies, clip_of_the_results
from handmocap_addon.worker.video import probe_clip, stored_picture

SIZE = (160, 96)  # of the clips that are made here


def body(folder: Path, count: int, size: tuple[int, int] = SIZE) -> BodyMotion:
    folder.mkdir(exist_ok=True)
    write_gvhmr_result(folder / "hmr4d_results.pt", made_up_motion(count, size=size))
    return read_gvhmr_result(folder / "hmr4d_results.pt")


def found(clip: Path, *bodies: BodyMotion) -> ClipOfBodies:
    return clip_of_the_results(probe_clip(clip), bodies)


def test_a_body_of_the_clip_is_taken_as_it_is(tmp_path):
    write_clip(tmp_path / "shot.mp4", 12)
    motion = body(tmp_path / "a", 12)
    result = found(tmp_path / "shot.mp4", motion)
    assert result.clip.path.name == "shot.mp4"
    assert result.bodies == [motion]
    assert motion.warnings == ()


def test_one_frame_more_keeps_the_clip_and_its_rate_though_a_copy_fits(tmp_path):
    write_clip(tmp_path / "shot.mp4", 13, Fraction(60))
    motion = body(tmp_path / "gvhmr", 12)
    write_clip(tmp_path / "gvhmr" / "0_input_video.mp4", 12, Fraction(30))
    result = found(tmp_path / "shot.mp4", motion)
    assert result.clip.path.name == "shot.mp4"
    assert result.bodies[0].frame_count == 13
    assert (
        "has 12 frames (its copy of the clip is called 30 fps) and shot.mp4 has 13 at 60 fps" in result.bodies[0].warnings[0]
    )


def test_a_copy_of_half_the_rate_is_laid_on_the_clip(tmp_path):
    write_clip(tmp_path / "shot.mp4", 24, Fraction(60))
    motion = body(tmp_path / "gvhmr", 12)
    write_clip(tmp_path / "gvhmr" / "0_input_video.mp4", 12, Fraction(30))
    result = found(tmp_path / "shot.mp4", motion)
    assert (result.clip.path.name, result.body_fps) == ("shot.mp4", 30)
    laid = result.bodies[0]
    assert laid.frame_count == 24
    np.testing.assert_allclose(laid.world.translation[:-1:2], motion.world.translation)
    np.testing.assert_allclose(laid.camera.translation[1], motion.camera.translation[:2].mean(axis=0))


def test_a_copy_of_a_part_of_the_clip_is_used_and_told_with_both_rates(tmp_path):
    write_clip(tmp_path / "shot.mp4", 40, Fraction(24))
    motion = body(tmp_path / "gvhmr", 12)
    write_clip(tmp_path / "gvhmr" / "0_input_video.mp4", 12, Fraction(30))
    result = found(tmp_path / "shot.mp4", motion)
    assert result.clip.path.name == "0_input_video.mp4"
    (told,) = result.bodies[0].warnings
    assert "0_input_video.mp4 with 12 frames at 30 fps is used instead of shot.mp4, which has 40 at 24 fps" in told


def test_a_clip_that_was_cut_short_is_called_one_beside_the_counts(tmp_path):
    write_clip(tmp_path / "whole.mp4", 60, g="5", bf="0")
    put_index_first(tmp_path / "whole.mp4", tmp_path / "shot.mp4")
    content = (tmp_path / "shot.mp4").read_bytes()
    (tmp_path / "shot.mp4").write_bytes(content[: round(0.6 * len(content))])
    with pytest.raises(FrameCountError, match="has 60 frames and shot.mp4 has .*; shot.mp4 should have 60 frames and only"):
        found(tmp_path / "shot.mp4", body(tmp_path / "a", 60))


def test_without_a_copy_both_counts_are_said(tmp_path):
    write_clip(tmp_path / "shot.mp4", 40, Fraction(24))
    with pytest.raises(FrameCountError, match="has 12 frames and shot.mp4 has 40 at 24 fps"):
        found(tmp_path / "shot.mp4", body(tmp_path / "gvhmr", 12))


def test_several_bodies_are_laid_on_one_clip(tmp_path):
    write_clip(tmp_path / "shot.mp4", 13, Fraction(24))
    result = found(tmp_path / "shot.mp4", body(tmp_path / "a", 12), body(tmp_path / "b", 13))
    assert [one.frame_count for one in result.bodies] == [13, 13]


@pytest.mark.parametrize("rotation", [90, 270])
def test_a_phone_s_clip_turns_the_body_of_its_lying_pictures(tmp_path, rotation):
    path = tmp_path / "IMG_0001.mov"
    write_clip(path, 12, rotation=rotation)
    stored = stored_picture(probe_clip(path))
    assert (stored.size, stored.stored_size) == (SIZE, SIZE[::-1])
    motion = body(tmp_path / "a", 12, SIZE[::-1])
    # The world is the same before an upright camera: made of the lying one by the turn that the file asks for.
    upright = with_upright_world(motion, rotation)
    result = found(path, upright)
    turned = result.bodies[0]
    np.testing.assert_allclose(turned.intrinsics[0, :2, 2], (SIZE[0] / 2, SIZE[1] / 2))
    np.testing.assert_allclose(turned.intrinsics[0, 0, 0], 1200.0)
    assert f"{rotation} degrees" in turned.warnings[0]
    # A pixel of the lying picture is the upright one's that the player shows it as.
    point = np.array((3.0, 7.0, 5.0))
    lying = motion.intrinsics[0] @ point / 5.0
    shown = (SIZE[0] - lying[1], lying[0]) if rotation == 90 else (lying[1], SIZE[1] - lying[0])
    turn = np.array(((0.0, -1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)))
    turn = turn if rotation == 90 else turn.T
    np.testing.assert_allclose((turned.intrinsics[0] @ turn @ point / 5.0)[:2], shown)


def with_upright_world(motion: BodyMotion, rotation: int) -> BodyMotion:
    turned = turned_upright(motion, SIZE[::-1], rotation).camera.orient_quat_wxyz
    orient = quat_wxyz_multiply(np.tile((0.0, 1.0, 0.0, 0.0), (motion.frame_count, 1)), turned)
    return replace(motion, world=replace(motion.world, orient_quat_wxyz=orient))


def test_a_body_of_a_proxy_is_scaled_and_another_aspect_refused(tmp_path):
    write_clip(tmp_path / "shot.mp4", 12)
    scaled = found(tmp_path / "shot.mp4", body(tmp_path / "a", 12, (80, 48))).bodies[0]
    np.testing.assert_allclose(scaled.intrinsics[0, (0, 0, 1), (0, 2, 2)], (2400.0, 80.0, 48.0))
    with pytest.raises(BelongingError, match="pictures of 640x480 and shot.mp4 has 160x96"):
        found(tmp_path / "shot.mp4", body(tmp_path / "b", 12, (640, 480)))


def test_squeezed_pictures_that_were_taken_for_square_ones_are_refused(tmp_path):
    write_pixel_aspect(tmp_path / "wide.mp4", Fraction(3, 2), 6)
    width, height = stored_picture(probe_clip(tmp_path / "wide.mp4")).stored_size
    with pytest.raises(BelongingError, match="whose pixels are not square"):
        found(tmp_path / "wide.mp4", body(tmp_path / "a", 6, (width, height)))
