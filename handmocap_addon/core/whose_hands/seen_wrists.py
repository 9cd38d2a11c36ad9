"""The wrists of all hands that are seen in a clip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from numpy.typing import NDArray

Array = NDArray[Any]
# Frames with hands below which nothing is said.
FEWEST_FRAMES: Final = 8


@dataclass(frozen=True, eq=False)
class SeenHands:
    """H hands in the pictures of a clip."""

    frame: Array  # (H,) int
    wrist: Array  # (H, 2) pixels

    def taken(self, which: Array) -> SeenHands:
        return SeenHands(self.frame[which], self.wrist[which])
