"""The demo clip: open, fist, open, count one to five, pinch, open; facing the camera."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from handmocap_addon.core.body.model import BodyModel
from handmocap_addon.core.maths.rotations import normalized
from handmocap_addon.core.skeleton import Side

from ..arms import frames_from
from ..body_motion import about, mirrored_rotmat, swaying_body, wave
from ..clip import Camera, Light, Look, Motion, Person, Surroundings, TruthClip
from ..finger_gestures import GestureMaker, animated, hand_pose, mirrored_hand_pose
from ..hand_geometry import measure_rest_hand

Array = NDArray[Any]

# The left hand does everything a little later, so that swapped hands do not go unnoticed.
_LEFT_HAND_LAG: Final = 3.0
_FRAME_SIZE: Final = (640, 480)
_X, _Y, _Z = np.eye(3)
# Of the left arm, in the chest's frame: the elbow hangs forward of the shoulder, the forearm stands upright.
_LEFT_UPPER_ARM = np.array((0.52, -0.72, 0.46))
_LEFT_FOREARM = np.array((0.13, 0.97, 0.20))


def _arm(side: Side, frames: Array) -> dict[str, Array]:
    """Local rotations (N, 3, 3) of shoulder, elbow and wrist."""
    phase = 0.0 if side == "left" else 0.37
    upper_arm, forearm = normalized(_LEFT_UPPER_ARM), normalized(_LEFT_FOREARM)
    # The elbow is a hinge about -y at rest; this turns the upper arm so that the hinge moves the forearm upwards.
    shoulder = frames_from(upper_arm, -np.cross(upper_arm, forearm))
    elbow = shoulder.T @ frames_from(forearm, -_Z)
    shoulder_sway = about(_Z, wave(frames, 3.0, 83.0, phase)) @ about(_X, wave(frames, 3.5, 61.0, phase + 0.2))
    moving_elbow = elbow @ about(_Y, wave(frames, 4.0, 71.0, phase + 0.45))
    wrist = (
        about(_X, wave(frames, 16.0, 58.0, phase + 0.1))
        @ about(_Z, wave(frames, 9.0, 47.0, phase + 0.3))
        @ about(_Y, wave(frames, 6.0, 66.0, phase + 0.6))
    )
    arm = {"shoulder": shoulder_sway @ shoulder, "elbow": moving_elbow, "wrist": wrist}
    return {f"{side}_{joint}": rotmat if side == "left" else mirrored_rotmat(rotmat) for joint, rotmat in arm.items()}


def _hand_poses(model: BodyModel, frames: Array) -> tuple[Array, Array]:
    """Left and right hand poses (N, 45)."""
    left_hand = measure_rest_hand(model, "left")
    maker = GestureMaker(model, left_hand)

    def keys(others_curled: bool) -> list[tuple[float, float, Array]]:
        return [
            (-10.0, 5.0, maker.open()),
            (13.0, 17.0, maker.fist()),
            (25.0, 27.0, maker.open()),
            (34.0, 34.5, maker.count(1)),
            (41.0, 41.5, maker.count(2)),
            (48.0, 48.5, maker.count(3)),
            (55.0, 55.5, maker.count(4)),
            (62.0, 64.0, maker.count(5)),
            (73.0, 77.0, maker.pinch(others_curled)),
            (86.0, 120.0, maker.open()),
        ]

    left = hand_pose(left_hand, animated(keys(others_curled=True), frames - _LEFT_HAND_LAG))
    right = hand_pose(left_hand, animated(keys(others_curled=False), frames))
    return left, mirrored_hand_pose(right)


def _motion(model: BodyModel, frames: Array) -> Motion:
    return Motion(*swaying_body(model, frames, _arm("left", frames) | _arm("right", frames)), *_hand_poses(model, frames))


CLIP: Final = TruthClip(
    name="demo",
    fps=(24000, 1001),
    frame_count=96,
    frame_size=_FRAME_SIZE,
    # The focal length that GVHMR assumes: the picture's diagonal.
    camera=Camera(position=(0.04, 1.42, 1.50), target=(0.0, 1.38, 0.16), focal=float(np.hypot(*_FRAME_SIZE))),
    people=(
        Person(
            betas=(0.5, -0.4, 0.3, 0.2, -0.1, 0.1, 0.0, 0.0, 0.0, 0.0),
            look=Look(skin=(0.62, 0.36, 0.25), clothes=(0.10, 0.16, 0.25)),
            motion=_motion,
        ),
    ),
    surroundings=Surroundings(
        background=(0.30, 0.33, 0.35),
        lights=(
            Light(offset=(-1.6, 1.3, 2.2), power=75.0, size=1.6),
            Light(offset=(1.9, 0.5, 2.0), power=35.0, size=2.0),
        ),
    ),
)
