"""What a panel says about a `hand_poses.npz`, read without its rotations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import HandPosesFileError
from ..files.json_files import JsonError, parsed_json
from ..files.npz_files import NpzError, read_npz
from ..skeleton import SIDES

# The notes of a long clip and a flag a frame; it is read while a panel is drawn.
_MOST_BYTES = 1 << 26


@dataclass(frozen=True)
class HandsSummary:
    """Frames, on how many of them each hand was seen, and by which estimator on which clip where the file says so."""

    frame_count: int
    left_seen: int
    right_seen: int
    clip_name: str = ""
    estimator: str = ""

    def sentence(self) -> str:
        """A line that the panel has room for."""
        if self.left_seen + self.right_seen == 0:
            return f"No hand seen on {self.frame_count} frames"
        if self.left_seen == self.right_seen == self.frame_count:
            return f"Both on all {self.frame_count} frames"
        left, right = (count or "never" for count in (self.left_seen, self.right_seen))
        return f"Left {left}, right {right} of {self.frame_count}"


def read_hands_summary(path: Path) -> HandsSummary:
    """Read the counts alone.

    Raises:
        HandPosesFileError: the file cannot be read, or says nothing about the hands.
    """
    try:
        content = read_npz(path, [*(f"{side}_detected" for side in SIDES), "meta"], _MOST_BYTES)
        seen = [np.atleast_1d(content[f"{side}_detected"]).astype(bool) for side in SIDES]
        meta = parsed_json(str(content["meta"])) if "meta" in content else {}
    except NpzError as error:
        raise HandPosesFileError(
            f"{path.name} cannot be read as hand poses, it {error.message}", "run Estimate again"
        ) from error
    except (JsonError, ValueError, TypeError, KeyError) as error:
        raise HandPosesFileError(f"{path.name} cannot be read as hand poses", "run Estimate again") from error
    left, right = (int(of.sum()) for of in seen)
    return HandsSummary(len(seen[0]), left, right, _text(meta, "clip", "name"), _text(meta, "estimator"))


def _text(meta: Any, *keys: str) -> str:
    for key in keys:
        meta = meta.get(key) if isinstance(meta, dict) else None
    return meta if isinstance(meta, str) else ""
