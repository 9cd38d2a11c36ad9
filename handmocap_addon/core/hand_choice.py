"""Which of the hands seen on a frame is the person's left and which the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from .skeleton import SIDES, Side


class SidedObservation(Protocol):
    """A hand seen on a frame, with its side and score."""

    @property
    def side(self) -> Side: ...

    @property
    def score(self) -> float: ...


Observation = TypeVar("Observation", bound=SidedObservation)


def best_of_each_side(observations: Sequence[Observation]) -> dict[Side, Observation]:
    """The surest hand of each side; estimators report two of one side when they mistake one or see another person."""
    chosen: dict[Side, Observation] = {}
    for side in SIDES:
        candidates = [observation for observation in observations if observation.side == side]
        if candidates:
            chosen[side] = max(candidates, key=lambda observation: observation.score)
    return chosen
