"""The best way to give pieces of track to hands, over the whole clip.

A hand of a person is a slot. Every slot gets a chain of pieces, one after the other; the sum of what the pieces are worth in
their slots, less what the passages between them cost, is largest. For two slots this is found exactly by dynamic
programming over the pieces in time; for more slots pair after pair of them is solved until nothing changes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_NEVER, _LONG_AGO = -1, -2
# More undecided pieces than this at one moment are beyond what a picture of a few people shows.
_MOST_STATES = 60
_MOST_ROUNDS = 8

# What it costs that one piece follows another in a slot; None where it cannot.
Passage = Callable[[int, int], float | None]


@dataclass(frozen=True)
class Pieces:
    """P pieces, numbered by first frame, and what they are worth in S slots."""

    worth: Array  # (P, S)
    start: Array  # (P,) seconds
    end: Array  # (P,) seconds
    opening: Array  # (P,) cost of being the first piece of a slot
    closing: Array  # (P,) cost of being the last one


@dataclass(frozen=True)
class Rules:
    """Costs between pieces.

    `passage` counts for pieces that end less than `memory` seconds before the next one starts, `long_passage` otherwise,
    which by then is also the cost of being the last piece.
    `together` is the cost of two pieces that overlap in time as the two hands of one person.
    """

    passage: Passage
    together: Callable[[int, int], float]
    memory: float
    long_passage: float


_History = tuple[Any, ...]  # (piece, slot number, history before) or ()


def best_slots(pieces: Pieces, rules: Rules) -> Array:
    """The slot of every piece (P,), or -1. Slots 2k and 2k+1 are the hands of one person."""
    slot_count = pieces.worth.shape[1]
    given = np.full(len(pieces.start), -1)
    pairs = sorted(itertools.combinations(range(slot_count), 2), key=lambda pair: not _of_one_person(*pair))
    for _ in range(_MOST_ROUNDS if len(pairs) > 1 else 1):
        before = given.copy()
        for pair in pairs:
            candidates = (given < 0) | np.isin(given, pair)
            candidates &= (pieces.worth[:, pair] > 0.0).any(axis=1)
            given[np.isin(given, pair)] = -1
            for piece, slot in _solved_pair(pieces, rules, np.flatnonzero(candidates), pair):
                given[piece] = pair[slot]
        if np.array_equal(before, given):
            break
    return given


def _of_one_person(first: int, second: int) -> bool:
    return first // 2 == second // 2


def _solved_pair(pieces: Pieces, rules: Rules, candidates: Array, pair: tuple[int, int]) -> list[tuple[int, int]]:
    """Pieces with 0 or 1 for the slot of the pair that each one gets."""
    # A state is the last piece of each of the two slots; of all ways to a state only the best can be part of the best whole.
    states: dict[tuple[int, int], tuple[float, _History]] = {(_NEVER, _NEVER): (0.0, ())}
    one_person = _of_one_person(*pair)
    for piece in (int(piece) for piece in candidates):
        following: dict[tuple[int, int], tuple[float, _History]] = {}
        for state, (total, history) in states.items():
            current = tuple(_faded(last, pieces, float(pieces.start[piece]) - rules.memory) for last in state)
            _keep_best(following, (current[0], current[1]), total, history)
            for number in (0, 1):
                gained = _gain(pieces, rules, piece, current, number, pair[number], one_person)
                if gained is not None:
                    state_after = (piece, current[1]) if number == 0 else (current[0], piece)
                    _keep_best(following, state_after, total + gained, (piece, number, history))
        if len(following) > _MOST_STATES:
            following = dict(sorted(following.items(), key=lambda item: -item[1][0])[:_MOST_STATES])
        states = following
    ended = (
        (total - sum(_closing(last, pieces, rules) for last in state), history) for state, (total, history) in states.items()
    )
    _, history = max(ended, key=lambda item: item[0])
    solved = []
    while history:
        piece, number, history = history
        solved.append((piece, number))
    return solved


def _faded(last: int, pieces: Pieces, oldest: float) -> int:
    return _LONG_AGO if last >= 0 and pieces.end[last] < oldest else last


def _keep_best(
    states: dict[tuple[int, int], tuple[float, _History]], state: tuple[int, int], total: float, history: _History
) -> None:
    if state not in states or total > states[state][0]:
        states[state] = (total, history)


def _gain(
    pieces: Pieces, rules: Rules, piece: int, current: tuple[int, ...], number: int, slot: int, one_person: bool
) -> float | None:
    worth = float(pieces.worth[piece, slot])
    if worth <= 0.0:
        return None
    last, other = current[number], current[1 - number]
    if last == _NEVER:
        cost: float | None = float(pieces.opening[piece])
    elif last == _LONG_AGO:
        cost = rules.long_passage
    else:
        cost = rules.passage(last, piece)
    if cost is None:
        return None
    if one_person and other >= 0:
        cost += rules.together(other, piece)
    return worth - cost


def _closing(last: int, pieces: Pieces, rules: Rules) -> float:
    if last == _NEVER:
        return 0.0
    return rules.long_passage if last == _LONG_AGO else float(pieces.closing[last])
