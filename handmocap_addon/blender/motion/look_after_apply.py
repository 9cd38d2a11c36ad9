"""After fingers or a body were keyed: do they stand so? Ten frames over the clip are looked at, however long it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.body.motion import BodyMotion
from ...core.cleanup.clean_hands import CleanHand
from ...core.keys.own_keys import OwnKeys
from ...core.keys.settings import KeySettings
from ...core.skeleton import BODY_JOINTS, Side, hand_joint_names
from ..rig.posed_frames import spread
from .look import Wanted, look_at_pose
from .motion_keys import motion_on_rig, sampling_of
from .shot import Shot

Array = NDArray[Any]


def look_at_hands(
    shot: Shot,
    hands: Mapping[Side, CleanHand],
    frames: Array,
    settings: KeySettings | None,
    joints: Collection[str],
    own_keys: OwnKeys,
) -> tuple[str, ...]:
    """Sentences about fingers that stand elsewhere than they were keyed.

    Args:
        shot: the armature that was keyed.
        hands: finger rotations by side, N frames each.
        frames: (N,) timeline frames.
        settings: those of the keys; the defaults where None.
        joints: those that were keyed.
        own_keys: what became of keys that were there.
    """
    settings = settings or KeySettings()
    sampling = sampling_of(frames, settings)
    rows = spread(sampling.frames)
    quats = {}
    for side, hand in hands.items():
        for number, joint in enumerate(hand_joint_names(side)):
            if joint in joints:
                quats[joint] = sampling.rotations(hand.quat_wxyz[:, number])[rows]
    return look_at_pose(shot.armature, shot.rig, Wanted(sampling.frames[rows], quats), settings.ease_frames, own_keys)


def look_at_body(
    shot: Shot, motion: BodyMotion, lift: float, frames: Array, settings: KeySettings | None, own_keys: OwnKeys
) -> tuple[str, ...]:
    """The same about a body whose soles were raised by `lift` metres."""
    settings = settings or KeySettings()
    sampling = sampling_of(frames, settings)
    rows = spread(sampling.frames)
    rotations = (motion.world.orient_quat_wxyz, *np.moveaxis(motion.body_quat_wxyz, 1, 0))
    quats = {joint: sampling.rotations(quat)[rows] for joint, quat in zip(BODY_JOINTS, rotations, strict=True)}
    position = shot.rig.rest_joints[0] + motion_on_rig(motion, shot.rig).world.translation + np.array((0.0, lift, 0.0))
    wanted = Wanted(sampling.frames[rows], quats, sampling.numbers(position)[rows])
    return look_at_pose(shot.armature, shot.rig, wanted, settings.ease_frames, own_keys)
