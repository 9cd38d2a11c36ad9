from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from addon_tests.making.formulas import angle_of, random_axis_angle, rodrigues
from handmocap_addon.core.cleanup.clean_hands import CleanHand, CleanupSettings, Provenance, clean_hand, longest_gap_frames
from handmocap_addon.core.hands.hand_poses import HandTrack
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz, quat_wxyz_to_rotmat

FPS = 25.0
RELAXED = random_axis_angle(np.random.default_rng(99), 15, largest=0.4).ravel()
SETTINGS = CleanupSettings(longest_gap=0.5, ease=0.3, smoothing=0.0)


def track_of(detected: np.ndarray, seed: int = 0) -> HandTrack:
    """Measured rows hold a smooth walk of poses; the others hold nonsense that must never show."""
    random = np.random.default_rng(seed)
    count = len(detected)
    start, end = random_axis_angle(random, 2, 15)
    share = np.linspace(0.0, 1.0, count)[:, None, None]
    pose = (start * (1 - share) + end * share).reshape(count, 45)
    pose[~detected] = 2.5
    return replace(HandTrack.empty(count), detected=detected, pose_axis_angle=pose.astype(np.float32))


def mask(pattern: str) -> np.ndarray:
    """`x` is measured, `.` is not."""
    return np.array([letter == "x" for letter in pattern], dtype=bool)


def cleaned(pattern: str, settings: CleanupSettings = SETTINGS, fps: float = FPS) -> tuple[HandTrack, CleanHand]:
    track = track_of(mask(pattern))
    return track, clean_hand(track, np.arange(len(pattern)) / fps, RELAXED, settings)


def rotations_at(hand: CleanHand, frame: int) -> np.ndarray:
    return quat_wxyz_to_rotmat(hand.quat_wxyz[frame])


def degrees_between(first: np.ndarray, second: np.ndarray) -> float:
    """The largest angle between two hands (15, 3, 3)."""
    return float(np.degrees(angle_of(np.swapaxes(first, -1, -2) @ second)).max())


def relaxed_rotmat() -> np.ndarray:
    return rodrigues(RELAXED.reshape(15, 3))


GAPS = ["xxxxx", "xx...xx", "..xx", "xx..", "x.x.x.x.x", "x" + "." * 40 + "x", "....x....", "x......................"]


@pytest.mark.parametrize("pattern", GAPS)
def test_measured_frames_keep_every_bit_but_the_sign(pattern):
    track, hand = cleaned(pattern)
    raw = axis_angle_to_quat_wxyz(track.pose_axis_angle.reshape(-1, 15, 3))[track.detected]
    kept = hand.quat_wxyz[track.detected]
    signs = np.where(np.sum(kept * raw, axis=-1, keepdims=True) < 0, -1.0, 1.0)
    assert (kept * signs).tobytes() == raw.tobytes()


@pytest.mark.parametrize("pattern", [*GAPS, "......"])
def test_every_frame_has_unit_rotations_and_no_flip(pattern):
    _, hand = cleaned(pattern)
    assert hand.quat_wxyz.shape == (len(pattern), 15, 4)
    np.testing.assert_allclose(np.linalg.norm(hand.quat_wxyz, axis=-1), 1.0, atol=1e-9)
    assert (np.sum(hand.quat_wxyz[1:] * hand.quat_wxyz[:-1], axis=-1) >= 0.0).all()


@pytest.mark.parametrize("pattern", GAPS)
def test_the_raw_track_is_left_as_it_was(pattern):
    track = track_of(mask(pattern))
    before = track.pose_axis_angle.tobytes()
    clean_hand(track, np.arange(len(pattern)) / FPS, RELAXED, SETTINGS)
    assert track.pose_axis_angle.tobytes() == before


@pytest.mark.parametrize(
    ("pattern", "measured", "filled", "relaxed"),
    [
        ("xxxxx", 5, 0, 0),
        ("xx...xx", 4, 3, 0),
        ("x.x.x.x.x", 5, 4, 0),
        ("..xx..", 2, 0, 4),
        ("x" + "." * 40 + "x", 2, 0, 40),
        ("......", 0, 0, 6),
        ("x....x" + "." * 20 + "x", 3, 4, 20),
        ("", 0, 0, 0),
    ],
)
def test_provenance_counts(pattern, measured, filled, relaxed):
    _, hand = cleaned(pattern)
    counts = [int((hand.provenance == kind).sum()) for kind in Provenance]
    assert counts == [measured, filled, relaxed]


def test_a_short_gap_is_filled_on_the_shortest_way_between_its_ends():
    _, hand = cleaned("xx.....xx")
    start, end = rotations_at(hand, 1), rotations_at(hand, 7)
    whole = angle_of(np.swapaxes(start, -1, -2) @ end)
    gone = np.array([angle_of(np.swapaxes(start, -1, -2) @ rotations_at(hand, frame)) for frame in range(1, 8)])
    left = np.array([angle_of(np.swapaxes(rotations_at(hand, frame), -1, -2) @ end) for frame in range(1, 8)])
    # On the geodesic, the ways to both ends add up to the whole, and only forwards.
    np.testing.assert_allclose(gone + left, np.tile(whole, (7, 1)), atol=1e-6)
    assert (np.diff(gone, axis=0) > 0.0).all()
    np.testing.assert_allclose(gone[3], whole / 2, atol=1e-6)


def test_a_gap_is_measured_in_seconds_not_in_frames():
    pattern = "x" + "." * 13 + "x"
    assert (cleaned(pattern, fps=60.0)[1].provenance[1:-1] == Provenance.FILLED).all()
    assert (cleaned(pattern, fps=24.0)[1].provenance[1:-1] == Provenance.RELAXED).all()


