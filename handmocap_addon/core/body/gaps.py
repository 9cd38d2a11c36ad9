"""Frames on which a body's motion is not a number: filled from their neighbours where they are few, and told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import BodyMotionFileError
from ..maths.frame_words import frames_in_words
from ..maths.rotations import slerp_quat_wxyz
from .motion import BodyMotion, BodyTrack

Array = NDArray[Any]
_LONGEST_GAP: Final = 12  # frames
_LARGEST_SHARE: Final = 0.1


def without_gaps(motion: BodyMotion, file_name: str) -> BodyMotion:
    """The motion of a file with the few frames on which it is not a number filled, and that said.

    Raises:
        BodyMotionFileError: they are too many.
    """
    tracks = [motion.world, *([motion.camera] if motion.camera is not None else [])]
    parts = [part for track in tracks for part in (track.orient_quat_wxyz, track.translation)]
    parts += [motion.intrinsics] if motion.intrinsics is not None else []
    broken = broken_frames(motion.body_quat_wxyz, *parts)
    if not broken.any():
        return motion
    told = f"{file_name} has numbers that are not finite on {frames_in_words(np.flatnonzero(broken))}"
    if not can_be_filled(broken):
        raise BodyMotionFileError(f"{told} of {motion.frame_count}, too many to fill", motion.maker.again)
    return filled(motion, broken).with_warning(f"{told}; the body there is filled from the frames beside")


def broken_frames(*parts: Array) -> Array:
    """Frames (N,) on which any of the arrays (N, …) holds what is not finite."""
    return np.any([~np.isfinite(part).reshape(len(part), -1).all(axis=1) for part in parts], axis=0)


def can_be_filled(broken: Array) -> bool:
    """Whether the neighbours say enough: few frames, and few one after the other."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], broken.astype(int), [0]))))
    longest = max(map(int, edges[1::2] - edges[::2]), default=0)
    return bool(longest <= _LONGEST_GAP and broken.sum() <= max(1, int(_LARGEST_SHARE * len(broken))) and not broken.all())


def filled(motion: BodyMotion, broken: Array) -> BodyMotion:
    """The motion with its broken frames (N,) between their nearest whole neighbours."""
    whole, wanted = np.flatnonzero(~broken), np.flatnonzero(broken)
    after = np.searchsorted(whole, wanted)
    start, end = whole[np.maximum(after - 1, 0)], whole[np.minimum(after, len(whole) - 1)]
    share = np.where(end > start, (wanted - start) / np.maximum(end - start, 1), 0.0)
    return at_shares(motion, wanted, start, end, share)


def at_shares(motion: BodyMotion, rows: Array, start: Array, end: Array, share: Array) -> BodyMotion:
    """The motion with some rows replaced by what lies between two others of them, by shares (n,) from 0 to 1."""

    def turned(quat: Array) -> Array:
        result = quat.copy()
        parts = share.reshape(-1, *[1] * (quat.ndim - 2))
        result[rows] = slerp_quat_wxyz(quat[start], quat[end], parts)
        return result

    def moved(values: Array) -> Array:
        result = values.copy()
        parts = share.reshape(-1, *[1] * (values.ndim - 1))
        result[rows] = values[start] * (1.0 - parts) + values[end] * parts
        return result

    def track(one: BodyTrack) -> BodyTrack:
        return BodyTrack(turned(one.orient_quat_wxyz), moved(one.translation))

    return replace(
        motion,
        body_quat_wxyz=turned(motion.body_quat_wxyz),
        world=track(motion.world),
        camera=track(motion.camera) if motion.camera is not None else None,
        intrinsics=moved(motion.intrinsics) if motion.intrinsics is not None else None,
    )
