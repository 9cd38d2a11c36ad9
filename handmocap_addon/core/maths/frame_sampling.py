"""Motion on whole frames of a timeline whose frame rate is not the clip's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .rotations import slerp_quat_wxyz

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class FrameSampling:
    """Frames (M,) of a timeline, and for each the rows of the clip on either side and how far it is on the way."""

    frames: Array
    before: Array
    after: Array
    fraction: Array

    @classmethod
    def on_rows(cls, row_frames: ArrayLike) -> FrameSampling:
        """The rows (N,) of the clip as they are, on their own frames."""
        frames = np.asarray(row_frames, dtype=np.float64)
        rows = np.arange(len(frames))
        return cls(frames, rows, rows, np.zeros(len(frames)))

    @classmethod
    def on_whole_frames(cls, row_frames: ArrayLike) -> FrameSampling:
        """Every whole frame from the clip's first row to its last, which fall on frames (N,), ascending.

        The rows themselves where they stand on whole frames and follow one another, some of them missing perhaps, or where
        they reach none.
        """
        rows = np.asarray(row_frames, dtype=np.float64)
        if len(rows) < 2 or (np.array_equal(rows, np.round(rows)) and np.median(np.diff(rows)) == 1.0):
            return cls.on_rows(rows)
        # A thousandth of a frame is how inexactly clips tell their times.
        frames = np.arange(math.ceil(rows[0] - 1e-3), math.floor(rows[-1] + 1e-3) + 1, dtype=np.float64)
        if len(frames) == 0:
            return cls.on_rows(rows)
        before = np.clip(np.searchsorted(rows, frames, side="right") - 1, 0, len(rows) - 1)
        after = np.minimum(before + 1, len(rows) - 1)
        length = rows[after] - rows[before]
        fraction = np.divide(frames - rows[before], length, out=np.zeros(len(frames)), where=length > 0.0)
        return cls(frames, before, after, np.clip(fraction, 0.0, 1.0))

    def rotations(self, quat_wxyz: Array) -> Array:
        """Rotations (N, …, 4) of the rows on the frames (M, …, 4), on the shortest way between two rows."""
        if not self.fraction.any():
            return quat_wxyz[self.before]
        fraction = self.fraction.reshape(-1, *([1] * (quat_wxyz.ndim - 2)))
        between = slerp_quat_wxyz(quat_wxyz[self.before], quat_wxyz[self.after], fraction)
        return np.where(fraction[..., None] > 0.0, between, quat_wxyz[self.before])

    def numbers(self, values: Array) -> Array:
        """Values (N, …) of the rows on the frames (M, …)."""
        fraction = self.fraction.reshape(-1, *([1] * (values.ndim - 1)))
        sampled: Array = values[self.before] * (1.0 - fraction) + values[self.after] * fraction
        return sampled

    def nearest(self, values: Array) -> Array:
        """Of values (N, …) of the rows those of the row that is nearest in time (M, …)."""
        sampled: Array = values[np.where(self.fraction > 0.5, self.after, self.before)]
        return sampled
