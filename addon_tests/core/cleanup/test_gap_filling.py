"""What smoothing brings to gaps: motion runs on into them. What holds without smoothing is in test_clean_hands.py."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon_tests.making.formulas import angle_of, random_axis_angle
from addon_tests.making.gestures import bent, detector_noise, fast_cycles, holds, stand_in_hand, step
from addon_tests.making.property_tests import examples
from handmocap_addon.core.cleanup.clean_hands import CleanHand, CleanupSettings, Provenance, clean_hand
from handmocap_addon.core.cleanup.gap_filling import provenance_of
from handmocap_addon.core.hands.hand_poses import HandTrack
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz, quat_wxyz_to_axis_angle, quat_wxyz_to_rotmat
from handmocap_addon.core.rig.joint_limits import limit_violations
from handmocap_addon.core.rig.relaxed_hand import relaxed_hand_pose
from tools.motion_measures import flexion_angles

HAND = stand_in_hand()
FPS = 30.0
RELAXED = relaxed_hand_pose("left")


def track_of(quat: np.ndarray, detected: np.ndarray, score: np.ndarray | None = None) -> HandTrack:
    pose = quat_wxyz_to_axis_angle(quat).reshape(len(quat), 45)
    return replace(
        HandTrack.empty(len(quat)),
        pose_axis_angle=np.where(detected[:, None], pose, 2.5).astype(np.float32),
        detected=detected,
        score=(detected * 0.9 if score is None else score).astype(np.float32),
    )


def cleaned(quat: np.ndarray, detected: np.ndarray, **options: float) -> CleanHand:
    return clean_hand(track_of(quat, detected), np.arange(len(quat)) / FPS, RELAXED, CleanupSettings(**options))


def without(count: int, *missing: tuple[int, int]) -> np.ndarray:
    detected = np.ones(count, bool)
    for first, last in missing:
        detected[first : last + 1] = False
    return detected


def turns(hand: CleanHand) -> np.ndarray:
    """Radians (N - 1, 15) from frame to frame."""
    rotmat = quat_wxyz_to_rotmat(hand.quat_wxyz)
    return angle_of(np.swapaxes(rotmat[:-1], -1, -2) @ rotmat[1:])


def test_a_motion_runs_through_a_short_gap():
    """A wave that is missing for seven frames on its flank comes back as the wave."""
    truth = bent(HAND, 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(60) / FPS / 1.5))
    hand = cleaned(truth, without(60, (27, 33)))
    error = flexion_angles(hand.quat_wxyz, HAND) - flexion_angles(truth, HAND)
    assert np.degrees(np.abs(error[27:34]).max()) < 2.0
    at_rest = cleaned(truth, without(60, (27, 33)), smoothing=0.0)
    assert np.degrees(np.abs(flexion_angles(at_rest.quat_wxyz, HAND) - flexion_angles(truth, HAND)).max()) > 6.0


def test_there_is_no_kink_where_a_motion_enters_a_gap_or_leaves_it():
    """Second differences in and beside the gap are those of the motion itself."""
    truth = bent(HAND, 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(60) / FPS / 1.5))
    bend = np.abs(np.diff(flexion_angles(cleaned(truth, without(60, (27, 33))).quat_wxyz, HAND), n=2, axis=0))
    assert bend.max() < 1.6 * np.abs(np.diff(flexion_angles(truth, HAND), n=2, axis=0)).max()


@examples(30)
@given(st.integers(0, 10_000), st.integers(1, 13))
def test_nothing_overshoots_a_gap_by_more_than_a_little(seed, length):
    """Random fast ends: the filled frames stay near the way between the two poses."""
    random = np.random.default_rng(seed)
    walk = np.cumsum(random.normal(scale=0.3, size=(30, 15, 3)), axis=0)
    hand = cleaned(axis_angle_to_quat_wxyz(walk), without(30, (10, 9 + length)), longest_gap=1.0)
    rotmat = quat_wxyz_to_rotmat(hand.quat_wxyz)
    whole = angle_of(np.swapaxes(rotmat[9], -1, -2) @ rotmat[10 + length])
    between = slice(10, 10 + length)
    there = angle_of(np.swapaxes(rotmat[9], -1, -2)[None] @ rotmat[between])
    back = angle_of(np.swapaxes(rotmat[between], -1, -2) @ rotmat[10 + length])
    # The worst of some thousands of such walks is 12.5 degrees.
    assert np.degrees((there + back - whole).max()) < 20.0


def test_a_fist_that_closes_fast_into_a_gap_stays_within_the_hand_s_limits():
    share = step(np.arange(40) / FPS, 0.3, 0.2)
    hand = cleaned(bent(HAND, share), without(40, (14, 22)))
    assert np.degrees(limit_violations(hand.quat_wxyz, HAND).beyond.max()) < 3.0


@pytest.mark.parametrize("ease", [0.1, 0.3, 1.0])
@pytest.mark.parametrize("missing", [16, 20, 60])
def test_a_long_gap_never_jumps_whatever_the_ease(missing, ease):
    share = np.where(np.arange(20 + missing) < 10, 0.0, 1.0)
    hand = cleaned(bent(HAND, share), without(20 + missing, (10, 9 + missing)), ease=ease)
    assert (hand.provenance[10 : 10 + missing] == Provenance.RELAXED).all()
    # Smoothstep's top speed is 1.5 times the mean one; twice that where both ways meet.
    assert np.degrees(turns(hand).max()) < 3.0 * 92.0 / (FPS * min(ease, missing / FPS / 2.0))


def test_a_motion_towards_the_relaxed_hand_runs_out_at_the_end_of_the_clip():
    truth = bent(HAND, np.maximum(0.9 - 0.02 * np.arange(60), 0.0))
    speed = turns(cleaned(truth, without(60, (20, 59)), ease=0.5))[:, 0]
    assert speed[19] > 0.7 * speed[17]
    assert speed[40:].max() < 1e-6


@pytest.mark.parametrize("side_of_clip", ["first", "last"])
def test_frames_missing_at_an_end_are_eased_and_marked(side_of_clip):
    detected = without(60, (0, 29) if side_of_clip == "first" else (30, 59))
    hand = cleaned(bent(HAND, holds(np.arange(60) / FPS)[0]), detected)
    assert (hand.provenance[~detected] == Provenance.RELAXED).all()
    end = quat_wxyz_to_rotmat(hand.quat_wxyz[0 if side_of_clip == "first" else -1])
    relaxed = quat_wxyz_to_rotmat(axis_angle_to_quat_wxyz(RELAXED.reshape(15, 3)))
    assert np.degrees(angle_of(np.swapaxes(end, -1, -2) @ relaxed).max()) < 1e-3


def test_every_second_frame_is_enough_for_a_gesture():
    time = np.arange(120) / FPS
    truth = bent(HAND, fast_cycles(time, 0.9))
    hand = cleaned(truth, np.arange(120) % 2 == 0)
    assert hand.provenance.tolist()[:119] == [0, 1] * 59 + [0]
    error = flexion_angles(hand.quat_wxyz, HAND) - flexion_angles(truth, HAND)
    assert np.degrees(np.abs(error[:119]).max()) < 5.0


def test_a_hand_that_was_never_seen_is_relaxed_with_smoothing_too():
    hand = cleaned(bent(HAND, np.ones(10)), np.zeros(10, bool))
    assert (hand.provenance == Provenance.RELAXED).all()
    assert np.ptp(hand.quat_wxyz, axis=0).max() == 0.0


def test_frames_below_the_lowest_score_are_filled_and_never_shown():
    truth = bent(HAND, np.full(30, 0.4))
    wrong = truth.copy()
    wrong[12:15] = bent(HAND, np.ones(3))
    score = np.where((np.arange(30) >= 12) & (np.arange(30) < 15), 0.4, 0.9)
    time = np.arange(30) / FPS
    hand = clean_hand(track_of(wrong, np.ones(30, bool), score), time, RELAXED, CleanupSettings(lowest_score=0.5))
    assert np.flatnonzero(hand.provenance == Provenance.FILLED).tolist() == [12, 13, 14]
    # The track holds float32.
    assert np.abs(flexion_angles(hand.quat_wxyz, HAND) - flexion_angles(truth, HAND)).max() < 1e-5
    kept = clean_hand(track_of(wrong, np.ones(30, bool), score), time, RELAXED)
    assert (kept.provenance == Provenance.MEASURED).all()


def test_only_the_fingers_of_the_named_hand_have_their_own_strength():
    noisy = detector_noise(bent(HAND, np.full(60, 0.4)), np.random.default_rng(1), 2.0)
    track, time = track_of(noisy, np.ones(60, bool)), np.arange(60) / FPS
    chosen = CleanupSettings(smoothing=0.0, smoothing_of=(("left_thumb", 0.8), ("right", 1.0)))
    raw = clean_hand(track, time, RELAXED, CleanupSettings(smoothing=0.0)).quat_wxyz
    left, right, unknown = (clean_hand(track, time, RELAXED, chosen, side).quat_wxyz for side in ("left", "right", None))
    changed = (left != raw).any(axis=(0, 2))
    assert np.flatnonzero(changed).tolist() == [12, 13, 14]
    assert (right != raw).any(axis=(0, 2)).all()
    assert unknown.tobytes() == raw.tobytes()


@examples(40)
@given(st.lists(st.booleans(), min_size=0, max_size=40), st.integers(0, 10_000), st.sampled_from((0.0, 0.5, 1.0)))
def test_any_pattern_of_missing_frames_gives_unit_rotations_without_flips(pattern, seed, strength):
    random = np.random.default_rng(seed)
    detected, count = np.array(pattern, bool), len(pattern)
    quat = axis_angle_to_quat_wxyz(random_axis_angle(random, count, 15, largest=3.0))
    time = np.cumsum(random.uniform(0.01, 0.2, count))
    hand = clean_hand(track_of(quat, detected), time, RELAXED, CleanupSettings(smoothing=strength))
    assert hand.quat_wxyz.shape == (count, 15, 4)
    np.testing.assert_allclose(np.linalg.norm(hand.quat_wxyz, axis=-1), 1.0, atol=1e-9)
    assert (np.sum(hand.quat_wxyz[1:] * hand.quat_wxyz[:-1], axis=-1) >= 0.0).all()
    assert ((hand.provenance == Provenance.MEASURED) == detected).all()


@examples(20)
@given(st.lists(st.booleans(), min_size=2, max_size=40), st.integers(0, 10_000))
def test_a_reversed_clip_with_gaps_gives_the_result_reversed(pattern, seed):
    detected = np.array(pattern, bool)
    walk = np.cumsum(np.random.default_rng(seed).normal(scale=0.1, size=(len(pattern), 15, 3)), axis=0)
    track, time = track_of(axis_angle_to_quat_wxyz(walk), detected), np.arange(len(pattern)) / FPS
    turned = replace(track, detected=detected[::-1], pose_axis_angle=track.pose_axis_angle[::-1], score=track.score[::-1])
    forwards = quat_wxyz_to_rotmat(clean_hand(track, time, RELAXED).quat_wxyz)
    backwards = quat_wxyz_to_rotmat(clean_hand(turned, -time[::-1], RELAXED).quat_wxyz[::-1])
    assert angle_of(np.swapaxes(forwards, -1, -2) @ backwards).max() < 1e-8


def test_gaps_of_as_many_frames_are_treated_alike_wherever_they_lie():
    # As floats some of these stretches of half a second are a little longer than it.
    for start in range(1, 60):
        detected = np.ones(90, bool)
        detected[start : start + 14] = False
        assert set(provenance_of(detected, np.arange(90) / 30.0, 0.5)[~detected]) == {Provenance.FILLED}
