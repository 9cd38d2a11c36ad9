from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon_tests.making.property_tests import examples
from handmocap_addon.core.keys.angle_metric import angle_metric
from handmocap_addon.core.keys.bezier_curves import bezier_values
from handmocap_addon.core.keys.kept_frames import holds, turning_rows
from handmocap_addon.core.keys.reduction import FullKeys, ReducedKeys, reduced_keys
from handmocap_addon.core.maths.rotation_modes import EULER_ORDERS, quat_wxyz_of_mode, values_in_mode
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz, sign_continuous_quat_wxyz

EIGHTHS = np.arange(8) / 8.0


def _between(first: np.ndarray, out: np.ndarray, into: np.ndarray, last: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """De Casteljau with points (…, 2), the parameter by halving; handles that overlap in time shortened as Blender does."""
    first, out, into, last = (np.float64(point) for point in (first, out, into, last))
    long = (out - first)[..., :1] + (last - into)[..., :1]
    shorter = np.minimum((last - first)[..., :1] / np.maximum(long, 1e-9), 1.0)
    out, into = first + (out - first) * shorter, last + (into - last) * shorter
    low, high = np.zeros(long.shape), np.ones(long.shape)
    for _ in range(60):
        t = 0.5 * (low + high)
        points = [first, out, into, last]
        while len(points) > 1:
            points = [a * (1.0 - t) + b * t for a, b in itertools.pairwise(points)]
        before = points[0][..., :1] < np.asarray(frame)[..., None]
        low, high = np.where(before, t, low), np.where(before, high, t)
    value: np.ndarray = points[0][..., 1]
    return value


def _evaluated(frames: np.ndarray, values: np.ndarray, left: np.ndarray, right: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Curves (n, J, 4) at frames (n,) from keys in single precision."""
    frames, values = np.float32(frames), np.float32(values)
    row = np.clip(np.searchsorted(frames, np.float32(at), side="right") - 1, 0, len(frames) - 2)
    keys = np.stack((np.broadcast_to(frames[:, None, None], values.shape), values), axis=-1)
    frame = np.broadcast_to(at[:, None, None], (len(at), *values.shape[1:]))
    return _between(keys[row], right[row], left[row + 1], keys[row + 1], frame)


def _full(quat: np.ndarray, frames: np.ndarray, mode: str = "QUATERNION", **changes: np.ndarray) -> FullKeys:
    """Keys of a mode, with handles a third of the way, as smooth as differences make them."""
    quat = np.stack([values_in_mode(quat[:, joint], mode) for joint in range(quat.shape[1])], axis=1)
    slope = np.gradient(quat, frames, axis=0)
    reach = np.diff(frames)[:, None, None] / 3.0
    at = np.broadcast_to(frames[:, None, None], quat.shape)
    left, right = np.stack((at, quat), axis=-1), np.stack((at, quat), axis=-1)
    left[1:] -= np.stack((np.broadcast_to(reach, quat[1:].shape), slope[1:] * reach), axis=-1)
    right[:-1] += np.stack((np.broadcast_to(reach, quat[1:].shape), slope[:-1] * reach), axis=-1)
    options = {"keep": np.zeros(len(frames), bool), "untouched": np.zeros(len(frames) - 1, bool)} | changes
    quat, left, right = (values.astype(np.float32) for values in (quat, left, right))
    return FullKeys(np.float32(frames), quat, left, right, mode=mode, **options)


def _motion(seed: int, count: int, roughness: float, joints: int = 3) -> np.ndarray:
    """Rotations (N, J, 4) that swing, hold and shake."""
    random = np.random.default_rng(seed)
    time = np.arange(count)[:, None, None]
    turns = sum(
        random.normal(size=(1, joints, 3)) * 0.5 / speed * np.sin(time * 0.15 * speed + random.uniform(0, 6))
        for speed in (1, 2, 3)
    )
    turns[count // 3 : count // 2] = turns[count // 3]
    return sign_continuous_quat_wxyz(axis_angle_to_quat_wxyz(turns + roughness * random.normal(size=turns.shape)))


def _degrees_apart(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    first, second = (quat / np.linalg.norm(quat, axis=-1, keepdims=True) for quat in (first, second))
    return np.degrees(4.0 * np.arcsin(0.5 * np.linalg.norm(first - second, axis=-1)))


def _moments(frames: np.ndarray) -> np.ndarray:
    return np.append((frames[:-1, None] + np.diff(frames)[:, None] * EIGHTHS).ravel(), frames[-1])


def _curves(full: FullKeys, reduced: ReducedKeys) -> tuple[np.ndarray, np.ndarray]:
    """Values (n, J, k) of the full curves and of the reduced ones, on all keys and at eighths between."""
    at, rows = _moments(np.float64(full.frames)), reduced.rows
    return (
        _evaluated(full.frames, full.values, full.left_handles, full.right_handles, at),
        _evaluated(full.frames[rows], full.values[rows], reduced.left_handles, reduced.right_handles, at),
    )


def _error(full: FullKeys, reduced: ReducedKeys) -> float:
    before, after = (quat_wxyz_of_mode(values, full.mode) for values in _curves(full, reduced))
    return float(_degrees_apart(before, after).max())


@examples(40)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(2, 40),
    roughness=st.sampled_from([0.0, 0.01, 0.3]),
    limit=st.sampled_from([0.05, 0.5, 1.5, 8.0]),
    first_frame=st.sampled_from([1.0, -20.5, 30_000.0]),
    step=st.sampled_from([1.0, 0.8, 2.5]),
    mode=st.sampled_from(["QUATERNION", "QUATERNION", "XYZ", "YXZ", "AXIS_ANGLE"]),
)
def test_the_error_never_passes_the_limit(
    seed: int, count: int, roughness: float, limit: float, first_frame: float, step: float, mode: str
) -> None:
    full = _full(_motion(seed, count, roughness, joints=1), first_frame + step * np.arange(count), mode)
    (reduced,) = reduced_keys([full], limit)
    found = _error(full, reduced)
    assert found <= limit
    assert reduced.largest_error_degrees == pytest.approx(found, abs=2e-3 if first_frame < 1000 else 0.05)
    assert reduced.rows[0] == 0 and reduced.rows[-1] == count - 1


def test_smooth_motion_keeps_few_keys() -> None:
    (reduced,) = reduced_keys([_full(_motion(3, 400, 0.0), np.arange(1.0, 401.0))], 1.5)
    assert len(reduced.rows) < 400 / 8


@pytest.mark.parametrize("mode", ["QUATERNION", *EULER_ORDERS, "AXIS_ANGLE"])
def test_smooth_motion_keeps_few_keys_in_any_mode(mode: str) -> None:
    full = _full(_motion(3, 200, 0.0), np.arange(1.0, 201.0), mode)
    (reduced,) = reduced_keys([full], 1.5)
    assert len(reduced.rows) < 200 / 6
    assert _error(full, reduced) <= 1.5


def test_quaternions_keep_about_their_length_between_keys() -> None:
    for seed in range(4):
        full = _full(_motion(seed, 60, 0.01), np.arange(1.0, 61.0))
        (reduced,) = reduced_keys([full], 1.5)
        length = np.linalg.norm(_curves(full, reduced)[1], axis=-1)
        assert length.min() > 0.6 and length.max() < 1.4


@pytest.mark.parametrize("mode", ["QUATERNION", *EULER_ORDERS, "AXIS_ANGLE"])
def test_the_metric_is_the_angle_of_a_small_change(mode: str) -> None:
    random = np.random.default_rng(6)
    values = values_in_mode(axis_angle_to_quat_wxyz(random.normal(size=(20, 3))), mode)
    change = 1e-5 * random.normal(size=values.shape)
    if mode in ("QUATERNION", "AXIS_ANGLE"):
        # Only what is across a quaternion or an axis turns something.
        vectors, part = (values, slice(None)) if mode == "QUATERNION" else (values[:, 1:], slice(1, None))
        change[:, part] -= np.sum(change[:, part] * vectors, axis=-1, keepdims=True) * vectors
    metric = np.float64(angle_metric(values, mode, 0.02))
    expected = _degrees_apart(quat_wxyz_of_mode(values, mode), quat_wxyz_of_mode(values + change, mode))
    found = np.degrees(np.sqrt(np.einsum("nc,ncd,nd->n", change, metric, change)))
    np.testing.assert_allclose(found, expected, rtol=1e-3)


def test_groups_do_not_touch_each_other() -> None:
    groups = [_full(_motion(seed, count, 0.01), np.arange(1.0, count + 1.0)) for seed, count in ((1, 50), (2, 2), (3, 90))]
    together = reduced_keys(groups, 1.5)
    for group, reduced in zip(groups, together, strict=True):
        (alone,) = reduced_keys([group], 1.5)
        np.testing.assert_array_equal(alone.rows, reduced.rows)
        np.testing.assert_allclose(alone.right_handles, reduced.right_handles, atol=1e-6)


def test_a_motion_that_is_all_noise_keeps_its_keys_and_handles() -> None:
    full = _full(_motion(5, 30, 0.8), np.arange(1.0, 31.0))
    (reduced,) = reduced_keys([full], 0.05)
    np.testing.assert_array_equal(reduced.rows, np.arange(30))
    np.testing.assert_array_equal(reduced.left_handles, full.left_handles)


def test_kept_rows_and_untouched_gaps_stay() -> None:
    keep, untouched = np.zeros(60, bool), np.zeros(59, bool)
    keep[17], untouched[[30, 31]] = True, True
    full = _full(_motion(7, 60, 0.0), np.arange(1.0, 61.0), keep=keep, untouched=untouched)
    (reduced,) = reduced_keys([full], 5.0)
    assert {17, 30, 31, 32} <= set(reduced.rows.tolist())
    at = reduced.rows.tolist().index(31)
    np.testing.assert_array_equal(reduced.left_handles[at], full.left_handles[31])
    np.testing.assert_array_equal(reduced.right_handles[at], full.right_handles[31])


def test_a_still_pose_stays_exactly_flat() -> None:
    turns = np.zeros((60, 1, 3))
    turns[:20, 0, 0] = 0.8 * np.cos(np.linspace(0.0, np.pi, 20))
    turns[20:40, 0, 0], turns[40:, 0, 0] = -0.8, -0.8 * np.cos(np.linspace(0.0, np.pi, 20))
    full = _full(axis_angle_to_quat_wxyz(turns), np.arange(1.0, 61.0))
    (reduced,) = reduced_keys([full], 1.5)
    rows = reduced.rows
    at = np.linspace(23.0, 38.0, 61)
    curve = _evaluated(full.frames[rows], full.values[rows], reduced.left_handles, reduced.right_handles, at)
    assert np.ptp(curve, axis=0).max() < 1e-6


def test_turns_are_kept_more_closely_than_the_limit() -> None:
    turns = np.zeros((120, 3, 3))
    turns[..., 0] = 0.6 * np.sin(np.arange(120) * 0.2 + np.sin(np.arange(120) * 0.05))[:, None]
    quat = axis_angle_to_quat_wxyz(turns)
    full = _full(quat, np.arange(1.0, 121.0))
    (reduced,) = reduced_keys([full], 1.5)
    extremes = np.flatnonzero(turning_rows(quat, 30.0))
    assert len(extremes) > 4
    rows, at = reduced.rows, full.frames[extremes].astype(np.float64)
    curve = _evaluated(full.frames[rows], full.values[rows], reduced.left_handles, reduced.right_handles, at)
    assert _degrees_apart(curve, full.values[extremes]).max() <= 0.75


def test_turning_rows_are_where_a_swing_ends() -> None:
    bend = np.concatenate(
        (np.linspace(0, 1, 11), np.linspace(1, 0.2, 9)[1:], np.linspace(0.2, 0.25, 4)[1:], np.linspace(0.25, -1, 20)[1:])
    )
    quat = axis_angle_to_quat_wxyz(np.stack((bend, 0 * bend, 0 * bend), axis=-1)[:, None])
    assert np.flatnonzero(turning_rows(quat, 10.0)).tolist() == [10]
    assert np.flatnonzero(turning_rows(quat, 1.0)).tolist() == [10, 18, 21]
    assert not turning_rows(quat[:2], 1.0).any()


def test_holds_are_found_by_their_edges() -> None:
    bend = np.concatenate((np.linspace(0, 1, 11), np.full(12, 1.0), np.linspace(1, 0, 11)))
    quat = axis_angle_to_quat_wxyz(np.stack((bend, 0 * bend, 0 * bend), axis=-1)[:, None])
    assert holds(quat, 0.5).tolist() == [[10, 23]] or holds(quat, 0.5).tolist() == [[10, 22]]
    assert len(holds(quat[:5], 0.5)) == 0


def test_curves_are_evaluated_with_handles_of_any_length() -> None:
    random = np.random.default_rng(4)
    for _ in range(40):
        first, last = np.array((3.0, random.normal())), np.array((11.0, random.normal()))
        out, into = first + (random.uniform(0, 9), random.normal()), last - (random.uniform(0, 9), random.normal())
        for frame in (3.0, 3.5, 7.0, 10.75):
            found = bezier_values(first, out, into, last, np.array((frame - 3.0) / 8.0))
            assert found == pytest.approx(_between(first, out, into, last, np.array(frame)), abs=1e-6)
