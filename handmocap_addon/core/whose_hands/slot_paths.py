"""The best way to give pieces of track to hands, over the whole clip.

A hand of a person is a slot. Every slot gets a chain of pieces, one after the other; the sum of what the pieces are worth in
their slots, less what the passages between them cost, is largest. For two slots `slot_pairs` finds it; for more slots pair
after pair of them is solved until nothing changes.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .slot_pairs import SAME_TIME, Pair, Pieces, Rules, solved_pair

Array = NDArray[Any]

# More pieces than this at about one time are beyond what a picture of a few people shows: those worth most are looked at.
_MOST_AT_ONCE = 200
_MOST_ROUNDS = 8


def best_slots(pieces: Pieces, rules: Rules) -> Array:
    """The slot of every piece (P,), or -1. Slots 2k and 2k+1 are the hands of one person."""
    slot_count = pieces.worth.shape[1]
    given = np.full(len(pieces.start), -1)
    looked_at = _worth_most_at_once(pieces, rules.memory)
    pairs = sorted(itertools.combinations(range(slot_count), 2), key=lambda pair: not _of_one_person(*pair))
    for _ in range(_MOST_ROUNDS if len(pairs) > 1 else 1):
        before = given.copy()
        for pair in pairs:
            candidates = looked_at & ((given < 0) | np.isin(given, pair))
            candidates &= (pieces.worth[:, pair] > 0.0).any(axis=1)
            given[np.isin(given, pair)] = -1
            solved = solved_pair(Pair(pieces, rules, pair, _of_one_person(*pair)), np.flatnonzero(candidates))
            for piece, number in solved:
                given[piece] = pair[number]
        if np.array_equal(before, given):
            break
    return given


def _of_one_person(first: int, second: int) -> bool:
    return first // 2 == second // 2


def _worth_most_at_once(pieces: Pieces, memory: float) -> Array:
    """Whether each piece (P,) is among those that are worth most at its time."""
    chosen = np.ones(len(pieces.start), bool)
    middle, worth = (pieces.start + pieces.end) / 2.0, pieces.worth.max(axis=1)
    order = np.argsort(middle)
    low, high = (np.searchsorted(middle[order], middle + away) for away in (-memory - SAME_TIME, memory + SAME_TIME))
    for piece in np.flatnonzero(high - low > _MOST_AT_ONCE):
        chosen[piece] = (worth[order[low[piece] : high[piece]]] > worth[piece]).sum() < _MOST_AT_ONCE
    return chosen
