from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from handmocap_addon.core.hand_choice import hand_of_each_side, shared_area


@dataclass(frozen=True)
class Seen:
    side: str
    score: float
    bbox: tuple[float, float, float, float]


HERE, NEARLY_HERE, THERE = (0.0, 0.0, 10.0, 10.0), (1.0, 0.0, 11.0, 10.0), (50.0, 0.0, 60.0, 10.0)


def test_each_side_gets_its_surest_hand() -> None:
    hands = [Seen("left", 0.4, HERE), Seen("left", 0.9, THERE), Seen("right", 0.5, HERE)]
    chosen = hand_of_each_side(hands)
    assert (chosen["left"], chosen["right"]) == (hands[1], hands[2])


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_second_hand_of_one_side_that_lies_apart_is_the_other_hand(side: str) -> None:
    sure, less_sure = Seen(side, 0.9, HERE), Seen(side, 0.6, THERE)
    chosen = hand_of_each_side([less_sure, sure])
    other = "right" if side == "left" else "left"
    assert (chosen[side], chosen[other]) == (sure, less_sure)


def test_one_hand_seen_twice_stays_one_hand() -> None:
    assert list(hand_of_each_side([Seen("left", 0.9, HERE), Seen("left", 0.6, NEARLY_HERE)])) == ["left"]


def test_nothing_seen_is_nothing() -> None:
    assert hand_of_each_side([]) == {}


@pytest.mark.parametrize(("other", "share"), [(HERE, 1.0), (NEARLY_HERE, 90 / 110), (THERE, 0.0)])
def test_shared_area_is_intersection_over_union(other: tuple[float, ...], share: float) -> None:
    assert shared_area(np.array(HERE), np.array(other)) == pytest.approx(share)
