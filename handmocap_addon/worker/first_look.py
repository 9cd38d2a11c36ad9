"""The first pass over a clip: slice after slice, each kept as soon as it is finished."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator

import numpy as np

from ..core.clip_slices import ClipSlice
from .estimators.base import HandEstimator, HandObservation, VideoFrame
from .frame_range import FrameRange
from .observed import gathered
from .partial_results import PartialResults
from .sharing_out import share_out
from .video import ClipInfo, ClipReader

OnStep = Callable[[int], None]


class FirstLook:
    """The slices of a clip's frames: those that an earlier run has finished, and the work on the others."""

    def __init__(
        self, clip: ClipInfo, estimator: HandEstimator, frames: FrameRange | None, partial: PartialResults, key: str
    ) -> None:
        """`frames` None are all, as many as decoding finds; `key` says everything that the hands depend on."""
        self._clip = clip
        self._estimator = estimator
        self._frames = frames
        self._partial = partial
        self._key = key
        # One frame more than the likely last, which tells whether that is one.
        self._count = clip.likely_frame_count + 1 if frames is None else frames.count
        self._slices: dict[int, ClipSlice] = {}
        for number in range(self._slice_count):
            arrays = partial.read(_name(number), key)
            if arrays is not None:
                self._slices[number] = ClipSlice.of(arrays)

    @property
    def _slice_count(self) -> int:
        return -(-self._count // self._estimator.slicing.length)

    @property
    def frames_done(self) -> int:
        """By earlier runs, at first."""
        return sum(part.frame_count for part in self._slices.values())

    def finished(self, on_step: OnStep) -> ClipSlice:
        """All slices as one, once they are there; `on_step` is told the frames that are done.

        Raises:
            ClipError, OutputError, whatever `on_step` raises: what was finished is kept.
        """
        while True:
            missing = [number for number in range(self._slice_count) if number not in self._slices]
            stretches = self._stretches(missing)
            if stretches:
                share_out(stretches, self._observe, min(self._estimator.slicing.at_once, len(stretches)), on_step)
            last = self._slices[self._slice_count - 1]
            if self._frames is not None or last.frame_count < self._planned(self._slice_count - 1).count:
                break
            # The container counted too few.
            self._count += self._estimator.slicing.length
        return ClipSlice.joined([self._slices[number] for number in range(self._slice_count)])

    def _planned(self, number: int) -> FrameRange:
        """Counted from the first frame that is wanted, so that a slice never begins within a batch of another run."""
        length = self._estimator.slicing.length
        start = self._frames.first if self._frames is not None else 0
        first = start + number * length
        return FrameRange(first, first + length - 1 if self._frames is None else min(first + length - 1, self._frames.last))

    def _stretches(self, missing: list[int]) -> list[list[int]]:
        """Slices that are observed in one go."""
        if self._estimator.slicing.warm_up:
            return [[number] for number in missing]
        runs = itertools.groupby(enumerate(missing), lambda item: item[1] - item[0])
        return [[number for _, number in run] for _, run in runs]

    def _observe(self, stretches: Iterator[list[int]], step: OnStep) -> None:
        warm_up = self._estimator.slicing.warm_up
        reader = ClipReader(self._clip, self._estimator.channel_order, warm_up, lambda: step(0))
        for numbers in stretches:
            first, last = self._planned(numbers[0]).first, self._planned(numbers[-1]).last
            frames = reader.frames(range(max(first - warm_up, 0), last + 1))
            with contextlib.closing(self._estimator.observe(frames)) as seen:
                wanted = ((frame, hands) for frame, hands in seen if frame.index >= first)
                for number in numbers:
                    part = _gathered(itertools.islice(wanted, self._planned(number).count), step)
                    self._partial.write(_name(number), self._key, part.arrays())
                    self._slices[number] = part


def _name(number: int) -> str:
    return f"first-{number:06}"


def _gathered(seen: Iterator[tuple[VideoFrame, list[HandObservation]]], step: OnStep) -> ClipSlice:
    times, found, size = [], [], (0, 0)
    for frame, hands in seen:
        size = (frame.pixels.shape[1], frame.pixels.shape[0])
        found += [(frame.index, hand) for hand in hands]
        times.append(frame.time)
        step(1)
    return ClipSlice(np.array(times), size, gathered(found))
