from __future__ import annotations

from dataclasses import dataclass

import pytest

from handmocap_addon.core.hand_choice import best_of_each_side
from handmocap_addon.core.skeleton import Side


@dataclass(frozen=True)
class Seen:
    side: Side
    score: float


@pytest.mark.parametrize(
    ("seen", "chosen"),
    [
        ([], {}),
        ([Seen("right", 0.4)], {"right": 0.4}),
        ([Seen("left", 0.2), Seen("right", 0.9)], {"left": 0.2, "right": 0.9}),
        ([Seen("left", 0.2), Seen("left", 0.8), Seen("left", 0.5)], {"left": 0.8}),
        ([Seen("right", 0.9), Seen("left", 0.3), Seen("right", 0.95), Seen("left", 0.1)], {"left": 0.3, "right": 0.95}),
    ],
)
def test_the_surest_hand_of_each_side(seen, chosen):
    assert {side: hand.score for side, hand in best_of_each_side(seen).items()} == chosen
