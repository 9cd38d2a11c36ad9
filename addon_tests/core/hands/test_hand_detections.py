from __future__ import annotations

from dataclasses import replace

import numpy as np

from addon_tests.making.hand_scenes import LENGTH, detections_of, hand
from handmocap_addon.core.hands.hand_detections import HandDetections


def test_joined_detections_are_in_the_order_of_the_frames():
    first, _ = detections_of([hand("left", (100.0, 100.0), (200.0, 100.0), 5)])
    later, _ = detections_of([hand("right", (400.0, 100.0), (500.0, 100.0), 5)])
    both = first.joined(replace(later, second_look=np.ones(5, bool)))
    assert both.frame.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert both.is_right.tolist() == [False, True] * 5
    assert both.second_look.tolist() == [False, True] * 5
    np.testing.assert_array_equal(both.taken(np.flatnonzero(both.second_look)).keypoints_2d, later.keypoints_2d)


def test_joining_nothing_changes_nothing():
    some, _ = detections_of([hand("left", (100.0, 100.0), (200.0, 100.0), 5)])
    np.testing.assert_array_equal(HandDetections.empty().joined(some).frame, some.frame)


def test_a_hand_that_points_at_the_camera_is_as_long_as_an_open_one():
    some, _ = detections_of([hand("left", (100.0, 100.0), (100.0, 100.0), 1)], noise=0.0)
    # Half of its height in the picture, and the same in space.
    shorter = replace(some, keypoints_2d=some.keypoints_2d * (1.0, 0.5), keypoints_3d=some.keypoints_3d * (1.0, 0.5, 1.0))
    np.testing.assert_allclose(some.hand_length_px(), LENGTH)
    np.testing.assert_allclose(shorter.hand_length_px(), LENGTH)


def test_without_landmarks_in_space_the_box_says_the_length():
    some, _ = detections_of([hand("left", (100.0, 100.0), (100.0, 100.0), 1)])
    flat = replace(some, keypoints_3d=np.zeros((1, 21, 3)), bbox=np.array([[10.0, 20.0, 50.0, 90.0]]))
    assert flat.hand_length_px().tolist() == [70.0]
