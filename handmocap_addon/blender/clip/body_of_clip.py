"""A body as the clip and its hands ask for it, before anything of it is keyed."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from ...core.body.frames import at_times, nearly_as_many, on_frames_of
from ...core.body.motion import BodyMotion
from ...core.body.pictures import PictureFacts, seen_in
from ...core.errors import ClipError, FrameCountError
from ...core.hands.hand_poses import MOST_FRAMES, HandPoses
from ...core.whose_hands.belonging import fitted_to_hands
from .footage import look_at

# 24 and 24000/1001 are a thousandth apart.
_SAME_RATE = 0.01


def body_for(motion: BodyMotion, poses: HandPoses | None, clip: Path | None) -> BodyMotion:
    """The motion on the frames and before the camera of the hands' clip, or of the clip alone where there are no hands.

    Raises:
        BelongingError: it is of another clip, another person or other pictures.
        FrameCountError: nobody can tell which of its frames is which of the clip's.
    """
    if poses is not None:
        return fitted_to_hands(motion, poses)
    if clip is None:
        return motion
    try:
        footage = look_at(clip)
    except ClipError:
        # Nothing can be told of it, and nothing of it will be shown.
        return motion
    # How long a clip is Blender takes from its header, which is near enough to tell another clip by.
    if motion.fps is not None and footage.fps is not None and motion.frame_count != footage.frame_count:
        motion = on_frames_of(motion, np.arange(footage.frame_count) / float(footage.fps), footage.fps, clip.name)
    elif not nearly_as_many(motion.frame_count, footage.frame_count):
        rate = f" at {float(footage.fps):.5g} fps" if footage.fps is not None else ""
        raise FrameCountError(
            f"The {motion.maker.name} result has {motion.frame_count} frames and {clip.name} has "
            f"{footage.frame_count}{rate}",
            f"estimate the hands first, which may tell, or {motion.maker.own_clip}",
        )
    return seen_in(motion, PictureFacts(clip.name, footage.size))


def at_scene_s_rate(motion: BodyMotion, scene_fps: Fraction) -> BodyMotion:
    """A motion that has neither hands nor clip, on the frames of a scene, where its file says how fast it is.

    Raises:
        FrameCountError: they would be more than any clip has.
    """
    if motion.fps is None or abs(float(motion.fps / scene_fps) - 1.0) < _SAME_RATE:
        return motion
    count = int((motion.frame_count - 1) / motion.fps * scene_fps) + 1
    if count > MOST_FRAMES:
        raise FrameCountError(
            f"The {motion.maker.name} motion of {motion.frame_count} frames at {float(motion.fps):.5g} fps would have "
            f"{count} at the scene's {float(scene_fps):.5g}",
            "look at the frame rate in its file",
        )
    return at_times(motion, np.arange(count) / float(scene_fps), motion.fps).with_warning(
        f"The {motion.maker.name} motion at {float(motion.fps):.5g} fps was laid on the scene's {float(scene_fps):.5g}"
    )


def rate_told(clip: Path, scene_fps: float) -> tuple[str, ...]:
    """What to say of a body that is keyed frame by frame, since no hands tell when the clip's frames are."""
    try:
        fps = look_at(clip).fps
    except ClipError:
        return ()
    if fps is None or abs(float(fps) / scene_fps - 1.0) < _SAME_RATE:
        return ()
    return (
        f"{clip.name} has {float(fps):.5g} fps and the scene {scene_fps:.5g}, and without hands the body is keyed frame by "
        f"frame: give the scene {float(fps):.5g} fps, or estimate the hands and apply the body again",
    )
