"""A slow count with long holds: up with the right hand, down with the left; dark skin, seen and lit from aside."""

from __future__ import annotations

from typing import Any, Final

from numpy.typing import NDArray

from handmocap_addon.core.body.model import BodyModel

from ..arms import ArmKey
from ..clip import Camera, Light, Look, Motion, Person, Surroundings, TruthClip, Wall
from ..natural_gestures import natural_gestures
from ..performance import GestureKeys, Performance, performed

Array = NDArray[Any]


def _counting(gestures: list[Array], start: float) -> GestureKeys:
    """Five gestures, each held for 13 frames and reached in 7."""
    keys: GestureKeys = [(start + 20.0 * number, start + 20.0 * number + 13.0, row) for number, row in enumerate(gestures)]
    return [(-10.0, keys[0][1], gestures[0]), *keys[1:-1], (keys[-1][0], 200.0, gestures[-1])]


def _motion(model: BodyModel, frames: Array) -> Motion:
    left_hand, make = natural_gestures(model)
    numbers = [make.counted(number) for number in (1, 2, 3, 4, 5)]
    return performed(
        model,
        left_hand,
        frames,
        Performance(
            left_arm=[
                ArmKey(-1, 12, (0.27, 0.05, 0.20), palm=(0.2, 0.0, 1.0)),
                ArmKey(50, 60, (0.29, 0.07, 0.21), palm=(0.2, 0.0, 1.0), turn=8, flexion=6),
                ArmKey(92, 104, (0.27, 0.04, 0.20), palm=(0.2, 0.0, 1.0), turn=-4),
            ],
            right_arm=[
                ArmKey(-1, 8, (0.28, 0.06, 0.19), palm=(-0.2, 0.0, 1.0), turn=-4),
                ArmKey(46, 54, (0.26, 0.04, 0.22), palm=(-0.2, 0.0, 1.0), turn=8, ulnar=5),
                ArmKey(90, 104, (0.28, 0.07, 0.20), palm=(-0.2, 0.0, 1.0)),
            ],
            left_gestures=_counting(numbers[::-1], start=5.0),
            right_gestures=_counting(numbers, start=0.0),
        ),
    )


CLIP: Final = TruthClip(
    name="count",
    fps=(24, 1),
    frame_count=104,
    frame_size=(640, 480),
    camera=Camera(position=(0.72, 1.50, 1.50), target=(0.0, 1.40, 0.22), focal=980.0),
    people=(
        Person(
            betas=(0.6, 0.5, -0.9, -0.3, 0.6, 0.2, 0.1, 0.0, 0.0, 0.0),
            look=Look(skin=(0.065, 0.032, 0.020), clothes=(0.46, 0.47, 0.50)),
            motion=_motion,
        ),
    ),
    surroundings=Surroundings(
        background=(0.16, 0.16, 0.18),
        lights=(
            Light(offset=(2.2, 0.9, 0.9), power=110.0, size=1.0),
            Light(offset=(-0.6, 0.8, 2.2), power=22.0, size=2.0),
        ),
        wall=Wall(z=-1.1, colours=((0.36, 0.27, 0.20), (0.28, 0.20, 0.15)), pattern_scale=1.2),
    ),
)
