"""More gestures: fingers that drag their neighbours along, and a thumb that rests on what it finds.

The tendons of the long fingers are connected, so a finger cannot stay fully bent beside a stretched one.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from handmocap_addon.core.body.model import BodyModel
from handmocap_addon.core.skeleton import finger_landmarks

from .finger_gestures import (
    LONG_FINGERS,
    LOWER_THUMB,
    OPEN,
    THUMB_OPEN,
    UPPER_THUMB,
    GestureMaker,
    between,
    distance,
    gesture,
    hand_pose,
    mirrored_hand_pose,
    pattern_search,
)
from .hand_geometry import PALM_DIRECTION, RestHand, measure_rest_hand

Array = NDArray[Any]

# Looser than the demo's, so that no fingertip enters the palm; a last joint bends 0.6 of the middle one.
_LOOSE_FIST: Final = {
    "index": (4, 68, 90, 54),
    "middle": (-2, 70, 93, 56),
    "pinky": (-18, 72, 88, 53),
    "ring": (-7, 71, 92, 55),
}
_ACROSS: Final = ("index", "middle", "ring", "pinky")
# How much of its bend a finger keeps beside a stretched one.
_DRAGGED: Final = 0.88
_BENDING_BONES: Final = tuple(landmark for finger in LONG_FINGERS for landmark in finger_landmarks(finger)[:3])
# Metres between the middle of the thumb and the middle of a finger that it lies on.
_THUMB_CLEARANCE: Final = 0.015
# Degrees: how a finger that meets the thumb is spread.
_TOUCHING_SPREAD: Final = {"index": 0.0, "middle": 1.0, "ring": -2.0, "pinky": -16.0}
_RELAXED_THUMB: Final = np.array((24.0, 6.0, -4.0, 12.0, 16.0))


class NaturalGestures(GestureMaker):
    """Gestures of a left hand beyond the demo's."""

    def curled(self, share: float) -> Array:
        """Between open (0) and half a fist (0.6), the thumb beside the fingers; a last joint bends 0.6 of the middle one."""
        shapes = {}
        for finger in LONG_FINGERS:
            spread, knuckle, middle, _ = (1.0 - share) * np.array(OPEN[finger]) + share * np.array(_LOOSE_FIST[finger])
            shapes[finger] = (spread, knuckle, middle, 0.6 * middle)
        return gesture(shapes, (1.0 - share) * np.array(THUMB_OPEN) + share * 1.5 * _RELAXED_THUMB)

    def fist(self) -> Array:
        """A closed hand with the thumb outside."""
        return self.counted(0)

    def counted(self, number: int) -> Array:
        """None to five stretched fingers from the index finger on, the thumb on the first bent one, or across the palm."""
        if number == 5:
            return self.open()
        shapes = {}
        for position, finger in enumerate(_ACROSS):
            stretched = position < number
            shape = np.array((OPEN if stretched else _LOOSE_FIST)[finger], dtype=float)
            if position == number > 0:
                shape[1:] *= _DRAGGED
            shapes[finger] = tuple(shape)
        return gesture(shapes, self._resting_thumb(number, gesture(shapes, THUMB_OPEN)))

    def pinched(self, finger: str, others_share: float) -> Array:
        """Thumb and one long finger touch; the others are bent between open (0) and a fist (1), its neighbours with it."""
        at = _ACROSS.index(finger)
        shapes = {}
        for position, other in enumerate(_ACROSS):
            share = others_share + (0.12 if abs(position - at) == 1 else 0.0)
            spread, knuckle, middle, _ = (1.0 - share) * np.array(OPEN[other]) + share * np.array(_LOOSE_FIST[other])
            shapes[other] = (spread, knuckle, middle, 0.6 * middle)
        return self.touch(finger, shapes, spread=_TOUCHING_SPREAD[finger], clearance=0.012)

    def _resting_thumb(self, number: int, angles: Array) -> Array:
        """(5,) degrees: the tip outside the middle bone of the first bent finger; with four stretched, before the palm."""
        start = np.array((40.0, 15.0, -5.0, 20.0, 30.0))

        def cost(thumb: Array) -> float:
            landmarks, pads = self._posed(np.concatenate((angles[:16], thumb)))
            if number == 0:
                wanted = 0.2 * landmarks[6] + 0.2 * landmarks[7] + 0.3 * landmarks[10] + 0.3 * landmarks[11]
                wanted = wanted + 0.019 * PALM_DIRECTION
            elif number == 4:
                wanted = 0.55 * landmarks[9] + 0.3 * landmarks[13] + 0.15 * landmarks[0] + 0.026 * PALM_DIRECTION
            else:
                bent = 5 + 4 * number
                wanted = 0.6 * landmarks[bent + 1] + 0.4 * landmarks[bent + 2] + 0.019 * PALM_DIRECTION
            error = landmarks[4] - wanted
            thumb_bones = np.concatenate([between(landmarks[joint], landmarks[joint + 1]) for joint in (2, 3)])
            others = [between(landmarks[first], landmarks[first + 1]) for first in _BENDING_BONES]
            inside = max(_THUMB_CLEARANCE - distance(thumb_bones, np.concatenate(others)), 0.0)
            # The pad rests on the fingers or the palm, so it looks up at them.
            facing = 1.0 + pads["thumb"] @ PALM_DIRECTION
            bent_far = np.sum(((thumb - start) / 40.0) ** 2)
            return float(1e6 * (error @ error + 4.0 * inside**2) + 12.0 * facing + 15.0 * bent_far)

        return pattern_search(cost, start, LOWER_THUMB, UPPER_THUMB)


def natural_gestures(model: BodyModel) -> tuple[RestHand, NaturalGestures]:
    """The body's left hand and the maker of its gestures."""
    left_hand = measure_rest_hand(model, "left")
    return left_hand, NaturalGestures(model, left_hand)


def both_hands(left_hand: RestHand, left: Array, right: Array) -> tuple[Array, Array]:
    """Left and right hand poses (N, 45) from gestures (N, ANGLE_COUNT), both written for a left hand."""
    return hand_pose(left_hand, left), mirrored_hand_pose(hand_pose(left_hand, right))
