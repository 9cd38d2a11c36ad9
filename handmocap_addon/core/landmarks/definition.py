"""Where a landmark detector puts its points, against where an SMPL-X rig has its joints.

Both call them knuckles, but people who mark pictures put the base of a finger nearer to the wrist than SMPL-X's
regressor puts the joint. Taken as the same point, every first finger bone tilts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..maths.rotations import normalized
from ..rig.hand_skeleton import HandSkeleton
from ..skeleton import FINGERS, LANDMARK_COUNT, finger_landmarks

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

# Measured on 6,000 rendered hands of 40 bodies in all views, whose joints are known: the robust mean of MediaPipe's points
# minus the rig's, in the palm's frame (tools/landmark_reading/measure_definition.py).
MEDIAPIPE = LandmarkDefinition(
    {
        0: (0.050, -0.084, -0.026),
        finger_landmarks("thumb")[0]: (-0.115, -0.028, 0.004),
        finger_landmarks("index")[0]: (-0.044, -0.016, 0.006),
        finger_landmarks("middle")[0]: (-0.112, -0.049, 0.005),
        finger_landmarks("ring")[0]: (-0.069, -0.032, 0.032),
        finger_landmarks("pinky")[0]: (-0.052, 0.005, 0.019),
    }
)
