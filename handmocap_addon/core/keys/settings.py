"""How generated motion becomes keys. Every frame is keyed; what a person keyed stays."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import BadUsageError
from .hand_key_ease import EASE_FRAMES


@dataclass(frozen=True)
class KeySettings:
    """Over how many frames keys ease to a person's own on each side, and whether all keys stand on whole frames.

    Raises:
        BadUsageError: the ease is negative.
    """

    ease_frames: float = EASE_FRAMES
    whole_frames: bool = True

    def __post_init__(self) -> None:
        if not 0.0 <= self.ease_frames <= 1000.0:
            raise BadUsageError(f"The ease to keys of your own is {self.ease_frames:g} frames", "give 0 to 1000")
