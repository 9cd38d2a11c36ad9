"""Looks for people on frames that pass by on their way to the hands' estimator, so that a clip is decoded once for both."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from ...core.clip.frame_marks import FrameMark
from ...core.whose_hands.seen_people import PeopleSeen
from ..estimators.base import BodyEstimator, PeopleTracker, PersonObservation, VideoFrame

# Frames that wait for the tracker, so that a quick estimator of hands does not fill the memory with them.
_MOST_WAITING = 4


class PeopleWatch:
    """A tracker on a thread of its own."""

    def __init__(self, tracker: PeopleTracker, is_bgr: bool, thread: ThreadPoolExecutor) -> None:
        self._tracker = tracker
        self._is_bgr = is_bgr
        self._thread = thread
        self._found: dict[int, Future[list[PersonObservation]]] = {}

    def passing(self, frames: Iterator[VideoFrame], afresh_at: Collection[int]) -> Iterator[VideoFrame]:
        """The frames as they come; with the first one, and those of these numbers, the tracker begins afresh."""
        is_first = True
        waiting: list[Future[list[PersonObservation]]] = []
        for frame in frames:
            if len(waiting) >= _MOST_WAITING:
                waiting.pop(0).result()
            future = self._thread.submit(self._look, frame, is_first or frame.index in afresh_at)
            waiting.append(future)
            self._found[frame.index] = future
            is_first = False
            yield frame

    def people(self, frame: int) -> list[PersonObservation]:
        """Those on a frame that has passed; asked for once."""
        return self._found.pop(frame).result()

    def _look(self, frame: VideoFrame, afresh: bool) -> list[PersonObservation]:
        pixels = frame.pixels[..., ::-1] if self._is_bgr else frame.pixels
        if afresh:
            self._tracker.forget(pixels)
        return [] if frame.marks & FrameMark.LOST else self._tracker.people(pixels, frame.time)


@contextlib.contextmanager
def watching(bodies: BodyEstimator, is_bgr: bool) -> Iterator[PeopleWatch]:
    """A watch for a stretch of frames."""
    with bodies.tracker() as tracker:
        thread = ThreadPoolExecutor(1)
        try:
            yield PeopleWatch(tracker, is_bgr, thread)
        finally:
            # What has not begun is of no use any more; the tracker is not given on before the rest has ended.
            thread.shutdown(wait=True, cancel_futures=True)


def gathered_people(seen: list[tuple[int, PersonObservation]]) -> PeopleSeen:
    """Observations with the number of their frame as arrays."""
    people = PeopleSeen.empty(len(seen))
    people.frame[:] = np.array([frame for frame, _ in seen], np.int64)
    for row, (_, person) in enumerate(seen):
        people.picture[row], people.world[row] = person.picture, person.world
        people.visibility[row], people.presence[row] = person.visibility, person.presence
    return people
