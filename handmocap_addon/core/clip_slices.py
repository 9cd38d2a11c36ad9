"""A clip's frames in slices that are estimated one by one, so that a run that was killed loses no more than one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .hand_detections import HandDetections

Array = NDArray[Any]


@dataclass(frozen=True)
class ClipSlice:
    """F frames in a row and the hands on them; fewer than were asked for where the clip ends."""

    frame_time: Array  # (F,) seconds from the clip's first frame
    picture_size: tuple[int, int]  # width and height in pixels; zeros where there are no frames
    detections: HandDetections

    @property
    def frame_count(self) -> int:
        return len(self.frame_time)

    def arrays(self) -> dict[str, Array]:
        """For a file."""
        return {
            "frame_time": self.frame_time,
            "picture_size": np.array(self.picture_size),
            **detection_arrays(self.detections),
        }

    @staticmethod
    def of(arrays: dict[str, Array]) -> ClipSlice:
        """What `arrays` gave."""
        width, height = arrays["picture_size"].tolist()
        return ClipSlice(arrays["frame_time"], (width, height), detections_of(arrays))

    @staticmethod
    def joined(slices: Sequence[ClipSlice]) -> ClipSlice:
        """Slices in their order as one."""
        return ClipSlice(
            np.concatenate([part.frame_time for part in slices]),
            slices[0].picture_size,
            HandDetections.concatenated([part.detections for part in slices]),
        )


def detection_arrays(detections: HandDetections) -> dict[str, Array]:
    """For a file."""
    return {field.name: getattr(detections, field.name) for field in fields(HandDetections)}


def detections_of(arrays: dict[str, Array]) -> HandDetections:
    """What `detection_arrays` gave."""
    return HandDetections(**{field.name: arrays[field.name] for field in fields(HandDetections)})
