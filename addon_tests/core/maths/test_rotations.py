from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from addon_tests.making.formulas import angle_of, random_axis_angle, rodrigues
from handmocap_addon.core.maths import rotations

coordinates = st.floats(-1.0, 1.0, allow_subnormal=False)
directions = arrays(np.float64, (3,), elements=coordinates).filter(lambda vector: np.linalg.norm(vector) > 1e-3)
angles = st.one_of(st.floats(0.0, 3.14), st.sampled_from((0.0, 1e-12, 1e-9, 1e-6, 1e-3, np.pi - 1e-6, np.pi - 1e-9)))
axis_angles = st.builds(lambda direction, angle: direction / np.linalg.norm(direction) * angle, directions, angles)
any_angle = st.builds(lambda direction, angle: direction * angle, directions, st.floats(-20.0, 20.0))
fractions = st.floats(0.0, 1.0)


def quat_of(axis_angle: np.ndarray) -> np.ndarray:
    return rotations.axis_angle_to_quat_wxyz(axis_angle)


@given(axis_angles)
def test_axis_angle_survives_a_round_trip_through_quaternions(axis_angle):
    back = rotations.quat_wxyz_to_axis_angle(quat_of(axis_angle))
    np.testing.assert_allclose(back, axis_angle, rtol=0, atol=1e-9)


@given(axis_angles)
def test_axis_angle_survives_a_round_trip_through_matrices(axis_angle):
    # Near half a turn, the axis and its opposite are nearly one rotation, so rotations are compared.
    back = rotations.rotmat_to_axis_angle(rotations.axis_angle_to_rotmat(axis_angle))
    np.testing.assert_allclose(rodrigues(back), rodrigues(axis_angle), rtol=0, atol=1e-9)
    assert np.linalg.norm(back) <= np.pi + 1e-12


@given(any_angle)
def test_matrices_are_those_of_rodrigues(axis_angle):
    np.testing.assert_allclose(rotations.axis_angle_to_rotmat(axis_angle), rodrigues(axis_angle), rtol=0, atol=1e-12)


@given(any_angle)
def test_quaternions_have_unit_length(axis_angle):
    assert np.linalg.norm(quat_of(axis_angle)) == pytest.approx(1.0, abs=1e-12)


@given(any_angle)
def test_matrix_to_quaternion_gives_the_same_rotation_with_a_positive_scalar(axis_angle):
    quat = rotations.rotmat_to_quat_wxyz(rodrigues(axis_angle))
    assert quat[0] >= 0.0
    np.testing.assert_allclose(rotations.quat_wxyz_to_rotmat(quat), rodrigues(axis_angle), rtol=0, atol=1e-9)


@pytest.mark.parametrize("axis", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0.6, 0.8, 0.0), (0.0, 0.6, -0.8)])
def test_exactly_half_a_turn_has_a_quaternion(axis):
    half_turn = 2.0 * np.outer(axis, axis) - np.eye(3)
    quat = rotations.rotmat_to_quat_wxyz(half_turn)
    assert quat[0] == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(rotations.quat_wxyz_to_rotmat(quat), half_turn, atol=1e-12)


def test_known_quarter_turn_about_z_takes_x_to_y():
    quarter = (0.0, 0.0, np.pi / 2)
    np.testing.assert_allclose(quat_of(quarter), (np.sqrt(0.5), 0.0, 0.0, np.sqrt(0.5)), atol=1e-15)
    np.testing.assert_allclose(rotations.axis_angle_to_rotmat(quarter) @ (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), atol=1e-15)


@given(any_angle, any_angle)
def test_quaternion_product_is_the_matrix_product(first, second):
    product = rotations.quat_wxyz_multiply(quat_of(first), quat_of(second))
    np.testing.assert_allclose(
        rotations.quat_wxyz_to_rotmat(product), rodrigues(first) @ rodrigues(second), rtol=0, atol=1e-11
    )


@given(any_angle)
def test_inverse_undoes(axis_angle):
    quat = quat_of(axis_angle)
    nothing = rotations.quat_wxyz_multiply(rotations.quat_wxyz_inverse(quat), quat)
    np.testing.assert_allclose(nothing, (1.0, 0.0, 0.0, 0.0), rtol=0, atol=1e-12)


@given(any_angle, any_angle, fractions)
def test_slerp_gives_unit_quaternions(start, end, fraction):
    quat = rotations.slerp_quat_wxyz(quat_of(start), quat_of(end), fraction)
    assert np.linalg.norm(quat) == pytest.approx(1.0, abs=1e-12)


@given(any_angle, any_angle)
def test_slerp_starts_at_the_start_and_ends_at_the_end(start, end):
    first, last = quat_of(start), quat_of(end)
    np.testing.assert_allclose(rotations.slerp_quat_wxyz(first, last, 0.0), first, rtol=0, atol=1e-12)
    reached = rotations.quat_wxyz_to_rotmat(rotations.slerp_quat_wxyz(first, last, 1.0))
    np.testing.assert_allclose(reached, rodrigues(end), rtol=0, atol=1e-9)


@given(any_angle, any_angle, fractions)
def test_slerp_goes_the_asked_share_of_the_shortest_way(start, end, fraction):
    between = rodrigues(start).T @ rodrigues(end)
    whole = angle_of(between)
    assume(whole < np.pi - 1e-3)
    quat = rotations.slerp_quat_wxyz(quat_of(start), quat_of(end), fraction)
    gone = angle_of(rodrigues(start).T @ rotations.quat_wxyz_to_rotmat(quat))
    assert gone == pytest.approx(whole * fraction, abs=1e-6)


