from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from handmocap_addon.blender.scene_time import frame_rate, scene_frames, set_frame_rate, set_range
from handmocap_addon.core.errors import BadInputError

RATES = {
    Fraction(24000, 1001): (24, 1.001),
    Fraction(30000, 1001): (30, 1.001),
    Fraction(60000, 1001): (60, 1.001),
    Fraction(25): (25, 1.0),
    Fraction(60): (60, 1.0),
    Fraction(15): (15, 1.0),
    Fraction(2997, 100): (30, 30 / 29.97),
    Fraction(5994, 100): (60, 60 / 59.94),
    Fraction(120): (120, 1.0),
}


@pytest.mark.parametrize(("rate", "blender"), RATES.items(), ids=str)
def test_a_rate_is_written_as_blender_writes_it(rate: Fraction, blender: tuple[int, float], scene: Any) -> None:
    set_frame_rate(scene, rate)
    assert scene.render.fps == blender[0]
    assert scene.render.fps_base == pytest.approx(blender[1], rel=1e-6)
    assert frame_rate(scene) == pytest.approx(float(rate), rel=1e-6)


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_a_constant_rate_gives_whole_frames_over_two_hours(rate: Fraction, scene: Any) -> None:
    count = round(7200 * rate)
    set_frame_rate(scene, rate)
    frames = scene_frames(scene, np.arange(count) / float(rate))
    np.testing.assert_array_equal(frames, np.arange(1, count + 1))


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(30), Fraction(60)], ids=str)
def test_matroskas_whole_milliseconds_still_give_whole_frames(rate: Fraction, scene: Any) -> None:
    times = np.round(np.arange(500) / float(rate), 3)
    set_frame_rate(scene, rate)
    np.testing.assert_array_equal(scene_frames(scene, times), np.arange(1, 501))


def test_variable_times_stay_between_frames(scene: Any) -> None:
    set_frame_rate(scene, Fraction(30))
    times = np.array((0.0, 1 / 30, 1.5 / 30, 4.25 / 30))
    np.testing.assert_allclose(scene_frames(scene, times), (1.0, 2.0, 2.5, 5.25), atol=1e-6)


def test_the_range_covers_a_last_frame_between_two(scene: Any) -> None:
    set_range(scene, np.array((1.0, 2.5, 9.25)))
    assert (scene.frame_start, scene.frame_end) == (1, 10)


def test_a_clip_may_start_on_a_later_frame(scene: Any) -> None:
    set_frame_rate(scene, Fraction(25))
    np.testing.assert_array_equal(scene_frames(scene, np.arange(3) / 25, first_frame=1001), (1001, 1002, 1003))


def test_no_frames_are_no_failure(scene: Any) -> None:
    assert len(scene_frames(scene, np.zeros(0))) == 0


@pytest.mark.parametrize("last", [3e6, 1e12, -1e12])
def test_frames_beyond_every_timeline_are_one_sentence(last: float, scene: Any) -> None:
    with pytest.raises(BadInputError, match="timeline"):
        set_range(scene, np.array((1.0, last)))
