"""Our engine against the package itself, hand for hand, on boxes of every kind; skipped where the package is not installed.

The pose network takes seconds a hand on a CPU, so it sees only some of the boxes: HANDMOCAP_WILOR_CROPS says how many. For all
of them everything around it is compared: what the network is given, and what becomes of its answers.
"""

from __future__ import annotations

import os
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from handmocap_addon.core.maths.rotations import angle_between_rotmats, axis_angle_to_rotmat
from handmocap_addon.worker.estimators.base import VideoFrame

HEIGHT, WIDTH = 720, 1280
NETWORK_CROPS = int(os.environ.get("HANDMOCAP_WILOR_CROPS", "6"))
PROMISED_DEGREES = 0.5
# x1 y1 x2 y2, then boxes at random like each of them.
KINDS = {
    "small": (600, 300, 660, 380),
    "large": (300, 200, 620, 600),
    "at the left edge": (0, 250, 240, 560),
    "partly outside": (1150, -60, 1420, 190),
    "at the corner": (1180.5, 620.25, 1280, 720),
    "one pixel": (700, 350, 701, 351),
    "as large as the frame": (0, 0, 1280, 720),
    "larger than the frame": (-200, -150, 1500, 900),
    "thin": (200, 400, 900, 404),
    "outside": (1400, 800, 1450, 860),
}
OF_EACH_KIND = 6


def _boxes():
    """Rows (N, 6) of x1 y1 x2 y2 score class, float32 as from the detector; both sides by turns, of every kind."""
    generator = np.random.default_rng(7)
    rows = []
    for turn in range(OF_EACH_KIND):
        for number, box in enumerate(KINDS.values()):
            moved = np.array(box) + (turn > 0) * np.tile(generator.uniform(-9, 9, 2), 2)
            rows.append((*moved, 0.3 + 0.01 * len(rows), (number + turn) % 2))
    return np.array(rows, np.float32)


BOXES = _boxes()


@pytest.fixture(scope="module")
def picture():
    """Blots of all sizes, as in a photograph, so that a wrong crop of it shows."""
    noise = np.random.default_rng(3).normal(size=(HEIGHT, WIDTH, 3))
    rough = cv2.GaussianBlur(noise, (0, 0), 1.5) + 4.0 * cv2.GaussianBlur(noise, (0, 0), 8.0)
    return cv2.normalize(rough, None, 0, 255, cv2.NORM_MINMAX, cv2.CV_8U)


def _ours(estimator, monkeypatch, picture, rows):
    import torch

    data = torch.from_numpy(rows)
    boxes = SimpleNamespace(xyxy=data[:, :4], conf=data[:, 4], cls=data[:, 5])
    monkeypatch.setattr(estimator._network.pipeline, "hand_detector", lambda *_, **__: [SimpleNamespace(boxes=boxes)])
    [(_, hands)] = estimator.observe(iter([VideoFrame(0, 0.0, picture)]))
    return hands


def _theirs(estimator, picture, rows):
    boxes = rows.astype(float)
    return estimator._network.pipeline.predict_with_bboxes(picture, boxes[:, :4], boxes[:, 5].tolist())


class FewNumbers:
    """In the pose network's place: keeps what it is given, and answers the n-th patch with the n-th of some numbers."""

    SHAPES = {
        "global_orient": (1, 3), "hand_pose": (15, 3), "betas": (10,), "pred_cam": (3,), "pred_keypoints_3d": (21, 3),
        "pred_vertices": (778, 3),
    }  # fmt: skip

    def __init__(self):
        generator = np.random.default_rng(11)
        self._answers = {key: generator.normal(size=(len(BOXES), *shape)) for key, shape in self.SHAPES.items()}
        self._answers["pred_cam"][:, 0] = generator.uniform(0.5, 1.5, len(BOXES))
        self.patches = []

    def __call__(self, batch):
        import torch

        first = len(self.patches)
        self.patches += list(batch.numpy())
        rows = slice(first, len(self.patches))
        return {key: torch.from_numpy(values[rows].astype(np.float32)) for key, values in self._answers.items()}


def test_the_network_is_given_the_package_s_patches_and_its_answers_become_the_package_s(
    real_estimator, monkeypatch, picture
):
    for_ours, for_theirs = FewNumbers(), FewNumbers()
    monkeypatch.setattr(real_estimator._network.pipeline, "wilor_model", for_ours)
    ours = _ours(real_estimator, monkeypatch, picture, BOXES)
    monkeypatch.setattr(real_estimator._network.pipeline, "wilor_model", for_theirs)
    theirs = _theirs(real_estimator, picture, BOXES)

    assert len(ours) == len(theirs) == len(BOXES)
    for number, (hand, answer) in enumerate(zip(ours, theirs, strict=True)):
        difference = np.abs(for_ours.patches[number] - for_theirs.patches[number])
        # A patch that is not blurred is in whole grey levels, of which OpenCV rounds a few the other way.
        assert difference.max() <= 1.0 and (difference > 0.001).mean() < 0.01, BOXES[number]
        values = answer["wilor_preds"]
        keypoints = values["pred_keypoints_3d"][0]
        assert hand.side == ("right" if answer["is_right"] else "left")
        assert hand.score == BOXES[number, 4]
        np.testing.assert_array_equal(hand.bbox, answer["hand_bbox"])
        np.testing.assert_array_equal(hand.hand_pose, values["hand_pose"].ravel())
        np.testing.assert_array_equal(hand.global_orient, values["global_orient"].ravel())
        np.testing.assert_array_equal(hand.betas, values["betas"][0])
        np.testing.assert_array_equal(hand.keypoints_3d, keypoints - keypoints[0])
        np.testing.assert_allclose(hand.keypoints_2d, values["pred_keypoints_2d"][0], rtol=1e-5, atol=0.01)


def _degrees_between(first, second):
    turns = [axis_angle_to_rotmat(np.reshape(values, (-1, 3))) for values in (first, second)]
    return np.degrees(angle_between_rotmats(*turns)).max()


def test_joints_turn_as_in_the_package(real_estimator, monkeypatch, picture, record_property):
    rows = BOXES[:NETWORK_CROPS]
    ours = _ours(real_estimator, monkeypatch, picture, rows)
    theirs = [answer["wilor_preds"] for answer in _theirs(real_estimator, picture, rows)]
    pairs = list(zip(ours, theirs, strict=True))
    poses = [_degrees_between(hand.hand_pose, values["hand_pose"]) for hand, values in pairs]
    wrists = [_degrees_between(hand.global_orient, values["global_orient"]) for hand, values in pairs]
    record_property("largest_degrees", max(*poses, *wrists))
    print(f"{len(rows)} hands, at most {max(poses):.3f} degrees at a finger joint and {max(wrists):.3f} at the wrist")
    assert max(*poses, *wrists) <= PROMISED_DEGREES
    # The same pose whatever is in the patch would agree with anything.
    assert np.ptp([hand.hand_pose for hand in ours], axis=0).max() > 0.1
