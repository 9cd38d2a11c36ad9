"""WiLoR over a clip: decoding, detecting and cutting go on ahead while the pose network works."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from ...core.hand_skeleton import HandSkeleton
from ...core.landmark_definition import RIG_JOINTS
from ...core.landmark_fit import FittedHand, fit_landmarks
from ..read_ahead import ReadAhead
from .base import Array, EstimatorInfo, HandObservation, Slicing, VideoFrame
from .wilor_crops import cut_patch
from .wilor_hands import observations
from .wilor_network import Boxes, WilorNetwork
from .wilor_settings import WilorSettings

# Threads that cut patches; OpenCV lets go of the interpreter while it works.
_MOST_CUTTERS = 8
_WINDOWS_IN_A_SLICE = 8


@dataclass(frozen=True)
class _Window:
    """Some frames in a row with their hands found and cut out."""

    frames: list[VideoFrame]
    boxes: list[Boxes]
    patches: list[Array]  # of all the boxes, frame by frame


class WilorEstimator:
    """Hands with MANO rotations, a window of frames at a time, in the frames' order."""

    channel_order: Literal["rgb", "bgr"] = "bgr"

    def __init__(self, network: WilorNetwork, settings: WilorSettings, info: EstimatorInfo) -> None:
        """`settings` are resolved."""
        self._network = network
        self._settings = settings
        self._readers: list[ReadAhead[Any]] = []  # open ones
        self.info = info
        # A window is never cut, so that batches are the same wherever a run begins.
        self.slicing = Slicing(_WINDOWS_IN_A_SLICE * (settings.batch_frames or 1), warm_up=0, at_once=1)

    def observe(self, frames: Iterator[VideoFrame]) -> Generator[tuple[VideoFrame, list[HandObservation]], None, None]:
        """Yield every frame once with the hands seen on it, in order; `pixels` are (H, W, 3) uint8 BGR.

        Some two and a half windows of frames are held at once, however long the clip is.
        """
        window_length = self._settings.batch_frames or 1
        decoded = ReadAhead(frames, max(2, window_length // 2))
        windows = ReadAhead(self._windows(decoded, window_length), 1)
        # The source first: the other waits for it.
        readers: list[ReadAhead[Any]] = [decoded, windows]
        self._readers += readers
        try:
            for window in windows:
                yield from zip(window.frames, self._hands(window), strict=True)
        finally:
            for reader in readers:
                reader.close()
            self._readers = [reader for reader in self._readers if reader not in readers]

    def look_again(self, pixels: Array) -> list[HandObservation]:
        """See `HandEstimator.look_again`; the detector makes the crop as large as it makes whole frames."""
        return self._hands(self._window([VideoFrame(0, 0.0, pixels)], map))[0]

    def fit(self, world: Array, image: Array, skeleton: HandSkeleton) -> FittedHand:
        """See `HandEstimator.fit`; only for hands that WiLoR took for the other side. Its landmarks are MANO's joints."""
        return fit_landmarks(world, skeleton, image, RIG_JOINTS)

    def close(self) -> None:
        """End what still reads ahead and free the model."""
        for reader in self._readers:
            reader.close()
        self._network.close()

    def _windows(self, frames: Iterator[VideoFrame], length: int) -> Iterator[_Window]:
        with ThreadPoolExecutor(min(_MOST_CUTTERS, os.cpu_count() or 1)) as cutter:
            while window := list(islice(frames, length)):
                yield self._window(window, cutter.map)

    def _window(self, frames: list[VideoFrame], cut_all: Callable[..., Iterable[Array]]) -> _Window:
        boxes = self._network.detect([frame.pixels for frame in frames])
        hands = [
            (frame.pixels, bbox, bool(is_right), self._settings.rescale_factor)
            for frame, found in zip(frames, boxes, strict=True)
            for bbox, is_right in zip(found.bbox, found.is_right, strict=True)
        ]
        return _Window(frames, boxes, list(cut_all(cut_patch, *zip(*hands, strict=True))) if hands else [])

    def _hands(self, window: _Window) -> list[list[HandObservation]]:
        """All hands of every frame, in the detector's order; more than two, or two of a side, are possible."""
        answers = iter(self._network.poses(window.patches))
        return [
            observations(
                boxes,
                list(islice(answers, len(boxes.score))),
                (frame.pixels.shape[1], frame.pixels.shape[0]),
                self._settings.rescale_factor,
                self._network.focal_length,
            )
            for frame, boxes in zip(window.frames, window.boxes, strict=True)
        ]
