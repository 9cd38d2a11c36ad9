"""Cuts in a clip, as its body landmarks show them: nothing is carried across one."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..clip.picture_cuts import PictureCuts
from .landmarks import BodyLandmarks, about_their_middle, either_way_apart, weight_of

Array = NDArray[Any]

# Metres by which all that is seen of a body moves at once, and more the longer the time between two frames; who runs as fast
# did so before.
_LEAP: Final = 0.15
_FAST: Final = 3.0  # metres a second
_OUT_OF_THE_BLUE: Final = 4.0  # times what is usual of the frames beside
_BESIDE: Final = 8  # frames on either side
# How much larger or smaller one is at once.
_ZOOM: Final = 1.5
_ZOOM_LEAP: Final = 0.12  # metres; points that stay where they are do not change in size
_LONGEST_GAP: Final = 0.15  # seconds without a body after which it may be anywhere
_AROUND: Final = 3  # frames on either side whose middle is compared: one frame gone astray is no cut
_SEEN: Final = 0.3  # visibility


def cuts_of(landmarks: BodyLandmarks, time: Array) -> Array:
    """The first frames of what follows a cut (C,), of N frames at `time` (N,) in seconds.

    A cut to a picture in which the person is nearly where they were before is not seen by this; see
    `core.clip.picture_cuts`. Where real clips were joined to each
    other from their middles, leaps were 0.06 m and more; a detector that goes astray within a clip leaps by up to 0.19.
    """
    rows = np.flatnonzero(landmarks.found)
    if len(rows) < 2:
        return np.zeros(0, np.int64)
    picture, seen = landmarks.picture[rows], landmarks.visibility[rows] > _SEEN
    scale = _size_of_a_metre(landmarks, rows)
    before = _middle(picture, scale, backwards=True)
    after = _middle(picture, scale, backwards=False)
    both = (seen[:-1] & seen[1:]).astype(np.float64)
    seconds = np.diff(time[rows])
    # Of both the frames themselves and the middles around them.
    leaps = np.minimum(
        _metres(picture[:-1], picture[1:], np.maximum(scale[:-1], scale[1:]), both),
        _metres(before[0][:-1], after[0][1:], np.maximum(before[1][:-1], after[1][1:]), both),
    )
    sizes = ((scale[:-1], scale[1:]), (before[1][:-1], after[1][1:]))
    ratio = np.minimum(*(np.exp(np.abs(np.log(one / other))) for one, other in sizes))
    allowed = np.maximum(_LEAP + _FAST * seconds, _OUT_OF_THE_BLUE * _usual_beside(leaps))
    is_cut = (leaps > allowed) | ((ratio > _ZOOM) & (leaps > _ZOOM_LEAP))
    return rows[1:][is_cut & (both.sum(axis=1) > 2) & (seconds <= _LONGEST_GAP)]


def all_cuts(by_landmarks: Array, by_pictures: PictureCuts) -> Array:
    """The cuts of both (C,). Pictures say on which frame one is, and whether landmarks can have leapt for a cut at all."""
    is_possible = _is_near(by_landmarks, by_pictures.possible) & ~_is_near(by_landmarks, by_pictures.certain)
    return np.union1d(by_landmarks[is_possible], by_pictures.certain)


def _is_near(frames: Array, others: Array) -> Array:
    near: Array = (np.abs(frames[:, None] - others) <= _AROUND).any(axis=1)
    return near


def shots_of(cuts: Array, frame_count: int) -> Array:
    """The number (N,) of the shot that each frame belongs to, from the first frames of all but the first."""
    starts = np.zeros(frame_count, np.int64)
    starts[cuts] = 1
    return np.cumsum(starts)


def _size_of_a_metre(landmarks: BodyLandmarks, rows: Array) -> Array:
    """How large a metre is in the picture (R,), by the spread of the points that are seen there and in the world."""
    weight = weight_of(landmarks.visibility[rows], _SEEN)

    def spread(points: Array) -> Array:
        _, off = about_their_middle(points, weight)
        width: Array = np.sqrt((off**2 * weight).sum(axis=(1, 2)))
        return width

    scale: Array = np.maximum(spread(landmarks.picture[rows]), 1e-3) / np.maximum(
        spread(landmarks.world[rows][..., :2]), 1e-3
    )
    return scale


def _middle(picture: Array, scale: Array, backwards: bool) -> tuple[Array, Array]:
    """Medians over a few frames up to each one, or from it on: points (R, 33, 2) and pixels a metre (R,)."""
    count = len(picture)
    step = -1 if backwards else 1
    around = np.clip(np.arange(count) + step * np.arange(_AROUND)[:, None], 0, count - 1)
    return np.median(picture[around], axis=0), np.median(scale[around], axis=0)


def _usual_beside(leaps: Array) -> Array:
    """The median (L,) of what is beside each, without itself."""
    count = len(leaps)
    offsets = np.array([offset for offset in range(-_BESIDE, _BESIDE + 1) if offset])
    rows = np.arange(count)[:, None] + offsets
    around = np.where((rows >= 0) & (rows < count), leaps[np.clip(rows, 0, count - 1)], np.nan)
    usual: Array = np.nanmedian(around, axis=1) if count > 1 else np.zeros(count)
    return usual


def _metres(before: Array, after: Array, scale: Array, weight: Array) -> Array:
    """How far points move on average (R-1,), whichever way left and right are called."""
    return either_way_apart(after, before, weight) / scale
