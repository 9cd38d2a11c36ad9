"""The two networks of `wilor_mini`'s pipeline, each in batches that fit into the memory."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...core.skeleton import Side
from .base import Array
from .halving_batch import HalvingBatch
from .wilor_settings import WilorSettings

# Of what the network answers, what an observation needs; the vertices stay on the device.
_ANSWERS = ("global_orient", "hand_pose", "betas", "pred_cam", "pred_keypoints_3d")


@dataclass(frozen=True, eq=False)
class Boxes:
    """What the detector sees on one frame."""

    bbox: Array  # (n, 4) x1 y1 x2 y2, pixels; float64, in which the package computes its crops
    score: Array  # (n,) 0 to 1
    is_right: Array  # (n,) bool

    def near(self, places: Array) -> Boxes:
        """Those that reach into one of the places (k, 3): x, y and radius in pixels."""
        low, high = self.bbox[:, None, :2], self.bbox[:, None, 2:]
        nearest = np.clip(places[None, :, :2], low, high)
        kept = (np.linalg.norm(nearest - places[None, :, :2], axis=-1) <= places[None, :, 2]).any(axis=1)
        return Boxes(self.bbox[kept], self.score[kept], self.is_right[kept])


class WilorNetwork:
    """Detector and pose network, as the package has built them."""

    def __init__(self, pipeline: Any, torch: Any, settings: WilorSettings) -> None:
        """`settings` are resolved."""
        self.pipeline = pipeline
        self._torch = torch
        self._settings = settings
        self._detector_batch = HalvingBatch(settings.batch_frames or 1, self._free)
        self._pose_batch = HalvingBatch(settings.batch_crops or 1, self._free)

    @property
    def focal_length(self) -> float:
        """The package's nominal focal length, in pixels of a patch."""
        return float(self.pipeline.FOCAL_LENGTH)

    def detect(self, pictures: Sequence[Array]) -> list[Boxes]:
        """The hands on BGR pictures (H, W, 3).

        Called here and not through `predict`, which drops the scores and suppresses overlaps within each class only, so
        that one hand can come back as a left and a right one at once.
        """
        return self._detector_batch.run(pictures, self._detect_batch)

    def poses(self, patches: Array) -> list[dict[str, Array]]:
        """What the pose network answers to every patch of (n, 256, 256, 3) float32, mirrored still where the patch is."""
        return self._pose_batch.run(patches, self._pose_batch_of)

    def close(self) -> None:
        """Free the models and, on a GPU, the memory that torch keeps for them."""
        self.pipeline = None
        self._free()

    def _detect_batch(self, pictures: Sequence[Array]) -> list[Boxes]:
        results = self.pipeline.hand_detector(
            list(pictures),
            conf=self._settings.hand_conf,
            iou=self._settings.iou,
            imgsz=self._settings.imgsz,
            agnostic_nms=True,
            verbose=False,
        )
        return [_boxes(result.boxes, self._settings.side) for result in results]

    def _pose_batch_of(self, patches: Array) -> list[dict[str, Array]]:
        batch = self._torch.from_numpy(patches).to(device=self.pipeline.device, dtype=self.pipeline.dtype)
        with self._torch.no_grad():
            answer = self.pipeline.wilor_model(batch)
        values = {name: answer[name].detach().cpu().float().numpy() for name in _ANSWERS}
        return [{name: value[row] for name, value in values.items()} for row in range(len(patches))]

    def _free(self) -> None:
        gc.collect()
        if self._torch.cuda.is_available():
            self._torch.cuda.empty_cache()


def _boxes(boxes: Any, side: Side | None) -> Boxes:
    """The detector's boxes, of one side where one is named."""
    bbox, score, classes = (
        tensor.detach().cpu().numpy().astype(np.float64) for tensor in (boxes.xyxy, boxes.conf, boxes.cls)
    )
    is_right = classes == 1.0  # 0 is a left hand
    wanted = np.ones(len(is_right), bool) if side is None else is_right == (side == "right")
    return Boxes(bbox[wanted], score[wanted], is_right[wanted])
