"""Hands that slowly cross before the chest, one close behind the other, and uncross, the fingers half open."""

from __future__ import annotations

from typing import Any, Final

from numpy.typing import NDArray

from handmocap_addon.core.body.model import BodyModel

from ..arms import ArmKey
from ..clip import Camera, Light, Look, Motion, Person, Surroundings, TruthClip, Wall
from ..natural_gestures import natural_gestures
from ..performance import Performance, performed

Array = NDArray[Any]


def _motion(model: BodyModel, frames: Array) -> Motion:
    left_hand, make = natural_gestures(model)
    open_hand, half, more = make.open(), make.curled(0.25), make.curled(0.45)
    return performed(
        model,
        left_hand,
        frames,
        Performance(
            left_arm=[
                ArmKey(-1, 6, (0.27, 0.02, 0.24), turn=-5),
                ArmKey(44, 52, (-0.04, -0.01, 0.32), turn=-40, ulnar=8, elbow=(0.9, -0.8, 0.5)),
                ArmKey(88, 96, (0.27, 0.01, 0.24), turn=0),
            ],
            right_arm=[
                ArmKey(-1, 8, (0.27, 0.04, 0.18), turn=5),
                ArmKey(44, 50, (-0.03, 0.01, 0.19), turn=-45, ulnar=8, elbow=(0.9, -0.9, 0.2)),
                ArmKey(90, 96, (0.27, 0.04, 0.18), turn=0),
            ],
            left_gestures=[
                (-10.0, 10.0, half),
                (34.0, 46.0, more),
                (74.0, 110.0, open_hand),
            ],
            right_gestures=[
                (-10.0, 8.0, open_hand),
                (36.0, 50.0, half),
                (78.0, 110.0, more),
            ],
            arm_sway=0.7,
        ),
    )


CLIP: Final = TruthClip(
    name="crossing",
    fps=(30, 1),
    frame_count=96,
    frame_size=(640, 360),
    camera=Camera(position=(0.12, 1.52, 1.65), target=(0.0, 1.44, 0.2), focal=900.0),
    people=(
        Person(
            betas=(0.3, 1.3, 0.2, -0.6, 0.4, 0.0, 0.2, 0.0, 0.0, 0.0),
            look=Look(skin=(0.50, 0.30, 0.185), clothes=(0.06, 0.20, 0.12), long_sleeves=True),
            motion=_motion,
        ),
    ),
    surroundings=Surroundings(
        background=(0.34, 0.34, 0.38),
        lights=(
            Light(offset=(-1.2, 2.0, 1.6), power=80.0, size=1.0),
            Light(offset=(1.8, 0.6, 2.0), power=40.0, size=1.6),
        ),
        wall=Wall(z=-0.9, colours=((0.50, 0.48, 0.44), (0.42, 0.38, 0.36)), pattern_scale=0.9),
    ),
)
