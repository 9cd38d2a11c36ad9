from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon_tests.making.formulas import angle_of, random_axis_angle
from addon_tests.making.gestures import bent, detector_noise, fast_cycles, holds, stand_in_hand, step
from addon_tests.making.property_tests import examples
from handmocap_addon.core.cleanup.smoothing import smoothed_fingers
from handmocap_addon.core.maths.rotations import (
    axis_angle_to_quat_wxyz,
    mirrored_axis_angle,
    quat_wxyz_multiply,
    quat_wxyz_to_axis_angle,
    quat_wxyz_to_rotmat,
)
from handmocap_addon.core.report import fingertip_jitter
from tools.motion_measures import amplitude_loss, flexion_angles, lag_frames

HAND = stand_in_hand()
FPS = 30.0
DEFAULT = np.full(5, 0.5)


def random_track(seed: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rotations that walk, uneven times and scores."""
    random = np.random.default_rng(seed)
    walk = np.cumsum(random.normal(scale=0.15, size=(count, 15, 3)), axis=0)
    time = np.cumsum(random.uniform(0.01, 0.08, count))
    return axis_angle_to_quat_wxyz(walk), time, random.uniform(0.0, 1.0, count)


def furthest(first: np.ndarray, second: np.ndarray) -> float:
    """The largest angle in radians between rotations (…, 4)."""
    between = np.swapaxes(quat_wxyz_to_rotmat(first), -1, -2) @ quat_wxyz_to_rotmat(second)
    return float(angle_of(between).max(initial=0.0))


def jitter(quat: np.ndarray, frames: np.ndarray, fps: float = FPS) -> float:
    return fingertip_jitter(quat_wxyz_to_axis_angle(quat).reshape(len(quat), 45), frames, HAND, fps)


tracks = st.builds(random_track, st.integers(0, 10_000), st.integers(0, 60))
strengths = st.lists(st.sampled_from((0.0, 0.2, 0.5, 1.0)), min_size=5, max_size=5)


@examples(40)
@given(tracks, strengths)
def test_every_rotation_is_a_number_of_unit_length_and_a_finger_that_is_off_keeps_its_bits(track, strength):
    quat, time, score = track
    smooth = smoothed_fingers(quat, time, score, strength)
    assert smooth.shape == quat.shape
    np.testing.assert_allclose(np.linalg.norm(smooth, axis=-1), 1.0, atol=1e-9)
    off = np.repeat(np.array(strength) == 0.0, 3)
    assert smooth[:, off].tobytes() == quat[:, off].tobytes()


@examples(30)
@given(tracks, strengths)
def test_a_reversed_clip_gives_the_result_reversed(track, strength):
    quat, time, score = track
    forwards = smoothed_fingers(quat, time, score, strength)
    backwards = smoothed_fingers(quat[::-1], -time[::-1], score[::-1], strength)[::-1]
    assert furthest(forwards, backwards) < 1e-9


@examples(30)
@given(tracks, strengths, st.integers(0, 1000))
def test_a_constant_turn_on_either_side_turns_the_result(track, strength, seed):
    quat, time, score = track
    before, after = axis_angle_to_quat_wxyz(random_axis_angle(np.random.default_rng(seed), 2, largest=3.0))
    turned = quat_wxyz_multiply(before, quat_wxyz_multiply(quat, after))
    smooth = quat_wxyz_multiply(before, quat_wxyz_multiply(smoothed_fingers(quat, time, score, strength), after))
    assert furthest(smoothed_fingers(turned, time, score, strength), smooth) < 1e-9


@examples(20)
@given(tracks)
def test_a_mirrored_clip_gives_the_result_mirrored(track):
    quat, time, score = track

    def mirrored(rotations: np.ndarray) -> np.ndarray:
        return axis_angle_to_quat_wxyz(mirrored_axis_angle(quat_wxyz_to_axis_angle(rotations)))

    smooth = smoothed_fingers(quat, time, score, DEFAULT)
    assert furthest(mirrored(smoothed_fingers(mirrored(quat), time, score, DEFAULT)), smooth) < 1e-9


@examples(20)
@given(tracks, st.integers(0, 1000))
def test_flipped_signs_of_the_input_change_no_rotation(track, seed):
    quat, time, score = track
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), size=(*quat.shape[:2], 1))
    assert (
        furthest(smoothed_fingers(quat * signs, time, score, DEFAULT), smoothed_fingers(quat, time, score, DEFAULT)) < 1e-9
    )


def test_fingers_do_not_touch_each_other():
    quat, time, score = random_track(3, 50)
    other = quat.copy()
    other[:, 6:9] = other[:, 6:9][::-1]
    first, second = (smoothed_fingers(track, time, score, DEFAULT) for track in (quat, other))
    kept = [joint for joint in range(15) if joint not in (6, 7, 8)]
    np.testing.assert_array_equal(first[:, kept], second[:, kept])


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
def test_the_shortest_clips_come_through(count):
    quat = bent(HAND, np.full(6, 0.5))[:count]
    smooth = smoothed_fingers(quat, np.arange(count) / FPS, np.ones(count), DEFAULT)
    assert furthest(smooth, quat) < 1e-9


def test_a_still_hand_stays_as_it_is():
    quat = bent(HAND, np.full(40, 0.7))
    assert furthest(smoothed_fingers(quat, np.arange(40) / FPS, np.ones(40), np.ones(5)), quat) < 1e-9


@pytest.mark.parametrize("degrees", [1.0, 2.0, 4.0])
@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0])
def test_holds_shake_at_least_five_times_less(degrees, fps):
    time = np.arange(int(9 * fps)) / fps
    share, still = holds(time)
    noisy = detector_noise(bent(HAND, share), np.random.default_rng(5), degrees)
    smooth = smoothed_fingers(noisy, time, np.ones(len(time)), DEFAULT)
    assert jitter(smooth, still, fps) < jitter(noisy, still, fps) / 5.0


def test_stronger_is_calmer_and_weaker_is_nearer_to_the_measured():
    time = np.arange(270) / FPS
    share, still = holds(time)
    noisy = detector_noise(bent(HAND, share), np.random.default_rng(6), 2.0)
    results = [smoothed_fingers(noisy, time, np.ones(270), np.full(5, strength)) for strength in (0.1, 0.25, 0.5)]
    shaking = [jitter(result, still) for result in results]
    assert shaking[0] > shaking[1] > shaking[2]
    away = [np.abs(result - noisy).mean() for result in results]
    assert away[0] < away[1] < away[2]
    assert furthest(smoothed_fingers(noisy, time, np.ones(270), np.full(5, 0.01)), noisy) < 1e-3


def test_the_result_is_nearer_to_the_truth_than_the_measured():
    time = np.arange(270) / FPS
    truth = bent(HAND, holds(time)[0])
    noisy = detector_noise(truth, np.random.default_rng(7), 2.0)
    smooth = smoothed_fingers(noisy, time, np.ones(270), DEFAULT)
    errors = [np.sqrt(np.mean(angle_of(np.swapaxes(quat_wxyz_to_rotmat(truth), -1, -2) @ quat_wxyz_to_rotmat(found)) ** 2)) for found in (noisy, smooth)]  # fmt: skip
    assert errors[1] < 0.8 * errors[0]


@pytest.mark.parametrize("degrees", [0.0, 2.0])
@pytest.mark.parametrize("cycle", [0.4, 0.45, 0.5])
def test_a_fast_fist_keeps_its_amplitude_and_comes_on_time(cycle, degrees):
    time = np.arange(150) / FPS
    truth = bent(HAND, fast_cycles(time, cycle))
    noisy = detector_noise(truth, np.random.default_rng(8), degrees)
    found, known = (flexion_angles(quat, HAND) for quat in (smoothed_fingers(noisy, time, np.ones(150), DEFAULT), truth))
    loss, lag = amplitude_loss(found, known), lag_frames(found, known)
    assert loss is not None and loss < 0.05
    assert lag is not None and abs(lag) < 0.1


def test_a_step_is_not_blurred_beyond_a_tenth_of_a_second():
    """A move of 0.2 s between two holds: what lies 0.1 s outside it is still."""
    time = np.arange(90) / FPS
    share = step(time, 1.4, 0.2)
    noisy = detector_noise(bent(HAND, share), np.random.default_rng(9), 1.0)
    smooth = flexion_angles(smoothed_fingers(noisy, time, np.ones(90), DEFAULT), HAND)
    truth = flexion_angles(bent(HAND, share), HAND)
    outside = (time < 1.3) | (time > 1.7)
    assert np.degrees(np.abs(smooth - truth)[outside].max()) < 5.0
    lag = lag_frames(smooth, truth)
    assert lag is not None and abs(lag) < 0.2


def test_a_jump_of_one_frame_is_taken_back_and_a_tap_is_not():
    time = np.arange(60) / FPS
    calm = detector_noise(bent(HAND, np.full(60, 0.2)), np.random.default_rng(10), 0.5)
    jumped = calm.copy()
    jumped[30] = bent(HAND, np.array((0.7,)))[0]
    weights = np.ones(60)
    assert np.degrees(furthest(smoothed_fingers(jumped, time, weights, DEFAULT), bent(HAND, np.full(60, 0.2)))) < 4.0
    # The fastest tap of a finger: down and up in 0.2 s.
    tapping = 0.2 + 0.5 * (step(time, 0.9, 0.1) - step(time, 1.0, 0.1))
    tap = detector_noise(bent(HAND, tapping), np.random.default_rng(11), 0.5)
    found = flexion_angles(smoothed_fingers(tap, time, weights, DEFAULT), HAND)
    loss = amplitude_loss(found[27:34], flexion_angles(bent(HAND, tapping), HAND)[27:34])
    assert loss is not None and loss < 0.3


def test_frames_with_low_scores_count_less():
    time = np.arange(60) / FPS
    truth = bent(HAND, np.full(60, 0.5))
    noisy = truth.copy()
    bad = np.arange(60) % 3 == 0
    noisy[bad] = detector_noise(truth, np.random.default_rng(12), 3.0)[bad]
    even = smoothed_fingers(noisy, time, np.ones(60), DEFAULT)
    weighted = smoothed_fingers(noisy, time, np.where(bad, 0.1, 1.0), DEFAULT)
    error_even, error_weighted = (
        np.abs(flexion_angles(quat, HAND) - flexion_angles(truth, HAND)).mean() for quat in (even, weighted)
    )
    assert error_weighted < 0.6 * error_even


def test_times_count_not_frames():
    """The same motion with frames left out at random comes out nearly the same where both have frames."""
    time = np.arange(180) / 60.0
    quat = bent(HAND, holds(time)[0])
    kept = np.sort(np.random.default_rng(13).choice(180, 110, replace=False))
    dense = smoothed_fingers(quat, time, np.ones(180), DEFAULT)[kept]
    sparse = smoothed_fingers(quat[kept], time[kept], np.ones(110), DEFAULT)
    assert np.degrees(furthest(dense, sparse)) < 3.0
