"""The first pass over a clip: slice after slice, each kept as soon as it is finished."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.clip.frame_marks import FrameMark
from ...core.clip.picture_cuts import THUMBNAIL_SHAPE, thumbnail
from ...core.errors import OutputError
from ...core.whose_hands.clip_slices import ClipSlice
from ...core.whose_hands.hand_evidence import WRIST_REACH
from ...core.whose_hands.projected_arms import ProjectedArms
from ...core.whose_hands.seen_people import PeopleSeen
from ..clip.info import ClipInfo
from ..estimators.base import BodyEstimator, HandEstimator, HandObservation, PersonObservation, VideoFrame
from ..results.partial_results import PartialResults
from ..threads.sharing_out import share_out
from ..video import ClipReader
from .frame_range import FrameRange
from .observed import gathered
from .people_watch import PeopleWatch, gathered_people, watching

OnStep = Callable[[int], None]
Array = NDArray[Any]

# A hand that is farther from a wrist is never given to it.
_HAND_LENGTHS_AWAY = 2.0 * WRIST_REACH


class FirstLook:
    """The slices of a clip's frames: those that an earlier run has finished, and the work on the others."""

    def __init__(
        self,
        clip: ClipInfo,
        estimator: HandEstimator,
        frames: FrameRange | None,
        partial: PartialResults,
        key: str,
        wanted_arms: Sequence[ProjectedArms] = (),
        bodies: BodyEstimator | None = None,
    ) -> None:
        """`frames` None are all, as many as decoding finds; `key` says everything that hands and people depend on.

        With `wanted_arms` only hands near one of them are wanted; with `bodies` people are looked for too.
        """
        self._clip = clip
        self._estimator = estimator
        self._frames = frames
        self._partial = partial
        self._key = key
        self._wanted_arms = wanted_arms
        self._bodies = bodies
        # One frame more than the likely last, which tells whether that is one.
        self._count = clip.likely_frame_count + 1 if frames is None else frames.count
        # Of finished slices only their frames and hands are counted; a long clip's memory is that of a short one.
        self._finished: dict[int, tuple[int, int]] = {}
        for number in range(self._slice_count):
            self._note(number, self._read(number))

    @property
    def _slice_count(self) -> int:
        return -(-self._count // self._estimator.slicing.length)

    @property
    def frames_done(self) -> int:
        """By earlier runs, at first."""
        return sum(frames for frames, _ in self._finished.values())

    def finished(self, on_step: OnStep) -> ClipSlice:
        """All slices as one, once they are there; `on_step` is told the frames that are done.

        Raises:
            ClipError, OutputError, whatever `on_step` raises: what was finished is kept.
        """
        while True:
            missing = [number for number in range(self._slice_count) if number not in self._finished]
            if missing:
                stretches = self._stretches(missing)
                share_out(stretches, self._observe, min(self._estimator.slicing.at_once, len(stretches)), on_step)
            last_frames, _ = self._finished[self._slice_count - 1]
            if self._frames is not None or last_frames < self._planned(self._slice_count - 1).count:
                break
            # The container counted too few.
            self._count += self._estimator.slicing.length
        frames, hands = (sum(counts) for counts in zip(*self._finished.values(), strict=True))
        return ClipSlice.joined(self._read_back(), frames, hands)

    def people(self) -> PeopleSeen:
        """Everybody that `bodies` found, once the slices are finished."""
        parts = (self._partial.read(_people_name(number), self._key) for number in range(self._slice_count))
        return PeopleSeen.joined(PeopleSeen(**part) for part in parts if part is not None)

    def _read_back(self) -> Iterator[ClipSlice]:
        for number in range(self._slice_count):
            part = self._read(number)
            if part is None:
                raise OutputError(f"A finished part of {self._clip.path.name} has vanished from the disk", "run it again")
            yield part

    def _read(self, number: int) -> ClipSlice | None:
        arrays = self._partial.read(_name(number), self._key)
        return None if arrays is None else ClipSlice.of(arrays)

    def _note(self, number: int, part: ClipSlice | None) -> None:
        if part is not None:
            self._finished[number] = part.frame_count, part.detections.count

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
            frames: Iterator[VideoFrame] = map(self._told, reader.frames(range(max(first - warm_up, 0), last + 1)))
            with contextlib.ExitStack() as stack:
                watch = None
                if self._bodies is not None:
                    watch = stack.enter_context(watching(self._bodies, self._estimator.channel_order == "bgr"))
                    # What is seen in a slice must not depend on which others are observed in one go with it.
                    frames = watch.passing(frames, {self._planned(number).first for number in numbers[1:]})
                seen = stack.enter_context(contextlib.closing(self._estimator.observe(frames)))
                people: list[tuple[int, PersonObservation]] = []
                wanted = _with_people(seen, watch, people, first)
                for number in numbers:
                    part = _gathered(itertools.islice(wanted, self._planned(number).count), step)
                    if watch is not None:
                        # First, so that whoever finds the slice finds its people.
                        self._partial.write(_people_name(number), self._key, gathered_people(people).arrays())
                        people.clear()
                    self._partial.write(_name(number), self._key, part.arrays())
                    self._note(number, part)

    def _told(self, frame: VideoFrame) -> VideoFrame:
        if not self._wanted_arms:
            return frame
        near = [places_near(arms, frame.index) for arms in self._wanted_arms]
        return replace(frame, wanted_near=np.concatenate(near))


def places_near(arms: ProjectedArms, frame: int) -> Array:
    """Circles (n, 3) around a person's wrists on a frame: x, y and radius in pixels; the whole picture beyond the motion."""
    if frame >= len(arms.wrist):
        return np.array(((0.0, 0.0, np.inf),))
    seen = arms.in_front[frame]
    radius = _HAND_LENGTHS_AWAY * arms.hand_length_px[frame, seen]
    return np.concatenate((arms.wrist[frame, seen], radius[:, None]), axis=1)


def _name(number: int) -> str:
    return f"first-{number:06}"


def _people_name(number: int) -> str:
    return f"people-{number:06}"


def _with_people(
    seen: Iterator[tuple[VideoFrame, list[HandObservation]]],
    watch: PeopleWatch | None,
    people: list[tuple[int, PersonObservation]],
    first: int,
) -> Iterator[tuple[VideoFrame, list[HandObservation]]]:
    """What is seen from a frame on, while the people on it are put into the list."""
    for frame, hands in seen:
        found = watch.people(frame.index) if watch is not None else []
        if frame.index >= first:
            people.extend((frame.index, person) for person in found)
            yield frame, hands


def _gathered(seen: Iterator[tuple[VideoFrame, list[HandObservation]]], step: OnStep) -> ClipSlice:
    times, marks, thumbnails, found, size = [], [], [], [], (0, 0)
    for frame, hands in seen:
        size = (frame.pixels.shape[1], frame.pixels.shape[0])
        if not frame.marks & FrameMark.LOST:
            found += [(frame.index, hand) for hand in hands]
        times.append(frame.time)
        marks.append(int(frame.marks))
        thumbnails.append(thumbnail(frame.pixels))
        step(1)
    small = np.array(thumbnails, np.uint8).reshape(-1, *THUMBNAIL_SHAPE)
    return ClipSlice(np.array(times), size, gathered(found), np.array(marks, np.uint8), small)
