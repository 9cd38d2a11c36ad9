"""Where a body motion puts a person's forearms and hands in the picture."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..body.model import posed_joints
from ..body.motion import BodyMotion, local_rotmat_of
from ..hands.hand_detections import HAND_LENGTH
from ..skeleton import JOINT_INDEX, SIDES

Array = NDArray[Any]
_NEAREST_DEPTH = 0.1  # metres; a wrist nearer than this, or behind the camera, is in no picture
_FRAMES_AT_ONCE = 1024


@dataclass(frozen=True, eq=False)
class ProjectedArms:
    """Both arms of one person over N frames, in pixels; the second axis is the side, in the order of `SIDES`."""

    elbow: Array  # (N, 2, 2)
    wrist: Array  # (N, 2, 2)
    knuckle: Array  # (N, 2, 2) the middle finger's, on a hand at rest
    hand_length_px: Array  # (N, 2) what `HAND_LENGTH` measures at the wrist's depth
    in_front: Array  # (N, 2) bool, the wrist lies before the camera


def project_arms(motion: BodyMotion, rest_joints: Array) -> ProjectedArms:
    """Project a motion's arms with its own intrinsics.

    Args:
        motion: N frames of one person.
        rest_joints: (55, 3) metres, SMPL-X's for the motion's betas.

    Raises:
        BadUsageError: no camera saw it.
    """
    # Only these are needed of 55 joints, which of a long clip at once would take a gigabyte.
    parts = [
        _projected(motion.slice_frames(first, first + _FRAMES_AT_ONCE), rest_joints)
        for first in range(0, max(motion.frame_count, 1), _FRAMES_AT_ONCE)
    ]
    names = [field.name for field in fields(ProjectedArms)]
    return ProjectedArms(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def _projected(motion: BodyMotion, rest_joints: Array) -> ProjectedArms:
    seen = motion.seen()
    joints = posed_joints(rest_joints, local_rotmat_of(motion, seen.track), seen.track.translation).positions
    chosen = joints[:, [[JOINT_INDEX[f"{side}_{part}"] for side in SIDES] for part in ("elbow", "wrist", "middle1")]]
    depth = np.maximum(chosen[..., 2:], _NEAREST_DEPTH)
    projected = np.einsum("nab,nksb->nksa", seen.intrinsics, chosen / depth)[..., :2]
    length = HAND_LENGTH * seen.intrinsics[:, 0, 0, None] / depth[:, 1, :, 0]
    return ProjectedArms(projected[:, 0], projected[:, 1], projected[:, 2], length, chosen[:, 1, :, 2] > _NEAREST_DEPTH)
