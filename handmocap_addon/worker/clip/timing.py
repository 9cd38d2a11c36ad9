"""When frames are shown, and the rate that they make."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Frame intervals that differ by more than this share of their median make a clip variable in rate; millisecond
# timestamps of Matroska alone make up to 6 % at 60 fps.
_INTERVAL_TOLERANCE = 0.25
_TIMESTAMP_ROUNDING = 0.0011  # seconds
_WHOLE_RATES = (12, 15, 24, 25, 30, 48, 50, 60, 90, 100, 120, 240)
_STANDARDS = tuple(standard for whole in _WHOLE_RATES for standard in (Fraction(whole), Fraction(whole * 1000, 1001)))
# 24 and 24000/1001 are a thousandth apart; nanosecond frame durations round a rate by far less than this.
_RATE_ROUNDING = Fraction(1, 5000)
# Intervals of one length, as clocks and millisecond timestamps scatter them: the longest over the shortest.
_SAME_INTERVAL = 1.25
# A length is the clip's own where this share of its intervals has it, and so many times more than the next common length;
# film of 24 frames a second shown by fields is 2 and 3 of them in turn, and neither of those is its rate.
_LEAST_SHARE, _LEAST_LEAD = 1.0 / 3.0, 1.5
# A phone's clock runs so far from the rate that it is said to record.
_CLOCK_TOLERANCE = 0.015
# Television's rates are a thousandth below the whole ones.
_TELEVISION_TOLERANCE = 0.0005
# A step back of more than this is another recording behind the first, not two frames that changed places.
_ANOTHER_RECORDING_SECONDS = 1.0


@dataclass(frozen=True, eq=False)
class ClipTiming:
    """True times of the decoded frames: seconds from the first frame (N,), and the rate as a fraction."""

    frame_time: Array
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


def clip_timing(declared: Fraction | None, frame_time: Array, has_holes: bool = False) -> ClipTiming:
    """The clip's rate from its declared rate and the times that its frames really had.

    Where frames are held or left out, the rate is that of the length which most frames have. With `has_holes` frames were
    left out, so that the rate is told by neighbours alone.
    """
    intervals = np.diff(frame_time)
    if len(intervals) == 0 or frame_time[-1] <= 0:
        return ClipTiming(frame_time, _exact_rate(declared or Fraction(24)), False)
    variable = bool(np.abs(intervals - np.median(intervals)).max() > _INTERVAL_TOLERANCE * np.median(intervals))
    usual = _usual_interval(intervals) if variable else None
    if usual is not None:
        return ClipTiming(frame_time, _expected_rate(declared, *usual), variable)
    measured = 1.0 / float(np.median(intervals)) if has_holes else len(intervals) / float(frame_time[-1])
    if declared:
        # Matroska rounds each time to a millisecond, which is much of a clip of two frames.
        length = len(intervals) / measured
        difference = abs(len(intervals) / float(declared) - length)
        if difference < _TIMESTAMP_ROUNDING + 0.005 * length:
            # Containers declare an average over a last frame whose length nobody knows.
            said, measured_rate = _exact_rate(declared), _exact_rate(Fraction(measured))
            is_better = said not in _STANDARDS and measured_rate in _STANDARDS
            return ClipTiming(frame_time, measured_rate if is_better else said, variable)
    return ClipTiming(frame_time, _exact_rate(Fraction(measured)), variable)


def _usual_interval(intervals: Array) -> tuple[float, float] | None:
    """The mean of the intervals (N,) of the most common length, in seconds, and the share by which it may be off.

    None where no length is the usual one.
    """
    ordered = np.sort(intervals)
    first, count = _most_alike(ordered)
    _, next_count = _most_alike(np.delete(ordered, slice(first, first + count)))
    if count < _LEAST_SHARE * len(ordered) or count < _LEAST_LEAD * next_count:
        return None
    alike = ordered[first : first + count]
    return float(alike.mean()), float(alike.std() / np.sqrt(count) / alike.mean())


def _most_alike(ordered: Array) -> tuple[int, int]:
    """Where among growing intervals the most of one length begin, and how many they are."""
    if len(ordered) == 0:
        return 0, 0
    counts = np.searchsorted(ordered, ordered * _SAME_INTERVAL, side="right") - np.arange(len(ordered))
    first = int(np.argmax(counts))
    return first, int(counts[first])


def _expected_rate(declared: Fraction | None, interval: float, doubt: float) -> Fraction:
    """The declared rate where it is a standard one and what was measured, else the standard rate next to the measured."""
    rate = 1.0 / interval
    near = [standard for standard in _STANDARDS if abs(float(standard) - rate) < _CLOCK_TOLERANCE * rate]
    if declared and _exact_rate(declared) in near:
        return _exact_rate(declared)
    if near:
        # Whatever drops frames and trembles counts in whole rates, unless it is clearly one of television's.
        nearest = min(near, key=lambda standard: abs(float(standard) - rate))
        is_clear = abs(float(nearest) - rate) < (_TELEVISION_TOLERANCE - doubt) * rate
        return nearest if is_clear else min(near, key=lambda standard: (standard.denominator, abs(float(standard) - rate)))
    return _exact_rate(Fraction(rate))


def _exact_rate(fps: Fraction) -> Fraction:
    """The standard rate that containers had to round, else the rate with a denominator that is a whole clock's."""
    for standard in _STANDARDS:
        if abs(fps - standard) < standard * _RATE_ROUNDING:
            return standard
    return fps.limit_denominator(1001)
