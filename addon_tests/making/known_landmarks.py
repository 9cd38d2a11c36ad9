"""Landmarks of hands whose joints are known: the committed truths of the demo and of the benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.rig.hand_skeleton import HandSkeleton, hand_skeleton
from handmocap_addon.core.skeleton import Side
from tools.truth_clips.truth import load_truth

Array = NDArray[Any]
REPOSITORY = Path(__file__).parents[2]
TRUTHS = [REPOSITORY / "demo" / "truth.npz", *sorted((REPOSITORY / "benchmark").glob("*/*truth.npz"))]


def truth_name(path: Path) -> str:
    """For a test's name."""
    return f"{path.parent.name}-{path.stem}"


def known_landmarks(path: Path, side: Side, every: int = 1) -> tuple[Array, Array, Array, HandSkeleton]:
    """World (N, 21, 3) and image landmarks (N, 21, 2), hand poses (N, 45) of every so many frames, and the hand."""
    truth = load_truth(path)
    values = [getattr(truth, f"{side}_{name}")[::every] for name in ("keypoints_3d", "keypoints_2d", "hand_pose")]
    world, image, pose = (value.astype(np.float64) for value in values)
    return world, image, pose, hand_skeleton(load_stand_in_body(truth.betas), side)
