"""Frames of the timeline as rows of the hands' file."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.cleanup.corrections import Rows
from ...core.errors import BadUsageError
from ...core.hands.hand_poses import HandPoses
from ..clip.clock import timeline_frames


def rows_between(scene: Any, poses: HandPoses, armature: Any, first: float, last: float) -> Rows:
    """The rows that are shown from frame `first` to `last`, both included; of a slowed clip also one between two frames.

    Raises:
        BadUsageError: the clip has no frame there.
    """
    frames = timeline_frames(scene, poses, armature)
    inside = np.flatnonzero((frames > first - 0.5) & (frames < last + 0.5))
    if len(inside) == 0 and len(frames) and frames[0] <= first and last <= frames[-1]:
        inside = np.array([np.argmin(np.abs(frames - first))])
    if len(inside) == 0:
        where = f"the clip's are {frames[0]:g} to {frames[-1]:g}" if len(frames) else "it has none"
        raise BadUsageError(f"The clip has no frames from {first:g} to {last:g}", f"choose other ones: {where}")
    return Rows(int(inside[0]), int(inside[-1]))
