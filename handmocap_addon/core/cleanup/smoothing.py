"""Smoothing of finger rotations that knows the whole clip: strong where a finger holds still, light where it moves.

Around each frame, and for each finger, the time that one smooth curve explains is looked for back and ahead apart: lines
through more and more frames are held against a short parabola, and the reach ends where they part by more than the noise
(Lepski 1990; intersection of confidence intervals: Goldenshluger and Nemirovski 1997; both sides apart: Katkovnik 1999). A
local parabola over that time gives the frame. Quaternions are fitted by their components and brought back to unit length,
which commutes with any constant turn.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..maths.rotations import normalized, sign_continuous_quat_wxyz
from ..maths.time_windows import TimeWindows
from ..skeleton import FINGERS, HAND_JOINT_COUNT
from .jumps import without_jumps

Array = NDArray[Any]

# Reach on each side in seconds, and how far curves may part in standard deviations of the noise, at strength 1.
_SHORTEST, _LONGEST, _REACHES = 0.29, 1.2, 5
_TOLERANCE = 1.3
# Noise per joint is never taken to be outside this: rounding is no noise, and a clip of fast gestures alone has no calm
# frames to tell noise by.
_LEAST_NOISE, _MOST_NOISE = np.radians(0.4), np.radians(1.5)
# The choice of the reach changes over about this time, so that it makes no jumps of its own.
_CHANGE_SECONDS = 0.2
_LEAST_WEIGHT = 0.05
_FINGER_VALUES = HAND_JOINT_COUNT // len(FINGERS) * 4


def smoothed_fingers(quat_wxyz: ArrayLike, time: ArrayLike, score: ArrayLike, strength: ArrayLike) -> Array:
    """Smooth one hand over the N frames on which it was measured.

    Args:
        quat_wxyz: (N, 15, 4) finger rotations.
        time: (N,) seconds, growing.
        score: (N,) how much each frame counts, 0..1.
        strength: (5,) per finger, 0..1; a finger with 0 comes back as it is, to the bit.
    """
    quat = np.asarray(quat_wxyz, dtype=np.float64)
    strength = np.asarray(strength, dtype=np.float64)
    result = quat.copy()
    if len(quat) < 2 or not strength.any():
        return result
    seconds = np.asarray(time, dtype=np.float64)
    weight = np.maximum(np.asarray(score, dtype=np.float64), _LEAST_WEIGHT)
    fingers = sign_continuous_quat_wxyz(quat).reshape(len(quat), len(FINGERS), _FINGER_VALUES)
    noise = finger_noise(fingers)
    fingers = without_jumps(fingers, seconds, noise)
    parts = result.reshape(fingers.shape)
    for value in np.unique(strength[strength > 0.0]):
        chosen = np.flatnonzero(strength == value)
        parts[:, chosen] = _smoothed(fingers[:, chosen], seconds, weight, noise[chosen], float(value))
    return result


def finger_noise(fingers: Array) -> Array:
    """Standard deviation (F,) of the noise of fingers (N, F, 12), as lengths of their twelve values.

    The median length of third differences: gestures hardly show in them, and rare jumps not in their median.
    """
    joints = _FINGER_VALUES // 4
    # Half an angle is the length by which a unit quaternion moves.
    least, most = 0.5 * _LEAST_NOISE * np.sqrt(joints), 0.5 * _MOST_NOISE * np.sqrt(joints)
    if len(fingers) < 4:
        return np.full(fingers.shape[1], least)
    third = np.linalg.norm(np.diff(fingers, n=3, axis=0), axis=-1)
    # Squares of the coefficients 1, 3, 3, 1.
    return np.clip(np.median(third, axis=0) / np.sqrt(20.0), least, most)


def _smoothed(fingers: Array, time: Array, weight: Array, noise: Array, strength: float) -> Array:
    """Fingers (N, F, 12) smoothed with one strength."""
    count, finger_count, values = fingers.shape
    reaches = np.geomspace(_SHORTEST, _LONGEST, _REACHES) * strength
    tolerance = _TOLERANCE * np.sqrt(strength) * noise
    back, ahead = _reach(_parting(fingers, time, weight, reaches) / tolerance, time, reaches)
    windows = TimeWindows.within(time, weight, reaches[-1], reaches[-1])
    rows = windows.fitted_parabola(windows.kernel(back, ahead), reaches[-1])
    # Each finger's fit is applied to all fingers, which is one fast product, and its own is taken.
    fitted = (rows @ windows.of(fingers.reshape(count, -1))).reshape(count, finger_count, finger_count, values)
    own = fitted[:, np.arange(finger_count), np.arange(finger_count)]
    return normalized(own.reshape(count, finger_count, -1, 4)).reshape(fingers.shape)


def _parting(fingers: Array, time: Array, weight: Array, reaches: Array) -> Array:
    """How far (N, 2, K - 1, F) lines over each longer reach back and ahead are from the parabola over the shortest one."""
    count, finger_count, values = fingers.shape
    flat = fingers.reshape(count, -1)
    short = TimeWindows.within(time, weight, reaches[0], reaches[0])
    middle = np.full((1, 1), reaches[0])
    pilot = (short.fitted_parabola(short.kernel(middle, middle), reaches[0]) @ short.of(flat))[:, 0]
    longer, shortest = reaches[None, 1:], np.full((1, len(reaches) - 1), reaches[0])
    parting = np.empty((count, 2, len(reaches) - 1, finger_count))
    for number, (back, ahead) in enumerate(((longer, shortest), (shortest, longer))):
        windows = TimeWindows.within(time, weight, float(back[0, -1]), float(ahead[0, -1]))
        lines = windows.fitted_line(windows.kernel(back, ahead), reaches[-1]) @ windows.of(flat)
        away = (lines - pilot[:, None]).reshape(count, -1, finger_count, values)
        parting[:, number] = np.sqrt(np.einsum("nkfv,nkfv->nkf", away, away))
    return parting


def _reach(parting: Array, time: Array, reaches: Array) -> tuple[Array, Array]:
    """Seconds back (N, F) and ahead (N, F) over which a finger is fitted, from how far curves part against the tolerance.

    A reach is believed wholly up to the tolerance and not at all from twice that on, and only with all shorter ones.
    """
    windows = TimeWindows.within(time, np.ones(len(time)), _CHANGE_SECONDS, _CHANGE_SECONDS)
    middle = np.full((1, 1), _CHANGE_SECONDS)
    kernel = windows.kernel(middle, middle)[:, 0]
    lasting = np.sqrt(windows.mean(kernel, np.square(parting).reshape(len(time), -1))).reshape(parting.shape)
    excess = np.clip(lasting - 1.0, 0.0, 1.0)
    believed = np.cumprod(1.0 - excess * excess * (3.0 - 2.0 * excess), axis=2)
    logarithm = np.einsum("nskf,k->nsf", believed, np.diff(np.log(reaches)))
    reach = reaches[0] * np.exp(windows.mean(kernel, logarithm.reshape(len(time), -1)).reshape(logarithm.shape))
    return reach[:, 0], reach[:, 1]
