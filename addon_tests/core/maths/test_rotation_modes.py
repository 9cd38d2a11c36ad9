from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon_tests.making.formulas import random_axis_angle
from handmocap_addon.core.maths.rotation_modes import EULER_ORDERS, nearest_forms, quat_wxyz_of_mode, values_in_mode
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz

MODES = ("QUATERNION", "AXIS_ANGLE", *EULER_ORDERS)
SEEDS = st.integers(0, 2**32 - 1)


def _apart(first: np.ndarray, second: np.ndarray) -> float:
    return float((1.0 - np.abs(np.sum(first * second, axis=-1))).max())


@pytest.mark.parametrize("mode", MODES)
@given(seed=SEEDS)
def test_every_mode_gives_the_rotation_back(mode: str, seed: int) -> None:
    quat = axis_angle_to_quat_wxyz(random_axis_angle(np.random.default_rng(seed), 8, largest=3.1))
    assert _apart(quat_wxyz_of_mode(values_in_mode(quat, mode), mode), quat) < 1e-9


@pytest.mark.parametrize("mode", MODES)
@given(seed=SEEDS)
def test_a_form_of_a_rotation_is_the_same_rotation_and_nearer_to_what_was_wanted(mode: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    quat = axis_angle_to_quat_wxyz(random_axis_angle(random, 8, largest=2.5))
    values = values_in_mode(quat, mode)
    wanted = values + (2.0 * np.pi * random.integers(-2, 3, values.shape) if mode in EULER_ORDERS else 0.0)
    wanted[random.random(8) < 0.5] *= -1.0 if mode not in EULER_ORDERS else 1.0
    found = nearest_forms(values, wanted, mode).of(np.arange(8), values)
    np.testing.assert_allclose(found, wanted, atol=1e-9)
    assert _apart(quat_wxyz_of_mode(found, mode), quat) < 1e-9


def test_unknown_channels_have_no_say_in_the_form() -> None:
    values = np.array([[0.8, 0.6, 0.0, 0.0]])
    found = nearest_forms(values, np.array([[np.nan, -0.5, np.nan, np.nan]]), "QUATERNION").of(np.array([0]), values)
    np.testing.assert_array_equal(found, -values)


@pytest.mark.parametrize("mode", MODES)
def test_a_turn_beyond_half_a_circle_has_no_jump(mode: str) -> None:
    angle = np.linspace(-3.0, 7.0, 200)[:, None]
    values = values_in_mode(axis_angle_to_quat_wxyz(angle * np.array((0.6, 0.0, 0.8))), mode)
    assert np.abs(np.diff(values, axis=0)).max() < 0.5


def test_four_zeros_are_no_rotation() -> None:
    np.testing.assert_array_equal(quat_wxyz_of_mode(np.zeros(4), "QUATERNION"), (1.0, 0.0, 0.0, 0.0))
