"""What speaks for a piece of track being a person's left or right hand, and for one piece following another.

Everything is counted in seconds of a hand seen for certain, so that a clip's frame rate changes nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..hands.hand_detections import HandDetections
from ..skeleton import SIDES
from .hand_tracking import HandPieces, landmark_distance
from .projected_arms import ProjectedArms
from .slot_pairs import SAME_TIME, Passages, Pieces, Rules

Array = NDArray[Any]

# A second of a hand is worth one second, half a second more or less by what the estimator calls it.
_SIDE_WORTH = 0.5
# Where nothing tells left from right: a person in the picture, facing it, has the left hand at its right. Far too little to
# count against anything else.
_PLACE_WORTH = 1e-6
# Who looks where a hand should be finds one more easily than there is one.
_SECOND_LOOK_WORTH = 0.75
# A wrist this many hand lengths from the projected one neither speaks for nor against it (GVHMR's own wrists are off by up
# to about one); twice as far it cannot be that hand.
WRIST_REACH = 1.0
_FARTHEST = -3.0
# Hands of one person differ in apparent length by no more than this, for arms reach towards the camera and away.
LARGEST_SIZE_RATIO = 2.2
# What it costs to be lost and found again, and to be somewhere else at once. A hand seen for a frame or
# two, apart from what is before and after, is worth less than being lost and found twice.
_FOUND, _JUMP = 0.08, 0.55
_FOUND_SECONDS, _FADING_SECONDS, _MEMORY_SECONDS = 0.15, 1.0, 2.0
_STILL_REACH, _REACH_PER_SECOND, _CARRIED_SECONDS = 0.35, 12.0, 0.15
# Pieces of one hand may overlap for this long where a hand was seen twice and not noticed to be one.
LONGEST_OVERLAP = 0.1
# Two hands of a person are at most an arm span apart: 1.7 m.
_ARM_SPAN = 9.0
_APART_COST, _NEARNESS = 1.5, 0.5


def evidence(
    detections: HandDetections, pieces: HandPieces, frame_time: Array, arms: Sequence[ProjectedArms]
) -> tuple[Pieces, Rules]:
    """Worth of every piece in every slot (person after person, left before right), and the costs between pieces.

    Without any arms there is one person, who may be anywhere.
    """
    duration = frame_durations(frame_time)
    kept = np.flatnonzero(pieces.piece >= 0)
    piece, frame = pieces.piece[kept], detections.frame[kept]
    weight = duration[frame] * (0.5 + 0.5 * detections.score[kept])
    weight = weight * np.where(detections.second_look[kept], _SECOND_LOOK_WORTH, 1.0)
    if not arms:
        weight = weight * _size_share(pieces.length_px[kept], weight)
    worth = np.empty((pieces.count, 2 * max(1, len(arms))))
    across = detections.keypoints_2d[kept].mean(axis=1)[:, 0]
    place = np.clip((across - across.mean()) / pieces.length_px[kept], -1.0, 1.0) if len(kept) else across
    for slot in range(worth.shape[1]):
        person, side = divmod(slot, 2)
        value = 1.0 + (_SIDE_WORTH * pieces.vote[kept] - _PLACE_WORTH * place) * (-1.0 if SIDES[side] == "left" else 1.0)
        if arms:
            distance, ratio = wrist_fit(detections, pieces, arms[person], side)
            value = value + np.maximum(1.0 - (distance[kept] / WRIST_REACH) ** 2, _FARTHEST)
            off = np.bincount(piece, np.log(ratio[kept]) * weight, minlength=pieces.count)
            off = off / np.maximum(np.bincount(piece, weight, minlength=pieces.count), 1e-9)
        worth[:, slot] = np.bincount(piece, weight * value, minlength=pieces.count)
        if arms:
            worth[np.abs(off) > np.log(LARGEST_SIZE_RATIO), slot] = -1.0
    first, last = detections.frame[pieces.first], detections.frame[pieces.last]
    chain = Pieces(
        worth,
        frame_time[first],
        frame_time[last],
        # Nobody knows what was before the clip and after it.
        _lost_cost(frame_time[first] - frame_time[0]),
        _lost_cost(frame_time[-1] - frame_time[last]),
    )
    passages = _passages(detections, pieces, frame_time, duration)
    together = _togetherness(detections, pieces, duration) if not arms else _no_cost
    return chain, Rules(passages, together, _MEMORY_SECONDS, _FOUND)


def frame_durations(frame_time: Array) -> Array:
    """How long each frame (N,) is shown, seconds."""
    if len(frame_time) < 2:
        return np.full(len(frame_time), 1.0 / 24.0)
    return np.gradient(frame_time)


def wrist_fit(detections: HandDetections, pieces: HandPieces, arms: ProjectedArms, side: int) -> tuple[Array, Array]:
    """For every detection the distance (D,) to a projected wrist in hand lengths, and its size over the body's."""
    frame = detections.frame
    expected = arms.hand_length_px[frame, side]
    distance = np.linalg.norm(detections.keypoints_2d[:, 0] - arms.wrist[frame, side], axis=1) / expected
    return np.where(arms.in_front[frame, side], distance, np.inf), pieces.length_px / expected


