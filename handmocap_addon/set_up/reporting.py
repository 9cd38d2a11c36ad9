"""How a set-up tells what it does: sentences, and true fractions with the time that is left."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from ..core.job_protocol import Progress

Say = Callable[[str], None]
Show = Callable[[Progress], None]


def show_nothing(_progress: Progress) -> None:
    """For whoever wants sentences alone."""


@dataclass(frozen=True)
class Listener:
    """Who is told: `say` gets sentences, `show` gets progress."""

    say: Say
    show: Show = show_nothing


class Pace:
    """The progress of one stage; the time left is that of what this run itself has done so far."""

    def __init__(self, listener: Listener, stage: str, total: int, done: int = 0, unit: str = "") -> None:
        self._listener, self._stage, self._total, self._unit = listener, stage, total, unit
        self._first, self._started = done, time.monotonic()
        self._shown = -1
        self.reach(done)

    def reach(self, done: int) -> None:
        """So much is done, of the stage's whole."""
        done = min(done, self._total)
        if done <= self._shown:
            return
        self._shown = done
        own = done - self._first
        left = (time.monotonic() - self._started) * (self._total - done) / own if own > 0 else None
        self._listener.show(Progress(self._stage, done, self._total, 0.0, left, self._unit))
