"""Which of the hands seen on a frame is the person's left and which the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from numpy.typing import NDArray

from .skeleton import SIDES, Side

# Boxes that share more than this of their joined area are one hand seen twice.
_SAME_HAND = 0.3


class SidedObservation(Protocol):
    """A hand seen on a frame, with its side, score and box (4,) x1 y1 x2 y2."""

    @property
    def side(self) -> Side: ...

    @property
    def score(self) -> float: ...

    @property
    def bbox(self) -> NDArray[Any]: ...


Observation = TypeVar("Observation", bound=SidedObservation)


def hand_of_each_side(observations: Sequence[Observation]) -> dict[Side, Observation]:
    """The surest hand of each side.

    Estimators call both hands of a person by one side at times. Where a second hand lies apart from the first and nothing
    was seen of the other side, it is taken for the other hand. (Whole tracks will decide this better than single frames.)
    """
    ranked = sorted(observations, key=lambda observation: -observation.score)
    chosen: dict[Side, Observation] = {}
    for observation in ranked:
        chosen.setdefault(observation.side, observation)
    if len(chosen) == 1:
        (side,) = chosen
        other: Side = "right" if side == "left" else "left"
        apart = [seen for seen in ranked if shared_area(seen.bbox, chosen[side].bbox) < _SAME_HAND]
        if apart:
            chosen[other] = apart[0]
    return {side: chosen[side] for side in SIDES if side in chosen}


def shared_area(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Intersection over union of two boxes (4,) x1 y1 x2 y2."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    shared = max(width, 0.0) * max(height, 0.0)
    joined = (first[2] - first[0]) * (first[3] - first[1]) + (second[2] - second[0]) * (second[3] - second[1]) - shared
    return float(shared / joined) if joined > 0 else 0.0
