"""Wrists whose source a person chose for some frames, joined to those that the settings give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from ..body.motion import BodyMotion
from ..hands.hand_poses import HandTrack
from ..maths.rotations import slerp_quat_wxyz
from ..skeleton import JOINT_INDEX, WRIST, Side
from .corrections import Correction, WristFrom
from .wrist import WristSettings, with_wrists

# Beside the frames with a source of their own the wrist joins the others over this time.
_JOINING_SECONDS = 0.3


def with_corrected_wrists(
    motion: BodyMotion,
    tracks: Mapping[Side, HandTrack],
    frame_time: ArrayLike,
    rest_joints: ArrayLike,
    settings: WristSettings,
    corrections: Iterable[Correction],
) -> BodyMotion:
    """`with_wrists`, with another source where a correction names one, exactly so on its rows and eased beside them.

    Raises:
        HandPosesFileError: the hands have no orientation to take a wrist from.
    """
    time = np.asarray(frame_time, dtype=np.float64)
    quat = with_wrists(motion, tracks, time, rest_joints, settings).body_quat_wxyz.copy()
    for correction in corrections:
        if not isinstance(correction, WristFrom):
            continue
        other = with_wrists(motion, tracks, time, rest_joints, replace(settings, source=correction.source))
        share = correction.rows.share(time, _JOINING_SECONDS)
        # The elbow too: it carries a share of the wrist's twist.
        for joint in (JOINT_INDEX[f"{correction.side}_elbow"] - 1, WRIST[correction.side] - 1):
            between = slerp_quat_wxyz(quat[:, joint], other.body_quat_wxyz[:, joint], share)
            inside = (share >= 1.0)[:, None]
            quat[:, joint] = np.where(
                inside, other.body_quat_wxyz[:, joint], np.where(share[:, None] > 0.0, between, quat[:, joint])
            )
    return replace(motion, body_quat_wxyz=quat)
