"""How far the fingers of a hand that was read from landmarks can be trusted, frame by frame.

An estimator's score says that there is a hand and of which side, and stays near 1 where the fingers are wrong: clenched
fists, fingers that point at the camera, blur. What tells them is that fingers which curl towards or away from the camera
are hidden behind themselves, and that a reading which guesses is another one on the next frame.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..hands.hand_poses import HandTrack
from ..maths.rotations import axis_angle_to_rotmat, normalized
from ..rig.accuracy import finger_bone_directions
from ..rig.hand_skeleton import HandSkeleton
from ..skeleton import FINGERS

Array = NDArray[Any]

# Found by logistic regression on 330 hands of four real clips, of which 51 are wrong to the eye; held against 1148 rendered
# hands whose truth is known, none of which is off by more than 22 degrees: 1 in 100 of these falls below 0.6.
_PER_CURL, _PER_LOG_UNSTEADINESS, _OFFSET = 2.57, 2.13, -8.48
_LEAST_UNSTEADINESS = 2.0  # degrees; less is none
# Where a frame has no neighbours, degrees.
_USUAL_UNSTEADINESS = 8.0
# Frames are compared with the farthest ones before and after that are no farther than this; unsteadiness is that of all
# frames within that time. Seconds, between the multiples of any usual frame rate.
_FARTHEST, _AROUND = 0.0463, 0.0683
# A finger bent by this and all across the picture counts as one, radians.
_CURL = np.radians(100.0)
_THUMB = FINGERS.index("thumb")


def finger_trust(track: HandTrack, rows: ArrayLike, skeleton: HandSkeleton, frame_time: ArrayLike) -> Array:
    """How far the poses of some rows (K,) can be trusted: (K,) of 0 to 1, where below 0.6 a person should look.

    Args:
        track: the hand over N frames, with orientations.
        rows: rows (K,) on which it was detected, growing.
        skeleton: the rig's hand.
        frame_time: (N,) seconds.
    """
    rows = np.asarray(rows, dtype=np.int64)
    if not len(rows):
        return np.zeros(0)
    bones = finger_bone_directions(skeleton.posed_landmarks(track.pose_axis_angle[rows]))
    bones = np.delete(bones.reshape(len(rows), len(FINGERS), -1, 3), _THUMB, axis=1)
    turn = axis_angle_to_rotmat(track.global_orient_axis_angle[rows])
    depth = np.abs(np.einsum("nfbk,nk->nfb", bones, turn[:, 2])).max(axis=-1)
    bend = _angle_between(bones[:, :, 0], bones[:, :, -1])
    curl = (bend / _CURL * depth).mean(axis=-1)
    unsteady = np.degrees(_unsteadiness(bones, np.asarray(frame_time, dtype=np.float64)[rows]))
    doubt = _PER_CURL * curl + _PER_LOG_UNSTEADINESS * np.log(unsteady + _LEAST_UNSTEADINESS) + _OFFSET
    return np.asarray(1.0 / (1.0 + np.exp(doubt)))


def _unsteadiness(bones: Array, time: Array) -> Array:
    """How far (K,) finger bones (K, 4, 3, 3) lie from between those before and after, over the frames around; radians."""
    row = np.arange(len(time))
    before = np.searchsorted(time, time - _FARTHEST)
    after = np.searchsorted(time, time + _FARTHEST, side="right") - 1
    known = (before < row) & (after > row)
    between = normalized(bones[before[known]] + bones[after[known]])
    off = np.zeros(len(time))
    off[known] = _angle_between(between, bones[known]).mean(axis=(1, 2))
    first, last = np.searchsorted(time, time - _AROUND), np.searchsorted(time, time + _AROUND, side="right")
    summed, counted = (np.concatenate(([0.0], np.cumsum(values))) for values in (off, known.astype(np.float64)))
    count = counted[last] - counted[first]
    usual = np.radians(_USUAL_UNSTEADINESS)
    return np.where(count > 0, (summed[last] - summed[first]) / np.maximum(count, 1.0), usual)


def _angle_between(first: Array, second: Array) -> Array:
    return np.arccos(np.clip((first * second).sum(axis=-1), -1.0, 1.0))
