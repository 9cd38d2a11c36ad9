"""Solves all frames of a body at once: each to what was seen of it, neighbours near each other.

Damped least squares (Levenberg 1944, Marquardt 1963). Only neighbours touch each other, so the normal equations are block
tridiagonal and are solved by going through the frames once forth and once back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .definition import LandmarksOnBody
from .freedom import BodyState, DegreesOfFreedom, posed
from .terms import NormalEquations, Term, seen_body

Array = NDArray[Any]

_DAMPING: Final = 0.3
_LARGEST_TURN: Final = 0.5  # radians a step
_LARGEST_MOVE: Final = 0.5  # metres a step
_WINDOW, _OVERLAP = 600, 60  # frames solved at once, and of these at each end only to lead in
_BLOCK: Final = 64  # frames whose derivatives are kept at a time


def solved(
    freedom: DegreesOfFreedom,
    start: BodyState,
    terms: Sequence[Term],
    where: LandmarksOnBody,
    rest_joints: Array,
    seconds: Array,
    iterations: int,
) -> BodyState:
    """The state after some steps from a start, window by window, so that a long clip needs no more memory than a short one.

    Args:
        freedom: what can move.
        start: N frames.
        terms: what they are fitted to.
        where: the landmarks on the body.
        rest_joints: (22 or more, 3) metres.
        seconds: (N-1,) from each frame to the next; infinite where neither says anything of the other.
        iterations: how many steps.
    """
    count, parts = len(start.place), []
    for first in range(0, count, _WINDOW):
        rows = slice(max(first - _OVERLAP, 0), min(first + _WINDOW + _OVERLAP, count))
        state = _solved_at_once(
            freedom.rows(rows),
            start.rows(rows),
            [term.rows(rows) for term in terms],
            where,
            rest_joints,
            seconds[rows.start : rows.stop - 1],
            iterations,
        )
        lead = first - rows.start
        parts.append(state.rows(slice(lead, lead + _WINDOW)))
    return BodyState(
        np.concatenate([part.place for part in parts]),
        np.concatenate([part.local_rotmat for part in parts]),
        np.concatenate([part.bending for part in parts]),
    )


def _solved_at_once(
    freedom: DegreesOfFreedom,
    start: BodyState,
    terms: Sequence[Term],
    where: LandmarksOnBody,
    rest_joints: Array,
    seconds: Array,
    iterations: int,
) -> BodyState:
    state = start
    nearness = 1.0 / (freedom.pace**2 * np.maximum(seconds, 1e-3)[:, None])
    for _ in range(iterations):
        equations = _normal_equations(freedom, state, terms, where, rest_joints)
        change = freedom.change(state) * nearness
        matrix, gradient = equations.matrix, equations.gradient
        diagonal = np.arange(freedom.count)
        gradient[:-1] -= change
        gradient[1:] += change
        matrix[:-1, diagonal, diagonal] += nearness
        matrix[1:, diagonal, diagonal] += nearness
        matrix[:, diagonal, diagonal] += _DAMPING
        step = -_block_tridiagonal(matrix, nearness, gradient)
        state = freedom.stepped(state, _bounded(step, freedom.joints < 0))
    return freedom.within_limits(state)


def _normal_equations(
    freedom: DegreesOfFreedom, state: BodyState, terms: Sequence[Term], where: LandmarksOnBody, rest_joints: Array
) -> NormalEquations:
    count = len(state.place)
    residual, weight = freedom.away_from_usual(state)
    whole = NormalEquations(np.zeros((count, freedom.count, freedom.count)), residual)
    diagonal = np.arange(freedom.count)
    whole.matrix[:, diagonal, diagonal] += weight
    for first in range(0, count, _BLOCK):
        rows = slice(first, first + _BLOCK)
        seen = seen_body(freedom, posed(freedom.rows(rows), state.rows(rows), rest_joints), where)
        part = NormalEquations(whole.matrix[rows], whole.gradient[rows])
        for term in terms:
            term.rows(rows).add_to(part, seen)
    return whole


def _bounded(step: Array, is_place: Array) -> Array:
    bounded = step.copy()
    for which, largest in ((is_place, _LARGEST_MOVE), (~is_place, _LARGEST_TURN)):
        part = step[:, which]
        bounded[:, which] = part / np.maximum(np.abs(part).max(axis=1, keepdims=True, initial=0.0) / largest, 1.0)
    return bounded


def _block_tridiagonal(matrix: Array, nearness: Array, right: Array) -> Array:
    """x (N, D) of a system whose blocks on the diagonal are `matrix` (N, D, D), those beside it -diag(nearness) (N-1, D)."""
    count = len(matrix)
    inverse, forward = np.empty_like(matrix), np.empty_like(right)
    inverse[0], forward[0] = np.linalg.inv(matrix[0]), right[0]
    for frame in range(1, count):
        near = nearness[frame - 1]
        inverse[frame] = np.linalg.inv(matrix[frame] - near[:, None] * inverse[frame - 1] * near)
        forward[frame] = right[frame] + near * (inverse[frame - 1] @ forward[frame - 1])
    result = np.empty_like(right)
    result[-1] = inverse[-1] @ forward[-1]
    for frame in range(count - 2, -1, -1):
        result[frame] = inverse[frame] @ (forward[frame] + nearness[frame] * result[frame + 1])
    return result
