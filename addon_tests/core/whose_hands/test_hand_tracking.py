from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from addon_tests.making.hand_scenes import LENGTH, Hand, detections_of, hand
from handmocap_addon.core.whose_hands.hand_tracking import landmark_distance, shared_area, track_hands

N = 40
TIMES = np.arange(N) / 30.0
PLACE = (500.0, 400.0)


def pieces_of(*hands: Hand):
    detections, owner = detections_of(list(hands))
    return track_hands(detections, TIMES), owner, detections


@pytest.mark.parametrize(
    ("first", "second", "share"),
    [((0, 0, 10, 10), (0, 0, 10, 10), 1.0), ((0, 0, 10, 10), (1, 0, 11, 10), 90 / 110), ((0, 0, 10, 10), (50, 0, 60, 10), 0.0),
     ((0, 0, 0, 0), (0, 0, 0, 0), 0.0)],
)  # fmt: skip
def test_shared_area_is_intersection_over_union(first, second, share):
    assert shared_area(np.array(first, float), np.array(second, float)) == pytest.approx(share)


def test_distances_are_in_hand_lengths():
    detections, _ = detections_of(
        [hand("right", PLACE, PLACE, 1), hand("right", (PLACE[0] + LENGTH, PLACE[1]), PLACE, 1)], 0.0
    )
    length = detections.hand_length_px()
    np.testing.assert_allclose(length, LENGTH)
    one, other = np.array([0]), np.array([1])
    np.testing.assert_allclose(landmark_distance(detections, length, one, other), 1.0)
    np.testing.assert_allclose(landmark_distance(detections, length, one, other, np.array([[LENGTH, 0.0]])), 0.0, atol=1e-12)


def test_a_hand_that_moves_fast_is_one_piece():
    # 3 m/s on the way, as landmarks see it.
    pieces, _, _ = pieces_of(hand("right", (100.0, 400.0), (1500.0, 400.0), N))
    assert pieces.count == 1


def test_a_hand_missed_for_a_sixth_of_a_second_is_one_piece_and_for_longer_two():
    for gap, count in ((5, 1), (12, 2)):
        seen = (np.arange(N) < 10) | (np.arange(N) >= 10 + gap)
        pieces, _, _ = pieces_of(replace(hand("right", PLACE, PLACE, N), seen=seen))
        assert pieces.count == count


@pytest.mark.parametrize("turn", [0.0, 0.4])
def test_no_piece_holds_two_hands_that_cross(turn):
    # At the same height, right through each other.
    left, right = hand("left", (700.0, 400.0), (400.0, 400.0), N), hand("right", (400.0, 400.0), (700.0, 400.0), N)
    pieces, owner, _ = pieces_of(replace(left, turn=left.turn + turn), replace(right, turn=right.turn - turn))
    for piece in range(pieces.count):
        assert len(set(owner[pieces.piece == piece].tolist())) == 1


def test_pieces_end_where_a_hand_vanishes_beside_another():
    stays = hand("right", PLACE, PLACE, N)
    goes = replace(
        hand("right", (PLACE[0] + 0.35 * LENGTH, PLACE[1]), (PLACE[0] + 0.35 * LENGTH, PLACE[1]), N), seen=np.arange(N) < 20
    )
    pieces, owner, _ = pieces_of(stays, goes)
    rows = np.flatnonzero(owner == 0)
    assert np.unique(pieces.piece[rows[:20]]).tolist() != np.unique(pieces.piece[rows[20:]]).tolist()
    assert pieces.count == 3


def test_one_hand_seen_twice_has_one_detection_that_stands_for_both():
    right = hand("right", PLACE, PLACE, N)
    pieces, owner, _ = pieces_of(right, replace(right, named=np.zeros(N, bool), score=0.5))
    assert pieces.count == 1
    assert (owner[pieces.piece >= 0] == 0).all()
    np.testing.assert_array_equal(pieces.stands_for[owner == 1], np.flatnonzero(owner == 0))
    # Its other name counts against it.
    np.testing.assert_allclose(pieces.vote[owner == 0], 0.4, atol=0.1)


def test_hands_palm_to_palm_are_two():
    near = (PLACE[0] + 0.34 * LENGTH, PLACE[1])
    pieces, _, _ = pieces_of(hand("right", PLACE, PLACE, N), hand("left", near, near, N))
    assert (pieces.piece >= 0).all()
    assert pieces.count == 2


def test_pieces_are_numbered_by_their_first_frames():
    late = replace(hand("left", (900.0, 400.0), (900.0, 400.0), N), seen=np.arange(N) > 5)
    pieces, owner, detections = pieces_of(late, hand("right", PLACE, PLACE, N))
    assert owner[pieces.first].tolist() == [1, 0]
    assert detections.frame[pieces.first].tolist() == [0, 6]
    assert detections.frame[pieces.last].tolist() == [N - 1, N - 1]


def test_a_hand_that_hides_as_the_other_one_is_seen_again_does_not_become_it():
    # Side by side; the right one is seen up to frame 19, the left one from frame 20 on, and before frame 18.
    place = (PLACE[0] + 0.5 * LENGTH, PLACE[1])
    right = replace(hand("right", PLACE, PLACE, N), seen=np.arange(N) < 20)
    left = replace(hand("right", place, place, N), seen=(np.arange(N) < 18) | (np.arange(N) >= 20))
    pieces, owner, _ = pieces_of(right, left)
    for piece in range(pieces.count):
        assert len(set(owner[pieces.piece == piece].tolist())) == 1
