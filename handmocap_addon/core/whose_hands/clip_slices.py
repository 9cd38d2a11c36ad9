"""A clip's frames in slices that are estimated one by one, so that a run that was killed loses no more than one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..clip.picture_cuts import THUMBNAIL_SHAPE
from ..hands.hand_detections import HandDetections

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class ClipSlice:
    """F frames in a row and the hands on them; fewer than were asked for where the clip ends."""

    frame_time: Array  # (F,) seconds from the clip's first frame
    picture_size: tuple[int, int]  # width and height in pixels; zeros where there are no frames
    detections: HandDetections
    marks: Array  # (F,) uint8, the frames' `FrameMark`s
    thumbnails: Array  # (F, 18, 32) uint8, small grey pictures

    @property
    def frame_count(self) -> int:
        return len(self.frame_time)

    def arrays(self) -> dict[str, Array]:
        """For a file."""
        return {
            "frame_time": self.frame_time,
            "picture_size": np.array(self.picture_size),
            "marks": self.marks,
            "thumbnails": self.thumbnails,
            **detection_arrays(self.detections),
        }

    @staticmethod
    def of(arrays: dict[str, Array]) -> ClipSlice:
        """What `arrays` gave."""
        width, height = arrays["picture_size"].tolist()
        size = (width, height)
        return ClipSlice(arrays["frame_time"], size, detections_of(arrays), arrays["marks"], arrays["thumbnails"])

    @staticmethod
    def joined(slices: Iterable[ClipSlice], frame_count: int, hand_count: int) -> ClipSlice:
        """Slices in their order as one, of so many frames and hands in all; only one of them is held at a time."""
        times, detections, size = np.empty(frame_count), HandDetections.empty(hand_count), (0, 0)
        marks, thumbnails = np.zeros(frame_count, np.uint8), np.zeros((frame_count, *THUMBNAIL_SHAPE), np.uint8)
        frame = hand = 0
        for part in slices:
            frames, hands = slice(frame, frame + part.frame_count), slice(hand, hand + part.detections.count)
            frame, hand = frames.stop, hands.stop
            times[frames], marks[frames], thumbnails[frames] = part.frame_time, part.marks, part.thumbnails
            for field in fields(HandDetections):
                values = getattr(part.detections, field.name)
                if values.any():  # memory that holds nothing but zeros is never taken from the system
                    getattr(detections, field.name)[hands] = values
            if part.frame_count:
                size = part.picture_size
        return ClipSlice(times, size, detections, marks, thumbnails)


def detection_arrays(detections: HandDetections) -> dict[str, Array]:
    """For a file."""
    return {field.name: getattr(detections, field.name) for field in fields(HandDetections)}


def detections_of(arrays: dict[str, Array]) -> HandDetections:
    """What `detection_arrays` gave."""
    return HandDetections(**{field.name: arrays[field.name] for field in fields(HandDetections)})
