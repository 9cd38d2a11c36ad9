"""Where a landmark detector puts its points, against where an SMPL-X rig has its joints.

Both call them knuckles, but people who mark pictures put the base of a finger nearer to the wrist than SMPL-X's
regressor puts the joint. Taken as the same point, every first finger bone tilts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .hand_skeleton import HandSkeleton
from .rotations import normalized
from .skeleton import FINGERS, LANDMARK_COUNT, finger_landmarks

Array = NDArray[Any]


@dataclass(frozen=True)
class LandmarkDefinition:
    """Offsets from the rig's joints, by landmark: along the palm to the fingertips, out of the back of the hand, and towards
    the thumb's side; as shares of the palm's length (wrist to middle knuckle)."""

    offsets: dict[int, tuple[float, float, float]] = field(default_factory=dict)

    def offsets_on(self, skeleton: HandSkeleton) -> Array:
        """Offsets (21, 3) in metres in the hand's frame; all of them move with the palm."""
        middle = skeleton.joints[FINGERS.index("middle") * 3]
        palm_length = float(np.linalg.norm(middle))
        back = skeleton.palm_normal
        along = normalized(middle - back * (middle @ back))
        thumbwards = np.cross(along, back) if skeleton.side == "left" else np.cross(back, along)
        result = np.zeros((LANDMARK_COUNT, 3))
        for landmark, shares in self.offsets.items():
            result[landmark] = palm_length * (np.array(shares) @ np.stack((along, back, thumbwards)))
        return result


RIG_JOINTS = LandmarkDefinition()

# Measured on the demo clip, whose joints are known: the mean over 192 hands of MediaPipe's points minus the rig's, in the
# palm's frame (scripts/measure_landmark_definition.py). Left and right were measured apart and agree to 2 mm.
MEDIAPIPE = LandmarkDefinition(
    {
        0: (0.0, 0.0, 0.0),
        finger_landmarks("thumb")[0]: (-0.125, 0.0, 0.0),
        finger_landmarks("index")[0]: (-0.048, 0.0, 0.0),
        finger_landmarks("middle")[0]: (-0.118, 0.0, 0.0),
        finger_landmarks("ring")[0]: (-0.083, 0.0, 0.03),
        finger_landmarks("pinky")[0]: (-0.086, 0.0, 0.03),
    }
)
