"""The scene's clock: the clip's true frame rate, and where a time of the clip falls on the timeline."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import BadInputError

Array = NDArray[Any]

FIRST_FRAME = 1
LAST_FRAME = 1_048_574  # Blender's own bound
# Timestamps of Matroska are whole milliseconds, half of which is at most this share of a frame at 120 fps.
_ROUNDING = 0.07


def set_frame_rate(scene: Any, fps: Fraction) -> None:
    """24000/1001 becomes 24 over 1.001, which is how Blender writes it."""
    whole = math.ceil(fps)
    scene.render.fps = whole
    scene.render.fps_base = float(Fraction(whole) / fps)


def frame_rate(scene: Any) -> float:
    """Frames a second of the scene."""
    return float(scene.render.fps / scene.render.fps_base)


def frame_rate_fraction(scene: Any) -> Fraction:
    """The same as a fraction; Blender holds 24000/1001 as 24 over a float32 of 1.001."""
    rate = frame_rate(scene)
    for fraction in (Fraction(round(rate)), Fraction(round(rate * 1.001) * 1000, 1001)):
        if math.isclose(rate, fraction, rel_tol=1e-6):
            return fraction
    return Fraction(rate).limit_denominator(1000)


def scene_frames(scene: Any, frame_time: Array, first_frame: int = FIRST_FRAME) -> Array:
    """Timeline frames (N,) of clip times (N,) in seconds; whole ones where the clip's rate is the scene's."""
    return whole_where_near(first_frame + np.asarray(frame_time, dtype=np.float64) * frame_rate(scene))


def whole_where_near(frames: Array) -> Array:
    """Frames (N,) as whole ones where all of them are, but for a container's rounding of its times."""
    nearest: Array = np.round(frames)
    return nearest if np.abs(frames - nearest).max(initial=0.0) < _ROUNDING else frames


def one_step(frames: Array, scale: float, shift: float) -> Array:
    """Frames (N,) scaled and then shifted, in float32 as Blender's keys are, so that keys and frames stay the same."""
    moved = (frames.astype(np.float32).astype(np.float64) * scale + shift).astype(np.float32)
    return moved.astype(np.float64)


def set_range(scene: Any, frames: Array) -> None:
    """Make the timeline cover the frames.

    Raises:
        BadInputError: they reach further than a timeline does.
    """
    check_range(frames)
    # Blender keeps the end behind the start after each of the two.
    scene.frame_end = max(math.ceil(frames.max()), scene.frame_start)
    scene.frame_start, scene.frame_end = math.floor(frames.min()), math.ceil(frames.max())


def check_range(frames: Array) -> None:
    """Raises BadInputError where frames lie further out than a timeline reaches."""
    if not np.abs(frames).max(initial=0.0) <= LAST_FRAME:
        raise BadInputError(
            f"The clip would end on frame {frames[np.argmax(np.abs(frames))]:.3g} of the timeline",
            "look at its frame times, which are in seconds",
        )


def scene_range(scene: Any) -> Array:
    """The whole frames (N,) from the scene's first to its last."""
    return np.arange(scene.frame_start, scene.frame_end + 1, dtype=np.float64)
