"""Finger rotations of one rig as those of another whose hand rests otherwise.

Everything is told relative to the hand that the fingers hang on, as it stands at rest in its armature's axes. One rotation,
fitted to wrist and knuckles, lays the source's palm on the target's. A second one for each joint bends the target's rest
pose into the source's, finger by finger from the base, each step by the shortest turn: then the source's own change from
rest takes it on. So bones point the same way from both palms on every frame, whether the target rests flat or relaxed, and a
target's roll about its bones stays as its maker drew it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArmatureError
from ..maths.rotations import fitted_rotation, normalized, quat_wxyz_to_rotmat, rotation_between
from ..skeleton import FINGERS, HAND_JOINT_COUNT, Side

Array = NDArray[Any]

_KNUCKLES = tuple(FINGERS.index(finger) * 3 for finger in FINGERS if finger != "thumb")


@dataclass(frozen=True, eq=False)
class RestHand:
    """One hand of a rig at rest, in its armature's axes and units; NaN for joints without a bone."""

    side: Side
    wrist: Array  # (3,)
    joints: Array  # (15, 3) positions
    directions: Array  # (15, 3) unit, from each joint along its bone
    rest_rotmat: Array  # (15, 3, 3) axes of each bone in the armature's

    @property
    def mapped(self) -> Array:
        """Which joints (15,) have a bone."""
        return np.isfinite(self.joints[:, 0])


def palm_rotation(source: RestHand, target: RestHand) -> Array:
    """The rotation (3, 3) from the source armature's axes to the target's that lays palm on palm.

    Fitted (Kabsch) to the ways from the wrist to the knuckles that both have, so no bone's roll and no axis matters.

    Raises:
        ArmatureError: they share fewer than two knuckles, or these lie on one line.
    """
    shared = [joint for joint in _KNUCKLES if source.mapped[joint] and target.mapped[joint]]
    ways = [hand.joints[shared] - hand.wrist for hand in (source, target)]
    if len(shared) < 2 or any(np.linalg.svd(normalized(way))[1][1] < 0.05 for way in ways):
        raise ArmatureError(
            f"The {source.side} palm cannot be found",
            "map the hand's bone and the first bones of two fingers besides the thumb",
        )
    first, second = (way / np.linalg.norm(way, axis=-1).mean() for way in ways)
    return fitted_rotation(first, second)


def rest_alignment(source: RestHand, target: RestHand, palm: Array) -> Array:
    """Rotations (15, 3, 3) in the target's axes that give its resting fingers the source's rest pose; NaN where unmapped."""
    alignment = np.full((HAND_JOINT_COUNT, 3, 3), np.nan)
    for finger in range(len(FINGERS)):
        so_far = np.eye(3)
        for joint in range(finger * 3, finger * 3 + 3):
            if target.mapped[joint]:
                wanted = palm @ source.directions[joint]
                so_far = quat_wxyz_to_rotmat(rotation_between(so_far @ target.directions[joint], wanted)) @ so_far
                alignment[joint] = so_far
    return alignment


def retargeted_rotmat(source: RestHand, target: RestHand, source_rotmat: Array, same_pose: bool = True) -> Array:
    """Where the target's finger bones must turn to, relative to its hand at rest.

    Args:
        source: the hand that moves, with all its joints.
        target: the hand that shall follow; joints may be missing.
        source_rotmat: (N, 15, 3, 3) the source bones' axes in its armature's, as if its hand rested.
        same_pose: bones point the same way from both palms. Otherwise the source's change from its rest is added to the
            target's rest.

    Returns:
        (N, 15, 3, 3) the target bones' axes in its armature's, as if its hand rested; NaN where unmapped.

    Raises:
        ArmatureError: the palms cannot be compared.
    """
    palm = palm_rotation(source, target)
    change = palm @ source_rotmat @ np.swapaxes(source.rest_rotmat, -1, -2) @ palm.T
    if same_pose:
        change = change @ rest_alignment(source, target, palm)
    return change @ target.rest_rotmat
