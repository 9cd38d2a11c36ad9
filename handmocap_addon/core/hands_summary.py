"""What a panel says about a `hand_poses.npz`, read without its rotations."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .errors import HandPosesFileError
from .skeleton import SIDES


@dataclass(frozen=True)
class HandsSummary:
    """Frames, on how many of them each hand was seen, and by which estimator on which clip where the file says so."""

    frame_count: int
    left_seen: int
    right_seen: int
    clip_name: str = ""
    estimator: str = ""

    def sentence(self) -> str:
        """A line of a few words."""
        if self.left_seen + self.right_seen == 0:
            return f"No hand seen on {self.frame_count} frames"
        seen = {"left": self.left_seen, "right": self.right_seen}
        if not all(seen.values()):
            hidden = next(side for side in SIDES if not seen[side])
            return f"{self.frame_count} frames, {hidden} hand never seen"
        missing = [f"{side} missing on {self.frame_count - seen[side]}" for side in SIDES if seen[side] < self.frame_count]
        return ", ".join([f"{self.frame_count} frames", *missing]) if missing else f"Both on all {self.frame_count} frames"


def read_hands_summary(path: Path) -> HandsSummary:
    """Read the counts alone.

    Raises:
        HandPosesFileError: the file cannot be read, or says nothing about the hands.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            seen = [np.atleast_1d(archive[f"{side}_detected"]).astype(bool) for side in SIDES]
            meta = json.loads(str(archive["meta"])) if "meta" in archive else {}
    except (OSError, ValueError, EOFError, TypeError, AttributeError, KeyError, RecursionError, zipfile.BadZipFile) as error:
        raise HandPosesFileError(f"{path.name} cannot be read as hand poses", "run Estimate again") from error
    left, right = (int(of.sum()) for of in seen)
    return HandsSummary(len(seen[0]), left, right, _text(meta, "clip", "name"), _text(meta, "estimator"))


def _text(meta: Any, *keys: str) -> str:
    for key in keys:
        meta = meta.get(key) if isinstance(meta, dict) else None
    return meta if isinstance(meta, str) else ""
