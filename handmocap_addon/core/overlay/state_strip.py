"""A strip over a clip's length: a line for each hand that says frame by frame what is known of it, and what needs a look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class StripRuns:
    """R runs of rows in one state each, from the timeline frame where a run begins to the one where the next does."""

    first: Array  # (R,) frames
    end: Array  # (R,) frames
    state: Array  # (R,)


def strip_runs(state: ArrayLike, frames: ArrayLike) -> StripRuns:
    """The runs of equal states (N,) on timeline frames (N,), ascending. A row lasts until the next; the last one a frame."""
    states, starts = np.asarray(state), np.asarray(frames, dtype=np.float64)
    if len(states) == 0:
        return StripRuns(starts, starts, states)
    changes = np.flatnonzero(np.diff(states)) + 1
    first = np.append(0, changes)
    return StripRuns(starts[first], np.append(starts[changes], starts[-1] + 1.0), states[first])


@dataclass(frozen=True)
class StripPlace:
    """Where a strip lies in a region: pixels, and the timeline frames from which and until which it reaches."""

    left: float
    right: float
    bottom: float
    line_height: float
    first_frame: float
    end_frame: float

    @property
    def top(self) -> float:
        return self.bottom + 2.0 * self.line_height + self.gap

    @property
    def gap(self) -> float:
        return max(1.0, round(self.line_height / 6.0))

    def x_of(self, frames: ArrayLike) -> Array:
        """Pixels of timeline frames."""
        share = (np.asarray(frames, dtype=np.float64) - self.first_frame) / (self.end_frame - self.first_frame)
        return self.left + share * (self.right - self.left)

    def frame_at(self, x: float) -> int:
        """The whole frame that is shown at a pixel, the nearest of the strip's for one beside it."""
        share = (x - self.left) / (self.right - self.left)
        frame = np.floor(self.first_frame + share * (self.end_frame - self.first_frame))
        return int(np.clip(frame, np.floor(self.first_frame), np.ceil(self.end_frame) - 1.0))

    def has_inside(self, x: float, y: float, margin: float = 0.0) -> bool:
        """Whether a pixel is on the strip, or so near above or below it."""
        return self.left <= x <= self.right and self.bottom - margin <= y <= self.top + margin

    def line_bottom(self, line: int) -> float:
        """Where the upper (0) or lower line (1) of the strip begins."""
        return self.bottom + (self.line_height + self.gap if line == 0 else 0.0)


def rectangles(left: ArrayLike, right: ArrayLike, bottom: float, top: float, least_width: float = 1.0) -> Array:
    """Rectangles from `left` to `right` (n,) as two triangles each: corners (n * 6, 2), none narrower than a pixel."""
    x1 = np.asarray(left, dtype=np.float64)
    x2 = np.maximum(np.asarray(right, dtype=np.float64), x1 + least_width)
    low, high = np.full(len(x1), bottom), np.full(len(x1), top)
    corners = ((x1, low), (x2, low), (x2, high), (x1, low), (x2, high), (x1, high))
    return np.stack([np.stack(corner, axis=-1) for corner in corners], axis=1).reshape(-1, 2).astype(np.float32)


def rows_in_ranges(ranges: Iterable[tuple[int, int]], count: int) -> Array:
    """Which of `count` rows lie in any of the ranges of a first and a last row (N,)."""
    inside = np.zeros(count, dtype=bool)
    for first, last in ranges:
        inside[first : last + 1] = True
    return inside
