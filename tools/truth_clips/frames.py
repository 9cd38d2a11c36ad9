"""Where a rendered frame lies."""

from __future__ import annotations

from pathlib import Path


def frame_path(folder: Path, frame: int) -> Path:
    return folder / f"{frame:04d}.png"
