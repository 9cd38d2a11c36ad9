"""What smoothing costs a motion: how late it comes, and how much of its amplitude is lost."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handmocap_addon.core.maths.rotations import quat_wxyz_to_axis_angle
from handmocap_addon.core.rig.hand_skeleton import HandSkeleton
from handmocap_addon.core.skeleton import FINGERS, HAND_JOINT_COUNT

Array = NDArray[Any]


def flexion_angles(quat_wxyz: ArrayLike, skeleton: HandSkeleton) -> Array:
    """Radians (N, 15) by which joints (N, 15, 4) are turned about their fingers' flexion axes."""
    axes = np.repeat(skeleton.flexion_axes, HAND_JOINT_COUNT // len(FINGERS), axis=0)
    turn: Array = np.sum(quat_wxyz_to_axis_angle(quat_wxyz) * axes, axis=-1)
    return turn


def lag_frames(estimate: ArrayLike, truth: ArrayLike, most: int = 8) -> float | None:
    """Frames by which motion `estimate` (N, D) comes after `truth` (N, D), negative where it comes before.

    The peak of their correlation over all D columns, between frames by the parabola through its top three values. Shifts
    up to `most` frames are tried. None where nothing moves or the clip is too short.
    """
    first, second = (_columns(values) for values in (estimate, truth))
    count = len(first)
    most = min(most, (count - 2) // 3)
    if most < 1:
        return None
    shifts = np.arange(-most, most + 1)
    match = np.array([_correlation(first[most + s : count - most + s], second[most : count - most]) for s in shifts])
    if not np.isfinite(match).all() or np.ptp(match) == 0.0:
        return None
    top = int(np.clip(np.argmax(match), 1, len(match) - 2))
    bend = match[top - 1] - 2.0 * match[top] + match[top + 1]
    return float(shifts[top] + (0.5 * (match[top - 1] - match[top + 1]) / bend if bend < 0.0 else 0.0))


def amplitude_loss(estimate: ArrayLike, truth: ArrayLike) -> float | None:
    """Share of the range of `truth` (N, D) that `estimate` (N, D) lacks; negative where it moves further.

    The range of a column lies between the means of its truth's highest and lowest tenths, and the estimate's range is taken
    on those same frames, so that noise adds nothing to it. Columns count by their range. None where nothing moves.
    """
    first, second = (_columns(values) for values in (estimate, truth))
    if len(second) == 0:
        return None
    order = np.argsort(second, axis=0, kind="stable")
    tenth = max(1, len(second) // 10)
    true_range, seen_range = (
        np.take_along_axis(values, order[-tenth:], axis=0).mean(axis=0)
        - np.take_along_axis(values, order[:tenth], axis=0).mean(axis=0)
        for values in (second, first)
    )
    whole = float(true_range @ true_range)
    return 1.0 - float(seen_range @ true_range) / whole if whole > 0.0 else None


def _columns(values: ArrayLike) -> Array:
    array = np.asarray(values, dtype=np.float64)
    return array.reshape(len(array), int(np.prod(array.shape[1:])))


def _correlation(first: Array, second: Array) -> float:
    first, second = first - first.mean(axis=0), second - second.mean(axis=0)
    length = np.sqrt(np.sum(first * first) * np.sum(second * second))
    return float(np.sum(first * second) / length) if length > 0.0 else float("nan")
