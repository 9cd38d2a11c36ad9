"""A person who stands, holds the arms where keys say, and moves the fingers from gesture to gesture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from handmocap_addon.core.body.model import BodyModel

from .arms import ArmKey, arms
from .body_motion import swaying_body
from .clip import Motion
from .finger_gestures import animated
from .hand_geometry import RestHand
from .natural_gestures import both_hands

Array = NDArray[Any]
GestureKeys = list[tuple[float, float, Array]]


@dataclass(frozen=True)
class Performance:
    """What a person does. All keys are in frames and written as for a left arm and a left hand."""

    left_arm: list[ArmKey]
    right_arm: list[ArmKey]
    left_gestures: GestureKeys  # first frame held, last frame held, gesture
    right_gestures: GestureKeys
    finger_lag: float = 0.3  # frames from one long finger to the next
    thumb_lift: float = 0.5
    arm_sway: float = 1.0
    yaw: float = 0.0  # radians about y, of the whole body


def performed(model: BodyModel, left_hand: RestHand, frames: Array, what: Performance) -> Motion:
    """The motion on frames (N,)."""
    moving_arms = arms(model, frames, {"left": what.left_arm, "right": what.right_arm}, what.arm_sway)
    left, right = (
        animated(keys, frames, what.finger_lag, what.thumb_lift) for keys in (what.left_gestures, what.right_gestures)
    )
    return Motion(*swaying_body(model, frames, moving_arms, what.yaw), *both_hands(left_hand, left, right))
