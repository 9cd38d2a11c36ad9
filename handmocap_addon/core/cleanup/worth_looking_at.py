"""Ranges of frames that a person should look at, worst first, each with its reason as a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..rig.joint_limits import Violation
from ..skeleton import FINGERS, SIDES, Side
from .quality import HandQuality

Array = NDArray[Any]

# What is still fine. Severity says how many times as bad a range is.
_FINE_MISSING_SECONDS = 0.2
_FINE_SCORE = 0.6
_FINE_REPROJECTION_SHARE = 0.08
_FINE_LIMIT_DEGREES = 10.0
_FINE_JUMP_DEGREES = 25.0
_FINE_JUMP_DEGREES_PER_SECOND = 1200.0  # a fist closes at half of this
# Most of what is smeared is seen right all the same.
_SMEARED_SEVERITY = 1.0
# Ranges of one kind that are nearer than this are one.
_TOUCHING_SECONDS = 0.15
# A finger is named where it is this much worse than the next.
_STANDS_OUT = 1.5
_VERBS = {
    Violation.BENT_BACKWARDS: ("bends backwards", "bend backwards"),
    Violation.BENT_TOO_FAR: ("bends too far", "bend too far"),
    Violation.LEANING: ("leans aside", "lean aside"),
    Violation.TWISTED: ("is twisted", "are twisted"),
}


@dataclass(frozen=True)
class WorthLookingAt:
    """Frames `first` to `last` (rows, both included) of a hand, why, and how bad: 1 is the border of what is fine."""

    first: int
    last: int
    side: Side
    finger: str | None
    reason: str
    severity: float


def ranges_worth_looking_at(
    qualities: dict[Side, HandQuality], smeared: Sequence[int] = (), most: int = 30
) -> list[WorthLookingAt]:
    """At most `most` ranges of both hands, worst first. `smeared` are the rows whose pictures stand on lost ones."""
    found = [item for side in SIDES if side in qualities for item in _ranges(side, qualities[side])]
    found += [item for side in SIDES if side in qualities for item in _smeared(side, qualities[side], smeared)]
    found.sort(key=lambda item: (-item.severity, item.first, item.side))
    return found[:most]


def _ranges(side: Side, quality: HandQuality) -> Iterator[WorthLookingAt]:
    time = quality.time
    if not quality.measured.any():
        if len(time):
            seconds = _seconds(time, 0, len(time) - 1)
            severity = max(1.0, seconds / _FINE_MISSING_SECONDS)
            yield WorthLookingAt(0, len(time) - 1, side, None, "this hand was never seen", severity)
        return
    for first, last in _runs(~quality.measured, time, touching=0.0):
        seconds = _seconds(time, first, last)
        if seconds > _FINE_MISSING_SECONDS:
            severity = seconds / _FINE_MISSING_SECONDS
            yield WorthLookingAt(first, last, side, None, f"no hand was seen for {seconds:.1f} s", severity)
    for first, last in _runs(quality.score < _FINE_SCORE, time):
        lowest = float(np.nanmin(quality.score[first : last + 1]))
        reason = f"low score ({lowest:.2f})"
        yield WorthLookingAt(first, last, side, None, reason, _FINE_SCORE / max(lowest, 0.1))
    for first, last in _runs(quality.reprojection_share > _FINE_REPROJECTION_SHARE, time):
        share = quality.reprojection_share[first : last + 1]
        worst = int(np.nanargmax(share))
        reason = f"the fit is {quality.reprojection_pixels[first + worst]:.0f} pixels off, {share[worst]:.0%} of the hand"
        yield WorthLookingAt(first, last, side, None, reason, float(share[worst]) / _FINE_REPROJECTION_SHARE)
    yield from _limits(side, quality)
    yield from _jumps(side, quality)


def _smeared(side: Side, quality: HandQuality, rows: Sequence[int]) -> Iterator[WorthLookingAt]:
    flags = np.zeros(len(quality.time), bool)
    flags[[row for row in rows if row < len(flags)]] = True
    for first, last in _runs(flags & quality.measured, quality.time):
        reason = "the picture may be smeared, as a frame before it is lost"
        yield WorthLookingAt(first, last, side, None, reason, _SMEARED_SEVERITY)


def _limits(side: Side, quality: HandQuality) -> Iterator[WorthLookingAt]:
    beyond = quality.limit_degrees
    for first, last in _runs((beyond > _FINE_LIMIT_DEGREES).any(axis=1), quality.time):
        part = beyond[first : last + 1]
        row, number = divmod(int(np.argmax(part)), part.shape[1])
        worst = float(part[row, number])
        finger = _standing_out(part)
        one, several = _VERBS[Violation(int(quality.limit_kind[first + row, number]))]
        who = f"{finger} {one} by" if finger else f"the fingers {several} by up to"
        reason = f"{who} {worst:.0f} degrees"
        yield WorthLookingAt(first, last, side, finger, reason, worst / _FINE_LIMIT_DEGREES)


def _jumps(side: Side, quality: HandQuality) -> Iterator[WorthLookingAt]:
    times_fine = np.minimum(
        quality.jump_degrees / _FINE_JUMP_DEGREES, quality.jump_degrees_per_second / _FINE_JUMP_DEGREES_PER_SECOND
    )
    for first, last in _runs((times_fine > 1.0).any(axis=1), quality.time):
        part = times_fine[first : last + 1]
        row, number = divmod(int(np.nanargmax(part)), part.shape[1])
        finger = _standing_out(part)
        who = f"{finger} jumps by" if finger else "the fingers jump by up to"
        reason = f"{who} {quality.jump_degrees[first + row, number]:.0f} degrees"
        # The jump lies between two frames; both belong to it.
        yield WorthLookingAt(max(first - 1, 0), last, side, finger, reason, float(part[row, number]))


def _standing_out(values: Array) -> str | None:
    """The finger whose worst value over frames (n, 5) is well above the others'."""
    worst = np.nanmax(values, axis=0)
    second, first = np.sort(worst)[-2:]
    return FINGERS[int(np.argmax(worst))] if first >= _STANDS_OUT * second else None


def _runs(flags: Array, time: Array, touching: float = _TOUCHING_SECONDS) -> list[tuple[int, int]]:
    """First and last rows of the runs of `flags` (N,), joined where less than `touching` seconds lie between."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    first, last = edges[::2], edges[1::2] - 1
    if len(first) == 0:
        return []
    apart = time[first[1:]] - time[last[:-1]] > touching if touching else np.ones(len(first) - 1, bool)
    keep_first, keep_last = np.append(True, apart), np.append(apart, True)
    return [(int(start), int(end)) for start, end in zip(first[keep_first], last[keep_last], strict=True)]


def _seconds(time: Array, first: int, last: int) -> float:
    """How long frames `first` to `last` are shown."""
    step = float(np.median(np.diff(time))) if len(time) > 1 else 0.0
    return float(time[last] - time[first]) + step
