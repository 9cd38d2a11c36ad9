"""The right hand sinks out of the picture for a second and comes back; the left one goes on counting."""

from __future__ import annotations

from typing import Any, Final

from numpy.typing import NDArray

from handmocap_addon.core.body.model import BodyModel

from ..arms import ArmKey
from ..clip import Camera, Light, Look, Motion, Person, Surroundings, TruthClip
from ..natural_gestures import natural_gestures
from ..performance import Performance, performed

Array = NDArray[Any]


def _motion(model: BodyModel, frames: Array) -> Motion:
    left_hand, make = natural_gestures(model)
    low = (0.5, -0.6, -0.6)
    return performed(
        model,
        left_hand,
        frames,
        Performance(
            left_arm=[
                ArmKey(-1, 10, (0.28, 0.05, 0.20), turn=0),
                ArmKey(50, 60, (0.26, 0.09, 0.22), turn=12, flexion=5),
                ArmKey(100, 110, (0.29, 0.06, 0.20), turn=-8),
            ],
            right_arm=[
                ArmKey(-1, 16, (0.27, 0.06, 0.21), turn=4),
                ArmKey(38, 52, (0.27, -0.40, 0.24), palm=(-0.9, -0.9, -0.2), elbow=low),
                ArmKey(76, 110, (0.28, 0.07, 0.20), turn=-4),
            ],
            left_gestures=[
                (-10.0, 6.0, make.fist()),
                (13.0, 24.0, make.counted(1)),
                (31.0, 42.0, make.counted(2)),
                (49.0, 60.0, make.counted(3)),
                (67.0, 78.0, make.counted(4)),
                (85.0, 120.0, make.counted(5)),
            ],
            right_gestures=[
                (-10.0, 14.0, make.open()),
                (32.0, 56.0, make.curled(0.4)),
                (76.0, 88.0, make.open()),
                (98.0, 120.0, make.fist()),
            ],
        ),
    )


CLIP: Final = TruthClip(
    name="leaving",
    fps=(30000, 1001),
    frame_count=110,
    frame_size=(640, 360),
    camera=Camera(position=(0.36, 1.36, 1.60), target=(0.0, 1.44, 0.2), focal=900.0),
    people=(
        Person(
            betas=(-0.3, -1.2, 0.6, 0.3, -0.4, 0.2, 0.0, 0.0, 0.0, 0.0),
            look=Look(skin=(0.70, 0.44, 0.30), clothes=(0.40, 0.30, 0.08)),
            motion=_motion,
        ),
    ),
    surroundings=Surroundings(
        background=(0.22, 0.20, 0.18),
        lights=(
            Light(offset=(2.0, 1.0, 1.4), power=90.0, size=0.9, colour=(1.0, 0.9, 0.78)),
            Light(offset=(-1.6, 0.8, 2.0), power=35.0, size=2.0),
        ),
    ),
)
