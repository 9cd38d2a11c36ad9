"""Frames in a row."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FrameRange:
    """Frames `first` to `last`, both included, counted from 0."""

    first: int
    last: int

    @property
    def count(self) -> int:
        return self.last - self.first + 1
