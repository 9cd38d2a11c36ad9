"""Where pixels of a clip lie in a viewport. Twelve real viewports were held against this by their screenshots; see docs/speed.md."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handmocap_addon.core.overlay.picture_placement import (
    CROP,
    FIT,
    STRETCH,
    PicturePlacement,
    chained,
    frame_to_region,
    pixels_to_frame,
    placed,
)

WIDE = np.array(((0.5, 0.28125), (0.5, -0.28125), (-0.5, -0.28125), (-0.5, 0.28125)))
SIZE = (640, 360)
CORNERS = np.array(((0, 0), (640, 0), (640, 360), (0, 360)))
METHODS = (STRETCH, FIT, CROP)


def _frame(
    placement: PicturePlacement, aspect: float = 16 / 9, corners: np.ndarray = WIDE, size: tuple[int, int] = SIZE
) -> np.ndarray:
    picture = np.array(((0, 0), (size[0], 0), size, (0, size[1])))
    return placed(picture, pixels_to_frame(size, aspect, corners, placement))


@pytest.mark.parametrize("method", METHODS)
def test_a_picture_of_the_frame_s_shape_fills_it(method: str) -> None:
    upper_left_clockwise = WIDE[[3, 0, 1, 2]]
    assert np.allclose(_frame(PicturePlacement(method)), upper_left_clockwise)


def test_a_portrait_fits_between_top_and_bottom_of_a_wide_frame_and_is_cropped_above_and_below() -> None:
    size = (270, 480)
    fitted, cropped = (_frame(PicturePlacement(method), 270 / 480, WIDE, size) for method in (FIT, CROP))
    assert np.allclose(np.ptp(fitted, axis=0), (0.5625 * 270 / 480, 0.5625))
    assert np.allclose(np.ptp(cropped, axis=0), (1.0, 480 / 270))
    stretched = _frame(PicturePlacement(STRETCH), 270 / 480, WIDE, size)
    assert np.allclose(np.ptp(stretched, axis=0), (1.0, 0.5625))


@given(method=st.sampled_from(METHODS), aspect=st.floats(0.2, 5.0), scale=st.floats(0.1, 4.0), turn=st.floats(-3.0, 3.0))
def test_scale_and_rotation_go_about_the_middle_of_the_shifted_frame(
    method: str, aspect: float, scale: float, turn: float
) -> None:
    shifted = WIDE + (0.2, -0.1)
    plain = pixels_to_frame(SIZE, aspect, shifted, PicturePlacement(method))
    other = pixels_to_frame(SIZE, aspect, shifted, PicturePlacement(method, scale=scale, rotation=turn))
    assert np.allclose(placed((320, 180), plain), (0.2, -0.1))
    assert np.allclose(placed((320, 180), other), (0.2, -0.1))
    before, after = (placed(CORNERS, affine) - (0.2, -0.1) for affine in (plain, other))
    assert np.allclose(np.linalg.norm(after, axis=1), scale * np.linalg.norm(before, axis=1))
    clockwise = np.arctan2(before[1, 1], before[1, 0]) - np.arctan2(after[1, 1], after[1, 0])
    assert np.isclose(np.cos(clockwise - turn), 1.0)


def test_flips_mirror_and_the_offset_moves() -> None:
    flipped = _frame(PicturePlacement(flip_x=True, flip_y=True))
    assert np.allclose(flipped, WIDE[[1, 2, 3, 0]])
    moved = _frame(PicturePlacement(offset=(0.1, 0.1))) - _frame(PicturePlacement())
    # As a screenshot of Blender shows it: upwards by the frame's shape, too.
    assert np.allclose(moved, (0.1, 0.1 / (16 / 9)))


def test_an_orthographic_camera_s_offset_counts_by_its_scale() -> None:
    affine, plain = (
        pixels_to_frame(SIZE, 16 / 9, WIDE * 3, PicturePlacement(offset=offset), orthographic_scale=3.0)
        for offset in ((0.1, 0.0), (0.0, 0.0))
    )
    assert np.allclose(placed((0, 0), affine) - placed((0, 0), plain), (0.3, 0.0))


def _perspective(zoom: float, pan: tuple[float, float]) -> np.ndarray:
    """OpenGL's, for a picture that is `zoom` wide at a distance of one."""
    near, far = 0.1, 100.0
    return np.array(
        (
            (zoom, 0.0, pan[0], 0.0),
            (0.0, zoom, pan[1], 0.0),
            (0.0, 0.0, -(far + near) / (far - near), -2.0 * far * near / (far - near)),
            (0.0, 0.0, -1.0, 0.0),
        )
    )


def test_the_frame_goes_to_the_region_as_a_point_in_space_does() -> None:
    affine = frame_to_region(_perspective(2.0, (0.3, -0.2)), -1.4, (800, 600))
    x, y = placed((0.25, -0.1), affine)
    assert np.isclose(x, ((2.0 * 0.25 + 0.3 * -1.4) / 1.4 + 1.0) / 2.0 * 800)
    assert np.isclose(y, ((2.0 * -0.1 - 0.2 * -1.4) / 1.4 + 1.0) / 2.0 * 600)


def test_one_map_does_what_two_do_one_after_the_other() -> None:
    first = pixels_to_frame(SIZE, 1.2, WIDE, PicturePlacement(FIT, (0.1, 0.2), 0.7, 0.4, flip_y=True))
    second = frame_to_region(_perspective(1.5, (0.1, 0.1)), -1.0, (1920, 1080))
    assert np.allclose(placed(CORNERS, chained(first, second)), placed(placed(CORNERS, first), second))
