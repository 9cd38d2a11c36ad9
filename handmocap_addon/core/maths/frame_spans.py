"""How long stretches of frames are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Times of frames are rounded; as many frames are as long wherever they lie in a clip. Seconds.
_SAME_TIME = 1e-6


def at_most(seconds: ArrayLike, longest: float) -> NDArray[Any]:
    """Whether stretches of time are no longer than this."""
    return np.asarray(np.asarray(seconds, dtype=np.float64) <= longest + _SAME_TIME)
