"""A double of wilor_mini's pipeline, for tests: it finds coloured patches, and answers as the real one does.

A patch is a hand when channel 0 is bright and channel 2 is dark: blue in a BGR frame, nothing in an RGB one. With half
as much green it is a left hand, without green a right one. Its score is the brightness of its blue. The pose is the
same for every hand, that of a right one; the shape tells what was in the crop.

The double's own: `detector_calls` and `network_calls` hold what the two networks were given, and whichever batch is
longer than `most_pictures` or `most_crops` finds no memory.
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
CAMERA = np.array([0.9, 0.03, -0.02], np.float32)
BETAS = np.linspace(-1.0, 1.0, 10, dtype=np.float32)
VERTEX_COUNT = 778


class WiLorHandPose3dEstimationPipeline:
    def __init__(self, **options):
        folder = Path(options["wilor_pretrained_dir"], "pretrained_models")
        for name in WEIGHTS:
            if not (folder / name).exists():
                raise AssertionError(f"the real package would now download {name}")
        torch.load(str(folder / "wilor_final.ckpt"))
        self.options = options
        self.device, self.dtype = options["device"], options["dtype"]
        self.FOCAL_LENGTH = 5000
        self.detector_calls = []
        self.network_calls = []
        self.most_pictures = self.most_crops = 1000

    def hand_detector(self, images, **options):
        """A list of results with boxes, one for every image of a list, as ultralytics gives it."""
        assert isinstance(images, list)
        self.detector_calls.append((len(images), options))
        if len(images) > self.most_pictures:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 1.00 GiB.")
        return [SimpleNamespace(boxes=_boxes(image, options)) for image in images]

    def wilor_model(self, batch):
        """A dictionary of tensors for BGR patches (N, 256, 256, 3), 0 to 255; of right hands, whatever is in them."""
        patches = batch.numpy()
        assert patches.shape[1:] == (256, 256, 3)
        assert not torch.keeps_gradients
        self.network_calls.append((len(patches), patches.dtype))
        if len(patches) > self.most_crops:
            raise RuntimeError("CUDA out of memory. Tried to allocate 1.00 GiB.")
        values = {
            "global_orient": GLOBAL_ORIENT.reshape(1, 3),
            "hand_pose": HAND_POSE,
            "pred_cam": CAMERA,
            "pred_keypoints_3d": KEYPOINTS,
            "pred_vertices": np.zeros((VERTEX_COUNT, 3), np.float32),
        }
        answer = {name: np.repeat(value[None], len(patches), axis=0) for name, value in values.items()}
        answer["betas"] = BETAS + _look(patches.astype(np.float32)) / 255.0
        return {name: torch.Tensor(value.astype(patches.dtype)) for name, value in answer.items()}

    def predict_with_bboxes(self, image, bboxes, is_rights, rescale_factor=2.5):
        """Hand by hand: the way that the estimator does not take. Its crop is cut from the whole frame."""
        return [
            {
                "hand_bbox": bboxes[row, :4].tolist(),
                "is_right": is_rights[row],
                "wilor_preds": self._prediction(image, bbox[:4], right == 1, rescale_factor),
            }
            for row, (bbox, right) in enumerate(zip(bboxes, is_rights, strict=True))
        ]

    def _prediction(self, image, bbox, right, rescale_factor):
        """The dictionary of one hand; the mirror image of a rotation vector negates its y and z."""
        patch = whole_frame_patch(image, bbox, right, rescale_factor)
        with torch.no_grad():
            answer = self.wilor_model(torch.Tensor(patch[None].astype(self.dtype)))
        values = {name: tensor.float().numpy() for name, tensor in answer.items()}
        side = 1.0 if right else -1.0
        for name, signs in (("pred_keypoints_3d", (side, 1, 1)), ("pred_vertices", (side, 1, 1)),
                            ("global_orient", (1, side, side)), ("hand_pose", (1, side, side)),
                            ("pred_cam", (1, side, 1))):  # fmt: skip
            values[name] = values[name] * np.array(signs, np.float32)
        height, width = image.shape[:2]
        focal = self.FOCAL_LENGTH / 256 * max(width, height)
        scale, across, down = values["pred_cam"][0]
        size = rescale_factor * max(bbox[2] - bbox[0], bbox[3] - bbox[1]) * scale
        translation = np.array([
            (bbox[0] + bbox[2] - width) / size + across, (bbox[1] + bbox[3] - height) / size + down, 2 * focal / size
        ])  # fmt: skip
        points = values["pred_keypoints_3d"][0] + translation
        return values | {
            "pred_cam_t_full": translation[None],
            "scaled_focal_length": focal,
            "pred_keypoints_2d": (focal * points[:, :2] / points[:, 2:] + [width / 2, height / 2])[None],
        }


def whole_frame_patch(image, bbox, right, rescale_factor):
    """The patch of one hand as the real package comes to it: the whole frame blurred and mirrored, then cut."""
    center = np.array([bbox[0] + bbox[2], bbox[1] + bbox[3]]) / 2
    size = rescale_factor * max(bbox[2] - bbox[0], bbox[3] - bbox[1])
    sigma = (size / 512 - 1) / 2
    if size / 512 > 1.1:
        image = _blurred(_blurred(image.astype(float), sigma).swapaxes(0, 1), sigma).swapaxes(0, 1)
    if not right:
        image, center = image[:, ::-1], np.array([image.shape[1] - 1 - center[0], center[1]])
    half = np.float32(size / 2)
    corners = np.float32([center, center + [0, half], center + [half, 0]])
    matrix = cv2.getAffineTransform(corners, np.float32([[128, 128], [128, 256], [256, 128]]))
    return cv2.warpAffine(np.ascontiguousarray(image), matrix, (256, 256), flags=cv2.INTER_LINEAR)


def _blurred(image, sigma):
    """A Gaussian of four standard deviations along the rows' direction, the edge repeated beyond the frame."""
    radius = int(4 * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    padded = np.pad(image, ((radius, radius), (0, 0), (0, 0)), mode="edge")
    return sum(weight * padded[start : start + len(image)] for start, weight in enumerate(weights / weights.sum()))


def _look(patches):
    """Ten numbers (N, 10) that tell patches apart, also from their mirror images."""
    columns = np.linspace(0.0, 1.0, 256, dtype=np.float32)[:, None]
    rows = columns[:, None]
    views = [patches, patches * columns, patches * rows, patches[..., :1] * columns * rows]
    return np.concatenate([view.mean(axis=(1, 2)) for view in views], axis=1)


def _boxes(image, options):
    """Boxes of one image; score and class are columns 5 and 6."""
    rows = [row for row in _patches(image) if row[4] >= options.get("conf", 0.25)]
    if not options.get("agnostic_nms", False):
        # Suppression within a class leaves the same hand of the other side, a little less sure of it.
        rows += [(*row[:4], row[4] * 0.9, 1.0 - row[5]) for row in rows]
    data = np.array(rows, np.float32).reshape(-1, 6)
    columns = {"data": data, "xyxy": data[:, :4], "conf": data[:, 4], "cls": data[:, 5]}
    return SimpleNamespace(**{name: torch.Tensor(values) for name, values in columns.items()})


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
