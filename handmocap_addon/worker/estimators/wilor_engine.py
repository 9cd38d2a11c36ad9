"""WiLoR over a clip: decoding, detecting and cutting go on ahead while the pose network works."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import numpy as np

from ...core.landmarks.definition import RIG_JOINTS
from ...core.landmarks.fit import FittedHand, fit_landmarks
from ...core.rig.hand_skeleton import HandSkeleton
from ..threads.read_ahead import ReadAhead
from .base import Array, EstimatorInfo, HandObservation, Slicing, VideoFrame
from .wilor_crops import PATCH_SIZE, cut_patch
from .wilor_hands import observations
from .wilor_network import Boxes, WilorNetwork
from .wilor_settings import WilorSettings

# Threads that cut patches; OpenCV lets go of the interpreter while it works.
_MOST_CUTTERS = 8
_WINDOWS_IN_A_SLICE = 8


@dataclass(frozen=True)
class _Detected:
    """Some frames in a row with their hands found."""

    frames: list[VideoFrame]
    boxes: list[Boxes]


@dataclass(frozen=True, eq=False)
class _Window:
    """The same with their hands cut out."""

    frames: list[VideoFrame]
    boxes: list[Boxes]
    patches: Array  # (n, 256, 256, 3) float32, of all the boxes, frame by frame


class WilorEstimator:
    """Hands with MANO rotations, a window of frames at a time, in the frames' order."""

    channel_order: Literal["rgb", "bgr"] = "bgr"
    leaves_out_unwanted = True

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

        Some three and a half windows of frames are held at once, however long the clip is.
        """
        window_length = self._settings.batch_frames or 1
        decoded = ReadAhead(frames, max(2, window_length // 2))
        # A thread each: a GPU takes one piece of work after the other, so the detector waits while poses are found, and
        # what it saw before is cut meanwhile.
        detected = ReadAhead(self._detected(decoded, window_length), 1)
        windows = ReadAhead(self._windows(detected), 1)
        # The sources first: the others wait for them.
        readers: list[ReadAhead[Any]] = [decoded, detected, windows]
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
        return self._hands(self._cut(self._detect([VideoFrame(0, 0.0, pixels)]), map))[0]

    def fit(self, world: Array, image: Array, skeleton: HandSkeleton) -> FittedHand:
        """See `HandEstimator.fit`; only for hands that WiLoR took for the other side. Its landmarks are MANO's joints."""
        return fit_landmarks(world, skeleton, image, RIG_JOINTS)

    def close(self) -> None:
        """End what still reads ahead and free the model."""
        for reader in self._readers:
            reader.close()
        self._network.close()

    def _detected(self, frames: Iterator[VideoFrame], length: int) -> Iterator[_Detected]:
        while window := list(islice(frames, length)):
            yield self._detect(window)

    def _detect(self, frames: list[VideoFrame]) -> _Detected:
        found = self._network.detect([frame.pixels for frame in frames])
        return _Detected(
            frames,
            [
                boxes if frame.wanted_near is None else boxes.near(frame.wanted_near)
                for frame, boxes in zip(frames, found, strict=True)
            ],
        )

    def _windows(self, detected: Iterator[_Detected]) -> Iterator[_Window]:
        with ThreadPoolExecutor(min(_MOST_CUTTERS, os.cpu_count() or 1)) as cutter:
            for window in detected:
                yield self._cut(window, cutter.map)

    def _cut(self, detected: _Detected, cut_all: Callable[..., Iterable[Array]]) -> _Window:
        hands = [
            (frame.pixels, bbox, bool(is_right), self._settings.rescale_factor)
            for frame, found in zip(detected.frames, detected.boxes, strict=True)
            for bbox, is_right in zip(found.bbox, found.is_right, strict=True)
        ]
        patches = np.empty((len(hands), PATCH_SIZE, PATCH_SIZE, 3), np.float32)
        for row, patch in enumerate(cut_all(cut_patch, *zip(*hands, strict=True)) if hands else ()):
            patches[row] = patch
        return _Window(detected.frames, detected.boxes, patches)

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
