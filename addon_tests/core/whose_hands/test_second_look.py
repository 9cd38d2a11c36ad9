from __future__ import annotations

from dataclasses import replace

import numpy as np

from addon_tests.making.hand_scenes import LENGTH, PICTURE, Hand, arms_of, detections_of, hand
from handmocap_addon.core.hands.hand_detections import HandDetections
from handmocap_addon.core.whose_hands.hand_sides import associate_hands
from handmocap_addon.core.whose_hands.second_look import Looks, missed_hands

N = 60
TIMES = np.arange(N) / 30.0
LEFT, RIGHT = hand("left", (800.0, 400.0), (900.0, 400.0), N), hand("right", (450.0, 400.0), (300.0, 400.0), N)


def looks_for(hands: list[Hand], bodies: bool, left: Hand = LEFT) -> Looks:
    detections, _ = detections_of(hands) if hands else (HandDetections.empty(), None)
    arms = [arms_of(left, RIGHT)] if bodies else []
    association = associate_hands(detections, TIMES, arms)
    return missed_hands(detections, association, TIMES, PICTURE, arms, [(0, "left"), (0, "right")])


def test_nothing_is_looked_for_where_all_was_seen():
    assert looks_for([LEFT, RIGHT], bodies=True).count == 0
    assert looks_for([LEFT, RIGHT], bodies=False).count == 0


def test_a_body_s_hand_is_looked_for_wherever_it_was_missed():
    hidden = (np.arange(N) < 10) | (np.arange(N) == 30)
    looks = looks_for([replace(LEFT, seen=~hidden), RIGHT], bodies=True)
    assert looks.frame.tolist() == np.flatnonzero(hidden).tolist()
    np.testing.assert_allclose(looks.place, LEFT.wrist[hidden])
    # The whole hand is in the crop, with room around it.
    low, high = looks.box[:, :2], looks.box[:, 2:]
    assert (low < LEFT.wrist[hidden] - (0.5 * LENGTH, 1.2 * LENGTH)).all()
    assert (high > LEFT.wrist[hidden] + (0.5 * LENGTH, 0.2 * LENGTH)).all()


def test_only_the_hands_that_are_wanted_are_looked_for():
    detections, arms = HandDetections.empty(), [arms_of(LEFT, RIGHT), arms_of(RIGHT, LEFT)]
    association = associate_hands(detections, TIMES, arms)
    looks = missed_hands(detections, association, TIMES, PICTURE, arms, [(1, "right")])
    np.testing.assert_allclose(looks.place, LEFT.wrist)


def test_both_hands_of_a_body_are_looked_for_where_nothing_was_seen():
    assert np.bincount(looks_for([], bodies=True).frame).tolist() == [2] * N
    assert looks_for([], bodies=False).count == 0


def test_a_hand_outside_the_picture_is_not_looked_for():
    outside = replace(LEFT, wrist=LEFT.wrist + (PICTURE[0], 0.0))
    assert looks_for([RIGHT], bodies=True, left=outside).count == 0


def test_crops_stay_inside_the_picture():
    at_the_edge = replace(LEFT, wrist=LEFT.wrist * 0.0 + (PICTURE[0] - 30.0, PICTURE[1] - 10.0))
    looks = looks_for([RIGHT], bodies=True, left=at_the_edge)
    assert looks.count == N
    assert (looks.box[:, :2] >= 0).all()
    assert (looks.box[:, 2:] <= PICTURE).all()


def test_a_hand_that_is_too_small_is_not_looked_for():
    assert looks_for([], bodies=True, left=replace(LEFT, length=20.0)).frame.tolist() == list(range(N))


def test_without_a_body_short_gaps_are_looked_into_and_long_ones_and_ends_are_not():
    hidden = (np.arange(N) < 5) | ((np.arange(N) >= 10) & (np.arange(N) < 20)) | (np.arange(N) > 55)
    looks = looks_for([replace(RIGHT, seen=~hidden), LEFT], bodies=False)
    assert looks.frame.tolist() == list(range(10, 20))
    middle = RIGHT.wrist[10:20] + (0.5, -0.48) * np.array(LENGTH) * (0.1, 1.0)
    assert np.linalg.norm(looks.place - middle, axis=1).max() < 0.15 * LENGTH
    long_gap = (np.arange(N) >= 10) & (np.arange(N) < 45)
    assert looks_for([replace(RIGHT, seen=~long_gap), LEFT], bodies=False).count == 0


def test_only_a_hand_of_that_place_and_size_is_accepted():
    looks = looks_for([replace(LEFT, seen=np.arange(N) != 7), RIGHT], bodies=True)
    there, _ = detections_of([LEFT])
    elsewhere, _ = detections_of([replace(LEFT, wrist=LEFT.wrist + (1.5 * LENGTH, 0.0))])
    giant, _ = detections_of([replace(LEFT, length=3.0 * LENGTH)])
    assert looks.count == 1
    accepted = [bool(looks.accept(np.zeros(1, int), found.taken(np.array([7])))[0]) for found in (there, elsewhere, giant)]
    assert accepted == [True, False, False]
