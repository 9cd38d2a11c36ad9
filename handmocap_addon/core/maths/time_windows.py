"""Each frame's neighbours in time, and local polynomial fits over them, for all frames at once. Times may be uneven."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Keeps a fit with too few frames at the lower order: a share of the weights' sum.
_RIDGE = 1e-6


@dataclass(frozen=True, eq=False)
class TimeWindows:
    """The frames around each of N frames, W of them; those outside the clip have no weight."""

    back: int  # frames before the middle one
    ahead: int
    distance: Array  # (N, W) seconds from the middle frame
    weight: Array  # (N, W)

    @staticmethod
    def within(time: Array, weight: Array, back: float, ahead: float) -> TimeWindows:
        """Windows that hold every frame from `back` seconds before to `ahead` seconds after each of `time` (N,)."""
        index = np.arange(len(time))
        before = int(np.max(index - np.searchsorted(time, time - back, "left")))
        after = int(np.max(np.searchsorted(time, time + ahead, "right") - 1 - index))
        far = 1e6  # seconds; further than any reach, and still a number
        padded = np.concatenate((np.full(before, time[0] - far), time, np.full(after, time[-1] + far)))
        count = before + after + 1
        distance = np.lib.stride_tricks.sliding_window_view(padded, count) - time[:, None]
        padded_weight = np.pad(weight, (before, after))
        return TimeWindows(before, after, distance, np.lib.stride_tricks.sliding_window_view(padded_weight, count))

    def of(self, values: Array) -> Array:
        """The values (N, W, D) around each frame of `values` (N, D), as a view."""
        padded = np.pad(values, ((self.back, self.ahead), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, self.back + self.ahead + 1, axis=0)
        return np.swapaxes(windows, -1, -2)

    def kernel(self, back: Array, ahead: Array) -> Array:
        """Weights (N, R, W), falling from the middle to zero at `back` and `ahead` seconds (N or 1, R): the biweight."""
        inverse = np.where(self.distance[:, None, :] < 0.0, 1.0 / back[..., None], 1.0 / ahead[..., None])
        inverse *= self.distance[:, None, :]
        inverse *= inverse
        np.subtract(1.0, inverse, out=inverse)
        np.maximum(inverse, 0.0, out=inverse)
        inverse *= inverse
        inverse *= self.weight[:, None, :]
        return inverse

    def mean(self, kernel: Array, values: Array) -> Array:
        """Weighted means (N, D) of `values` (N, D) with weights (N, W)."""
        total = (kernel[:, None, :] @ self.of(values))[:, 0]
        return total / kernel.sum(axis=-1, keepdims=True)

    def fitted_line(self, kernel: Array, reach: float) -> Array:
        """Weights (N, R, W) of the values in a local straight line's value at the middle frame."""
        step = np.clip(self.distance / reach, -1.0, 1.0)
        powers = np.stack((np.ones_like(step), step, step * step), axis=-1)
        s0, s1, s2 = np.moveaxis(kernel @ powers, -1, 0)
        s2 = s2 + _RIDGE * s0
        scale = 1.0 / (s0 * s2 - s1 * s1)
        return kernel * (np.stack((s2 * scale, -s1 * scale), axis=-1) @ np.swapaxes(powers[..., :2], -1, -2))

    def fitted_parabola(self, kernel: Array, reach: float) -> Array:
        """Weights (N, R, W) of the values in a local parabola's value at the middle frame."""
        step = np.clip(self.distance / reach, -1.0, 1.0)
        square = step * step
        powers = np.stack((np.ones_like(step), step, square, square * step, square * square), axis=-1)
        s0, s1, s2, s3, s4 = np.moveaxis(kernel @ powers, -1, 0)
        slope, bend = s2 + _RIDGE * s0, s4 + _RIDGE * s0
        first, second, third = slope * bend - s3 * s3, s2 * s3 - s1 * bend, s1 * s3 - s2 * slope
        factors = np.stack((first, second, third), axis=-1) / (s0 * first + s1 * second + s2 * third)[..., None]
        return kernel * (factors @ np.swapaxes(powers[..., :3], -1, -2))
