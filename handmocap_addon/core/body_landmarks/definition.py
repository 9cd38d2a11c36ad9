"""Where MediaPipe's body landmarks lie on an SMPL-X body.

MediaPipe's hips lie lower and further out than SMPL-X's joints, its face points on the skin. A landmark is a point that
moves with one joint: as far from that joint as another joint or the offset says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..skeleton import JOINT_INDEX, SIDES, Side
from .landmarks import LANDMARK_INDEX

Array = NDArray[Any]


@dataclass(frozen=True)
class _Place:
    moves_with: str  # joint in whose frame the point rests; without the side
    starts_at: str  # joint to which the offset is added
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)  # metres on the left side, in the axes of the rest pose


# Robust mean over 427 frames of two people of MediaPipe's points in the picture minus the joints of GVHMR's result (the
# outputs/demo folder of wenconggan/video2smpl at 7452546), in the frame of the joint that they move with. The wooden figure
# of the benchmark has no face and other shoulders, and was left out. What those clips do not show, the depth of points of
# the face and the feet, is where the surface of the SMPL-X body has them.
_PLACES: Final = {
    "shoulder": _Place("collar", "shoulder", (0.001, -0.011, -0.011)),
    "elbow": _Place("shoulder", "elbow"),
    "wrist": _Place("elbow", "wrist"),
    "pinky": _Place("wrist", "pinky1"),
    "index": _Place("wrist", "index1"),
    "thumb": _Place("wrist", "thumb2"),
    "hip": _Place("pelvis", "hip", (0.040, -0.042, -0.010)),
    "knee": _Place("hip", "knee", (-0.005, -0.026, 0.020)),
    "ankle": _Place("knee", "ankle", (0.0, -0.005, -0.015)),
    "heel": _Place("ankle", "ankle", (-0.010, -0.040, -0.050)),
    "foot_index": _Place("ankle", "foot", (0.0, -0.020, 0.050)),
    "ear": _Place("head", "head", (0.066, 0.007, 0.000)),
    "eye": _Place("head", "head", (0.037, 0.045, 0.070)),
    "mouth": _Place("head", "head", (0.027, -0.035, 0.076)),
    "nose": _Place("head", "head", (0.0, 0.015, 0.095)),
}
_MIDDLE: Final = ("pelvis", "head", "nose")
_MIRROR: Final = np.array((-1.0, 1.0, 1.0))


def _joint(name: str, side: Side) -> int:
    return JOINT_INDEX[name if name in _MIDDLE else f"{side}_{name}"]


def _landmark(name: str, side: Side) -> int:
    if name in _MIDDLE:
        return LANDMARK_INDEX[name]
    return LANDMARK_INDEX[f"mouth_{side}" if name == "mouth" else f"{side}_{name}"]


@dataclass(frozen=True, eq=False)
class LandmarksOnBody:
    """The landmarks that are used, and where they rest on one body."""

    landmarks: Array  # (L,) indices among the 33
    joints: Array  # (L,) the joint that each moves with
    offsets: Array  # (L, 3) metres from that joint, in the axes of the rest pose

    def position(self, name: str) -> int:
        """Row of a landmark by MediaPipe's name."""
        return int(np.flatnonzero(self.landmarks == LANDMARK_INDEX[name])[0])


def landmarks_on(rest_joints: ArrayLike) -> LandmarksOnBody:
    """The landmarks on a body with these rest joints (55, 3), metres, y up, facing +z."""
    rest = np.asarray(rest_joints, dtype=np.float64)
    landmarks, joints, offsets = [], [], []
    for name, place in _PLACES.items():
        for side in SIDES[:1] if name in _MIDDLE else SIDES:
            moves_with = _joint(place.moves_with, side)
            mirror = _MIRROR if side == "right" else np.ones(3)
            landmarks.append(_landmark(name, side))
            joints.append(moves_with)
            offsets.append(rest[_joint(place.starts_at, side)] - rest[moves_with] + mirror * place.offset)
    return LandmarksOnBody(np.array(landmarks), np.array(joints), np.array(offsets))
