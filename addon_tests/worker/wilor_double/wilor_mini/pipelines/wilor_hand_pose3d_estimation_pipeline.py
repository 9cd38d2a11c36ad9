"""A double of wilor_mini's pipeline, for tests: it finds coloured patches, and answers as the real one does.

A patch is a hand when channel 0 is bright and channel 2 is dark: blue in a BGR frame, nothing in an RGB one. With half
as much green it is a left hand, without green a right one. Its score is the brightness of its blue. The pose is the
same for every hand, that of a right one; left hands come back un-mirrored as from the real package.

Two attributes are the double's own: `detector_options` and `pose_calls` hold what the two calls were given.
"""

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import torch

WEIGHTS = ("mano_mean_params.npz", "MANO_RIGHT.pkl", "wilor_final.ckpt", "detector.pt")
# A right hand's numbers. No axis is zero anywhere, so that a forgotten or doubled un-mirroring shows.
GLOBAL_ORIENT = np.array([0.3, -0.2, 0.1], np.float32)
HAND_POSE = np.linspace(-0.6, 0.7, 45, dtype=np.float32).reshape(15, 3)
KEYPOINTS = np.array([0.095, 0.006, 0.004], np.float32) + np.linspace(0.0, 0.12, 63, dtype=np.float32).reshape(21, 3)
BETAS = np.linspace(-1.0, 1.0, 10, dtype=np.float32)
VERTEX_COUNT = 778


class Tensor:
    """The three calls that turn a tensor into an array."""

    def __init__(self, values):
        self._values = np.asarray(values, np.float32)

    def detach(self):
        return self

    def cpu(self):
        return self

    def numpy(self):
        return self._values


class WiLorHandPose3dEstimationPipeline:
    def __init__(self, **options):
        folder = Path(options["wilor_pretrained_dir"], "pretrained_models")
        for name in WEIGHTS:
            if not (folder / name).exists():
                raise AssertionError(f"the real package would now download {name}")
        torch.load(str(folder / "wilor_final.ckpt"))
        self.options = options
        self.detector_options = []
        self.pose_calls = []

    def hand_detector(self, image, **options):
        """A list of one result with boxes, as ultralytics gives it; score and class are columns 5 and 6."""
        self.detector_options.append(options)
        rows = [row for row in _patches(image) if row[4] >= options.get("conf", 0.25)]
        if not options.get("agnostic_nms", False):
            # Suppression within a class leaves the same hand of the other side, a little less sure of it.
            rows += [(*row[:4], row[4] * 0.9, 1.0 - row[5]) for row in rows]
        data = np.array(rows, np.float32).reshape(-1, 6)
        boxes = SimpleNamespace(data=Tensor(data), xyxy=Tensor(data[:, :4]), conf=Tensor(data[:, 4]), cls=Tensor(data[:, 5]))
        return [SimpleNamespace(boxes=boxes)]

    def predict_with_bboxes(self, image, bboxes, is_rights, rescale_factor=2.5):
        self.pose_calls.append({"is_rights": is_rights, "rescale_factor": rescale_factor})
        return [
            {
                "hand_bbox": bboxes[row, :4].tolist(),
                "is_right": is_rights[row],
                "wilor_preds": _prediction(image, bbox, right),
            }
            for row, (bbox, right) in enumerate(zip(bboxes, is_rights, strict=True))
        ]


def _patches(image):
    """Rows of x1 y1 x2 y2 score class, from left to right."""
    blue, green, red = (image[..., channel].astype(int) for channel in range(3))
    hand = ((blue > 80) & (red < 60)).astype(np.uint8)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(hand)
    rows = []
    for label in range(1, count):
        x, y, width, height, area = boxes[label]
        if area < 16:
            continue
        inside = labels == label
        brightness = np.median(blue[inside])
        is_left = np.median(green[inside]) > brightness / 4
        rows.append((x, y, x + width, y + height, brightness / 255.0, 0.0 if is_left else 1.0))
    return sorted(rows)


def _prediction(image, bbox, right):
    """The dictionary of one hand; the mirror image of a rotation vector negates its y and z."""
    points, rotations = ((-1, 1, 1), (1, -1, -1)) if right == 0 else ((1, 1, 1), (1, 1, 1))
    points, rotations = np.array(points, np.float32), np.array(rotations, np.float32)
    keypoints = KEYPOINTS * points
    across = (keypoints[:, :2] - keypoints[:, :2].min(axis=0)) / np.ptp(keypoints[:, :2], axis=0)
    longer_side = max(image.shape[:2])
    return {
        "global_orient": (GLOBAL_ORIENT * rotations).reshape(1, 1, 3),
        "hand_pose": (HAND_POSE * rotations).reshape(1, 15, 3),
        "betas": BETAS[None],
        "pred_cam": np.array([[0.9, 0.0, 0.0]], np.float32),
        "pred_keypoints_3d": keypoints[None],
        "pred_vertices": np.zeros((1, VERTEX_COUNT, 3), np.float32),
        "pred_cam_t_full": np.array([[0.0, 0.0, 20.0]]),
        "scaled_focal_length": 5000 / 256 * longer_side,
        "pred_keypoints_2d": (bbox[:2] + across * (bbox[2:4] - bbox[:2]))[None],
    }
