"""When frames are shown, and the rate that they make."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

# Frame intervals that differ by more than this share of their median make a clip variable in rate; millisecond
# timestamps of Matroska alone make up to 6 % at 60 fps.
_INTERVAL_TOLERANCE = 0.25
_TIMESTAMP_ROUNDING = 0.0011  # seconds
_WHOLE_RATES = (12, 15, 24, 25, 30, 48, 50, 60, 90, 100, 120, 240)
# 24 and 24000/1001 are a thousandth apart; nanosecond frame durations round a rate by far less than this.
_RATE_ROUNDING = Fraction(1, 5000)
# A step back of more than this is another recording behind the first, not two frames that changed places.
_ANOTHER_RECORDING_SECONDS = 1.0


@dataclass(frozen=True)
class ClipTiming:
    """True times of the decoded frames: seconds from the first frame (N,), and the rate as a fraction."""

    frame_time: np.ndarray
    fps: Fraction
    variable_frame_rate: bool


class Clock:
    """Times that always grow, from timestamps that may be missing, repeated or run backwards."""

    def __init__(self, fps: Fraction | None) -> None:
        self._interval = 1.0 / float(fps or 24)
        self._start: float | None = None
        self._last: float | None = None  # seconds from the first frame

    def shown_at(self, timestamp: float | None) -> tuple[float, bool]:
        """Seconds from the first frame, and whether its own timestamp was of no use.

        Args:
            timestamp: seconds by the container; None where it has none.
        """
        if self._last is None:
            self._start, self._last = timestamp or 0.0, 0.0
            return 0.0, timestamp is None
        time = None if timestamp is None or self._start is None else timestamp - self._start
        if time is not None and time > self._last:
            self._last = time
            return time, False
        if time is None or self._last - time > _ANOTHER_RECORDING_SECONDS:
            after = self._last + self._interval
            if timestamp is not None:
                # Whatever follows goes on from here.
                self._start = timestamp - after
        else:
            # The next frame's own time is soon to come.
            after = self._last + 0.1 * self._interval
        self._last = after
        return after, True


def clip_timing(declared: Fraction | None, frame_time: np.ndarray, has_holes: bool = False) -> ClipTiming:
    """The clip's rate from its declared rate and the times that its frames really had.

    With `has_holes` frames were left out, so that the rate is told by neighbours alone.
    """
    intervals = np.diff(frame_time)
    if len(intervals) == 0 or frame_time[-1] <= 0:
        return ClipTiming(frame_time, _exact_rate(declared or Fraction(24)), False)
    variable = bool(np.abs(intervals - np.median(intervals)).max() > _INTERVAL_TOLERANCE * np.median(intervals))
    measured = 1.0 / float(np.median(intervals)) if has_holes else len(intervals) / float(frame_time[-1])
    if declared:
        # Matroska rounds each time to a millisecond, which is much of a clip of two frames.
        length = len(intervals) / measured
        difference = abs(len(intervals) / float(declared) - length)
        if difference < _TIMESTAMP_ROUNDING + 0.005 * length:
            return ClipTiming(frame_time, _exact_rate(declared), variable)
    return ClipTiming(frame_time, _exact_rate(Fraction(measured)), variable)


def _exact_rate(fps: Fraction) -> Fraction:
    """The standard rate that containers had to round, else the rate with a denominator that is a whole clock's."""
    for whole in _WHOLE_RATES:
        for standard in (Fraction(whole), Fraction(whole * 1000, 1001)):
            if abs(fps - standard) < standard * _RATE_ROUNDING:
                return standard
    return fps.limit_denominator(1001)
