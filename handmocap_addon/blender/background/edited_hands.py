"""The fingers of an armature as they are shown, as the hands of a `hand_poses.npz`."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from numpy.typing import NDArray

from ...core.cleanup.edited_hand_poses import edited_hand_poses, hand_poses_of_keys
from ...core.hands.hand_poses import HandPoses
from ...core.skeleton import SIDES
from ..cleanup.corrections_store import read_corrections, tracks_of
from ..clip.clock import timeline_frames
from ..rig.armatures import HAND_JOINTS
from ..rig.pose_parameters import read_body_parameters

Array = NDArray[Any]


def shown_hand_poses(
    armature: Any, scene: Any, source: HandPoses | None, frames: Array, fps: Fraction, on_frame: Callable[[int], None]
) -> HandPoses:
    """The fingers on the rows of the hands that they were made from, wherever those rows are on the timeline by now.

    Args:
        armature: an SMPL-X armature object with finger bones.
        scene: the scene that it is in.
        source: the hands as they were estimated; where there are none, the fingers on `frames` are taken.
        frames: (N,) of the timeline.
        fps: the scene's.
        on_frame: gets the count of frames that are read.

    Raises:
        ArmatureError: the armature has no finger bones.
    """
    rows = frames if source is None else timeline_frames(scene, source, armature)
    parameters = read_body_parameters(armature, rows, on_frame, HAND_JOINTS)
    hands = {side: parameters.hand_quat_wxyz(side) for side in SIDES}
    if source is None:
        return hand_poses_of_keys(rows, fps, hands, armature.name)
    return edited_hand_poses(source, tracks_of(source, read_corrections(armature)), hands, armature.name)
