"""The thumb meets finger after finger while forearms turn and wrists bend, so that the palms are seen from aside."""

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
    relaxed = make.curled(0.22)
    index, middle, ring = (make.pinched(finger, 0.18) for finger in ("index", "middle", "ring"))
    little = make.pinched("pinky", 0.12)
    return performed(
        model,
        left_hand,
        frames,
        Performance(
            left_arm=[
                ArmKey(-1, 6, (0.28, 0.05, 0.20), turn=0),
                ArmKey(22, 26, (0.26, 0.07, 0.22), turn=20, flexion=12),
                ArmKey(46, 50, (0.29, 0.05, 0.20), turn=-55, flexion=-20, ulnar=6),
                ArmKey(68, 74, (0.26, 0.02, 0.23), turn=-15, flexion=35, ulnar=-8),
                ArmKey(90, 96, (0.28, 0.05, 0.20), turn=-5, flexion=0),
            ],
            right_arm=[
                ArmKey(-1, 3, (0.28, 0.07, 0.21), turn=10),
                ArmKey(19, 23, (0.29, 0.05, 0.19), turn=-50, flexion=15),
                ArmKey(40, 46, (0.27, 0.03, 0.22), turn=5, flexion=-32, ulnar=-5),
                ArmKey(64, 68, (0.25, 0.07, 0.22), turn=22, flexion=10, ulnar=10),
                ArmKey(86, 96, (0.29, 0.05, 0.20), turn=-15, flexion=20),
            ],
            left_gestures=[
                (-10.0, 6.0, relaxed),
                (15.0, 24.0, index),
                (30.0, 31.0, relaxed),
                (39.0, 48.0, middle),
                (54.0, 55.0, relaxed),
                (63.0, 72.0, ring),
                (78.0, 79.0, relaxed),
                (87.0, 110.0, index),
            ],
            right_gestures=[
                (-10.0, 3.0, relaxed),
                (11.0, 19.0, index),
                (25.0, 26.0, relaxed),
                (34.0, 43.0, middle),
                (49.0, 50.0, relaxed),
                (58.0, 66.0, index),
                (72.0, 73.0, relaxed),
                (83.0, 110.0, little),
            ],
        ),
    )


CLIP: Final = TruthClip(
    name="pinches",
    fps=(25, 1),
    frame_count=96,
    frame_size=(640, 480),
    camera=Camera(position=(-0.34, 1.62, 1.45), target=(0.0, 1.50, 0.2), focal=900.0),
    people=(
        Person(
            betas=(1.2, -0.6, 0.5, -0.4, 0.2, 0.3, -0.2, 0.0, 0.0, 0.0),
            look=Look(skin=(0.30, 0.155, 0.09), clothes=(0.55, 0.52, 0.45), long_sleeves=True),
            motion=_motion,
        ),
    ),
    surroundings=Surroundings(
        background=(0.20, 0.23, 0.28),
        lights=(
            Light(offset=(-0.6, 1.8, 2.0), power=110.0, size=1.5),
            Light(offset=(2.0, 0.2, 1.2), power=30.0, size=1.5, colour=(0.8, 0.9, 1.0)),
        ),
        wall=Wall(z=-1.0, colours=((0.16, 0.24, 0.20), (0.34, 0.42, 0.34)), pattern_scale=1.6),
    ),
)
