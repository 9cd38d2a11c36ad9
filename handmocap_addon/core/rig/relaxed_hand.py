"""The pose of a hand about which nothing is known: loosely curled, as a hand hangs. Not SMPL-X's mean hand."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..skeleton import Side
from .stand_in_hands import stand_in_hands

_KNUCKLE, _MIDDLE, _END, _THUMB = np.radians((20.0, 30.0, 15.0, 12.0))


@functools.cache
def relaxed_hand_pose(side: Side) -> NDArray[Any]:
    """Axis-angle (45,), absolute, flat convention."""
    return stand_in_hands()[side].curled_pose(_KNUCKLE, _MIDDLE, _END, _THUMB)
