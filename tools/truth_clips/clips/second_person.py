"""A second person slides past behind the first one, hands raised on the way, close to the hands of the first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from handmocap_addon.core.body.model import BodyModel

from ..arms import ArmKey
from ..clip import Camera, Light, Look, Motion, Person, Surroundings, TruthClip, Wall
from ..natural_gestures import natural_gestures
from ..performance import Performance, performed

Array = NDArray[Any]

_WALK: Final = 1.8  # metres in the whole clip


def _first(model: BodyModel, frames: Array) -> Motion:
    left_hand, make = natural_gestures(model)
    return performed(
        model,
        left_hand,
        frames,
        Performance(
            left_arm=[
                ArmKey(-1, 12, (0.27, 0.07, 0.20), turn=0),
                ArmKey(44, 54, (0.29, 0.03, 0.21), turn=14, flexion=8),
                ArmKey(84, 96, (0.27, 0.07, 0.20), turn=-4),
            ],
            right_arm=[
                ArmKey(-1, 8, (0.28, 0.03, 0.21), turn=-6),
                ArmKey(40, 50, (0.26, 0.08, 0.21), turn=10, ulnar=6),
                ArmKey(80, 96, (0.28, 0.05, 0.20), turn=0),
            ],
            left_gestures=[
                (-10.0, 12.0, make.open()),
                (24.0, 36.0, make.fist()),
                (48.0, 60.0, make.counted(2)),
                (74.0, 110.0, make.open()),
            ],
            right_gestures=[
                (-10.0, 10.0, make.counted(3)),
                (24.0, 34.0, make.open()),
                (46.0, 60.0, make.pinched("index", 0.15)),
                (74.0, 110.0, make.open()),
            ],
        ),
    )


def _hanging(first: float, last: float) -> ArmKey:
    """The arm hangs, a little bent."""
    return ArmKey(first, last, (0.24, -0.42, 0.14), palm=(-0.9, -0.9, -0.2), elbow=(0.4, -0.5, -0.8))


def _second(model: BodyModel, frames: Array) -> Motion:
    left_hand, make = natural_gestures(model)
    motion = performed(
        model,
        left_hand,
        frames,
        Performance(
            left_arm=[
                _hanging(-1, 12),
                ArmKey(32, 70, (0.27, 0.07, 0.18)),
                _hanging(88, 96),
            ],
            right_arm=[
                _hanging(-1, 6),
                ArmKey(26, 64, (0.26, 0.05, 0.19)),
                _hanging(84, 96),
            ],
            left_gestures=[
                (-10.0, 12.0, make.curled(0.35)),
                (32.0, 46.0, make.open()),
                (56.0, 70.0, make.counted(2)),
                (88.0, 110.0, make.curled(0.35)),
            ],
            right_gestures=[
                (-10.0, 8.0, make.curled(0.35)),
                (28.0, 40.0, make.open()),
                (52.0, 64.0, make.fist()),
                (84.0, 110.0, make.curled(0.3)),
            ],
            yaw=float(np.radians(-14.0)),
        ),
    )
    # Steady steps to the picture's left, with the little rise and fall of a walk.
    transl = motion.transl.copy()
    transl[:, 0] -= _WALK * frames / frames[-1]
    transl[:, 1] += 0.012 * np.sin(2.0 * np.pi * frames / 13.0)
    return replace(motion, transl=transl)


CLIP: Final = TruthClip(
    name="second_person",
    fps=(25, 1),
    frame_count=96,
    frame_size=(640, 480),
    camera=Camera(position=(-0.05, 1.50, 2.70), target=(0.0, 1.42, 0.2), focal=1750.0),
    people=(
        Person(
            betas=(0.1, -0.3, -0.8, 0.4, 0.3, 0.1, 0.0, 0.0, 0.0, 0.0),
            look=Look(skin=(0.76, 0.50, 0.38), clothes=(0.05, 0.09, 0.22)),
            motion=_first,
        ),
        Person(
            betas=(0.9, 1.0, 0.4, -0.5, 0.1, -0.3, 0.0, 0.0, 0.0, 0.0),
            look=Look(skin=(0.19, 0.10, 0.06), clothes=(0.45, 0.16, 0.05), long_sleeves=True),
            motion=_second,
            start=(0.5 * _WALK, -0.62),
        ),
    ),
    surroundings=Surroundings(
        background=(0.36, 0.37, 0.38),
        lights=(
            Light(offset=(-1.4, 1.6, 2.2), power=75.0, size=1.4),
            Light(offset=(2.0, 0.8, 2.0), power=40.0, size=2.0),
        ),
        wall=Wall(z=-1.6, colours=((0.30, 0.34, 0.42), (0.46, 0.48, 0.52)), pattern_scale=0.8),
    ),
)
