from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from addon_tests.making.formulas import random_axis_angle
from handmocap_addon.core.keys.hand_key_ease import numbers_around_keys, rotations_around_keys
from handmocap_addon.core.maths.rotation_modes import quat_wxyz_of_mode
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz, slerp_quat_wxyz

FRAMES = np.arange(1.0, 31.0)
SEEDS = st.integers(0, 2**32 - 1)
KEY_FRAMES = st.lists(st.floats(-5.0, 40.0), min_size=1, max_size=8, unique=True).map(sorted)


@given(KEY_FRAMES, SEEDS, st.floats(0.5, 12.0))
def test_a_difference_never_goes_beyond_those_of_the_keys_on_both_sides(frames: list[float], seed: int, ease: float) -> None:
    random = np.random.default_rng(seed)
    values, keys = random.normal(size=(30, 1)), random.normal(size=(len(frames), 1))
    found = numbers_around_keys(FRAMES, values, frames, keys, ease) - values
    inside = [frame for frame in frames if 1.0 <= frame <= 30.0]
    differences = [float(key[0] - np.interp(frame, FRAMES, values[:, 0])) for frame, key in zip(frames, keys, strict=True)]
    differences = [value for frame, value in zip(frames, differences, strict=True) if frame in inside]
    for row, frame in enumerate(FRAMES):
        before = [value for at, value in zip(inside, differences, strict=True) if at <= frame][-1:]
        after = [value for at, value in zip(inside, differences, strict=True) if at >= frame][:1]
        near = [0.0, *before, *after]
        assert min(near) - 1e-9 <= found[row, 0] <= max(near) + 1e-9
        if all(abs(frame - at) >= ease for at in inside):
            assert found[row, 0] == 0.0


@given(KEY_FRAMES, SEEDS)
def test_on_a_key_the_whole_difference_is_carried(frames: list[float], seed: int) -> None:
    frames = sorted({round(frame) for frame in frames if 1.0 <= round(frame) <= 30.0})
    random = np.random.default_rng(seed)
    keys = random.normal(size=(len(frames), 3))
    found = numbers_around_keys(FRAMES, random.normal(size=(30, 3)), frames, keys)
    np.testing.assert_allclose(found[np.array(frames, dtype=int) - 1], keys, atol=1e-9)


@given(KEY_FRAMES, SEEDS)
def test_rotations_meet_the_keys_and_are_as_generated_far_from_them(frames: list[float], seed: int) -> None:
    frames = sorted({float(round(frame)) for frame in frames if 1.0 <= round(frame) <= 30.0})
    random = np.random.default_rng(seed)
    quat = axis_angle_to_quat_wxyz(np.cumsum(random.normal(size=(30, 3)) * 0.05, axis=0))
    keys = axis_angle_to_quat_wxyz(random_axis_angle(random, len(frames), largest=1.0)).reshape(len(frames), 4)
    keys *= np.where(random.random((len(frames), 1)) < 0.5, -1.0, 1.0)
    found = rotations_around_keys(FRAMES, quat, frames, keys, "QUATERNION", 5.0)
    np.testing.assert_allclose(found[np.array(frames, dtype=int) - 1], keys, atol=1e-6)
    far = np.array([all(abs(frame - at) >= 5.0 for at in frames) for frame in FRAMES])
    np.testing.assert_allclose(np.abs(np.sum(found[far] * quat[far], axis=-1)), 1.0, atol=1e-9)


def test_a_channel_without_a_key_follows_what_was_generated() -> None:
    quat = np.tile(axis_angle_to_quat_wxyz((0.0, 0.0, 0.5)), (30, 1))
    keys = np.array([[np.nan, 0.3, np.nan, np.nan]])
    found = rotations_around_keys(FRAMES, quat, [12.0], keys, "QUATERNION", 5.0)
    wanted = quat_wxyz_of_mode(np.array((quat[0, 0], 0.3, 0.0, quat[0, 3])), "QUATERNION")
    np.testing.assert_allclose(found[11], wanted, atol=1e-9)


def test_the_fade_of_one_key_is_a_smooth_step() -> None:
    quat = np.tile((1.0, 0.0, 0.0, 0.0), (30, 1))
    key = axis_angle_to_quat_wxyz((1.0, 0.0, 0.0))
    found = rotations_around_keys(FRAMES, quat, [10.0], key[None], "QUATERNION", 4.0)
    share = np.array((0.0, 0.15625, 0.5, 0.84375, 1.0, 0.84375, 0.5, 0.15625, 0.0))
    np.testing.assert_allclose(
        found[5:14], slerp_quat_wxyz(np.tile(quat[0], (9, 1)), np.tile(key, (9, 1)), share), atol=1e-9
    )
