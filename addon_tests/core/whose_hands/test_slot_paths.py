from __future__ import annotations

import itertools

import numpy as np
import pytest

from handmocap_addon.core.whose_hands.slot_pairs import Pieces, Rules
from handmocap_addon.core.whose_hands.slot_paths import best_slots

MEMORY, LONG = 2.0, 0.3


def made_up(seed: int, count: int) -> tuple[Pieces, Rules]:
    random = np.random.default_rng(seed)
    start = np.sort(random.uniform(0.0, 6.0, count))
    end = start + random.uniform(0.1, 2.0, count)
    costs, pairs = random.uniform(0.0, 0.8, (count, count)), random.uniform(0.0, 0.5, (count, count))

    def passages(before: np.ndarray, after: np.ndarray) -> np.ndarray:
        return np.where(end[before] < start[after], costs[before, after], np.inf)

    def together(first: int, second: int) -> float:
        overlap = start[first] <= end[second] and start[second] <= end[first]
        return float(pairs[min(first, second), max(first, second)]) if overlap else 0.0

    closing = np.where(end < start.max() - MEMORY, LONG, random.uniform(0.0, 0.2, count))
    pieces = Pieces(random.uniform(-0.2, 1.0, (count, 2)), start, end, random.uniform(0.0, 0.2, count), closing)
    return pieces, Rules(passages, together, MEMORY, LONG)


def total(pieces: Pieces, rules: Rules, given: tuple[int, ...]) -> float:
    """What a way to give pieces to two slots is worth, by the definition; -inf where it is not allowed."""
    value = 0.0
    for slot in (0, 1):
        chain = [piece for piece, chosen in enumerate(given) if chosen == slot]
        if not chain:
            continue
        value += sum(pieces.worth[piece, slot] for piece in chain) - pieces.opening[chain[0]] - pieces.closing[chain[-1]]
        for before, after in itertools.pairwise(chain):
            cost = rules.passages(np.array([before]), np.array([after]))[0]
            value -= rules.long_passage if pieces.end[before] < pieces.start[after] - rules.memory else cost
    for first, second in itertools.combinations(range(len(given)), 2):
        if {given[first], given[second]} == {0, 1}:
            value -= rules.together(first, second)
    return float(value)


@pytest.mark.parametrize("seed", range(25))
def test_no_other_way_is_worth_more(seed: int) -> None:
    pieces, rules = made_up(seed, 7)
    # Pieces that are worth nothing in a slot are never given to it.
    ways = [
        way for way in itertools.product((-1, 0, 1), repeat=7)
        if all(slot < 0 or pieces.worth[piece, slot] > 0.0 for piece, slot in enumerate(way))
    ]  # fmt: skip
    best = max(total(pieces, rules, way) for way in ways)
    assert total(pieces, rules, tuple(best_slots(pieces, rules).tolist())) == pytest.approx(best)


def test_four_slots_each_get_the_piece_that_is_worth_most_there() -> None:
    worth = np.full((4, 4), 0.2)
    worth[[0, 1, 2, 3], [2, 0, 3, 1]] = 1.0
    time = np.zeros(4)
    pieces = Pieces(worth, time, time + 1.0, time, time)
    rules = Rules(lambda before, _: np.full(len(before), np.inf), lambda *_: 0.0, MEMORY, LONG)
    assert best_slots(pieces, rules).tolist() == [2, 0, 3, 1]


def test_a_piece_that_costs_more_than_it_is_worth_is_left_out() -> None:
    pieces = Pieces(np.array([[0.5, 0.0]]), np.zeros(1), np.ones(1), np.array([0.3]), np.array([0.3]))
    rules = Rules(lambda before, _: np.zeros(len(before)), lambda *_: 0.0, MEMORY, LONG)
    assert best_slots(pieces, rules).tolist() == [-1]


@pytest.mark.parametrize("seed", range(5))
def test_many_pieces_at_once_are_looked_at_alike_from_both_ends(seed: int) -> None:
    # Within memory of each other all of them: more than are looked at.
    random = np.random.default_rng(seed)
    count = 300
    start = np.sort(random.uniform(0.0, 1.0, count))
    costs = random.uniform(0.0, 0.8, (count, count))

    def passages(before: np.ndarray, after: np.ndarray) -> np.ndarray:
        return np.where(start[before] < start[after], costs[before, after], np.inf)

    opening, closing = random.uniform(0.0, 0.2, (2, count))
    worth = random.uniform(-0.2, 1.0, (count, 2))
    forward = best_slots(Pieces(worth, start, start, opening, closing), Rules(passages, lambda *_: 0.0, MEMORY, LONG))
    backward = best_slots(
        Pieces(worth[::-1], 1.0 - start[::-1], 1.0 - start[::-1], closing[::-1], opening[::-1]),
        Rules(lambda before, after: passages(count - 1 - after, count - 1 - before), lambda *_: 0.0, MEMORY, LONG),
    )
    np.testing.assert_array_equal(forward, backward[::-1])
    assert 0 < (forward >= 0).sum() < count
