"""What should be known of a fitted body, in sentences."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..maths.frame_words import frames_in_words
from ..skeleton import JOINT_INDEX

Array = NDArray[Any]

# What is named where it is on fewer than this share of the frames in the picture.
_SELDOM: Final = 0.1
_NAMED: Final = {"legs": ("left_knee", "right_knee"), "arms": ("left_shoulder", "right_shoulder"), "head": ("head",)}


def sentences_of(joints_measured: Array, seen: Array, found: Array, exchanged: Array, cuts: Array) -> list[str]:
    """Warnings about a body of N frames.

    Args:
        joints_measured: (N, 22) bool, joints that landmarks in the picture hold.
        seen: (N,) bool, frames on which anybody was found who may be the person.
        found: (N,) bool, frames of these on which the hands do not say that it is somebody else.
        exchanged: (N,) bool, frames on which the hands say that left and right were taken for each other.
        cuts: (C,) the first frames of what follows a cut.
    """
    return [
        *_out_of_picture(joints_measured),
        *_not_found(~seen, "Nobody was found"),
        *_not_found(seen & ~found, "No body that goes with the hands was found"),
        *_exchanged(exchanged),
        *_cut(cuts),
    ]


def _out_of_picture(measured: Array) -> list[str]:
    named = [
        name
        for name, joints in _NAMED.items()
        if not any(measured[:, JOINT_INDEX[joint]].mean() >= _SELDOM for joint in joints)
    ]
    return [f"The {' and '.join(named)} are not in the picture and take a natural pose"] if named else []


def _not_found(missing: Array, what: str) -> list[str]:
    if not missing.any():
        return []
    return [f"{what} on {frames_in_words(np.flatnonzero(missing))}; the body there is filled from the frames beside"]


def _exchanged(exchanged: Array) -> list[str]:
    if not exchanged.any():
        return []
    where = frames_in_words(np.flatnonzero(exchanged))
    return [
        f"The body was taken for one seen from behind on {where}, where its hands say that it is not; "
        "they are followed, and its legs there are a guess"
    ]


def _cut(cuts: Array) -> list[str]:
    if not len(cuts):
        return []
    return [
        f"The clip is cut at {frames_in_words(cuts)}; the body jumps there, and nothing is carried from one shot to the next"
    ]
