"""Cuts in a clip, as its pictures show them: small grey ones of all frames, each held against those before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]

THUMBNAIL_SHAPE: Final = (18, 32)  # rows and columns, whatever the picture's shape
_SAMPLES: Final = 4  # pixels on either side that make one of a thumbnail
_AROUND: Final = 3  # frames on either side whose middle is compared: a flash of one frame is no cut
_BESIDE: Final = 8  # boundaries on either side that tell what is usual
_BRIGHTNESSES: Final = 16  # that are told apart where the light changes
# Grey values by which a pixel changes on average, and how many times more than at any boundary beside. Thirteen clips joined
# to each other in their middles change by 5.8 and more, and 2.5 times as much as beside; within these clips, at every second
# and third frame too, the largest change is 1.7 times another.
_LEAST_CHANGE: Final = 4.0
_OUT_OF_THE_BLUE: Final = 2.2
_USUAL_AT_LEAST: Final = 0.5
_POSSIBLE: Final = 0.55  # of both, from which on what else tells of a cut is believed
# Where pictures are held or left out, more moves at once; but not ever more, since whoever stands still may stand for long.
_HELD: Final = 0.1
_LONGEST_HELD: Final = 4.0  # usual intervals
_APART_SECONDS: Final = 1e5


@dataclass(frozen=True, eq=False)
class PictureCuts:
    """First frames of what follows a cut: those that pictures show, and all that they do not rule out."""

    certain: Array  # (C,)
    possible: Array  # (P,)


def thumbnail(pixels: Array) -> Array:
    """A picture (H, W, 3) uint8 in any order of its channels as a small grey one (18, 32) uint8, by its middle channel."""
    height, width = pixels.shape[:2]
    rows, columns = THUMBNAIL_SHAPE
    sampled = pixels[:: max(height // (rows * _SAMPLES), 1), :: max(width // (columns * _SAMPLES), 1), 1].astype(np.uint32)
    edges = [
        np.linspace(0, length, count + 1).astype(int) for length, count in zip(sampled.shape, THUMBNAIL_SHAPE, strict=True)
    ]
    sums = np.add.reduceat(np.add.reduceat(sampled, edges[0][:-1], axis=0), edges[1][:-1], axis=1)
    sizes = [np.maximum(np.diff(edge), 1) for edge in edges]
    grey: Array = (sums // (sizes[0][:, None] * sizes[1])).astype(np.uint8)
    return grey


def picture_cuts(thumbnails: Array, frame_time: ArrayLike, is_lost: Array) -> PictureCuts:
    """The cuts of N frames in a row.

    A flash, a light that is switched, a picture that is held and a fade are none. Nor is a cut one that has another within
    eight frames, or one to nearly the same picture.

    Args:
        thumbnails: (N, 18, 32) uint8.
        frame_time: (N,) seconds.
        is_lost: (N,) bool, frames that could not be read and are black.
    """
    rows = np.flatnonzero(~np.asarray(is_lost, bool))
    if len(rows) < 2:
        return PictureCuts(np.zeros(0, np.int64), np.zeros(0, np.int64))
    grey = thumbnails[rows].reshape(len(rows), -1).astype(np.float32)
    time = np.asarray(frame_time, dtype=np.float64)[rows]
    changes = np.minimum(_change(grey[:-1], grey[1:]), _change(_middle(grey, -1)[:-1], _middle(grey, 1)[1:]))
    allowed = _OUT_OF_THE_BLUE * np.maximum(_largest_beside(changes), _USUAL_AT_LEAST) * _waiting(grey, time)
    share = changes / np.maximum(allowed, _LEAST_CHANGE)
    return PictureCuts(rows[1:][share > 1.0], rows[1:][share > _POSSIBLE])


def apart_at_cuts(frame_time: ArrayLike, cuts: ArrayLike) -> Array:
    """Times (N,) in which frames of different shots are a day apart, so that nothing is carried from one to the next."""
    time = np.asarray(frame_time, dtype=np.float64)
    inside = [cut for cut in np.asarray(cuts, dtype=np.int64).tolist() if 0 < cut < len(time)]
    shots = np.zeros(len(time))
    shots[inside] = 1.0
    return time + _APART_SECONDS * np.cumsum(shots) if inside else time


def _middle(grey: Array, step: int) -> Array:
    """The median over a few frames up to each one, or from it on (N, P)."""
    frames = np.arange(len(grey))
    around = np.stack([grey[np.clip(frames + step * far, 0, len(grey) - 1)] for far in range(_AROUND)])
    middle: Array = np.median(around, axis=0)
    return middle


def _change(before: Array, after: Array) -> Array:
    """Grey values (M,) by which pixels change beyond what another light makes of each brightness, either way."""
    plain = np.abs(after - before).mean(axis=1)
    change: Array = np.minimum(plain, np.minimum(_beyond_light(before, after), _beyond_light(after, before)))
    return change


def _beyond_light(before: Array, after: Array) -> Array:
    level = (before * (_BRIGHTNESSES / 256.0)).astype(np.int64)
    key = (np.arange(len(before))[:, None] * _BRIGHTNESSES + level).ravel()
    size = len(before) * _BRIGHTNESSES
    mean = np.bincount(key, after.ravel(), size) / np.maximum(np.bincount(key, minlength=size), 1)
    beyond: Array = np.abs(after - mean[key].reshape(after.shape)).mean(axis=1)
    return beyond


def _largest_beside(changes: Array) -> Array:
    rows = np.arange(len(changes))
    largest = np.zeros(len(changes))
    for offset in (*range(-_BESIDE, 0), *range(1, _BESIDE + 1)):
        there = (rows + offset >= 0) & (rows + offset < len(changes))
        largest[there] = np.maximum(largest[there], changes[rows[there] + offset])
    return largest


def _waiting(grey: Array, time: Array) -> Array:
    """For how many usual intervals (N-1,) the picture before each boundary has been there."""
    is_held = np.abs(np.diff(grey, axis=0)).mean(axis=1) < _HELD
    intervals = np.diff(time) / max(float(np.median(np.diff(time))), 1e-6)
    waiting = np.empty(len(intervals))
    before = 0.0
    for row, interval in enumerate(intervals):
        waiting[row] = before + interval
        before = waiting[row] if is_held[row] else 0.0
    return np.clip(waiting, 1.0, _LONGEST_HELD)
