"""Joins the hands seen on single frames to pieces of track, each of them one hand for certain.

Neighbouring frames are compared by all landmarks, with and without the motion carried on at constant speed, in both
directions of time alike, so that a clip reversed gives the same pieces. Where two hands could be taken for each other a
piece ends rather than carry a swap across; `hand_sides` then decides for every piece whose it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..hands.hand_detections import HandDetections
from ..skeleton import LANDMARK_WRIST

Array = NDArray[Any]

# Distances are those of `landmark_distance`. Two detections of a frame are one hand seen twice if they are nearer
# than this and share some area (measured: up to 0.22, and hands laid palm to palm 0.31 and more), or share most of it.
_ONE_HAND, _ONE_HAND_SHARED_AREA = 0.26, 0.25
_MOSTLY_SHARED_AREA = 0.7
# The farthest that a hand gets from one frame to the next: what the landmarks themselves jump, and 2.7 m/s beyond what was
# expected of it; less across frames on which it was missed, since what is found behind may be something else.
_STILL_REACH, _REACH_PER_SECOND, _LARGEST_REACH, _REACH_OVER_GAP = 0.25, 15.0, 0.75, 0.5
# A hand may be missed for this long within a piece, seconds.
_GAP_SECONDS = 0.2
# A speed seen between two frames says little about where a hand is later than this.
_CARRIED_SECONDS = 0.1
# Another way to join the frames must be this much worse.
_MARGIN_FACTOR, _MARGIN = 1.5, 0.1
_SIDE_CHANGE, _SIZE_CHANGE = 0.2, 0.3
_ROUNDS = 3
# A hand that vanishes or appears this near to another one may have been taken for it.
_CONFUSABLE = 0.5

# The pairs of a long clip all at once would take a hundred megabytes.
_PAIRS_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class HandPieces:
    """Pieces of track over D detections. Duplicates have piece -1 and the index of the detection that stands for them."""

    piece: Array  # (D,) int, numbered by first frame
    stands_for: Array  # (D,) int, itself where it is no duplicate
    vote: Array  # (D,) -1 left to 1 right, duplicates included
    length_px: Array  # (D,) hand length in pixels
    velocity: Array  # (D, 2) pixels per second along the piece, zero where unknown
    first: Array  # (P,) detection that begins each piece
    last: Array  # (P,)

    @property
    def count(self) -> int:
        return len(self.first)


def track_hands(detections: HandDetections, frame_time: Array) -> HandPieces:
    """Find the pieces of track of a clip whose frames are shown at `frame_time` (N,) seconds."""
    length = detections.hand_length_px()
    stands_for = _representatives(detections, length)
    kept = stands_for == np.arange(detections.count)
    signed = np.where(detections.is_right, detections.score, -detections.score)
    vote = np.clip(np.bincount(stands_for, signed, minlength=detections.count), -1.0, 1.0)

    rows = np.flatnonzero(kept)
    frames = _Frames(
        detections.frame[rows], frame_time[detections.frame[rows]], detections.keypoints_2d[rows], length[rows], vote[rows]
    )
    behind, ahead = _links(frames, _widest_lag(frame_time))
    piece = _chains(behind)
    first = np.flatnonzero(behind < 0)
    velocity = np.nan_to_num(_mean_of_known(*_velocities(frames, behind, ahead)))

    pieces = np.full(detections.count, -1)
    pieces[rows] = np.searchsorted(first, piece)
    last = np.full(len(first), -1)
    last[np.searchsorted(first, piece)] = np.arange(len(rows))  # later frames write over earlier ones
    velocities = np.zeros((detections.count, 2))
    velocities[rows] = velocity
    return HandPieces(pieces, stands_for, vote, length, velocities, rows[first], rows[last])


def shared_area(first: Array, second: Array) -> Array:
    """Intersection over union of boxes (…, 4) x1 y1 x2 y2."""
    overlap = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    shared = np.maximum(overlap, 0.0).prod(axis=-1)
    joined = (first[..., 2:] - first[..., :2]).prod(axis=-1) + (second[..., 2:] - second[..., :2]).prod(axis=-1) - shared
    return np.where(joined > 0, shared / np.where(joined > 0, joined, 1.0), 0.0)


def landmark_distance(
    detections: HandDetections, length_px: Array, first: Array, second: Array, shift: Array | float = 0.0
) -> Array:
    """How far apart pairs of detections lie (K,), in hand lengths: half the wrist's, half the mean of all landmarks.

    The first ones are moved by (K, 2) pixels before.
    """
    return _distance(detections.keypoints_2d, length_px, first, second, shift)


def _distance(points: Array, length: Array, first: Array, second: Array, shift: Array | float) -> Array:
    distance = np.empty(len(first))
    for start in range(0, len(first), _PAIRS_AT_ONCE):
        block = slice(start, start + _PAIRS_AT_ONCE)
        moved = points[second[block]] - points[first[block]]
        moved = moved - (shift[block, None] if isinstance(shift, np.ndarray) else shift)
        away = np.sqrt((moved**2).sum(axis=-1))
        # An arm carries the wrist: fingers of two hands may lie on each other, or change places when a hand turns.
        distance[block] = (away[:, LANDMARK_WRIST] + away.mean(axis=-1)) / 2.0
    return distance / np.sqrt(length[first] * length[second])


def _pairs(frame: Array, lag: int) -> tuple[Array, Array]:
    """Indices of all pairs of detections that are `lag` frames apart; `frame` grows."""
    start = np.searchsorted(frame, frame + lag, side="left")
    count = np.searchsorted(frame, frame + lag, side="right") - start
    first = np.repeat(np.arange(len(frame)), count)
    within = np.arange(len(first)) - np.repeat(np.cumsum(count) - count, count)
    return first, np.repeat(start, count) + within


def _representatives(detections: HandDetections, length: Array) -> Array:
    """For every detection the one that stands for its hand: the surest of the first look."""
    first, second = _pairs(detections.frame, 0)
    different = first != second
    first, second = first[different], second[different]
    shared = shared_area(detections.bbox[first], detections.bbox[second])
    same = (landmark_distance(detections, length, first, second) < _ONE_HAND) & (shared > _ONE_HAND_SHARED_AREA)
    same |= shared > _MOSTLY_SHARED_AREA
    first, second = first[same], second[same]
    rank = detections.surest_first()
    order = np.empty(detections.count, np.int64)
    order[rank] = np.arange(detections.count)
    stands_for = np.arange(detections.count)
    best = order.copy()
    np.minimum.at(best, first, order[second])
    stands_for = rank[best]
    # One that stands for another must stand for itself: two hands that touch stay two where a third lies between them.
    return np.where(stands_for[stands_for] == stands_for, stands_for, np.arange(detections.count))


@dataclass(frozen=True, eq=False)
class _Frames:
    """The detections that are no duplicates."""

    frame: Array
    time: Array
    points: Array
    length: Array
    vote: Array


def _widest_lag(frame_time: Array) -> int:
    """How many frames apart two detections of a piece may be."""
    step = float(np.median(np.diff(frame_time))) if len(frame_time) > 1 else _GAP_SECONDS
    return int(np.clip(round(_GAP_SECONDS / max(step, 1e-6)), 1, 64))


def _links(frames: _Frames, widest_lag: int) -> tuple[Array, Array]:
    """For every detection the one before and the one after it in its piece, or -1."""
    none = np.full(len(frames.frame), -1)
    # First without the motion, then afresh with the motion that this shows.
    motion = _velocities(frames, *_joined_at_lag(frames, 1, none, none, None))
    behind, ahead = none, none
    for lag in range(1, widest_lag + 1):
        behind, ahead = _joined_at_lag(frames, lag, behind, ahead, motion)
        motion = _velocities(frames, behind, ahead)
    behind, ahead = _cut_where_another_fits(frames, widest_lag, behind, ahead, motion)
    return _cut_where_hands_meet(frames, behind, ahead)


def _joined_at_lag(
    frames: _Frames, lag: int, behind: Array, ahead: Array, motion: tuple[Array, Array] | None
) -> tuple[Array, Array]:
    """Join free ends and beginnings that are `lag` frames apart, where nothing else comes near to being as good."""
    behind, ahead = behind.copy(), ahead.copy()
    free_ends, free_starts = ahead < 0, behind < 0
    first, second = _pairs(frames.frame, lag)
    seconds = frames.time[second] - frames.time[first]
    usable = free_ends[first] & free_starts[second] & ((seconds <= _GAP_SECONDS + 1e-9) | (lag == 1))
    first, second, seconds = first[usable], second[usable], seconds[usable]
    cost = _cost(frames, first, second, seconds, motion)
    reach = np.minimum(_STILL_REACH + _REACH_PER_SECOND * seconds, _LARGEST_REACH if lag == 1 else _REACH_OVER_GAP)
    for _ in range(_ROUNDS):
        open_pair = (ahead[first] < 0) & (behind[second] < 0)
        first, second, cost, reach = first[open_pair], second[open_pair], cost[open_pair], reach[open_pair]
        limit = _MARGIN_FACTOR * cost + _MARGIN
        others = np.minimum(_best_other(first, cost, len(ahead)), _best_other(second, cost, len(ahead)))
        sure = (cost <= reach) & (others >= limit)
        if not sure.any():
            break
        ahead[first[sure]], behind[second[sure]] = second[sure], first[sure]
    return behind, ahead


def _best_other(group: Array, cost: Array, count: int) -> Array:
    """For every pair the lowest cost of the other pairs of its group."""
    order = np.lexsort((cost, group))
    starts = np.searchsorted(group[order], np.arange(count))
    sizes = np.diff(np.append(starts, len(group)))
    lowest, second = np.full(count, np.inf), np.full(count, np.inf)
    filled = sizes > 0
    lowest[filled] = cost[order][starts[filled]]
    filled = sizes > 1
    second[filled] = cost[order][starts[filled] + 1]
    is_lowest = np.zeros(len(group), bool)
    is_lowest[order[starts[sizes > 0]]] = True
    return np.where(is_lowest, second[group], lowest[group])


def _cost(frames: _Frames, first: Array, second: Array, seconds: Array, motion: tuple[Array, Array] | None) -> Array:
    """How badly two detections fit together as one hand, in hand lengths."""
    still = _distance(frames.points, frames.length, first, second, 0.0)
    cost = still
    if motion is not None:
        # The motion before the first one and the motion after the second one, whichever are known.
        carried_on = np.minimum(seconds, _CARRIED_SECONDS)
        carried = [
            _distance(frames.points, frames.length, first, second, np.nan_to_num(velocity) * carried_on[:, None])
            for velocity in (motion[0][first], motion[1][second])
        ]
        known = [np.isfinite(velocity[:, 0]) for velocity in (motion[0][first], motion[1][second])]
        number = known[0].astype(int) + known[1]
        moving = (np.where(known[0], carried[0], 0.0) + np.where(known[1], carried[1], 0.0)) / np.maximum(number, 1)
        cost = np.where(number > 0, (still + moving) / 2.0, still)
    side = np.abs(frames.vote[first] - frames.vote[second]) / 2.0
    size = np.abs(np.log(frames.length[first] / frames.length[second]))
    return cost + _SIDE_CHANGE * side + _SIZE_CHANGE * size


def _velocities(frames: _Frames, behind: Array, ahead: Array) -> tuple[Array, Array]:
    """Pixels per second (D, 2) from the detection behind, and to the one ahead; NaN where there is none."""
    centre = frames.points.mean(axis=1)
    result = []
    for other in (behind, ahead):
        seconds = frames.time[other] - frames.time
        velocity = (centre[other] - centre) / np.where(other >= 0, seconds, 1.0)[:, None]
        velocity[other < 0] = np.nan
        result.append(velocity)
    return result[0], result[1]


def _mean_of_known(first: Array, second: Array) -> Array:
    both = np.where(np.isfinite(first) & np.isfinite(second), (first + second) / 2.0, np.nan)
    return np.where(np.isfinite(both), both, np.where(np.isfinite(first), first, second))


def _cut_where_another_fits(
    frames: _Frames, widest_lag: int, behind: Array, ahead: Array, motion: tuple[Array, Array]
) -> tuple[Array, Array]:
    """End pieces where a hand that was lost shortly before, or is found shortly after, fits nearly as well.

    One hand may hide on the very frame on which the other one is seen again.
    """
    joined = np.flatnonzero(ahead >= 0)
    cost = np.full(len(ahead), np.inf)  # of the step from each detection to the next one of its piece
    seconds = frames.time[ahead[joined]] - frames.time[joined]
    cost[joined] = _cost(frames, joined, ahead[joined], seconds, motion)
    limit = _MARGIN_FACTOR * cost + _MARGIN
    doubtful = np.zeros(len(ahead), bool)
    for lag in range(1, widest_lag + 1):
        first, second = _pairs(frames.frame, lag)
        lost, found = (ahead[first] < 0) & (behind[second] >= 0), (behind[second] < 0) & (ahead[first] >= 0)
        for other, step in ((lost, behind[second]), (found, first)):
            pair = np.flatnonzero(other)
            seconds = frames.time[second[pair]] - frames.time[first[pair]]
            fits = _cost(frames, first[pair], second[pair], seconds, motion) < limit[step[pair]]
            doubtful[step[pair][fits & (seconds <= _GAP_SECONDS + 1e-9)]] = True
    return _cut(behind, ahead, np.flatnonzero(doubtful))


def _cut(behind: Array, ahead: Array, cut_after: Array) -> tuple[Array, Array]:
    behind, ahead = behind.copy(), ahead.copy()
    following = ahead[cut_after]
    behind[following[following >= 0]] = -1
    ahead[cut_after] = -1
    return behind, ahead


def _cut_where_hands_meet(frames: _Frames, behind: Array, ahead: Array) -> tuple[Array, Array]:
    """End pieces where a hand beside them vanishes or appears: the one that stays may be the other of the two."""
    first, second = _pairs(frames.frame, 0)
    different = first != second
    first, second = first[different], second[different]
    near = _distance(frames.points, frames.length, first, second, 0.0) < _CONFUSABLE
    first, second = first[near], second[near]
    ends, starts = second[ahead[first] < 0], second[behind[first] < 0]
    return _cut(behind, ahead, np.unique(np.concatenate((ends, behind[starts][behind[starts] >= 0]))))


def _chains(behind: Array) -> Array:
    """For every detection the one that begins its chain, by jumping ever farther back."""
    root = np.where(behind >= 0, behind, np.arange(len(behind)))
    while True:
        farther = root[root]
        if np.array_equal(farther, root):
            return root
        root = farther
