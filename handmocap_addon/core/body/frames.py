"""Lays a body's frames on a clip's, where counts and rates leave no doubt about which is which."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import FrameCountError
from .gaps import at_shares
from .makers import GVHMR
from .motion import BodyMotion

Array = NDArray[Any]
# Readers disagree about the last frames of a clip.
_MOST_FRAMES_APART: Final = 2
_SHARE_APART: Final = 0.005
# The `gvhmr` package of PyPI makes every clip into one of 30 frames a second.
_FORK_FPS: Final = Fraction(30)
_SAME_RATE: Final = 0.05


def nearly_as_many(count: int, other: int) -> bool:
    """Whether two readers of one clip may count so."""
    return abs(count - other) <= max(_MOST_FRAMES_APART, round(_SHARE_APART * other))


def on_frames_of(
    motion: BodyMotion, frame_time: Array, fps: Fraction | None, clip_name: str, own_rates: Sequence[Fraction] = ()
) -> BodyMotion:
    """The motion with one row for every frame of the clip; a row more or less is dropped or stands still, and told.

    Args:
        motion: of any number of frames.
        frame_time: (N,) seconds of the clip's frames.
        fps: the clip's rate, where it is known.
        clip_name: for sentences.
        own_rates: at which the body's frames may follow each other, such as that of GVHMR's copy of the clip.

    Raises:
        FrameCountError: nobody can tell which frame is which.
    """
    count, wanted = motion.frame_count, len(frame_time)
    told = f"The {motion.maker.name} result has {count} frames"
    says_other = motion.fps is not None and fps is not None and abs(float(motion.fps / fps) - 1.0) >= _SAME_RATE
    if motion.fps is not None and says_other:
        told += f" at {_in_words(motion.fps)} fps"
    elif own_rates and own_rates[0] != fps:
        told += f" (its copy of the clip is called {_in_words(own_rates[0])} fps)"
    told += f" and {clip_name} has {wanted}" + (f" at {_in_words(fps)} fps" if fps else "")
    if count == wanted:
        # Some write the same rate into every file; whether the body moves too slowly or too fast is for people to see.
        return motion.with_warning(f"{told}: one is laid on each, so look at the speed") if says_other else motion
    if nearly_as_many(count, wanted):
        rows = np.minimum(np.arange(wanted), count - 1)
        what = "the last ones of the result are left out" if count > wanted else "the body stands still on the last ones"
        return motion.taken(rows).with_warning(f"{told}; {what}")
    rate = _rate_that_fits(count, frame_time, fps, (*own_rates, *_rates_of(motion, fps)))
    if rate is None:
        raise FrameCountError(f"{told}, and nothing tells which is which", motion.maker.own_clip)
    return at_times(motion, np.asarray(frame_time), rate).with_warning(
        f"{told}; both last equally long at {_in_words(rate)} fps, so the body was laid on the clip's frames"
    )


def at_times(motion: BodyMotion, time: Array, rate: Fraction) -> BodyMotion:
    """The motion at times (n,) in seconds, its frames following each other at a rate; it stands still after its last."""
    count, wanted = motion.frame_count, len(time)
    place = np.clip(time * float(rate), 0.0, count - 1.0)
    start = np.minimum(np.floor(place).astype(int), max(count - 2, 0))
    end = np.minimum(start + 1, count - 1)
    # Room for every frame first: the rows are then filled from those of the motion, which come after them.
    room = motion.taken(np.concatenate((np.zeros(wanted, int), np.arange(count))))
    return at_shares(room, np.arange(wanted), wanted + start, wanted + end, place - start).slice_frames(0, wanted)


def _rates_of(motion: BodyMotion, fps: Fraction | None) -> list[Fraction]:
    """The rates at which a maker's frames may follow each other, besides those of a copy."""
    rates = [motion.fps] if motion.fps is not None else []
    if motion.maker == GVHMR:
        rates.append(_FORK_FPS)
    most = motion.maker.most_fps
    if most is not None and fps is not None and fps > most:
        rates.append(fps / round(fps / most))
    return rates


def _rate_that_fits(count: int, frame_time: Array, fps: Fraction | None, rates: Sequence[Fraction]) -> Fraction | None:
    """The rate at which so many frames last as long as the clip, to a frame of each."""
    if len(frame_time) < 2 or count < 2:
        return None
    shown = float(1 / fps) if fps else float(np.median(np.diff(frame_time)))
    seconds = float(frame_time[-1]) + shown
    for rate in rates:
        # A body at the clip's own rate is of a part of it, whatever the copy's header says.
        if fps is not None and abs(float(rate / fps) - 1.0) < _SAME_RATE:
            continue
        if abs(count / float(rate) - seconds) <= max(1.0 / float(rate), shown):
            return rate
    return None


def _in_words(fps: Fraction) -> str:
    return f"{float(fps):.5g}"
