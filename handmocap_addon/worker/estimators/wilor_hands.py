"""The pose network's answers as observations: un-mirrored, and with landmarks in the frame's pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...core.skeleton import HAND_POSE_VALUES, LANDMARK_COUNT, LANDMARK_WRIST
from .base import Array, HandObservation
from .wilor_crops import PATCH_SIZE, crop_centers, crop_sizes
from .wilor_network import Boxes

_MIRRORED_POINT = np.array([-1.0, 1.0, 1.0], np.float32)
# The mirror image of a turn: an axis is a pseudovector, so the components in the mirror's plane change sign.
_MIRRORED_AXIS_ANGLE = np.array([1.0, -1.0, -1.0], np.float32)


def observations(
    boxes: Boxes, answers: Sequence[dict[str, Array]], picture_size: tuple[int, int], rescale_factor: float, focal: float
) -> list[HandObservation]:
    """The hands of one frame.

    Args:
        boxes: n hands.
        answers: n times what the network gave: global_orient (1, 3), hand_pose (15, 3), betas (10,), pred_cam (3,),
            pred_keypoints_3d (21, 3), all as of a right hand.
        picture_size: width and height of the frame, pixels.
        rescale_factor: with which the patches were cut.
        focal: the network's focal length, pixels of a patch.
    """
    if not answers:
        return []
    values = {name: np.stack([answer[name] for answer in answers]) for name in answers[0]}
    is_left = ~boxes.is_right[:, None, None]
    keypoints = values["pred_keypoints_3d"].reshape(-1, LANDMARK_COUNT, 3)
    keypoints = np.where(is_left, keypoints * _MIRRORED_POINT, keypoints)
    orient, pose = (
        np.where(is_left, turns * _MIRRORED_AXIS_ANGLE, turns)
        for turns in (values[name].reshape(len(answers), -1, 3) for name in ("global_orient", "hand_pose"))
    )
    camera = np.where(is_left[:, 0], values["pred_cam"] * [1.0, -1.0, 1.0], values["pred_cam"]).astype(np.float32)
    image_points = project(keypoints, camera, boxes.bbox, picture_size, rescale_factor, focal)
    return [
        HandObservation(
            side="right" if boxes.is_right[row] else "left",
            score=float(boxes.score[row]),
            bbox=boxes.bbox[row],
            keypoints_2d=image_points[row],
            keypoints_3d=keypoints[row] - keypoints[row, LANDMARK_WRIST],
            hand_pose=pose[row].reshape(HAND_POSE_VALUES),
            global_orient=orient[row].reshape(3),
            betas=values["betas"][row],
        )
        for row in range(len(answers))
    ]


def project(
    points: Array, camera: Array, bboxes: Array, picture_size: tuple[int, int], rescale_factor: float, focal: float
) -> Array:
    """Landmarks (n, 21, 3) in metres to pixels (n, 21, 2) of the frame.

    The network's camera (n, 3), a scale and an offset within the patch, becomes a translation before a camera whose
    focal length is `focal` patches' pixels scaled to the frame's longer side and whose axis goes through the frame's middle,
    as in HMR (Kanazawa et al. 2018) and in the package.
    """
    picture = np.array(picture_size, np.float64)
    focal_in_frame = focal / PATCH_SIZE * float(max(picture_size))
    pixels_per_metre = crop_sizes(bboxes, rescale_factor) * camera[:, 0] + 1e-9  # at twice the scale
    offset = 2.0 * (crop_centers(bboxes) - picture / 2.0) / pixels_per_metre[:, None] + camera[:, 1:]
    depth = 2.0 * focal_in_frame / pixels_per_metre
    placed = points.astype(np.float64) + np.concatenate((offset, depth[:, None]), axis=1)[:, None]
    projected: Array = placed[..., :2] / placed[..., 2:] * focal_in_frame + picture / 2.0
    return projected
