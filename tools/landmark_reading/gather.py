"""Shows random pictures to MediaPipe and stores what it says beside the truth.

    reading-venv/bin/python -m tools.landmark_reading.gather --model MODEL --first 0 --last 3500 --out gathered_0.npz

See the package's docstring for what to install. Several processes share the work by numbers.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from handmocap_addon.core.skeleton import SIDES, Side
from handmocap_addon.worker.estimators.base import HandObservation, VideoFrame
from handmocap_addon.worker.estimators.mediapipe import MediapipeSettings, create

from .gathered_hands import GatheredHands
from .pictures import Photographer
from .random_hands import RandomHands

Array = NDArray[Any]

# Each picture is held for as many frames of a clip as the tracker takes to settle, after enough black ones to forget.
_BLACK_FRAMES, _HELD_FRAMES = 2, 3
_FRAME_SECONDS = 0.033
_REPORT_EVERY = 500  # pictures


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Gather MediaPipe's landmarks of hands whose joints are known.")
    parser.add_argument("--first", type=int, required=True, help="number of the first picture")
    parser.add_argument("--last", type=int, required=True, help="number after the last picture")
    parser.add_argument("--out", type=Path, required=True, help="npz for the hands")
    parser.add_argument("--model", type=Path, help="hand_landmarker.task; without it the environment's own")
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="write the pictures there as well")
    options = parser.parse_args(arguments)
    shown: list[RandomHands] = []
    rows: list[dict[str, Any]] = []
    estimator = create(MediapipeSettings(model=options.model, most_hands=2))
    started = time.monotonic()
    held = 0
    for frame, observations in estimator.observe(_clip(range(options.first, options.last), shown, options.pictures)):
        held = held + 1 if frame.pixels.any() else 0
        if held < _HELD_FRAMES:
            continue
        hands = shown.pop()
        rows += [_row(frame.index, observation, hands) for observation in observations]
        done = frame.index + 1 - options.first
        if done % _REPORT_EVERY == 0 or frame.index + 1 == options.last:
            _gathered(rows).save(options.out)
            print(f"{done} pictures, {len(rows)} hands, {time.monotonic() - started:.0f} s", flush=True)


def _clip(numbers: range, shown: list[RandomHands], folder: Path | None) -> Iterator[VideoFrame]:
    """Black frames and held pictures by turns; a frame's index is its picture's number. Adds the truth to `shown`."""
    photographer = Photographer()
    frame = 0
    for number in numbers:
        pixels, hands = photographer.picture(number)
        shown.append(hands)
        if folder is not None:
            cv2.imwrite(str(folder / f"{number}.png"), pixels[..., ::-1])
        for image in [np.zeros_like(pixels)] * _BLACK_FRAMES + [pixels] * _HELD_FRAMES:
            yield VideoFrame(number, frame * _FRAME_SECONDS, image)
            frame += 1


def _row(number: int, observation: HandObservation, hands: RandomHands) -> dict[str, Any]:
    """One hand of GatheredHands: its truth is the hand that is nearest in the picture, whatever side it was called."""

    def distance(side: Side) -> float:
        off = observation.keypoints_2d - hands.hands[side].keypoints_2d
        return float(np.linalg.norm(off, axis=1).mean())

    side = min(SIDES, key=distance)
    truth = hands.hands[side]
    hand = GatheredHands(
        picture=np.array(number),
        is_right=np.array(side == "right"),
        keypoints_2d=observation.keypoints_2d,
        keypoints_3d=observation.keypoints_3d,
        true_keypoints_2d=truth.keypoints_2d,
        true_keypoints_3d=truth.keypoints_3d,
        hand_pose=truth.pose_axis_angle,
        wrist_rotmat=truth.wrist_rotmat,
        intrinsics=hands.camera.intrinsics,
    )
    return asdict(hand)


def _gathered(rows: list[dict[str, Any]]) -> GatheredHands:
    return GatheredHands(**{name: np.array([row[name] for row in rows]) for name in rows[0]})


if __name__ == "__main__":
    main(sys.argv[1:])
    sys.stdout.flush()
    # MediaPipe's own threads and the window-less OpenGL context can keep Python from ending.
    os._exit(0)
