"""Finger motions with known truth, and noise like a landmark detector's: mostly shared by neighbouring frames."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz, quat_wxyz_multiply
from handmocap_addon.core.rig.hand_skeleton import HandSkeleton, hand_skeleton
from handmocap_addon.core.skeleton import Side

Array = NDArray[Any]


def stand_in_hand(side: Side = "left") -> HandSkeleton:
    return hand_skeleton(load_stand_in_body(), side)


def bent(skeleton: HandSkeleton, share: Array) -> Array:
    """Rotations (N, 15, 4) of a hand between stretched (0) and a fist (1)."""
    poses = np.stack([skeleton.curled_pose(1.35 * part, 1.6 * part, 0.9 * part, 0.8 * part) for part in share])
    return axis_angle_to_quat_wxyz(poses.reshape(-1, 15, 3))


def step(time: Array, at: float, lasting: float) -> Array:
    """From 0 to 1 with the least jerk, as people move (Flash and Hogan 1985)."""
    part = np.clip((time - at) / lasting, 0.0, 1.0)
    return part**3 * (10.0 - 15.0 * part + 6.0 * part**2)


def holds(time: Array) -> tuple[Array, Array]:
    """Bends (N,) that are held for 0.8 to 1.2 s with moves of 0.33 s between them, and which frames hold still (N,)."""
    share, still, level, now = np.zeros(len(time)), np.ones(len(time), bool), 0.0, 0.8
    for number, target in enumerate((0.9, 0.2, 0.6, 0.0, 1.0, 0.4, 0.8, 0.1)):
        share += (target - level) * step(time, now, 0.33)
        still &= (time <= now) | (time >= now + 0.33)
        level, now = target, now + 0.33 + (0.8, 1.0, 1.2)[number % 3]
    return share, still


def fast_cycles(time: Array, seconds: float) -> Array:
    """Bends (N,) of a hand that opens and closes, one whole cycle in `seconds`."""
    return 0.1 + 0.8 * (0.5 - 0.5 * np.cos(2.0 * np.pi * time / seconds))


def detector_noise(quat_wxyz: Array, random: np.random.Generator, degrees: float) -> Array:
    """The same rotations (N, 15, 4) off by `degrees` (standard deviation of each axis).

    A third of the variance is white, half is shared over 2 to 3 frames, the rest drifts over about ten.
    """
    count = len(quat_wxyz)
    offset = np.zeros((count, 45))
    for share, spread in ((0.3, 0.0), (0.5, 1.2), (0.2, 5.0)):
        white = random.normal(size=(count + 60, 45))
        reach = np.arange(-30, 31)
        kernel = np.exp(-0.5 * (reach / spread) ** 2) if spread else (reach == 0).astype(float)
        smooth = np.stack([np.convolve(column, kernel / np.linalg.norm(kernel), "same") for column in white.T], axis=1)
        offset += np.sqrt(share) * smooth[30 : count + 30]
    return quat_wxyz_multiply(quat_wxyz, axis_angle_to_quat_wxyz(np.radians(degrees) * offset.reshape(count, 15, 3)))
