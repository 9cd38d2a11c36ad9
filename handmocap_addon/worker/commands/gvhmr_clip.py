"""The clip on which people's hands are looked for, and their bodies on its frames and before its camera.

That is the clip that was asked for, wherever counts, rates and pictures leave no doubt; else GVHMR's own copy of it, whose
frames are those of its result for certain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from ...core.body.gvhmr_file import CLIP_NAME
from ...core.body.motion import BodyMotion
from ...core.body.pictures import PictureFacts, seen_in
from ...core.clip.frame_marks import FrameMark
from ...core.errors import FrameCountError
from ...core.whose_hands.belonging import ClipFacts, fitted_to
from ..clip.info import ClipInfo
from ..video import ClipReader, probe_clip, stored_picture


@dataclass(frozen=True)
class ClipOfBodies:
    """A clip, the bodies that are of it, and the rate at which frames of theirs may have followed each other."""

    clip: ClipInfo
    bodies: list[BodyMotion]
    body_fps: Fraction | None = None  # of GVHMR's copy, where the bodies had other frames than the clip


def clip_of_the_results(clip: ClipInfo, bodies: Sequence[BodyMotion]) -> ClipOfBodies:
    """The clip that was asked for, or, where a result has another number of frames and cannot be laid on it, the first copy.

    A clip with frames that cannot be read fits with them, or without them, as most readers count.

    Raises:
        ClipError: a clip cannot be decoded.
        BelongingError: a result was made from other pictures.
        FrameCountError: nobody can tell which of a result's frames is which of a clip's.
    """
    if not bodies:
        return ClipOfBodies(clip, [])
    # Only decoding knows how many frames there are, so it is not done without need.
    if _are_as_many(bodies, clip.likely_frame_count):
        return ClipOfBodies(clip, _before_its_camera(clip, bodies))
    rows = ClipReader(clip, "rgb").rows()
    lost = int(np.count_nonzero(rows.marks & FrameMark.LOST))
    if _are_as_many(bodies, len(rows.time)):
        return ClipOfBodies(clip, _before_its_camera(clip, bodies))
    if lost and _are_as_many(bodies, len(rows.time) - lost):
        return ClipOfBodies(replace(clip, leaves_out_lost=True), _before_its_camera(clip, bodies))
    copies = _copies(clip, bodies)
    rates = tuple(dict.fromkeys(copy.declared_fps for copy in copies if copy.declared_fps is not None))
    facts = ClipFacts(clip.path.name, _pictures(clip), rows.time, clip.declared_fps, rates)
    try:
        return ClipOfBodies(clip, [fitted_to(body, facts) for body in bodies], rates[0] if rates else None)
    except FrameCountError as error:
        for copy in copies:
            if _are_as_many(bodies, len(ClipReader(copy, "rgb").rows().time)):
                return ClipOfBodies(copy, [_instead(body, copy, clip) for body in _before_its_camera(copy, bodies)])
        # A clip that was cut short, or has holes, is why as a rule.
        raise FrameCountError("; ".join((error.message, *clip.remarks)), error.hint) from error


def _copies(clip: ClipInfo, bodies: Sequence[BodyMotion]) -> list[ClipInfo]:
    paths = dict.fromkeys(Path(body.source).parent / CLIP_NAME for body in bodies)
    return [probe_clip(path) for path in paths if path.is_file() and not path.samefile(clip.path)]


def _are_as_many(bodies: Sequence[BodyMotion], count: int) -> bool:
    return all(body.frame_count == count for body in bodies)


def _before_its_camera(clip: ClipInfo, bodies: Sequence[BodyMotion]) -> list[BodyMotion]:
    pictures = _pictures(clip)
    return [seen_in(body, pictures) for body in bodies]


def _pictures(clip: ClipInfo) -> PictureFacts:
    stored = stored_picture(clip)
    turn = stored.orientation.quarter_turns * 90
    return PictureFacts(clip.path.name, stored.size, stored.stored_size, turn, stored.pixel_aspect)


def _instead(body: BodyMotion, copy: ClipInfo, clip: ClipInfo) -> BodyMotion:
    """Told with both rates: GVHMR calls every copy one of 30 frames a second, whatever the clip was."""
    rates = [f" at {float(one.declared_fps):.5g} fps" if one.declared_fps else "" for one in (copy, clip)]
    return body.with_warning(
        f"{copy.path.name} with {body.frame_count} frames{rates[0]} is used instead of {clip.path.name}, which has "
        f"{clip.likely_frame_count}{rates[1]}: GVHMR calls every copy 30 fps, so look whether it plays at the right speed"
    )
