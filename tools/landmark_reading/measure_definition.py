"""Measures where MediaPipe puts its landmarks against the rig's joints, for core/landmarks/definition.py.

    reading-venv/bin/python -m tools.landmark_reading.measure_definition gathered_*.npz

Needs numpy and the stand-in body. Prints offsets along the palm, out of its back and towards the thumb as shares of the
palm's length, and how far off the points are in the picture before and after.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.landmarks.definition import LandmarkDefinition
from handmocap_addon.core.landmarks.fit_terms import centred
from handmocap_addon.core.rig.hand_skeleton import HandSkeleton, hand_skeleton
from handmocap_addon.core.skeleton import FINGERS, LANDMARK_WRIST, finger_landmarks

from .gathered_hands import GatheredHands, load_gathered

Array = NDArray[Any]

# As for GatheredHands.usable, but stricter: a hand that is seen wrong shows a mistake, not a definition.
_LARGEST_ERROR = 0.25
_ITERATIONS = 5
_SMALLEST_RESIDUAL = 0.006  # metres; nearer points weigh alike


@dataclass(frozen=True)
class SeenPalms:
    """How N palms lie in the picture along the ray through each hand, as right ones."""

    hands: GatheredHands
    axes: Array  # (N, 2, 3) metres in the picture's x and y: a palm's length along, out of the back, and thumbwards
    metre: Array  # (N,) pixels of a metre at the hand


def seen_palms(hands: GatheredHands, right_skeleton: HandSkeleton) -> SeenPalms:
    """The palms of gathered hands of either side."""
    right = hands.mirrored_to_right()
    ray = right.ray_rotmat()
    unit: dict[int, tuple[float, float, float]] = {0: (1.0, 0.0, 0.0), 1: (0.0, 1.0, 0.0), 2: (0.0, 0.0, 1.0)}
    axes = LandmarkDefinition(unit).offsets_on(right_skeleton)[:3]
    pixels = centred(right.true_keypoints_2d)
    metres = centred(right.true_keypoints_3d @ np.swapaxes(ray, -1, -2))[..., :2]
    metre = np.sqrt(np.sum(pixels**2, axis=(1, 2)) / np.sum(metres**2, axis=(1, 2)))
    return SeenPalms(right, (ray @ right.wrist_rotmat)[:, :2] @ axes.T, metre)


def offset(palms: SeenPalms, landmark: int) -> tuple[Array, Array, Array]:
    """Shares (3,) of the palm's length by robust least squares, and distances (N,) in metres before and after."""
    seen = palms.hands.keypoints_2d[:, landmark] - palms.hands.true_keypoints_2d[:, landmark]
    seen = seen / palms.metre[:, None]
    weight = np.ones(len(seen))
    for _ in range(_ITERATIONS):
        squares = np.einsum("n,nak,nal->kl", weight, palms.axes, palms.axes)
        shares = np.linalg.solve(squares, np.einsum("n,nak,na->k", weight, palms.axes, seen))
        left_over = np.linalg.norm(seen - palms.axes @ shares, axis=1)
        weight = 1.0 / np.maximum(left_over, _SMALLEST_RESIDUAL)
    return shares, np.linalg.norm(seen, axis=1), left_over


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Measure MediaPipe's landmarks against the rig's joints.")
    parser.add_argument("gathered", type=Path, nargs="+", help="files of gather.py")
    options = parser.parse_args(arguments)
    hands = load_gathered(options.gathered).usable()
    hands = hands.taken(hands.relative_error() < _LARGEST_ERROR)
    palms = seen_palms(hands, hand_skeleton(load_stand_in_body(), "right"))
    print(f"{len(hands.picture)} hands; along, back, thumbwards; median millimetres off before and after")
    names = [("wrist", LANDMARK_WRIST)]
    names += [(f"{finger} {number}", at) for finger in FINGERS for number, at in enumerate(finger_landmarks(finger), 1)]
    for name, landmark in names:
        shares, before, after = offset(palms, landmark)
        found = " ".join(f"{share:+.3f}" for share in shares)
        print(f"{name:9} {found}  {1000 * np.median(before):4.1f} {1000 * np.median(after):4.1f}")


if __name__ == "__main__":
    main(sys.argv[1:])
