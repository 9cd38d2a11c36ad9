"""The best way to give pieces of track to two hands: dynamic programming over the pieces, from both ends of the clip.

Nothing here may depend on which way the clip runs: a clip reversed gives the same pieces to the same hands.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
# Two times that are the same may differ by this as they were reckoned, seconds.
SAME_TIME = 1e-9

# What it costs that each of these pieces (K,) is followed by each of those (K,) in a slot; infinite where it cannot be.
Passages = Callable[[Array, Array], Array]
Way = list[tuple[int, int]]  # pieces, each with 0 or 1 for the slot of the pair that it gets


@dataclass(frozen=True, eq=False)
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

    `passages` counts for pieces that end no more than `memory` seconds before the next one starts, `long_passage` otherwise,
    which by then is also the cost of being the last piece.
    `together` is the cost of two pieces that overlap in time as the two hands of one person.
    """

    passages: Passages
    together: Callable[[int, int], float]
    memory: float
    long_passage: float


@dataclass(frozen=True)
class Pair:
    """What pieces are worth and cost in two slots."""

    pieces: Pieces
    rules: Rules
    slots: tuple[int, int]
    of_one_person: bool

    def backwards(self) -> Pair:
        """The same in a clip that runs the other way."""
        pieces, passages = self.pieces, self.rules.passages
        return replace(
            self,
            pieces=Pieces(pieces.worth, -pieces.end, -pieces.start, pieces.closing, pieces.opening),
            rules=replace(self.rules, passages=lambda before, after: passages(after, before)),
        )

    def following(self, last: Array, piece: int) -> Array:
        """What it costs (K,) that a piece follows these in a slot."""
        long_ago = self.pieces.end[last] < self.pieces.start[piece] - self.rules.memory - SAME_TIME
        cost = np.full(len(last), self.rules.long_passage)
        cost[~long_ago] = self.rules.passages(last[~long_ago], np.full((~long_ago).sum(), piece))
        return cost

    def beside(self, others: Array, piece: int) -> Array:
        """What it costs (K,) that a piece is in one slot and these are in the other."""
        cost = np.zeros(len(others))
        if self.of_one_person:
            overlapping = self.pieces.end[others] >= self.pieces.start[piece] - SAME_TIME
            overlapping &= self.pieces.start[others] <= self.pieces.end[piece] + SAME_TIME
            cost[overlapping] = [self.rules.together(int(other), piece) for other in others[overlapping]]
        return cost

    def total(self, way: Way) -> float:
        """What a way is worth, with all pieces that overlap each other."""
        value = 0.0
        chains = [np.array(sorted(piece for piece, number in way if number == slot), np.int64) for slot in (0, 1)]
        for slot, chain in zip(self.slots, chains, strict=True):
            if len(chain):
                value += (
                    self.pieces.worth[chain, slot].sum() - self.pieces.opening[chain[0]] - self.pieces.closing[chain[-1]]
                )
            value -= sum(self.following(chain[at : at + 1], int(chain[at + 1]))[0] for at in range(len(chain) - 1))
        return float(value - sum(self.beside(chains[1], int(piece)).sum() for piece in chains[0]))


def solved_pair(pair: Pair, candidates: Array) -> Way:
    """The candidates (C,), by number, that the two slots of a pair get."""
    ways = [sorted(_best_way(one, candidates)) for one in (pair, pair.backwards())]
    # A piece beside two of the other slot that overlap each other is held against one of them only, from the other end
    # against the other one.
    return ways[0] if ways[0] == ways[1] else max(ways, key=pair.total)


# The first two rows and columns of a table: a slot that had no piece yet, and one whose last piece is beyond memory.
_NEVER, _LONG_AGO, _FIRST = 0, 1, 2


def _best_way(pair: Pair, candidates: Array) -> Way:
    # A state is the last piece of each of the two slots; of all ways to a state only the best can be part of the best whole.
    # `best` has a row for each last piece of the first slot and a column for each one of the second, `step` the way there.
    last = np.zeros(0, np.int64)
    best, step = np.full((_FIRST, _FIRST), -np.inf), np.zeros((_FIRST, _FIRST), np.int64)
    best[_NEVER, _NEVER] = 0.0
    steps = _Steps()
    for piece in candidates[np.argsort(pair.pieces.start[candidates], kind="stable")].tolist():
        known = pair.pieces.end[last] >= pair.pieces.start[piece] - pair.rules.memory - SAME_TIME
        if not known.all():
            best, step, last = *_forgotten(best, step, known), last[known]
        cost = np.concatenate(((pair.pieces.opening[piece], pair.rules.long_passage), pair.following(last, piece)))
        beside = np.concatenate((np.zeros(_FIRST), pair.beside(last, piece)))
        count = len(cost)
        wider, wider_step = np.pad(best, (0, 1), constant_values=-np.inf), np.pad(step, (0, 1))
        # What the other slot held stays; the piece goes into a row of its own, or a column.
        for number, slot in enumerate(pair.slots):
            if pair.pieces.worth[piece, slot] > 0.0:
                before, before_step = (best, step) if number == 0 else (best.T, step.T)
                left = before - cost[:, None]
                source = left.argmax(axis=0), np.arange(count)
                place = (count, slice(count)) if number == 0 else (slice(count), count)
                wider[place] = left[source] + pair.pieces.worth[piece, slot] - beside
                wider_step[place] = steps.add(piece, number, before_step[source])
        best, step, last = wider, wider_step, np.append(last, piece)
    closing = np.concatenate(((0.0, pair.rules.long_passage), pair.pieces.closing[last]))
    return steps.way_to(int(step.flat[int(np.argmax(best - closing[:, None] - closing))]))


def _forgotten(best: Array, step: Array, known: Array) -> tuple[Array, Array]:
    """The tables with all last pieces that are beyond memory as one."""
    kept = np.concatenate(((True, True), known))
    merged = np.flatnonzero(~kept | (np.arange(len(kept)) == _LONG_AGO))
    for _ in range(2):  # rows, then columns
        source = merged[best[merged].argmax(axis=0)], np.arange(best.shape[1])
        best[_LONG_AGO], step[_LONG_AGO] = best[source], step[source]
        best, step = best[kept].T, step[kept].T
    return best, step


class _Steps:
    """Pieces given one after the other, each with the step before it. Step 0 is the beginning."""

    def __init__(self) -> None:
        self._starts = [1]
        self._added: list[tuple[int, int, Array]] = []

    def add(self, piece: int, number: int, before: Array) -> Array:
        """The steps (K,) that give a piece to slot `number` after these (K,)."""
        first = self._starts[-1]
        self._added.append((piece, number, before))
        self._starts.append(first + len(before))
        return np.arange(first, first + len(before))

    def way_to(self, step: int) -> Way:
        """All that was given up to a step."""
        way = []
        while step > 0:
            added = bisect_right(self._starts, step) - 1
            piece, number, before = self._added[added]
            way.append((piece, number))
            step = int(before[step - self._starts[added]])
        return way