def test_a_gap_of_exactly_the_limit_is_filled():
    # 0.5 s at 25 fps would be 12.5 frames; at 24 it is 12 exactly.
    assert (cleaned("x" + "." * 11 + "x", fps=24.0)[1].provenance[1:-1] == Provenance.FILLED).all()


def test_uneven_times_decide_where_a_filled_frame_lies():
    detected = mask("x.x")
    near_the_end = clean_hand(track_of(detected), np.array((0.0, 0.15, 0.2)), RELAXED, SETTINGS)
    start, middle, end = (quat_wxyz_to_rotmat(quat) for quat in near_the_end.quat_wxyz)
    assert degrees_between(middle, end) < degrees_between(start, middle) * 0.5


def test_a_long_gap_is_relaxed_in_its_middle():
    _, hand = cleaned("x" + "." * 40 + "x")
    assert degrees_between(rotations_at(hand, 20), relaxed_rotmat()) < 1e-4


def test_a_long_gap_leaves_and_comes_back_without_a_jump():
    _, hand = cleaned("x" + "." * 40 + "x")
    rotmat = quat_wxyz_to_rotmat(hand.quat_wxyz)
    steps = [degrees_between(first, second) for first, second in itertools.pairwise(rotmat)]
    whole = max(degrees_between(rotmat[0], relaxed_rotmat()), degrees_between(rotmat[-1], relaxed_rotmat()))
    # Smoothstep over 7.5 frames: never more than a quarter of the way in one frame.
    assert max(steps) < whole / 4


@pytest.mark.parametrize(("pattern", "far", "seen"), [("." * 20 + "xxx", 0, 20), ("xxx" + "." * 20, 22, 2)])
def test_a_clip_s_ends_ease_to_the_relaxed_hand(pattern, far, seen):
    track, hand = cleaned(pattern)
    assert degrees_between(rotations_at(hand, far), relaxed_rotmat()) < 1e-4
    beside = seen - 1 if far == 0 else seen + 1
    raw = rodrigues(track.pose_axis_angle[seen].reshape(15, 3))
    assert degrees_between(rotations_at(hand, beside), raw) < 0.1 * degrees_between(raw, relaxed_rotmat())


def test_a_hand_that_was_never_seen_is_relaxed_on_every_frame():
    _, hand = cleaned("......")
    for frame in range(6):
        np.testing.assert_allclose(rotations_at(hand, frame), relaxed_rotmat(), atol=1e-12)


def test_nonsense_on_unmeasured_rows_never_shows():
    pattern = "..x...x" + "." * 30 + "x.."
    track = track_of(mask(pattern))
    other = replace(track, pose_axis_angle=np.where(track.detected[:, None], track.pose_axis_angle, -1.0).astype(np.float32))
    times = np.arange(len(pattern)) / FPS
    np.testing.assert_array_equal(
        clean_hand(track, times, RELAXED, SETTINGS).quat_wxyz, clean_hand(other, times, RELAXED, SETTINGS).quat_wxyz
    )


def test_without_an_ease_the_hand_is_relaxed_at_once():
    _, hand = cleaned("xx..........", CleanupSettings(longest_gap=0.5, ease=0.0, smoothing=0.0))
    assert degrees_between(rotations_at(hand, 2), relaxed_rotmat()) < 1e-6


def test_without_filling_a_gap_is_never_filled():
    _, hand = cleaned("x.x.x", CleanupSettings(longest_gap=0.0, ease=0.3, smoothing=0.0))
    assert hand.provenance.tolist() == [0, 2, 0, 2, 0]


@pytest.mark.parametrize(
    ("pattern", "longest"), [("xxx", 0), ("...", 3), ("x..x...x", 3), ("....x.", 4), ("x.....", 5), ("", 0)]
)
def test_longest_gap(pattern, longest):
    assert longest_gap_frames(mask(pattern)) == longest


def nervous_track() -> HandTrack:
    track = track_of(mask("x" * 40), seed=3)
    noise = np.random.default_rng(4).normal(0.0, 0.05, track.pose_axis_angle.shape).astype(np.float32)
    score = np.full(40, 0.9)
    return replace(track, pose_axis_angle=track.pose_axis_angle + noise, score=score, detector_score=score)


def test_fingers_that_are_doubted_are_smoothed_as_before_and_only_left_out_where_a_lowest_score_asks_for_it():
    track = nervous_track()
    doubted = replace(track, score=np.where(np.arange(40) % 3 == 0, 0.1, 0.9))
    usual, relaxed = CleanupSettings(), np.zeros(45)
    first, second = (clean_hand(some, np.arange(40) / FPS, relaxed, usual) for some in (track, doubted))
    np.testing.assert_array_equal(first.quat_wxyz, second.quat_wxyz)
    strict = clean_hand(doubted, np.arange(40) / FPS, relaxed, replace(usual, lowest_score=0.5))
    np.testing.assert_array_equal(np.array(strict.provenance) == Provenance.MEASURED, np.arange(40) % 3 != 0)


def test_frames_weigh_by_the_detectors_score():
    track = nervous_track()
    uneven = replace(track, detector_score=np.where(np.arange(40) % 3 == 0, 0.1, 0.9))
    first, second = (clean_hand(some, np.arange(40) / FPS, np.zeros(45)) for some in (track, uneven))
    assert np.abs(first.quat_wxyz - second.quat_wxyz).max() > 1e-3