@given(any_angle, any_angle, fractions)
def test_slerp_does_not_care_about_the_sign_of_the_end(start, end, fraction):
    assume(angle_of(rodrigues(start).T @ rodrigues(end)) < np.pi - 1e-3)
    one = rotations.slerp_quat_wxyz(quat_of(start), quat_of(end), fraction)
    other = rotations.slerp_quat_wxyz(quat_of(start), -quat_of(end), fraction)
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-9)


@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_sign_continuity_leaves_no_flip_and_no_other_rotation(seed, frame_count):
    random = np.random.default_rng(seed)
    quat = quat_of(random_axis_angle(random, frame_count, 3, largest=3.0)) * random.choice((-1.0, 1.0), (frame_count, 3, 1))
    steady = rotations.sign_continuous_quat_wxyz(quat)
    assert (np.sum(steady[1:] * steady[:-1], axis=-1) >= 0.0).all()
    np.testing.assert_array_equal(np.abs(steady), np.abs(quat))
    np.testing.assert_array_equal(rotations.quat_wxyz_to_rotmat(steady), rotations.quat_wxyz_to_rotmat(quat))


def test_sign_continuity_changes_nothing_in_its_input():
    quat = np.array([[1.0, 0.0, 0.0, 0.0], [-1.0, 0.0, 0.0, 0.0]])
    rotations.sign_continuous_quat_wxyz(quat)
    assert quat[1, 0] == -1.0


@given(any_angle)
def test_mirroring_twice_is_nothing(axis_angle):
    np.testing.assert_array_equal(rotations.mirrored_axis_angle(rotations.mirrored_axis_angle(axis_angle)), axis_angle)


@given(any_angle)
def test_mirroring_is_conjugation_with_a_mirror_across_x(axis_angle):
    mirror = np.diag((-1.0, 1.0, 1.0))
    np.testing.assert_allclose(
        rodrigues(rotations.mirrored_axis_angle(axis_angle)), mirror @ rodrigues(axis_angle) @ mirror, rtol=0, atol=1e-11
    )


@given(any_angle, st.integers(0, 2**32 - 1))
def test_fitted_rotation_finds_the_turn_of_a_point_set(axis_angle, seed):
    source = np.random.default_rng(seed).normal(size=(6, 3))
    found = rotations.fitted_rotation(source, source @ rodrigues(axis_angle).T)
    np.testing.assert_allclose(found, rodrigues(axis_angle), rtol=0, atol=1e-8)


@given(any_angle)
def test_fitted_rotation_of_flat_points_is_no_mirror(axis_angle):
    source = np.array([(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.5, -0.7, 0.0), (-0.2, 0.4, 0.0)])
    found = rotations.fitted_rotation(source, source @ rodrigues(axis_angle).T)
    assert np.linalg.det(found) == pytest.approx(1.0, abs=1e-9)
    np.testing.assert_allclose(found, rodrigues(axis_angle), rtol=0, atol=1e-8)


def test_fitted_rotation_leaves_out_points_without_weight():
    random = np.random.default_rng(3)
    turn = rodrigues((0.3, -1.0, 0.5))
    source = random.normal(size=(8, 3))
    target = source @ turn.T
    target[2] = (40.0, -30.0, 9.0)
    weights = np.ones(8)
    weights[2] = 0.0
    np.testing.assert_allclose(rotations.fitted_rotation(source, target, weights), turn, atol=1e-9)


@given(directions, directions)
def test_rotation_between_turns_start_onto_end_by_the_angle_between_them(start, end):
    start, end = start / np.linalg.norm(start), end / np.linalg.norm(end)
    # Nearly opposite directions are the next test's.
    assume(start @ end > -0.9999)
    rotmat = rotations.quat_wxyz_to_rotmat(rotations.rotation_between(start, end))
    np.testing.assert_allclose(rotmat @ start, end, rtol=0, atol=1e-7)
    assert angle_of(rotmat) == pytest.approx(np.arctan2(np.linalg.norm(np.cross(start, end)), start @ end), abs=1e-6)


@pytest.mark.parametrize("start", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.6, 0.0, 0.8)])
def test_rotation_between_opposite_directions_is_half_a_turn(start):
    rotmat = rotations.quat_wxyz_to_rotmat(rotations.rotation_between(np.array(start), -np.array(start)))
    np.testing.assert_allclose(rotmat @ start, -np.array(start), atol=1e-9)


@given(any_angle, any_angle)
def test_angle_between_matrices(first, second):
    expected = angle_of(rodrigues(first).T @ rodrigues(second))
    assert rotations.angle_between_rotmats(rodrigues(first), rodrigues(second)) == pytest.approx(expected, abs=1e-6)


def test_every_conversion_keeps_leading_axes():
    axis_angle = random_axis_angle(np.random.default_rng(5), 2, 3, 4)
    rotmat = rotations.axis_angle_to_rotmat(axis_angle)
    assert rotmat.shape == (2, 3, 4, 3, 3)
    np.testing.assert_allclose(rotations.rotmat_to_axis_angle(rotmat), axis_angle, atol=1e-9)


def test_zero_vectors_stay_zero_when_normalized():
    np.testing.assert_allclose(rotations.normalized([[0.0, 0.0], [3.0, 4.0]]), [[0.0, 0.0], [0.6, 0.8]])
