"""What is shown of hands over their clip: measured, filled in, missing, and as a person corrected it."""

from __future__ import annotations

import numpy as np
import pytest

from handmocap_addon.core.cleanup.clean_hands import CleanupSettings, Provenance, clean_hand
from handmocap_addon.core.cleanup.corrections import Correction, NotSeen, Rows, Shifted, SidesSwapped
from handmocap_addon.core.hands.hand_poses import HandPoses, HandTrack
from handmocap_addon.core.overlay.seen_hands import SeenHand, picture_side_of, row_at, seen_hands
from handmocap_addon.core.rig.relaxed_hand import relaxed_hand_pose
from handmocap_addon.core.skeleton import Side

COUNT = 40
TIME = np.arange(COUNT) / 20.0


def _track(x: float, gaps: tuple[tuple[int, int], ...] = ()) -> HandTrack:
    """A hand that goes to the right by 10 pixels a frame, and is not seen in the gaps (first and last row)."""
    track = HandTrack.empty(COUNT)
    shape = np.random.default_rng(0).uniform(0.0, 50.0, (21, 2))
    track.keypoints_2d[:] = shape + np.stack((x + 10.0 * np.arange(COUNT), np.full(COUNT, 100.0)), axis=1)[:, None]
    track.bbox[:] = np.concatenate((track.keypoints_2d.min(axis=1) - 5, track.keypoints_2d.max(axis=1) + 5), axis=1)
    track.detected[:], track.score[:] = True, 0.8
    for first, last in gaps:
        rows = slice(first, last + 1)
        track.detected[rows] = False
        track.keypoints_2d[rows], track.bbox[rows], track.score[rows] = 0.0, 0.0, 0.0
    return track


def _poses(**tracks: HandTrack) -> HandPoses:
    return HandPoses(tracks.get("left", _track(0)), tracks.get("right", _track(300)), np.arange(COUNT), TIME)


def _seen(poses: HandPoses, *corrections: Correction, **settings: float) -> dict[Side, SeenHand]:
    return seen_hands(picture_side_of(poses), TIME, corrections, CleanupSettings(**settings))


def test_a_measured_hand_is_shown_as_it_was_measured() -> None:
    poses = _poses()
    hand = _seen(poses)["left"]
    assert hand.has_keypoints.all() and hand.has_place
    assert (hand.provenance == Provenance.MEASURED).all()
    assert np.array_equal(hand.keypoints, poses.left.keypoints_2d)
    assert np.array_equal(hand.box, poses.left.bbox)


def test_a_short_gap_is_filled_and_its_box_goes_from_one_end_to_the_other() -> None:
    whole = _track(0)
    hand = _seen(_poses(left=_track(0, ((10, 14),))))["left"]
    assert (hand.provenance[10:15] == Provenance.FILLED).all()
    assert not hand.has_keypoints[10:15].any()
    assert np.allclose(hand.box, whole.bbox, atol=1e-3)


def test_beyond_a_long_gap_and_at_the_ends_nothing_is_known() -> None:
    hand = _seen(_poses(left=_track(0, ((0, 2), (10, 25), (38, 39)))))["left"]
    assert (hand.provenance[10:26] == Provenance.RELAXED).all()
    assert (hand.provenance[[0, 1, 2, 38, 39]] == Provenance.RELAXED).all()
    assert np.allclose(hand.box[0], hand.box[3])


def test_a_hand_that_never_was_has_no_place() -> None:
    hand = _seen(_poses(right=HandTrack.empty(COUNT)))["right"]
    assert not hand.has_place
    assert (hand.provenance == Provenance.RELAXED).all()


def test_frames_below_the_lowest_score_are_not_measured() -> None:
    track = _track(0)
    track.score[5:8] = 0.3
    hand = _seen(_poses(left=track), lowest_score=0.5)["left"]
    assert (hand.provenance[5:8] == Provenance.FILLED).all()
    assert not hand.has_keypoints[5:8].any()


def test_a_file_without_landmarks_shows_boxes_and_one_without_boxes_those_of_the_landmarks() -> None:
    boxes, landmarks = _track(0), _track(0)
    boxes.keypoints_2d[:], landmarks.bbox[:] = 0.0, 0.0
    seen = _seen(_poses(left=boxes, right=landmarks))
    assert not seen["left"].has_keypoints.any() and seen["left"].has_place
    assert np.allclose(seen["right"].box, seen["left"].box + (5, 5, -5, -5), atol=1e-3)


def test_corrections_are_followed() -> None:
    poses = _poses()
    not_seen = _seen(poses, NotSeen(Rows(10, 12), "left"))
    assert (not_seen["left"].provenance[10:13] == Provenance.FILLED).all()
    assert (not_seen["right"].provenance == Provenance.MEASURED).all()
    swapped = _seen(poses, SidesSwapped(Rows(10, 12)))
    assert np.array_equal(swapped["left"].keypoints[10:13], poses.right.keypoints_2d[10:13])
    assert np.array_equal(swapped["right"].box[9], poses.right.bbox[9])
    later = _seen(poses, Shifted("left", 2))["left"]
    assert np.array_equal(later.keypoints[12], poses.left.keypoints_2d[10])
    assert (later.provenance[:2] == Provenance.RELAXED).all()


@pytest.mark.parametrize("seed", range(5))
def test_it_says_of_each_frame_what_cleanup_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    track = _track(0)
    track.detected[:] = np.repeat(rng.random(COUNT // 4) < 0.6, 4)
    track.score[:] = rng.uniform(0.2, 1.0, COUNT)
    settings = {"lowest_score": 0.3, "longest_gap": float(rng.uniform(0.1, 1.0))}
    cleaned = clean_hand(track, TIME, relaxed_hand_pose("left"), CleanupSettings(**settings))
    assert np.array_equal(_seen(_poses(left=track), **settings)["left"].provenance, cleaned.provenance)


def test_what_is_kept_for_drawing_takes_a_fraction_of_the_memory() -> None:
    kept = picture_side_of(_poses()).left
    held = sum(array.nbytes for array in vars(kept).values() if array.strides[0] != 0)
    assert held < 200 * COUNT


def test_rows_are_found_by_frame() -> None:
    frames = np.array((1.0, 2.0, 3.0, 5.0))
    assert [row_at(frames, frame) for frame in (0.4, 0.6, 1.0, 2.4, 2.6, 3.9, 4.1, 5.5, 5.6)] == [
        None,
        0,
        0,
        1,
        2,
        2,
        3,
        3,
        None,
    ]
    assert row_at(np.array([7.0]), 7.0) == 0
    assert row_at(np.zeros(0), 1.0) is None
