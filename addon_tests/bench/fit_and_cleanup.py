"""Times the fit of both hands to MediaPipe's landmarks and their cleanup beside the fit without a reading, in the same run.

    python -m addon_tests.bench.fit_and_cleanup [--frames 10000]

with a Python that has numpy and the stand-in's package, from the top of the checkout. The landmarks are those of the demo's
truth with a detector's noise, over and over. Cleanup alone, as a slider drives it, is in cleanup.py.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from addon_tests.making.known_landmarks import REPOSITORY, known_landmarks
from handmocap_addon.core.cleanup.clean_hands import clean_hand
from handmocap_addon.core.hands.hand_poses import HandTrack
from handmocap_addon.core.landmarks.fit import FittedHand, fit_landmarks, fit_mediapipe_landmarks, fit_read_landmarks
from handmocap_addon.core.landmarks.reading import read_mediapipe_landmarks
from handmocap_addon.core.rig.hand_skeleton import HandSkeleton
from handmocap_addon.core.rig.relaxed_hand import relaxed_hand_pose
from handmocap_addon.core.skeleton import SIDES, Side

SOME_FRAMES = 200  # one by one, for the way that is too slow for all of them
FPS = 30.0
MISSING = 0.1  # share of the frames without a hand


@dataclass(frozen=True)
class Landmarks:
    """One hand's landmarks on all frames, as a detector gives them."""

    side: Side
    world: np.ndarray  # (N, 21, 3) metres
    image: np.ndarray  # (N, 21, 2) pixels
    hand: HandSkeleton


def _landmarks(side: Side, frame_count: int) -> Landmarks:
    world, image, _, hand = known_landmarks(REPOSITORY / "demo" / "truth.npz", side)
    random = np.random.default_rng(0)
    rows = np.arange(frame_count) % len(world)
    return Landmarks(
        side,
        world[rows] + random.normal(0.0, 0.004, (frame_count, 21, 3)),
        image[rows] + random.normal(0.0, 1.0, (frame_count, 21, 2)),
        hand,
    )


def _track(fitted: FittedHand) -> HandTrack:
    """The fitted hand with gaps."""
    count = len(fitted.pose_axis_angle)
    random = np.random.default_rng(1)
    detected = random.random(count) >= MISSING
    score = np.where(detected, random.uniform(0.6, 1.0, count), 0.0).astype(np.float32)
    pose = fitted.pose_axis_angle.astype(np.float32)
    return replace(HandTrack.empty(count), pose_axis_angle=pose, detected=detected, score=score)


def _one_by_one(seen: Landmarks) -> None:
    for frame in range(min(SOME_FRAMES, len(seen.world))):
        fit_mediapipe_landmarks(seen.world[frame, None], seen.image[frame, None], seen.hand)


def _timed(name: str, of_a_hand: Callable[[Landmarks], object], seen: list[Landmarks], times: float = 1.0) -> None:
    """One row: wall and processor seconds for both hands, the better of two runs, since other work only ever adds."""
    best_wall = best_processor = np.inf
    for _ in range(2):
        wall, processor = time.perf_counter(), time.process_time()
        for hand in seen:
            of_a_hand(hand)
        best_wall = min(best_wall, time.perf_counter() - wall)
        best_processor = min(best_processor, time.process_time() - processor)
    print(f"| {name} | {times * best_wall:.2f} s | {times * best_processor:.2f} s |")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=10_000)
    frame_count = parser.parse_args().frames
    some_frames = min(SOME_FRAMES, frame_count)
    seen = [_landmarks(side, frame_count) for side in SIDES]
    readings = {hand.side: read_mediapipe_landmarks(hand.world, hand.image, hand.side) for hand in seen}
    fitted = {hand.side: fit_read_landmarks(hand.image, readings[hand.side], hand.hand) for hand in seen}
    tracks = {side: _track(hand) for side, hand in fitted.items()}
    frame_time = np.arange(frame_count) / FPS

    def fit_and_clean(hand: Landmarks) -> None:
        track = _track(fit_mediapipe_landmarks(hand.world, hand.image, hand.hand))
        clean_hand(track, frame_time, relaxed_hand_pose(hand.side), side=hand.side)

    def clean(hand: Landmarks) -> None:
        clean_hand(tracks[hand.side], frame_time, relaxed_hand_pose(hand.side), side=hand.side)

    print(f"numpy {np.__version__}, {os.cpu_count()} cores; {frame_count:,} frames of two hands\n")
    print("| stage | time | processor time |\n| --- | --- | --- |")
    _timed("reading", lambda hand: read_mediapipe_landmarks(hand.world, hand.image, hand.side), seen)
    _timed("fit to the reading", lambda hand: fit_read_landmarks(hand.image, readings[hand.side], hand.hand), seen)
    _timed("cleanup", clean, seen)
    _timed("all three", fit_and_clean, seen)
    _timed("instead: fit without a reading", lambda hand: fit_landmarks(hand.world, hand.hand, hand.image), seen)
    name = f"instead: reading and fit frame by frame, from {some_frames} frames"
    _timed(name, _one_by_one, seen, frame_count / some_frames)


if __name__ == "__main__":
    main()
