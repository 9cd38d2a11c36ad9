"""Times the work around WiLoR's network at 4K with two large hands: ours beside upstream's, the same boxes in the same run.

    python -m addon_tests.bench.wilor_crops [--hand 300] [--frames 5]

with a Python that has numpy and OpenCV, from the top of the checkout; no network and no weights. Upstream copies the frame
for each hand, blurs it with scikit-image, mirrors and cuts it. Where `wilor_mini` and scikit-image can be imported the package's
own cutting function and scikit-image's blur are timed, called as the package's pipeline calls them; elsewhere the plain
re-implementation of the tests' double stands in, and the table says so.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest import mock

import cv2
import numpy as np

from addon_tests.bench.wilor_shots import RESCALE_FACTOR, made_up_frame, median_seconds, two_hands
from handmocap_addon.worker.estimators.wilor_crops import PATCH_SIZE, cut_patch
from handmocap_addon.worker.estimators.wilor_hands import observations
from handmocap_addon.worker.estimators.wilor_network import Boxes

HEIGHT, WIDTH = 2160, 3840
FOCAL = 5000.0
DOUBLE = Path(__file__).parents[1] / "worker" / "estimators" / "wilor_double" / "wilor_mini" / "pipelines"
CutPatch = Callable[[np.ndarray, np.ndarray, bool], np.ndarray]


def _upstream() -> tuple[str, CutPatch]:
    """What is timed as upstream's, and its function of frame, box and side."""
    try:
        from skimage.filters import gaussian
        from wilor_mini.utils import utils
    except ImportError as error:
        spec = importlib.util.spec_from_file_location("double", DOUBLE / "wilor_hand_pose3d_estimation_pipeline.py")
        assert spec and spec.loader
        double = importlib.util.module_from_spec(spec)
        with mock.patch.dict(sys.modules, torch=mock.Mock()):
            spec.loader.exec_module(double)
        return (
            f"upstream's way, re-implemented in numpy ({error})",
            lambda pixels, bbox, is_right: double.whole_frame_patch(pixels, bbox, is_right, RESCALE_FACTOR),
        )

    def cut(pixels: np.ndarray, bbox: np.ndarray, is_right: bool) -> np.ndarray:
        middle, size = (bbox[:2] + bbox[2:]) / 2.0, RESCALE_FACTOR * (bbox[2:] - bbox[:2]).max()
        frame, shrinking = pixels.copy(), size / PATCH_SIZE / 2.0
        if shrinking > 1.1:
            frame = gaussian(frame, sigma=(shrinking - 1.0) / 2.0, channel_axis=2, preserve_range=True)
        patch, _ = utils.generate_image_patch_cv2(frame, *middle, size, size, PATCH_SIZE, PATCH_SIZE, not is_right, 1.0, 0)
        return patch

    return "upstream: the package's own cutting function, scikit-image's blur", cut


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--hand", type=float, nargs="+", default=[240.0, 300.0, 400.0, 500.0], help="side of the box, pixels"
    )
    parser.add_argument("--frames", type=int, default=5)
    options = parser.parse_args()
    name, upstream = _upstream()
    frame = made_up_frame(WIDTH, HEIGHT)
    generator = np.random.default_rng(1)
    shapes = {"global_orient": (1, 3), "hand_pose": (15, 3), "betas": (10,), "pred_cam": (3,), "pred_keypoints_3d": (21, 3)}
    answers = [{key: generator.normal(size=shape).astype(np.float32) for key, shape in shapes.items()} for _ in range(2)]

    print(f"{WIDTH}x{HEIGHT}, two hands, {os.cpu_count()} cores; {name}; OpenCV {cv2.__version__}")
    print("ours: cut, blur, stack for the network; un-mirror and project its answers; upstream's: cut, blur, stack alone")
    print(
        "| hand, px | upstream, ms a frame | ours, ms a frame | times | of that un-mirroring, ms | largest difference, grey levels |"
    )
    print("|---|---|---|---|---|---|")
    for hand in options.hand:
        boxes = two_hands(WIDTH, HEIGHT, hand)
        hands = list(zip(boxes.bbox, boxes.is_right.tolist(), strict=True))

        def theirs(hands: Sequence[tuple[np.ndarray, bool]] = hands) -> np.ndarray:
            return np.stack([upstream(frame, bbox, is_right) for bbox, is_right in hands]).astype(np.float32)

        def patches(hands: Sequence[tuple[np.ndarray, bool]] = hands) -> np.ndarray:
            return np.stack([cut_patch(frame, bbox, is_right, RESCALE_FACTOR) for bbox, is_right in hands])

        def unmirrored(boxes: Boxes = boxes) -> Sequence[object]:
            return observations(boxes, answers, (WIDTH, HEIGHT), RESCALE_FACTOR, FOCAL)

        slow, fast, after = median_seconds([theirs, patches, unmirrored], options.frames)
        difference = float(np.abs(theirs() - patches()).max())
        print(
            f"| {hand:g} | {slow * 1e3:.0f} | {(fast + after) * 1e3:.1f} | {slow / (fast + after):.0f} | {after * 1e3:.2f} "
            f"| {difference:.5f} |"
        )


if __name__ == "__main__":
    main()
