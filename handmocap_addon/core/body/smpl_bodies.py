"""Motions of SMPL's and SMPL-H's bodies on SMPL-X's: the 21 joints are the same, the shapes and the rest pelvis are not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .motion import BodyMotion, BodyTrack
from .stand_in import load_stand_in_body

Array = NDArray[Any]
# Joint 0 of SMPL's neutral body in its average shape, metres; translations of SMPL and of SMPL-H are added to about this.
_SMPL_PELVIS: Final = np.array((-0.0018, -0.2233, 0.0282))


def on_average_smplx(motion: BodyMotion, body: str) -> BodyMotion:
    """The motion of another body, `body` in words, with its pelvis in its place on SMPL-X in SMPL-X's average shape."""
    away = _SMPL_PELVIS - load_stand_in_body().rest_joints[0]

    def moved(track: BodyTrack) -> BodyTrack:
        return replace(track, translation=track.translation + away)

    moved_motion = replace(
        motion,
        world=moved(motion.world),
        camera=moved(motion.camera) if motion.camera is not None else None,
        betas=np.zeros(10),
    )
    return moved_motion.with_warning(
        f"The {motion.maker.name} motion is of a body of {body}, whose shape numbers mean other shapes: the average SMPL-X "
        "shape is taken"
    )
