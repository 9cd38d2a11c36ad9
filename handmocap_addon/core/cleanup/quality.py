"""How good each frame of a clean hand is, in numbers: score, fit to the picture, limits of the joints, jumps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..hands.hand_poses import HandTrack
from ..maths.rotations import axis_angle_to_rotmat, quat_wxyz_inverse, quat_wxyz_multiply, quat_wxyz_to_axis_angle
from ..rig.hand_skeleton import HandSkeleton
from ..rig.joint_limits import limit_violations
from ..skeleton import FINGERS, HAND_JOINT_COUNT, finger_landmarks
from .clean_hands import CleanHand, Provenance

Array = NDArray[Any]

_STEPS = HAND_JOINT_COUNT // len(FINGERS)


@dataclass(frozen=True, eq=False)
class HandQuality:
    """N frames of one hand. NaN where there is nothing to say; fingers are in the order of FINGERS."""

    time: Array  # (N,) seconds
    measured: Array  # (N,) bool
    score: Array  # (N,) 0..1, NaN where not measured
    reprojection_pixels: Array  # (N,) mean distance of the posed landmarks from the detector's, NaN where there are none
    reprojection_share: Array  # (N,) the same against the length of the stretched hand in the picture
    limit_degrees: Array  # (N, 5) the furthest that a joint of the finger is beyond its range
    limit_kind: Array  # (N, 5) Violation of that joint
    jump_degrees: Array  # (N, 5) the largest turn of a joint since the frame before, NaN on the first
    jump_degrees_per_second: Array  # (N, 5)


def hand_quality(track: HandTrack, hand: CleanHand, skeleton: HandSkeleton, frame_time: ArrayLike) -> HandQuality:
    """Measure a clean hand against what was seen.

    Args:
        track: the raw hand (N).
        hand: what cleanup made of it.
        skeleton: the hand's bones and limits.
        frame_time: (N,) seconds.
    """
    time = np.asarray(frame_time, dtype=np.float64)
    measured = hand.provenance == Provenance.MEASURED
    pixels, share = _reprojection(track, hand, skeleton, measured)
    violations = limit_violations(hand.quat_wxyz, skeleton)
    beyond = violations.beyond.reshape(-1, len(FINGERS), _STEPS)
    worst = np.argmax(beyond, axis=-1)[..., None]
    kind = violations.kind.reshape(beyond.shape)
    jump = np.full((len(time), len(FINGERS)), np.nan)
    turn = quat_wxyz_multiply(quat_wxyz_inverse(hand.quat_wxyz[:-1]), hand.quat_wxyz[1:])
    angle = np.linalg.norm(quat_wxyz_to_axis_angle(turn), axis=-1)
    jump[1:] = np.degrees(angle.reshape(-1, len(FINGERS), _STEPS).max(axis=-1))
    rate = jump.copy()
    rate[1:] /= np.diff(time)[:, None]
    return HandQuality(
        time=time,
        measured=measured,
        score=np.where(measured, track.score, np.nan),
        reprojection_pixels=pixels,
        reprojection_share=share,
        limit_degrees=np.degrees(np.take_along_axis(beyond, worst, axis=-1)[..., 0]),
        limit_kind=np.take_along_axis(kind, worst, axis=-1)[..., 0],
        jump_degrees=jump,
        jump_degrees_per_second=rate,
    )


def _reprojection(track: HandTrack, hand: CleanHand, skeleton: HandSkeleton, measured: Array) -> tuple[Array, Array]:
    """Mean distances (N,) in pixels and as shares of the hand, NaN where the file has no landmarks or no orientation.

    The posed hand, turned as the estimator says, is laid on the landmarks by a scale and a shift: over a hand's depth the
    perspective is flat enough. What is left includes the little by which detectors mark other points than the rig's joints.
    """
    pixels, share = np.full(len(measured), np.nan), np.full(len(measured), np.nan)
    seen = np.ptp(track.keypoints_2d, axis=1).min(axis=-1) > 0.0 if len(measured) else measured
    known = measured & seen & track.global_orient_axis_angle.any()
    if not known.any():
        return pixels, share
    pose = quat_wxyz_to_axis_angle(hand.quat_wxyz[known]).reshape(-1, HAND_JOINT_COUNT * 3)
    points = skeleton.posed_landmarks(pose)
    turned = points @ np.swapaxes(axis_angle_to_rotmat(track.global_orient_axis_angle[known]), -1, -2)
    flat = turned[..., :2] - turned[..., :2].mean(axis=1, keepdims=True)
    target = track.keypoints_2d[known].astype(np.float64)
    target = target - target.mean(axis=1, keepdims=True)
    scale = np.sum(flat * target, axis=(1, 2)) / np.maximum(np.sum(flat * flat, axis=(1, 2)), 1e-12)
    pixels[known] = np.linalg.norm(scale[:, None, None] * flat - target, axis=-1).mean(axis=-1)
    middle = skeleton.landmarks()[[0, *finger_landmarks("middle")]]
    length = float(np.linalg.norm(np.diff(middle, axis=0), axis=-1).sum())
    # A hand that is laid on upside down has no size; it is then off by at least its own.
    size = length * np.maximum(scale, 0.0)
    share[known] = np.minimum(pixels[known] / np.maximum(size, 1e-9), 1.0)
    return pixels, share
