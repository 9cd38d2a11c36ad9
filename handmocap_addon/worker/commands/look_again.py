"""The second pass over a clip, into crops in which a hand was missed, a slice of frames after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ...core.hands.hand_detections import HandDetections
from ...core.whose_hands.clip_slices import detection_arrays, detections_of
from ...core.whose_hands.second_look import Looks
from ..clip.info import ClipInfo
from ..estimators.base import HandEstimator
from ..results.fingerprint import fingerprint
from ..results.partial_results import PartialResults
from ..threads.sharing_out import share_out
from ..video import ClipReader
from .observed import gathered, moved

OnStep = Callable[[int], None]


class SecondLook:
    """The hands in crops: those that an earlier run has found, and the work on the others."""

    def __init__(self, clip: ClipInfo, estimator: HandEstimator, looks: Looks, partial: PartialResults, key: str) -> None:
        """`key` says everything that the hands depend on but the crops themselves."""
        self._clip = clip
        self._estimator = estimator
        self._looks = looks
        self._partial = partial
        self._key = key
        slices = looks.frame // estimator.slicing.length
        self._rows = {int(number): np.flatnonzero(slices == number) for number in np.unique(slices)}
        self._found: dict[int, HandDetections] = {}
        for number in self._rows:
            arrays = partial.read(_name(number), self._key_of(number))
            if arrays is not None:
                self._found[number] = detections_of(arrays)

    @property
    def looks_done(self) -> int:
        """By earlier runs, at first."""
        return sum(len(self._rows[number]) for number in self._found)

    def finished(self, on_step: OnStep) -> HandDetections:
        """What was accepted, in the order of the frames; `on_step` is told the crops that are done.

        Raises:
            ClipError, OutputError, whatever `on_step` raises: what was finished is kept.
        """
        missing = [number for number in self._rows if number not in self._found]
        if missing:
            share_out(missing, self._look, min(self._estimator.slicing.at_once, len(missing)), on_step)
        return HandDetections.concatenated([self._found[number] for number in self._rows])

    def _key_of(self, number: int) -> str:
        return fingerprint(self._key, self._looks.taken(self._rows[number]))

    def _look(self, numbers: Iterator[int], step: OnStep) -> None:
        reader = ClipReader(self._clip, self._estimator.channel_order, on_decoded=lambda: step(0))
        for number in numbers:
            rows = self._rows[number]
            found, look_of = [], []
            by_frame = np.split(rows, np.flatnonzero(np.diff(self._looks.frame[rows])) + 1)
            frames = reader.frames(int(self._looks.frame[row[0]]) for row in by_frame)
            for frame, looks in zip(frames, by_frame, strict=True):
                for look in looks:
                    left, top, right, bottom = self._looks.box[look]
                    for hand in self._estimator.look_again(frame.pixels[top:bottom, left:right]):
                        found.append((frame.index, moved(hand, self._looks.box[look, :2])))
                        look_of.append(look)
                    step(1)
            detections = gathered(found, second_look=True)
            detections = detections.taken(self._looks.accept(np.array(look_of, dtype=np.int64), detections))
            self._partial.write(_name(number), self._key_of(number), detection_arrays(detections))
            self._found[number] = detections


def _name(number: int) -> str:
    return f"second-{number:06}"
