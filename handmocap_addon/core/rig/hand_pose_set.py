"""The built-in hand poses, as angles of a hand's hinges, so that they are the same gesture on every rig and both sides.

The angles of fist, point and pinch are those of this project's truth clips, in which a search on the stand-in's surface put
the thumb where it touches.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import BadUsageError
from .hand_hinges import hand_hinges, hinge_pose
from .hand_skeleton import HandSkeleton
from .relaxed_hand import relaxed_hand_pose

# Degrees of each finger's five hinges (`hand_hinges`), in the order of FINGERS: index, middle, pinky, ring, thumb.
_STRETCHED: Final = (4.0, 3.0, 0.0, 6.0, 4.0)
_HINGE_DEGREES: Final[dict[str, tuple[tuple[float, ...], ...]]] = {
    "flat": ((0.0,) * 5,) * 5,
    "fist": ((67, -8, 7, 90, 54), (70, -5, 2, 93, 56), (72, 2, -16, 88, 53), (71, -3, -3, 92, 55), (60, 16, -43, 5, 20)),
    "point": (_STRETCHED, (79, -6, 2, 98, 54), (80, 0, -16, 94, 54), (80, -4, -3, 97, 55), (54, 10, -31, 0, 38)),
    "pinch": ((55, -6, 3, 56, 16), (20, 0, 0, 22, 12), (9, 9, -2, 14, 8), (13, 1, 0, 18, 10), (48, 28, -36, 15, 4)),
}
HAND_POSES: Final = ("flat", "relaxed", "fist", "point", "pinch")


def built_in_hand_pose(name: str, skeleton: HandSkeleton) -> NDArray[Any]:
    """A pose (45,) of the set, axis-angle, absolute, flat convention.

    Raises:
        BadUsageError: there is none of that name.
    """
    if name == "relaxed":
        return relaxed_hand_pose(skeleton.side)
    if name not in _HINGE_DEGREES:
        raise BadUsageError(f"There is no hand pose {name}", f"choose one of {', '.join(HAND_POSES)}")
    angles = np.radians(np.array(_HINGE_DEGREES[name], dtype=np.float64)).reshape(1, -1)
    return hinge_pose(hand_hinges(skeleton), angles)[0]
