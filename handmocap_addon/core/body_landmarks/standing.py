"""Feet that stand: on which frames, and where.

Feet that are never seen stand under the body, as long as that stays in one place; only the legs give way for them.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..maths.rotations import normalized
from ..skeleton import JOINT_INDEX, SIDES
from .definition import LandmarksOnBody
from .freedom import Freedom, PosedBody
from .terms import StillPoints

Array = NDArray[Any]

_POINTS: Final = ("heel", "foot_index")
_LEG: Final = ("hip", "knee", "ankle")
_STILL: Final = 0.25  # metres a second in the picture; a walking foot swings at 1 to 3
_SHORTEST: Final = 0.15  # seconds that a foot stands at least
_DEVIATION: Final = 0.01  # metres
_SEEN: Final = 0.5  # trust in a foot's points
_UNSEEN_DEVIATION: Final = 0.02  # metres
_STAYS: Final = 0.4  # metres across which a body that stays in place sways at most


def standing_feet(
    freedom: Freedom,
    points: Array,
    posed: PosedBody,
    picture: Array,
    trust: Array,
    time: Array,
    shots: Array,
    where: LandmarksOnBody,
    focal: float,
    rest_joints: Array,
) -> StillPoints:
    """What holds the feet that stand.

    Args:
        freedom: what can move.
        points: (N, L, 3) metres, the used landmarks of a first fit, in the axes of a camera that stands still.
        posed: the joints of the same.
        picture: (N, 33, 2) pixels, as they were seen.
        trust: (N, 33) 0..1.
        time: (N,) seconds.
        shots: (N,) the number of each frame's shot; no foot stands through a cut.
        where: the landmarks on the body.
        focal: of the lens in pixels.
        rest_joints: (55, 3) metres.
    """
    rows = np.array([where.position(f"{side}_{name}") for side in SIDES for name in _POINTS])
    places = points[:, rows].copy()
    moves = np.ones((len(rows), freedom.count), bool)
    deviation = np.full(places.shape[:2], np.inf)
    sway = np.ptp(np.percentile(points.mean(axis=1), (2.0, 98.0), axis=0), axis=0)
    stays = bool((sway < _STAYS).all())
    for foot in range(len(SIDES)):
        own = slice(foot * len(_POINTS), (foot + 1) * len(_POINTS))
        landmarks = where.landmarks[rows[own]]
        is_seen = (trust[:, landmarks] > _SEEN).all(axis=1)
        if not is_seen.any():
            if stays:
                places[:, own] = _under(posed, where, rows[own], rest_joints)
                deviation[:, own] = _UNSEEN_DEVIATION
                moves[own] = np.isin(freedom.joints, [JOINT_INDEX[f"{SIDES[foot]}_{name}"] for name in _LEG])
            continue
        metres = focal / np.maximum(places[:, own, 2], 0.1)  # pixels of one
        speed = _speed(np.nan_to_num(picture[:, landmarks]), time) / metres
        for first, last in _runs(is_seen & (speed < _STILL).all(axis=1), shots):
            if time[last] - time[first] >= _SHORTEST:
                run = slice(first, last + 1)
                places[run, own] = np.median(places[run, own], axis=0)
                deviation[run, own] = _DEVIATION
    return StillPoints(rows, places, deviation, moves)


def _under(posed: PosedBody, where: LandmarksOnBody, rows: Array, rest_joints: Array) -> Array:
    """Where points (K, 3) of the feet are of one who stands straight before a level camera where the body mostly is."""
    sideways = np.median(posed.rotmat[:, 0, :, 0], axis=0) * (1.0, 0.0, 1.0)
    up = np.array((0.0, -1.0, 0.0))
    sideways = normalized(sideways) if np.linalg.norm(sideways) > 0.1 else np.array((1.0, 0.0, 0.0))
    upright = np.stack((sideways, up, np.cross(sideways, up)), axis=-1)
    rest = rest_joints[where.joints[rows]] + where.offsets[rows] - rest_joints[0]
    under: Array = np.median(posed.positions[:, 0], axis=0) + rest @ upright.T
    return under


def _speed(pixels: Array, time: Array) -> Array:
    """Pixels a second (N, K), over a tenth of a second so that a detector's trembling is no movement."""
    reach = max(1, round(0.05 / max(float(np.median(np.diff(time))), 1e-3))) if len(time) > 1 else 1
    before = np.maximum(np.arange(len(time)) - reach, 0)
    after = np.minimum(np.arange(len(time)) + reach, len(time) - 1)
    seconds = np.maximum(time[after] - time[before], 1e-3)
    speed: Array = np.linalg.norm(pixels[after] - pixels[before], axis=-1) / seconds[:, None]
    return speed


def _runs(mask: Array, shots: Array) -> list[tuple[int, int]]:
    """First and last row of each unbroken run of True within a shot."""
    goes_on = np.concatenate(([False], mask[1:] & mask[:-1] & (shots[1:] == shots[:-1]), [False]))
    firsts = np.flatnonzero(mask & ~goes_on[:-1])
    lasts = np.flatnonzero(mask & ~goes_on[1:])
    return [(int(first), int(last)) for first, last in zip(firsts, lasts, strict=True)]
