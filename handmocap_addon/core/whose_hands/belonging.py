"""The one check that a body, a clip and the hands seen in it belong together: at once, after an exact correction, or not.

It is asked before hands are estimated and before anything is keyed, by the worker as by Blender.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..body.frames import on_frames_of
from ..body.motion import BodyMotion
from ..body.pictures import PictureFacts, seen_in
from ..body.stand_in import load_stand_in_body
from ..hands.hand_poses import HandPoses
from ..skeleton import SIDES
from .projected_arms import ProjectedArms, project_arms
from .seen_wrists import SeenHands
from .wrist_agreement import TOLD, check_hands_are_the_body_s

Array = NDArray[Any]


# Hands of other pipelines may hold no more than their poses.
_NOT_COMPARED: Final = (
    "Nobody has looked whether hands and body are of one clip and one person, since the hands {}: look at a frame or two"
)


_NO_CAMERA: Final = (
    "The {} motion has no camera, so nobody has looked whether hands and body are of one clip and one person, and no camera "
    "of the clip is added"
)


@dataclass(frozen=True, eq=False)
class ClipFacts:
    """What is known of a clip; None is not known."""

    name: str
    pictures: PictureFacts | None
    frame_time: Array  # (N,) seconds
    fps: Fraction | None
    body_rates: tuple[Fraction, ...] = ()  # at which a body's frames may follow each other


def arms_of(motion: BodyMotion) -> ProjectedArms:
    """A person's arms in the picture, on bones of the person's own shape.

    Raises:
        BadUsageError: no camera saw the person.
    """
    return project_arms(motion, load_stand_in_body(motion.betas).rest_joints)


def fitted_to(motion: BodyMotion, clip: ClipFacts) -> BodyMotion:
    """The motion with the clip's frames and before the clip's upright camera; what was corrected is in its warnings.

    Raises:
        BelongingError: it was made from other pictures.
        FrameCountError: nobody can tell which of its frames is which of the clip's.
    """
    motion = on_frames_of(motion, clip.frame_time, clip.fps, clip.name, clip.body_rates)
    return seen_in(motion, clip.pictures) if clip.pictures is not None else motion


def facts_of(poses: HandPoses) -> ClipFacts:
    """What a file of hands says about its clip."""
    name, size, notes = poses.clip_name() or "the clip", poses.picture_size(), poses.clip_notes()
    pictures = PictureFacts(name, size, notes.stored_size, notes.rotation, notes.pixel_aspect) if size is not None else None
    fps = poses.frames_per_second()
    times = poses.frame_time
    if times is None:
        times = np.arange(poses.frame_count) / float(fps or 24)
        fps = None
    return ClipFacts(name, pictures, times, fps, _body_rates(poses))


def fitted_to_hands(motion: BodyMotion, poses: HandPoses, others: Sequence[BodyMotion] = ()) -> BodyMotion:
    """The motion as hands of its clip ask for it, when they have been found to be its own.

    Raises:
        BelongingError, FrameCountError: it is of another clip, another person or other pictures.
    """
    clip = facts_of(poses)
    motion = fitted_to(motion, clip)
    if not motion.is_seen:
        return motion.with_warning(_NO_CAMERA.format(motion.maker.name))
    is_seen = any(track.detected.any() for _, track in _tracks(poses))
    if clip.pictures is None:
        return motion.with_warning(_NOT_COMPARED.format("do not say how large its pictures are")) if is_seen else motion
    rows = {
        side: np.flatnonzero(track.detected & (track.keypoints_2d[:, 0] != 0.0).any(axis=1))
        for side, track in _tracks(poses)
    }
    seen = SeenHands(
        np.concatenate([rows[side] for side in SIDES]),
        np.concatenate([poses.track(side).keypoints_2d[rows[side], 0] for side in SIDES]).astype(np.float64),
    )
    if is_seen and not len(seen.frame):
        return motion.with_warning(_NOT_COMPARED.format("hold no landmarks in its pictures"))
    order = np.argsort(seen.frame, kind="stable")
    arms = [arms_of(one) for one in (motion, *others)]
    told = check_hands_are_the_body_s(seen.taken(order), arms[0], clip.pictures.size, clip.name, arms[1:], motion.maker)
    # What the estimate saw of all hands is more than what the file holds of this person's.
    if not any(sentence.startswith(TOLD) for sentence in poses.warnings()):
        for sentence in told:
            motion = motion.with_warning(sentence)
    return motion


def _tracks(poses: HandPoses) -> list[tuple[Any, Any]]:
    return [(side, poses.track(side)) for side in SIDES]


def _body_rates(poses: HandPoses) -> tuple[Fraction, ...]:
    """The rate at which a body was laid on the clip when its hands were estimated."""
    try:
        numerator, denominator = poses.meta["body"]["fps"]
        rate = Fraction(numerator, denominator)
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return ()
    return (rate,) if rate > 0 else ()
