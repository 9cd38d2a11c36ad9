from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handmocap_addon.core.overlay.state_strip import StripPlace, rectangles, rows_in_ranges, strip_runs


@given(states=st.lists(st.integers(0, 2), min_size=1, max_size=60), first=st.integers(-10, 10), step=st.floats(0.3, 3.0))
def test_runs_say_the_state_of_every_row_and_touch_each_other(states: list[int], first: int, step: float) -> None:
    frames = first + np.arange(len(states)) * step
    runs = strip_runs(states, frames)
    assert np.array_equal(runs.first[1:], runs.end[:-1])
    assert (np.diff(runs.state) != 0).all()
    assert runs.first[0] == frames[0] and runs.end[-1] == frames[-1] + 1.0
    for frame, state in zip(frames, states, strict=True):
        (run,) = np.flatnonzero((runs.first <= frame) & (frame < runs.end))
        assert runs.state[run] == state


def test_no_rows_have_no_runs() -> None:
    assert len(strip_runs([], []).state) == 0


PLACE = StripPlace(left=100.0, right=500.0, bottom=10.0, line_height=9.0, first_frame=1.0, end_frame=97.0)


def test_every_frame_is_hit_where_it_is_drawn() -> None:
    for frame in range(1, 97):
        left, right = PLACE.x_of([frame, frame + 1])
        assert PLACE.frame_at((left + right) / 2.0) == frame
        assert PLACE.frame_at(left + 0.01) == PLACE.frame_at(right - 0.01) == frame


def test_beside_the_strip_the_nearest_frame_counts() -> None:
    assert (PLACE.frame_at(-1000.0), PLACE.frame_at(5000.0)) == (1, 96)
    retimed = StripPlace(100.0, 500.0, 10.0, 9.0, first_frame=3.5, end_frame=10.2)
    assert (retimed.frame_at(100.0), retimed.frame_at(500.0)) == (3, 10)


@pytest.mark.parametrize(
    ("x", "y", "inside"), [(100, 10, True), (99, 15, False), (300, 30.5, False), (300, 27, True), (501, 20, False)]
)
def test_clicks_count_on_the_strip_alone(x: float, y: float, inside: bool) -> None:
    assert PLACE.has_inside(x, y) == inside


def test_the_left_hand_s_line_lies_above_the_right_one_s() -> None:
    assert PLACE.line_bottom(1) == PLACE.bottom
    assert PLACE.line_bottom(0) >= PLACE.line_bottom(1) + PLACE.line_height
    assert PLACE.line_bottom(0) + PLACE.line_height == PLACE.top


def test_rectangles_are_two_triangles_that_cover_them_and_can_be_seen() -> None:
    corners = rectangles([10.0, 30.0], [20.0, 30.1], 5.0, 9.0).reshape(2, 2, 3, 2).astype(np.float64)
    edges = corners[:, :, 1:] - corners[:, :, :1]
    areas = np.abs(edges[..., 0, 0] * edges[..., 1, 1] - edges[..., 0, 1] * edges[..., 1, 0]).sum(axis=1) / 2.0
    assert np.allclose(areas, (40.0, 4.0))


def test_ranges_mark_their_rows() -> None:
    assert np.flatnonzero(rows_in_ranges([(2, 4), (4, 5), (8, 20)], 10)).tolist() == [2, 3, 4, 5, 8, 9]
    assert not rows_in_ranges([], 3).any()
