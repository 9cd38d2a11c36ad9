"""GVHMR's own copy of the clip, whose frames are those of its result for certain."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..core.body_motion import BodyMotion
from ..core.gvhmr_file import CLIP_NAME
from .video import ClipInfo, ClipReader, probe_clip


def clip_of_the_results(clip: ClipInfo, bodies: Sequence[BodyMotion]) -> ClipInfo:
    """The clip that was asked for, or, where a result has another number of frames, the first copy that has that.

    Raises:
        ClipError: a clip cannot be decoded.
    """
    if all(body.frame_count == clip.likely_frame_count for body in bodies):
        return clip
    copies = [Path(body.source).parent / CLIP_NAME for body in bodies]
    copies = [copy for copy in dict.fromkeys(copies) if copy.is_file() and not copy.samefile(clip.path)]
    # Only decoding knows how many frames there are, so it is not done without need.
    if not copies or _fits(clip, bodies):
        return clip
    return next((candidate for candidate in map(probe_clip, copies) if _fits(candidate, bodies)), clip)


def _fits(clip: ClipInfo, bodies: Sequence[BodyMotion]) -> bool:
    decoded = len(ClipReader(clip, "rgb").times())
    return all(body.frame_count == decoded for body in bodies)
