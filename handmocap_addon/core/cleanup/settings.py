"""What a person chooses for the cleanup of a clip's hands. Standard library only."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import BadUsageError
from ..skeleton import FINGERS, SIDES, Side

SMOOTHING_TARGETS = (*SIDES, *(f"{side}_{finger}" for side in SIDES for finger in FINGERS))


@dataclass(frozen=True)
class CleanupSettings:
    """Settings of the cleanup, times in seconds.

    `longest_gap` is bridged from measured frame to measured frame; over longer gaps and at the clip's ends the hand eases
    to a relaxed one within `ease`. `smoothing` is 0 (off, exactly) to 1; `smoothing_of` holds pairs of a hand (`left`) or
    a finger (`right_thumb`) and its own strength, a finger's going before its hand's. Frames with a score below
    `lowest_score` count as not measured.

    Raises:
        BadUsageError: a value is out of its range, or a name is no hand or finger.
    """

    longest_gap: float = 0.5
    ease: float = 0.3
    smoothing: float = 0.5
    smoothing_of: tuple[tuple[str, float], ...] = ()
    lowest_score: float = 0.0

    def __post_init__(self) -> None:
        for name, strength in (("smoothing", self.smoothing), *self.smoothing_of):
            if not 0.0 <= strength <= 1.0:
                raise BadUsageError(f"The smoothing strength of {name} is {strength:g}", "give a number from 0 (off) to 1")
        names = [name for name, _ in self.smoothing_of]
        for name in names:
            if names.count(name) > 1:
                raise BadUsageError(f"The smoothing of {name} is given {names.count(name)} times", "give it once")
            if name not in SMOOTHING_TARGETS:
                raise BadUsageError(f"There is no hand or finger {name}", f"name one of {', '.join(SMOOTHING_TARGETS)}")
        for name, seconds in (("longest gap", self.longest_gap), ("ease", self.ease)):
            if not 0.0 <= seconds < math.inf:
                raise BadUsageError(f"The {name} is {seconds:g} seconds", "give 0 or more")
        if not 0.0 <= self.lowest_score <= 1.0:
            raise BadUsageError(f"The lowest score is {self.lowest_score:g}", "give a number from 0 (all frames) to 1")

    def finger_smoothing(self, side: Side | None) -> tuple[float, ...]:
        """Five strengths in the order of FINGERS; where the side is not known, no hand's or finger's own."""
        own = dict(self.smoothing_of)
        hand = own.get(str(side), self.smoothing)
        return tuple(own.get(f"{side}_{finger}", hand) for finger in FINGERS)
