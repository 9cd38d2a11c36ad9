"""GVHMR's own copy of the clip, whose frames are those of its result for certain."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..core.body_motion import BodyMotion
from ..core.frame_marks import FrameMark
from ..core.gvhmr_file import CLIP_NAME
from .clip.info import ClipInfo
from .video import ClipReader, probe_clip


def clip_of_the_results(clip: ClipInfo, bodies: Sequence[BodyMotion]) -> ClipInfo:
    """The clip that was asked for, or, where a result has another number of frames, the first copy that has that.

    A clip with frames that cannot be read fits with them, or without them, as most readers count.

    Raises:
        ClipError: a clip cannot be decoded.
    """
    if all(body.frame_count == clip.likely_frame_count for body in bodies):
        return clip
    copies = [Path(body.source).parent / CLIP_NAME for body in bodies]
    copies = [copy for copy in dict.fromkeys(copies) if copy.is_file() and not copy.samefile(clip.path)]
    # Only decoding knows how many frames there are, so it is not done without need.
    candidates = (_fitting(candidate, bodies) for candidate in itertools.chain((clip,), map(probe_clip, copies)))
    return next((candidate for candidate in candidates if candidate is not None), clip)


def _fitting(clip: ClipInfo, bodies: Sequence[BodyMotion]) -> ClipInfo | None:
    marks = ClipReader(clip, "rgb").rows().marks
    lost = int(np.count_nonzero(marks & FrameMark.LOST))
    if all(body.frame_count == len(marks) for body in bodies):
        return clip
    if lost and all(body.frame_count == len(marks) - lost for body in bodies):
        return replace(clip, leaves_out_lost=True)
    return None
