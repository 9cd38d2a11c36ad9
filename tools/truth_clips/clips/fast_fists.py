"""Both hands open and close fast, out of step: about 14 frames a cycle between a hold open and a hold closed."""

from __future__ import annotations

from typing import Any, Final

from numpy.typing import NDArray

from handmocap_addon.core.body.model import BodyModel

from ..arms import ArmKey
from ..clip import Camera, Light, Look, Motion, Person, Surroundings, TruthClip
from ..natural_gestures import natural_gestures
from ..performance import GestureKeys, Performance, performed

Array = NDArray[Any]


_HOLD: Final = 21.0


def _cycles(gestures: tuple[Array, Array], start: float, half_cycle: float) -> GestureKeys:
    """Seven turns from open to closed and back, that begin at `start` and end closed."""
    turns: GestureKeys = [(start + turn * half_cycle, start + turn * half_cycle, gestures[turn % 2]) for turn in range(1, 7)]
    return [(-10.0, start, gestures[0]), *turns, (start + 7 * half_cycle, 200.0, gestures[1])]


def _motion(model: BodyModel, frames: Array) -> Motion:
    left_hand, make = natural_gestures(model)
    gestures = make.open(), make.fist()
    return performed(
        model,
        left_hand,
        frames,
        Performance(
            left_arm=[
                ArmKey(-1, 20, (0.28, 0.04, 0.20), turn=-8, ulnar=4),
                ArmKey(50, 58, (0.26, 0.09, 0.23), turn=10, ulnar=-4, flexion=6),
                ArmKey(78, 90, (0.29, 0.05, 0.20), turn=0),
            ],
            right_arm=[
                ArmKey(-1, 16, (0.27, 0.07, 0.22), turn=6),
                ArmKey(46, 50, (0.30, 0.03, 0.19), turn=-12, flexion=-6),
                ArmKey(80, 90, (0.28, 0.06, 0.21), turn=4, flexion=4),
            ],
            left_gestures=_cycles(gestures, start=_HOLD + 3.0, half_cycle=6.4),
            right_gestures=_cycles(gestures, start=_HOLD - 2.0, half_cycle=7.0),
            finger_lag=0.25,
        ),
    )


CLIP: Final = TruthClip(
    name="fast_fists",
    fps=(30, 1),
    frame_count=90,
    frame_size=(640, 480),
    camera=Camera(position=(0.03, 1.27, 1.55), target=(0.0, 1.38, 0.2), focal=980.0),
    people=(
        Person(
            betas=(-0.9, 0.8, -0.4, 0.5, 0.3, -0.2, 0.0, 0.0, 0.0, 0.0),
            look=Look(skin=(0.80, 0.54, 0.43), clothes=(0.30, 0.05, 0.06)),
            motion=_motion,
        ),
    ),
    surroundings=Surroundings(
        background=(0.34, 0.34, 0.33),
        lights=(
            Light(offset=(1.5, 1.6, 1.8), power=60.0, size=1.2, colour=(1.0, 0.93, 0.84)),
            Light(offset=(-2.0, 0.4, 1.8), power=25.0, size=2.0),
        ),
    ),
)
