"""One hand at rest, measured on a body model: finger directions, bending axes, fingertips and the 21 landmarks.

Everything is in the model's rest frame (y up, facing +z, left hand towards +x, palms down), in metres.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handmocap_addon.core.body.model import BodyModel, PosedJoints
from handmocap_addon.core.maths.rotations import normalized
from handmocap_addon.core.skeleton import FINGERS, JOINT_INDEX, LANDMARK_COUNT, WRIST, Side, finger_landmarks

Array = NDArray[Any]

PALM_DIRECTION = np.array((0.0, -1.0, 0.0))
# The nail of a left thumb at rest looks up, forward and back along the arm: the thumb is turned against the fingers.
_LEFT_THUMB_NAIL = np.array((-1.0, 1.0, 1.0))


@dataclass(frozen=True)
class RestHand:
    """What the choreography needs of one hand at rest, each by finger name."""

    side: Side
    bend_axis: dict[str, Array]  # (3,) unit; a positive angle closes the finger
    pad_direction: dict[str, Array]  # (3,) unit, away from the nail
    tip_offset: dict[str, Array]  # (3,) from the last joint to the fingertip


def _mirror(side: Side) -> Array:
    return np.array((1.0 if side == "left" else -1.0, 1.0, 1.0))


def tip_offset(model: BodyModel, side: Side, finger: str) -> Array:
    """(3,) from the finger's last joint to its tip: along the last bone, as far as its skin reaches.

    The last joint has no child, so the bone before it gives the direction.
    """
    middle, last = JOINT_INDEX[f"{side}_{finger}2"], JOINT_INDEX[f"{side}_{finger}3"]
    direction = normalized(model.rest_joints[last] - model.rest_joints[middle])
    strongest = np.take_along_axis(model.skin_joints, model.skin_weights.argmax(axis=1)[:, None], axis=1)[:, 0]
    reach = (model.vertices[strongest == last] - model.rest_joints[last]) @ direction
    return direction * reach.max()


def measure_rest_hand(model: BodyModel, side: Side) -> RestHand:
    """Bending axes, pads and tips of one hand of a body at rest."""
    bend_axis, pad_direction, tips = {}, {}, {}
    for finger in FINGERS:
        first, last = JOINT_INDEX[f"{side}_{finger}1"], JOINT_INDEX[f"{side}_{finger}3"]
        direction = normalized(model.rest_joints[last] - model.rest_joints[first])
        pad = -_LEFT_THUMB_NAIL * _mirror(side) if finger == "thumb" else PALM_DIRECTION
        bend_axis[finger] = normalized(np.cross(direction, pad))
        pad_direction[finger] = np.cross(bend_axis[finger], direction)
        tips[finger] = tip_offset(model, side, finger)
    return RestHand(side, bend_axis, pad_direction, tips)


def hand_landmarks(hand: RestHand, posed: PosedJoints) -> Array:
    """(N, 21, 3) landmarks in OpenPose's order, in the frame of `posed`, metres."""
    landmarks = np.empty((len(posed.positions), LANDMARK_COUNT, 3))
    landmarks[:, 0] = posed.positions[:, WRIST[hand.side]]
    for finger in FINGERS:
        joints = [JOINT_INDEX[f"{hand.side}_{finger}{number}"] for number in (1, 2, 3)]
        first, _, _, tip = finger_landmarks(finger)
        landmarks[:, first:tip] = posed.positions[:, joints]
        landmarks[:, tip] = posed.positions[:, joints[2]] + posed.rotmat[:, joints[2]] @ hand.tip_offset[finger]
    return landmarks
