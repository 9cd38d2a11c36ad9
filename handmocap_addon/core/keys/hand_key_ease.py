"""How generated curves meet a person's keys: near each they carry its difference from what was generated, fading to none.

Between two keys the difference goes from one to the other and never beyond either, however near they are. Rotations differ
by quaternions, everything else by numbers.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..cleanup.gap_filling import eased
from ..maths.rotation_modes import nearest_forms, quat_wxyz_of_mode, values_in_mode
from ..maths.rotations import quat_wxyz_inverse, quat_wxyz_multiply, slerp_quat_wxyz

Array = NDArray[Any]

EASE_FRAMES: Final = 5.0
_IDENTITY: Final = np.array((1.0, 0.0, 0.0, 0.0))


def numbers_around_keys(
    frames: ArrayLike, values: ArrayLike, key_frames: ArrayLike, key_values: ArrayLike, ease_frames: float = EASE_FRAMES
) -> Array:
    """Generated values (N, k) as they are to be written around a person's keys.

    Args:
        frames: (N,) ascending.
        values: (N, k) generated.
        key_frames: (H,) ascending, where the person has keys.
        key_values: (H, k) the person's; NaN where a channel has no key there.
        ease_frames: how far a difference reaches on each side.
    """
    frames, values, key_frames = (np.asarray(array, dtype=np.float64) for array in (frames, values, key_frames))
    inside = _within(key_frames, frames)
    if not inside.any():
        return values
    at_keys = _interpolated(key_frames[inside], frames, values)
    wanted = np.asarray(key_values, dtype=np.float64)[inside]
    difference = np.where(np.isnan(wanted), 0.0, wanted - at_keys)
    before, after, towards, share = _shares(frames, key_frames[inside], ease_frames)
    blended = difference[before] * (1.0 - towards[:, None]) + difference[after] * towards[:, None]
    return values + blended * share[:, None]


def rotations_around_keys(
    frames: ArrayLike,
    quat_wxyz: ArrayLike,
    key_frames: ArrayLike,
    key_values: ArrayLike,
    mode: str,
    ease_frames: float = EASE_FRAMES,
) -> Array:
    """Generated rotations (N, 4) as values (N, 4 or 3) of a rotation mode, to be written around a person's keys.

    As `numbers_around_keys`, with key values in the mode. Values go on from those of the key before them, also where that
    has the other sign, whole turns, or the other set of Euler angles.
    """
    frames, key_frames = np.asarray(frames, dtype=np.float64), np.asarray(key_frames, dtype=np.float64)
    quat = np.asarray(quat_wxyz, dtype=np.float64)
    if len(key_frames) == 0 or len(frames) == 0:
        return values_in_mode(quat, mode)
    rows = np.concatenate((frames, key_frames))
    order = np.argsort(rows, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    of_frames, of_keys = place[: len(frames)], place[len(frames) :]

    generated = np.concatenate((quat, _interpolated_rotations(key_frames, frames, quat)))[order]
    key_values = np.asarray(key_values, dtype=np.float64)
    at_keys = values_in_mode(generated, mode)[of_keys]
    at_keys = nearest_forms(at_keys, key_values, mode).of(np.arange(len(of_keys)), at_keys)
    wanted = quat_wxyz_of_mode(np.where(np.isnan(key_values), at_keys, key_values), mode)
    inside = _within(key_frames, frames)
    if inside.any():
        difference = quat_wxyz_multiply(quat_wxyz_inverse(generated[of_keys[inside]]), wanted[inside])
        before, after, towards, share = _shares(rows[order], key_frames[inside], ease_frames)
        near = np.flatnonzero(share > 0.0)
        blended = slerp_quat_wxyz(difference[before[near]], difference[after[near]], towards[near])
        generated[near] = quat_wxyz_multiply(generated[near], slerp_quat_wxyz(_IDENTITY, blended, share[near]))
    generated[of_keys] = wanted
    values = values_in_mode(generated, mode)
    forms = nearest_forms(values[of_keys], key_values, mode)
    key_before = np.searchsorted(key_frames, frames, side="right") - 1
    return forms.of(np.maximum(key_before, 0), values[of_frames])


def _shares(frames: Array, key_frames: Array, ease_frames: float) -> tuple[Array, Array, Array, Array]:
    """For each frame (N,): the keys on either side, how far to go from the first's difference to the other's, its share."""
    last = len(key_frames) - 1
    number = np.searchsorted(key_frames, frames, side="right") - 1
    before, after = np.maximum(number, 0), np.minimum(number + 1, last)
    since = np.where(number < 0, np.inf, frames - key_frames[before])
    until = np.where(number >= last, np.inf, key_frames[after] - frames)
    reach = max(ease_frames, 1e-9)
    fade_before, fade_after = (eased(np.clip(1.0 - distance / reach, 0.0, 1.0)) for distance in (since, until))
    # By the inverse of the distances: wholly the one's at the one's key, and wholly the only one's that reaches here.
    to_before = np.where(fade_before > 0.0, fade_before * np.where(np.isinf(until), 1.0, until), 0.0)
    to_after = np.where(fade_after > 0.0, fade_after * np.where(np.isinf(since), 1.0, since), 0.0)
    total = to_before + to_after
    towards = np.divide(to_after, total, out=np.zeros_like(total), where=total > 0.0)
    towards = np.where(number < 0, 1.0, towards)
    return np.where(number < 0, after, before), after, towards, 1.0 - (1.0 - fade_before) * (1.0 - fade_after)


def _within(key_frames: Array, frames: Array) -> Array:
    """Keys beside the generated frames differ from nothing."""
    if len(frames) == 0:
        return np.zeros(len(key_frames), dtype=bool)
    inside: Array = (key_frames >= frames[0]) & (key_frames <= frames[-1])
    return inside


def _neighbours(at: Array, frames: Array) -> tuple[Array, Array, Array]:
    after = np.clip(np.searchsorted(frames, at, side="left"), 0, len(frames) - 1)
    before = np.maximum(after - 1, 0)
    length = frames[after] - frames[before]
    fraction = np.divide(at - frames[before], length, out=np.ones_like(at), where=length > 0.0)
    return before, after, np.clip(fraction, 0.0, 1.0)


def _interpolated(at: Array, frames: Array, values: Array) -> Array:
    before, after, fraction = _neighbours(at, frames)
    return values[before] + (values[after] - values[before]) * fraction[:, None]


def _interpolated_rotations(at: Array, frames: Array, quat: Array) -> Array:
    before, after, fraction = _neighbours(at, frames)
    exact = fraction >= 1.0
    return np.where(exact[:, None], quat[after], slerp_quat_wxyz(quat[before], quat[after], fraction))
