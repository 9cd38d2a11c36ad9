from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon_tests.making.formulas import random_axis_angle, rodrigues
from handmocap_addon.core.maths.euler_angles import rotmat_to_euler
from handmocap_addon.core.maths.rotation_modes import quat_wxyz_of_mode
from handmocap_addon.core.maths.rotations import quat_wxyz_to_rotmat


def euler_to_rotmat(angles: np.ndarray, order: str) -> np.ndarray:
    return quat_wxyz_to_rotmat(quat_wxyz_of_mode(angles, order))


ORDERS = ["".join(order) for order in itertools.permutations("XYZ")]


@given(st.sampled_from(ORDERS), st.integers(0, 10_000))
def test_angles_turn_back_into_the_rotation(order: str, seed: int) -> None:
    rotmat = rodrigues(random_axis_angle(np.random.default_rng(seed), 6, 1, largest=3.1)[:, 0])
    np.testing.assert_allclose(euler_to_rotmat(rotmat_to_euler(rotmat, order), order), rotmat, atol=1e-9)


@pytest.mark.parametrize("order", ORDERS)
def test_the_middle_axis_at_a_right_angle(order: str) -> None:
    angles = np.zeros((3, 3))
    angles[:, "XYZ".index(order[1])] = np.pi / 2, -np.pi / 2, np.pi / 2
    angles[:, "XYZ".index(order[0])] = 0.3, -0.4, 0.5
    rotmat = euler_to_rotmat(angles, order)
    np.testing.assert_allclose(euler_to_rotmat(rotmat_to_euler(rotmat, order), order), rotmat, atol=1e-7)


@pytest.mark.parametrize("order", ORDERS)
def test_a_slow_turn_of_two_rounds_makes_no_jump(order: str) -> None:
    """Half of the sets of angles that a turn goes through have the middle axis beyond a right angle."""
    true = np.stack([np.linspace(0.2, 13.0, 400), 0.4 * np.sin(np.linspace(0, 9, 400)), np.linspace(0.1, 1.5, 400)], axis=-1)
    true = true[:, [order.index(axis) for axis in "XYZ"]]
    found = rotmat_to_euler(euler_to_rotmat(true, order), order)
    assert np.abs(np.diff(found, axis=0)).max() < 0.1
