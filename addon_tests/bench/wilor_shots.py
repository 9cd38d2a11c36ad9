"""What the WiLoR benchmarks share: made-up frames with two hands on them, and medians of alternating runs."""

from __future__ import annotations

import time
from collections.abc import Callable

import cv2
import numpy as np

from handmocap_addon.worker.estimators.wilor_network import Boxes

RESCALE_FACTOR = 2.5  # side of upstream's crop over the longer side of the box
BLURRED_FROM = 225  # pixels; upstream blurs the whole frame for hands that are larger


def made_up_frame(width: int, height: int, seed: int = 0) -> np.ndarray:
    """Noise in blots of four pixels, (H, W, 3) uint8; no hand is on it, so boxes have to be given."""
    noise = np.random.default_rng(seed).integers(0, 256, (height // 4, width // 4, 3), np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)


def two_hands(width: int, height: int, hand: float) -> Boxes:
    """A right and a left box of `hand` pixels, apart from each other and inside the frame."""
    corners = np.array([(0.2 * width, 0.25 * height), (0.55 * width, 0.35 * height)])
    return Boxes(np.hstack((corners, corners + hand)), np.array([0.9, 0.8]), np.array([True, False]))


def median_seconds(works: list[Callable[[], object]], repeats: int) -> list[float]:
    """The median time of every piece of work, each run once before; the order turns round from run to run."""
    for work in works:
        work()
    taken: list[list[float]] = [[] for _ in works]
    for repeat in range(repeats):
        order = range(len(works)) if repeat % 2 == 0 else reversed(range(len(works)))
        for number in order:
            started = time.perf_counter()
            works[number]()
            taken[number].append(time.perf_counter() - started)
    return [float(np.median(seconds)) for seconds in taken]
