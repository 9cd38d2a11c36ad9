"""What an estimator saw, gathered into the arrays that `core` joins to tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.hands.hand_detections import HandDetections
from ..estimators.base import HandObservation


def gathered(seen: Sequence[tuple[int, HandObservation]], second_look: bool = False) -> HandDetections:
    """Observations with the number of their frame, in the order of the frames."""
    detections = HandDetections.empty(len(seen))
    for row, (frame, observation) in enumerate(seen):
        detections.frame[row] = frame
        detections.is_right[row] = observation.side == "right"
        detections.score[row] = observation.score
        detections.bbox[row] = observation.bbox
        detections.keypoints_2d[row] = observation.keypoints_2d
        detections.keypoints_3d[row] = observation.keypoints_3d
        if observation.hand_pose is not None and observation.global_orient is not None:
            detections.has_pose[row] = True
            detections.hand_pose[row] = observation.hand_pose
            detections.global_orient[row] = observation.global_orient
        if observation.betas is not None:
            detections.betas[row] = observation.betas
    detections.second_look[:] = second_look
    return detections


def moved(observation: HandObservation, offset: NDArray[Any]) -> HandObservation:
    """An observation of a crop in the pixels of the whole picture; `offset` (2,) is the crop's corner."""
    return replace(observation, bbox=observation.bbox + np.tile(offset, 2), keypoints_2d=observation.keypoints_2d + offset)
