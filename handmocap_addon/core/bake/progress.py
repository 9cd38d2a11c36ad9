"""The progress of a bake's stages."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..job_protocol import Progress

ProgressSink = Callable[[Progress], None]


def progress_of(stage: str, done: int, total: int, started: float) -> Progress:
    """`started` is the stage's beginning by `time.monotonic`."""
    elapsed = time.monotonic() - started
    fps = done / elapsed if elapsed > 0 else 0.0
    return Progress(stage, done, total, round(fps, 2), round((total - done) / fps, 1) if fps else None)
