"""One frame on its way out of a clip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ...core.clip.frame_marks import FrameMark


@dataclass(frozen=True)
class DecodedFrame:
    """A row of the clip, whose pixels (H, W, 3) are made when they are asked for; None where there turn out to be none."""

    index: int
    time: float  # seconds from the first frame
    size: Callable[[], tuple[int, int]]  # width and height of every frame
    pixels: Callable[[], NDArray[Any] | None]
    marks: FrameMark = FrameMark.PLAIN


def no_pixels() -> None:
    """Of a frame that is lost."""
