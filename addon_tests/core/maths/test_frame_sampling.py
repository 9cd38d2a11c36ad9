from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handmocap_addon.core.maths.frame_sampling import FrameSampling
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz, quat_wxyz_to_axis_angle

RATES = st.sampled_from([12.0, 23.976, 24.0, 25.0, 29.97, 30.0, 50.0, 60.0, 120.0])


@given(RATES, RATES, st.integers(2, 200))
def test_every_whole_frame_from_first_to_last_is_where_the_clip_was_then(clip: float, scene: float, count: int) -> None:
    seconds = np.arange(count) / clip
    rows = 1.0 + seconds * scene
    sampling = FrameSampling.on_whole_frames(rows)
    if np.array_equal(sampling.frames, rows):
        return
    assert sampling.frames[0] == 1.0
    np.testing.assert_array_equal(np.diff(sampling.frames), 1.0)
    assert rows[-1] - 1.0 < sampling.frames[-1] <= rows[-1] + 1e-3
    np.testing.assert_allclose(sampling.numbers(seconds), (sampling.frames - 1.0) / scene, atol=1e-4)
    quat = axis_angle_to_quat_wxyz(seconds[:, None] * (0.0, 0.0, 0.4))
    turned = quat_wxyz_to_axis_angle(sampling.rotations(quat[:, None]))[:, 0, 2]
    np.testing.assert_allclose(
        (turned + np.pi) % (2 * np.pi), (sampling.numbers(seconds) * 0.4 + np.pi) % (2 * np.pi), atol=1e-6
    )
    assert np.abs(rows[sampling.nearest(np.arange(count))] - sampling.frames).max() <= scene / clip / 2.0 + 1e-3


@pytest.mark.parametrize("rows", [[1.0, 2.0, 3.0], [1.0, 2.0, 4.0, 5.0], [1001.0], []])
def test_rows_on_whole_frames_stay_as_they_are(rows: list[float]) -> None:
    sampling = FrameSampling.on_whole_frames(rows)
    np.testing.assert_array_equal(sampling.frames, rows)
    values = np.random.default_rng(1).normal(size=(len(rows), 4))
    np.testing.assert_array_equal(sampling.rotations(values), values)
    np.testing.assert_array_equal(sampling.numbers(values), values)


def test_a_faster_scene_has_a_key_on_each_of_its_frames() -> None:
    np.testing.assert_array_equal(FrameSampling.on_whole_frames([1.0, 3.0, 5.0]).frames, [1.0, 2.0, 3.0, 4.0, 5.0])


def test_rows_that_reach_no_whole_frame_stay() -> None:
    np.testing.assert_array_equal(FrameSampling.on_whole_frames([1.25, 1.5]).frames, [1.25, 1.5])
