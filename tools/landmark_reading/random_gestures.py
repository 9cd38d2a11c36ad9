"""Random gestures: any fingers, fingers that go together, counting, hooks, hands that are nearly open, and open ones.

Angles as in truth_clips/finger_gestures.py: rows of ANGLE_COUNT degrees, written for a left hand.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.truth_clips.finger_gestures import ANGLE_COUNT, FIST, LONG_FINGERS, THUMB_ANGLES, THUMB_OPEN, finger_slice
from tools.truth_clips.finger_gestures import OPEN as FLAT

Array = NDArray[Any]

# What the four fingers of a gesture have to do with each other, by the share of all gestures up to which it holds.
_EACH_ITS_OWN, _TOGETHER, _COUNTING = 0.35, 0.7, 0.85
_HOOKS = 0.15  # share of the first two kinds' fingers whose knuckle and middle joint bend without each other
_THUMB_OVER_FIST = np.array((40.0, 15.0, -5.0, 20.0, 30.0))
_THUMB_RANGE = np.array(((-2.0, 58.0), (-22.0, 38.0), (-35.0, 25.0), (-2.0, 45.0), (-5.0, 65.0)))
# Degrees of spread at which the stretched fingers touch each other: the rest pose spreads them.
_TOUCHING = {"index": 9.0, "middle": 0.0, "ring": -5.0, "pinky": -26.0}
# Hands with all four fingers stretched are common and easily read as a little bent.
_STRAIGHT = 0.2
_SPREAD_DEVIATION = 5.0  # degrees
_OPEN_THUMB_SHARE, _FIST_THUMB_SHARE = 0.35, 0.65


def random_gesture(random: np.random.Generator) -> Array:
    """(ANGLE_COUNT,) degrees; stretched fingers are anything from spread to side by side."""
    angles = np.zeros(ANGLE_COUNT)
    kind, common, straight = random.random(), random.random(), random.random() < _STRAIGHT
    touching = random.beta(0.6, 0.8)
    for finger in LONG_FINGERS:
        stretched_spread = FLAT[finger][0] * (1.0 - touching) + _TOUCHING[finger] * touching
        curl = random.beta(0.5, 6.0) if straight else _curl(random, kind, common)
        knuckle, bends = _random_bends(random, curl, straight, kind < _TOGETHER)
        usual_spread = stretched_spread * (1.0 - knuckle) + FIST[finger][0] * knuckle
        # A bent knuckle spreads less: its side ligaments are tight.
        spread = random.normal(0.0, _SPREAD_DEVIATION) * (1.0 - 0.6 * np.clip(knuckle, 0.0, 1.0)) + usual_spread
        angles[finger_slice(finger)] = (spread, *bends)
    angles[THUMB_ANGLES] = _random_thumb(random)
    return angles


def _curl(random: np.random.Generator, kind: float, common: float) -> float:
    """How far a finger is closed: 0 open, 1 in a fist."""
    if kind < _EACH_ITS_OWN:
        return random.beta(0.7, 0.7)
    if kind < _TOGETHER:
        return float(np.clip(common + random.normal(0.0, 0.12), 0.0, 1.0))
    if kind < _COUNTING:
        return float(random.random() < 0.5) * 0.9 + random.random() * 0.1
    return random.beta(0.8, 2.5)


def _random_bends(
    random: np.random.Generator, curl: float, straight: bool, may_hook: bool
) -> tuple[float, tuple[float, ...]]:
    """How far the knuckle is closed, and the bends of knuckle, middle and end joint in degrees."""
    knuckle = float(np.clip(curl + random.normal(0.0, 0.05 if straight else 0.18), -0.1, 1.05))
    middle = float(np.clip(curl + random.normal(0.0, 0.04 if straight else 0.15), 0.0, 1.08))
    if may_hook and random.random() < _HOOKS:
        knuckle, middle = random.random(), random.random()
    knuckle_bend, middle_bend = -6.0 + knuckle * 88.0, 3.0 + middle * 100.0
    end_bend = float(np.clip(middle_bend * random.uniform(0.4, 0.75) + random.normal(0.0, 4.0), -5.0, 75.0))
    return knuckle, (knuckle_bend, middle_bend, end_bend)


def _random_thumb(random: np.random.Generator) -> Array:
    """(5,) degrees: beside the hand, over a fist, or anywhere it can go."""
    kind = random.random()
    if kind < _OPEN_THUMB_SHARE:
        return np.array(THUMB_OPEN) + random.normal(0.0, 1.0, 5) * (9.0, 8.0, 8.0, 8.0, 10.0)
    if kind < _FIST_THUMB_SHARE:
        return _THUMB_OVER_FIST + random.normal(0.0, 1.0, 5) * (9.0, 9.0, 9.0, 10.0, 12.0)
    return random.uniform(_THUMB_RANGE[:, 0], _THUMB_RANGE[:, 1])
