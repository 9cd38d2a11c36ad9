from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon_tests.making.gestures import bent, stand_in_hand
from tools.motion_measures import amplitude_loss, flexion_angles, lag_frames


def wave(shift: float = 0.0, count: int = 120) -> np.ndarray:
    """Two columns with several periods, `shift` frames late."""
    frame = np.arange(count) - shift
    return np.stack((np.sin(frame / 3.0) + 0.4 * np.sin(frame / 7.1), 20.0 * np.cos(frame / 4.0)), axis=1)


@given(st.floats(-4.0, 4.0))
def test_lag_is_found_between_frames(shift):
    assert lag_frames(wave(shift), wave()) == pytest.approx(shift, abs=0.05)


def test_lag_does_not_mind_gain_and_offset():
    assert lag_frames(0.5 * wave(1.5) + 3.0, wave()) == pytest.approx(1.5, abs=0.05)


@pytest.mark.parametrize("count", [0, 1, 4])
def test_a_clip_too_short_has_no_lag(count):
    assert lag_frames(wave(count=count), wave(count=count)) is None


def test_what_stands_still_has_no_lag_and_no_amplitude():
    still = np.ones((40, 3))
    assert lag_frames(still, still) is None
    assert amplitude_loss(still, still) is None
    assert amplitude_loss(np.zeros((0, 3)), np.zeros((0, 3))) is None


@given(st.floats(0.0, 1.2))
def test_amplitude_loss_is_the_share_that_lacks(gain):
    assert amplitude_loss(gain * wave() + 5.0, wave()) == pytest.approx(1.0 - gain, abs=1e-9)


def test_noise_adds_no_amplitude():
    noisy = 0.9 * wave(count=600) + np.random.default_rng(0).normal(scale=0.3, size=(600, 2))
    assert amplitude_loss(noisy, wave(count=600)) == pytest.approx(0.1, abs=0.02)


def test_flexion_is_the_bend_of_each_joint():
    hand = stand_in_hand("right")
    angles = flexion_angles(bent(hand, np.array((0.0, 0.5))), hand)
    np.testing.assert_allclose(angles[0], 0.0, atol=1e-12)
    np.testing.assert_allclose(angles[1, :3], (0.675, 0.8, 0.45), atol=1e-9)
