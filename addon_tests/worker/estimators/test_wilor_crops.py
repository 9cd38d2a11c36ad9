"""Patches cut before the blur against the straightforward way: the whole frame blurred and mirrored, then cut.

The straightforward way is the double's own (see wilor_double/), written from what the package computes.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon_tests.making.property_tests import examples
from handmocap_addon.worker.estimators.wilor_crops import cut_patch

HEIGHT, WIDTH = 360, 640
DOUBLE = Path(__file__).parent / "wilor_double"
# A blurred patch is a sum of float32 products; one that is not is uint8, of which OpenCV may round one the other way.
BLURRED_TOLERANCE, ROUNDED_TOLERANCE = 0.001, 1.0


def _whole_frame_patch():
    path = DOUBLE / "wilor_mini" / "pipelines" / "wilor_hand_pose3d_estimation_pipeline.py"
    spec = importlib.util.spec_from_file_location("wilor_double_for_crops", path)
    module = importlib.util.module_from_spec(spec)
    with mock.patch.dict(sys.modules, torch=mock.Mock()):
        spec.loader.exec_module(module)
    return module.whole_frame_patch


WHOLE_FRAME_PATCH = _whole_frame_patch()
NOISE = np.random.default_rng(5).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
PICTURE = cv2.GaussianBlur(NOISE, (0, 0), 1.0)


def _compare(pixels, box, is_right, rescale_factor=2.5):
    bbox = np.array(box, float)
    ours = cut_patch(pixels, bbox, is_right, rescale_factor)
    theirs = np.asarray(WHOLE_FRAME_PATCH(pixels, bbox, is_right, rescale_factor))
    assert ours.shape == (256, 256, 3) and ours.dtype == np.float32
    blurred = theirs.dtype != np.uint8
    difference = np.abs(ours - theirs.astype(float))
    assert difference.max() <= (BLURRED_TOLERANCE if blurred else ROUNDED_TOLERANCE)
    if not blurred:
        assert (difference > 0).mean() < 0.01
    return blurred


@pytest.mark.parametrize("is_right", [True, False])
@pytest.mark.parametrize(
    ("box", "blurred"),
    [
        ((300, 150, 340, 190), False),  # small, enlarged by the crop
        ((100.3, 90.7, 250.2, 300.4), False),
        ((200, 60, 424.9, 200), False),  # a hair under the size from which it is blurred
        ((200, 60, 426, 200), True),
        ((180.25, 20.5, 520.75, 340.5), True),  # the crop is larger than the frame
        ((0, 0, 640, 360), True),  # the whole frame, with a wide blur at its edges
        ((0, 0, 250, 250), True),  # the frame's corners
        ((390.5, 110.5, 640, 360), True),
        ((0, 300, 40, 360), False),
        ((600, 0, 640, 30), False),
    ],
)
def test_patch_is_that_of_the_whole_frame(box, blurred, is_right):
    assert _compare(PICTURE, box, is_right) == blurred


def test_a_wide_blur_inside_a_large_frame_reaches_far_enough():
    large = np.random.default_rng(6).integers(0, 256, (1450, 1450, 3), np.uint8)
    assert _compare(large, (445, 445, 1005, 1005), False)


def test_patch_of_noise_is_that_of_the_whole_frame():
    assert _compare(NOISE, (50, 40, 400, 340), False)
    assert not _compare(NOISE, (50, 40, 150, 140), False)


@examples(40)
@given(
    left=st.floats(0, WIDTH - 8),
    top=st.floats(0, HEIGHT - 8),
    width=st.floats(4, 400),
    height=st.floats(4, 340),
    is_right=st.booleans(),
    rescale_factor=st.sampled_from([2.0, 2.5]),
)
def test_any_box_gives_the_patch_of_the_whole_frame(left, top, width, height, is_right, rescale_factor):
    box = np.float32([left, top, min(left + width, WIDTH), min(top + height, HEIGHT)])
    _compare(PICTURE, box, is_right, rescale_factor)


@pytest.mark.parametrize("side", [40, 300])
def test_a_left_hand_s_patch_is_the_right_hand_s_of_the_mirrored_frame(side):
    box = np.array([30.5, 20.0, 30.5 + side, 20.0 + side])
    mirrored_box = np.array([WIDTH - 1 - box[2], box[1], WIDTH - 1 - box[0], box[3]])
    right = cut_patch(PICTURE, box, True, 2.5)
    left = cut_patch(np.ascontiguousarray(PICTURE[:, ::-1]), mirrored_box, False, 2.5)
    assert np.abs(right - left).max() <= (ROUNDED_TOLERANCE if side == 40 else BLURRED_TOLERANCE)


@pytest.mark.parametrize("box", [(100, 100, 100, 100), (0, 0, 0, 0), (640, 360, 640, 360), (700, 400, 720, 420)])
def test_a_box_without_area_or_outside_the_frame_gives_a_patch_all_the_same(box):
    assert cut_patch(PICTURE, np.array(box, float), True, 2.5).shape == (256, 256, 3)


def test_beyond_the_frame_is_black():
    patch = cut_patch(np.full((100, 100, 3), 200, np.uint8), np.array([0.0, 0.0, 40.0, 40.0]), True, 2.5)
    assert (patch[:70, :70] == 0).all() and (patch[90:, 90:] == 200).all()
