"""Whether a body's wrists move when the hands do: a delay, another speed or a run backwards that fits much better.

A body's wrists may lie beside the hands by an offset of its own, which is taken off here: on three real GVHMR results that
finds every delay to the frame, and two frames of one make the mean 1.2 to 1.9 times as large.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .projected_arms import ProjectedArms
from .seen_wrists import FEWEST_FRAMES, SeenHands

Array = NDArray[Any]
_LONGEST_DELAY: Final = 30
# How many of the body's frames go by in one of the clip's, where one was made from the other at another usual rate.
_SPEEDS: Final = (0.4, 0.5, 0.8, 5.0 / 6.0, 1.2, 1.25, 2.0, 2.5)
# Hand lengths: a hand farther away is somebody else's, and what is left where a timing fits at all.
_OTHER_PEOPLE, _FARTHEST, _FITS = 3.0, 1.5, 0.35
# Times the present mean, and less than it by so many hand lengths.
_PROVEN: Final = (0.6, 0.02)
_LIKELY: Final = (0.82, 0.008)
_LIKELY_AS_IS: Final = (0.8, 0.02)  # with the offset
# Only a proven one of so many frames is refused.
_PROVEN_DELAY, _LIKELY_DELAY = 3, 2
# Of how far hands are from a body that does not move at all.
_STILL: Final = 0.5


@dataclass(frozen=True)
class Timing:
    """What would fit better than the frames as they are, in words; proven, or only likely."""

    words: str
    is_proven: bool
    is_delay: bool


def better_timing(seen: SeenHands, arms: ProjectedArms) -> Timing | None:
    """What timing of the body's N frames would lay its wrists on the hands much better, if any does.

    Args:
        seen: hands that may be the body's.
        arms: the body's.
    """
    delay = _best_delay(seen, arms)
    speed, at_speed, at_own = _best_speed(seen, arms)
    # A body that is slowed down fits everything that does not move.
    still = _cost(seen, arms, np.full(len(seen.frame), len(arms.wrist) // 2))
    if _is_better(at_speed, at_own, _PROVEN) and at_speed < min(delay.cost, _FITS, _STILL * still):
        words = f"at {speed:.3g} times its speed: one of both was made at another frame rate"
        backwards = "backwards: one of both was reversed"
        return Timing(f"they fit the body's wrists {backwards if speed < 0.0 else words}", True, False)
    if abs(delay.frames) >= _PROVEN_DELAY and delay.cost < _FITS and _is_better(delay.cost, delay.present, _PROVEN):
        return Timing(f"they fit the body's wrists {delay.in_words()}", True, True)
    # Hands that go straight on hide a delay in their offset, or are off by what looks like one: never proven.
    for one, likely in ((delay, _LIKELY), (_best_delay(seen, arms, keeps_offset=True), _LIKELY_AS_IS)):
        if abs(one.frames) >= _LIKELY_DELAY and _is_better(one.cost, one.present, likely):
            return Timing(f"they fit the body's wrists better {one.in_words()}", False, True)
    return None


@dataclass(frozen=True)
class _Delay:
    """The body's frame that fits is so many later than the one that was taken; how far off the hands are then, and now."""

    frames: int = 0
    cost: float = np.inf
    present: float = np.inf

    def in_words(self) -> str:
        return f"{abs(self.frames)} frames {'later' if self.frames > 0 else 'earlier'}"


def _is_better(cost: float, present: float, limits: tuple[float, float]) -> bool:
    factor, by = limits
    return cost < factor * present and present - cost > by


def _best_delay(seen: SeenHands, arms: ProjectedArms, keeps_offset: bool = False) -> _Delay:
    """Delays are compared on the hands that have a frame of the body at all of them."""
    count = len(arms.wrist)
    longest = min(_LONGEST_DELAY, count // 4)
    inner = seen.taken(np.flatnonzero((seen.frame >= longest) & (seen.frame < count - longest)))
    if len(np.unique(inner.frame)) < FEWEST_FRAMES:
        return _Delay()
    costs = {delay: _cost(inner, arms, inner.frame + delay, keeps_offset) for delay in range(-longest, longest + 1)}
    best = min(costs, key=lambda delay: (costs[delay], abs(delay)))
    return _Delay(best, costs[best], costs[0])


def _best_speed(seen: SeenHands, arms: ProjectedArms) -> tuple[float, float, float]:
    """The speed, -1 for backwards, that fits best from the first frame on; how far off the hands are then, and now."""
    count = len(arms.wrist)
    best = (1.0, np.inf, np.inf)
    for speed in (*_SPEEDS, -1.0):
        rows = np.round(seen.frame * speed).astype(int) + (count - 1 if speed < 0.0 else 0)
        inside = np.flatnonzero(rows < count)
        part = seen.taken(inside)
        if len(np.unique(part.frame)) < FEWEST_FRAMES:
            continue
        cost = _cost(part, arms, rows[inside])
        if cost < best[1]:
            best = (speed, cost, _cost(part, arms, part.frame))
    return best


def _cost(seen: SeenHands, arms: ProjectedArms, rows: Array, keeps_offset: bool = False) -> float:
    """How far hands are from the nearer wrists of the body's rows (H,), when each wrist's usual offset is taken off."""
    length = arms.hand_length_px[rows]
    offset = seen.wrist[:, None] - arms.wrist[rows]
    away = np.where(arms.in_front[rows], np.linalg.norm(offset, axis=-1) / length, np.inf)
    if keeps_offset:
        return float(np.minimum(away.min(axis=1), _FARTHEST).mean())
    side = away.argmin(axis=1)
    left = np.full(len(rows), _FARTHEST)
    for number in (0, 1):
        own = np.flatnonzero((side == number) & (away[:, number] <= _OTHER_PEOPLE))
        if len(own) >= FEWEST_FRAMES:
            moved = offset[own, number] - np.median(offset[own, number], axis=0)
            left[own] = np.minimum(np.linalg.norm(moved, axis=1) / length[own, number], _FARTHEST)
    return float(left.mean())