def _lost_cost(seconds: Array | float) -> Array:
    """The cost of a hand not being seen for so long."""
    return np.asarray(_FOUND * (1.0 - np.exp(-np.asarray(seconds) / _FOUND_SECONDS)))


def _size_share(length: Array, weight: Array) -> Array:
    """Less than one for hands that are much smaller than the large ones: people in the background."""
    if not len(length):
        return np.ones(0)
    order = np.argsort(length)
    share = np.cumsum(weight[order]) / weight.sum()
    large = length[order][np.searchsorted(share, 0.9)]
    return np.clip(length / large / 0.6, 0.3, 1.0)


def _passages(detections: HandDetections, pieces: HandPieces, frame_time: Array, duration: Array) -> Passages:
    start, end = frame_time[detections.frame[pieces.first]], frame_time[detections.frame[pieces.last]]

    def passages(before: Array, after: Array) -> Array:
        leaving, arriving = pieces.last[before], pieces.first[after]
        step = (duration[detections.frame[leaving]] + duration[detections.frame[arriving]]) / 2.0
        gap = start[after] - end[before]
        # Frames of both are counted twice in their worth.
        overlap = np.where(gap <= 0.0, step - gap, 0.0)
        shorter = np.minimum(end[before] - start[before], end[after] - start[after])
        impossible = overlap > np.minimum(LONGEST_OVERLAP, shorter / 2.0) + SAME_TIME
        gap = np.where(gap <= 0.0, step, gap)
        carried = np.minimum(gap, _CARRIED_SECONDS)[:, None]
        still, on, back = (
            landmark_distance(detections, pieces.length_px, leaving, arriving, shift)
            for shift in (0.0, pieces.velocity[leaving] * carried, pieces.velocity[arriving] * carried)
        )
        size = np.abs(np.log(pieces.length_px[leaving] / pieces.length_px[arriving]))
        distance = (still + (on + back) / 2.0) / 2.0 + size
        near = np.minimum(1.0, (distance / (2.0 * (_STILL_REACH + _REACH_PER_SECOND * gap))) ** 2)
        faded = np.exp(-gap / _FADING_SECONDS)
        return np.where(impossible, np.inf, 2.0 * overlap + _lost_cost(gap) + _JUMP * near * faded)

    return passages


def _togetherness(detections: HandDetections, pieces: HandPieces, duration: Array) -> Callable[[int, int], float]:
    """What it costs to take two pieces on the same frames for the two hands of one person."""
    centre = detections.keypoints_2d.mean(axis=1)
    order = np.argsort(pieces.piece, kind="stable")
    starts = np.searchsorted(pieces.piece[order], np.arange(pieces.count + 1))

    @functools.cache
    def together(first: int, second: int) -> float:
        one, other = (order[starts[piece] : starts[piece + 1]] for piece in (first, second))
        frames, in_one, in_other = np.intersect1d(detections.frame[one], detections.frame[other], return_indices=True)
        one, other = one[in_one], other[in_other]
        length = np.sqrt(pieces.length_px[one] * pieces.length_px[other])
        distance = np.linalg.norm(centre[one] - centre[other], axis=1) / length
        ratio = np.abs(np.log(pieces.length_px[one] / pieces.length_px[other]))
        apart = (distance > _ARM_SPAN) | (ratio > np.log(LARGEST_SIZE_RATIO))
        return float((duration[frames] * (_APART_COST * apart + _NEARNESS * (distance / _ARM_SPAN) ** 2)).sum())

    return together


def _no_cost(_first: int, _second: int) -> float:
    return 0.0
