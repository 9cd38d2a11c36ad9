"""Rotations for the frames on which a hand was not measured, from those on which it was."""

from __future__ import annotations

import enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..maths.frame_spans import at_most
from ..maths.rotations import (
    axis_angle_to_quat_wxyz,
    quat_wxyz_inverse,
    quat_wxyz_multiply,
    quat_wxyz_to_axis_angle,
    slerp_quat_wxyz,
)

Array = NDArray[Any]

# A motion that enters a gap and goes elsewhere than the gap's other end runs on by at most half of this.
_OVERSHOOT = np.radians(4.0)


class Provenance(enum.IntEnum):
    """Where a frame's fingers come from."""

    MEASURED = 0
    FILLED = 1  # between two measured frames
    RELAXED = 2  # nothing near enough was measured


def provenance_of(measured: Array, time: Array, longest_gap: float) -> Array:
    """Where each frame (N,) comes from: measured, in a gap (N,) of at most so many seconds, or relaxed."""
    seen, empty = np.flatnonzero(measured), np.flatnonzero(~measured)
    provenance = np.where(measured, Provenance.MEASURED, Provenance.RELAXED).astype(np.uint8)
    after = np.searchsorted(seen, empty)
    inside = (after > 0) & (after < len(seen))
    after, empty = after[inside], empty[inside]
    short = at_most(time[seen[after]] - time[seen[after - 1]], longest_gap)
    provenance[empty[short]] = Provenance.FILLED
    return provenance


def filled_hand(
    measured_quat_wxyz: Array, measured: Array, time: Array, relaxed: Array, longest_gap: float, ease: float, carried: Array
) -> tuple[Array, Array]:
    """Rotations (N, J, 4) and provenance (N,) of a hand, measured frames as they are given.

    Between two measured frames the way is Hermite's cubic on the rotation group: the end poses, each running on with its
    speed, blended by smoothstep. Where the gap is longer than the limit that way eases to the relaxed hand and back; at
    the ends of the clip likewise.

    Args:
        measured_quat_wxyz: (M, J, 4) rotations on the measured frames, M > 0.
        measured: (N,) which of the frames they are.
        time: (N,) seconds.
        relaxed: (J, 4) the hand about which nothing is known.
        longest_gap, ease: seconds.
        carried: (J,) share of the measured speed that runs on into a gap; at 0 a joint starts and ends at rest.
    """
    frame_count = len(time)
    seen = np.flatnonzero(measured)
    quat = np.empty((frame_count, *relaxed.shape))
    quat[seen] = measured_quat_wxyz
    provenance = provenance_of(measured, time, longest_gap)
    empty = np.flatnonzero(~measured)
    if len(empty) == 0:
        return quat, provenance
    position = np.searchsorted(seen, empty)
    has_before, has_after = position > 0, position < len(seen)
    before, after = np.clip(position - 1, 0, None), np.clip(position, None, len(seen) - 1)
    since = np.where(has_before, time[empty] - time[seen[before]], np.inf)
    until = np.where(has_after, time[seen[after]] - time[empty], np.inf)
    inside = has_before & has_after
    span = time[seen[after]] - time[seen[before]]
    short = provenance[empty] == Provenance.FILLED

    speed = _speeds(measured_quat_wxyz, time[seen], longest_gap) * carried[:, None]
    first, last = measured_quat_wxyz[before], measured_quat_wxyz[after]
    # How long a pose runs on, and where to: over a bridged gap to its end, else while it eases to the relaxed hand.
    room = np.where(short, span, ease)
    goals = [np.where(short[:, None, None], other, relaxed) for other in (last, first)]
    from_first = _run_on(first, speed[before], np.where(has_before, since, 0.0), room, goals[0])
    from_last = _run_on(last, -speed[after], np.where(has_after, until, 0.0), room, goals[1])
    share = np.where(has_before, 0.0, 1.0)
    share[inside] = eased(since[inside] / span[inside])
    way = slerp_quat_wxyz(from_first, from_last, share[:, None])

    gone = np.ones(len(empty))
    for away in (since, until):
        gone *= eased(np.clip(away / ease, 0.0, 1.0)) if ease > 0.0 else 1.0
    far = ~short
    way[far] = slerp_quat_wxyz(way[far], np.broadcast_to(relaxed, way[far].shape), gone[far, None])
    quat[empty] = way
    return quat, provenance


def eased(fraction: Array) -> Array:
    """Smoothstep: starts and ends without a jump in speed."""
    return fraction * fraction * (3.0 - 2.0 * fraction)


def _speeds(quat: Array, time: Array, longest_gap: float) -> Array:
    """Angular velocities (M, J, 3), radians per second in the joints' own axes, by the parabola through three frames."""
    speed = np.zeros((*quat.shape[:2], 3))
    if len(quat) < 2:
        return speed
    span = np.diff(time)
    step = quat_wxyz_to_axis_angle(quat_wxyz_multiply(quat_wxyz_inverse(quat[:-1]), quat[1:])) / span[:, None, None]
    # The nearer neighbour counts more; one beyond a gap that is not bridged tells nothing.
    near = np.where(at_most(span, longest_gap), 1.0 / span, 0.0)
    before, after = np.append(0.0, near), np.append(near, 0.0)
    total = np.maximum(before + after, 1e-12)[:, None, None]
    speed[1:] += step * before[1:, None, None] / total[1:]
    speed[:-1] += step * after[:-1, None, None] / total[:-1]
    return speed


def _run_on(quat: Array, speed: Array, seconds: Array, room: Array, goal: Array) -> Array:
    """Poses (n, J, 4) that run on with their speed (n, J, 3) for `seconds` (n,) and come to rest.

    The time t / (1 + 2 t / room) makes smoothstep between two such poses Hermite's cubic. The room (n,) in seconds shrinks
    where the speed would carry a joint past its goal (n, J, 4), or to another side by more than a little.
    """
    way = quat_wxyz_to_axis_angle(quat_wxyz_multiply(quat_wxyz_inverse(quat), goal))
    length = np.linalg.norm(way, axis=-1)
    ahead = np.maximum(np.sum(speed * way, axis=-1), 0.0) / np.maximum(length, 1e-9)
    onwards = way * (ahead / np.maximum(length, 1e-9))[..., None]
    turn = np.zeros_like(speed)
    for part, limit in ((onwards, 3.0 * length), (speed - onwards, _OVERSHOOT)):
        own_room = np.minimum(room[:, None], limit / np.maximum(np.linalg.norm(part, axis=-1), 1e-9))
        lasting = seconds[:, None] * own_room / np.maximum(own_room + 2.0 * seconds[:, None], 1e-12)
        turn += part * lasting[..., None]
    return quat_wxyz_multiply(quat, axis_angle_to_quat_wxyz(turn))
