"""What the background process is told: both sides of the doorway know it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class SceneCopyOrder:
    """A command on the copy `blend` of a file, with a folder for what lies beside it until it is done.

    `targets` are the files that it replaces, and `request` is the command's own dataclass as JSON.
    """

    command: str
    folder: Path
    blend: Path
    targets: tuple[Path, ...]
    request: dict[str, Any]
