"""Times and measures the cleanup of both hands beside smoothing of one strength everywhere, on the same data in the same run.

    python -m addon_tests.bench.cleanup [--frames 1000 10000]

with a Python that has numpy and the stand-in's package, from the top of the checkout. Hands hold, move and close into fast
fists, with noise like a landmark detector's and gaps.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from addon_tests.making.gestures import bent, detector_noise, fast_cycles, holds, stand_in_hand
from handmocap_addon.core.cleanup.clean_hands import CleanHand, CleanupSettings, clean_hand
from handmocap_addon.core.hands.hand_poses import HandTrack
from handmocap_addon.core.maths.rotations import (
    axis_angle_to_quat_wxyz,
    normalized,
    quat_wxyz_to_axis_angle,
    sign_continuous_quat_wxyz,
)
from handmocap_addon.core.report import fingertip_jitter
from handmocap_addon.core.rig.relaxed_hand import relaxed_hand_pose
from tools.motion_measures import amplitude_loss, flexion_angles, lag_frames

FPS = 30.0
HAND = stand_in_hand()
RELAXED = relaxed_hand_pose("left")
OWN_STRENGTHS = (("left_index", 0.2), ("left_middle", 0.3), ("left_ring", 0.6), ("left_pinky", 0.8))
HEADING = "| both hands | 1,000 frames | 10,000 frames | jitter on holds, times less | fast fist loses | lag, frames |"
Cleanup = Callable[[HandTrack, np.ndarray], CleanHand]


def _track(quat: np.ndarray, missing: float) -> HandTrack:
    """A track of which a share of the frames is missing, in gaps of 1 to 24 frames."""
    random = np.random.default_rng(2)
    detected = np.ones(len(quat), bool)
    while 1.0 - detected.mean() < missing:
        first = random.integers(len(quat))
        detected[first : first + random.integers(1, 25)] = False
    pose = quat_wxyz_to_axis_angle(quat).reshape(len(quat), 45).astype(np.float32)
    score = np.where(detected, random.uniform(0.6, 1.0, len(quat)), 0.0).astype(np.float32)
    return replace(HandTrack.empty(len(quat)), pose_axis_angle=pose, detected=detected, score=score)


def _ours(settings: CleanupSettings) -> Cleanup:
    return lambda track, frame_time: clean_hand(track, frame_time, RELAXED, settings, "left")


def _one_strength(deviation_seconds: float) -> Cleanup:
    """A Gaussian over the measured frames, as wide everywhere, then the same filling of gaps."""

    def cleanup(track: HandTrack, frame_time: np.ndarray) -> CleanHand:
        seen = np.flatnonzero(track.detected)
        quat = axis_angle_to_quat_wxyz(track.pose_axis_angle[seen].reshape(-1, 15, 3))
        flat = sign_continuous_quat_wxyz(quat).reshape(len(seen), 60)
        reach = int(4 * deviation_seconds * FPS) + 1
        total, weights = np.zeros_like(flat), np.zeros((len(seen), 1))
        for shift in range(-reach, reach + 1):
            to, of = slice(max(shift, 0), len(seen) + min(shift, 0)), slice(max(-shift, 0), len(seen) - max(shift, 0))
            away = (frame_time[seen][to] - frame_time[seen][of]) / deviation_seconds
            weight = (track.score[seen][of] * np.exp(-0.5 * away**2))[:, None]
            total[to] += weight * flat[of]
            weights[to] += weight
        pose = track.pose_axis_angle.copy()
        smooth = normalized((total / weights).reshape(-1, 15, 4))
        pose[seen] = quat_wxyz_to_axis_angle(smooth).reshape(-1, 45)
        return clean_hand(replace(track, pose_axis_angle=pose), frame_time, RELAXED, CleanupSettings(smoothing=0.0))

    return cleanup


WAYS: dict[str, Cleanup] = {
    "gaps alone (smoothing 0)": _ours(CleanupSettings(smoothing=0.0)),
    "cleanup, default": _ours(CleanupSettings()),
    "cleanup, a strength for each finger": _ours(CleanupSettings(smoothing_of=OWN_STRENGTHS)),
    "Gaussian, 0.05 s everywhere": _one_strength(0.05),
    "Gaussian, 0.15 s everywhere": _one_strength(0.15),
}


def _milliseconds(cleanup: Cleanup, count: int) -> float:
    """The best of several runs on both hands, since other work on the machine only ever adds."""
    frame_time = np.arange(count) / FPS
    track = _track(detector_noise(bent(HAND, fast_cycles(frame_time, 3.0)), np.random.default_rng(1), 2.0), 0.1)
    best = np.inf
    for _ in range(20 if count <= 1000 else 3):
        started = time.perf_counter()
        for _side in range(2):
            cleanup(track, frame_time)
        best = min(best, time.perf_counter() - started)
    return 1e3 * best


def _quality(cleanup: Cleanup) -> str:
    """Jitter on holds, and amplitude and lag of a fist that opens and closes in 0.45 s."""
    frame_time = np.arange(270) / FPS
    share, still = holds(frame_time)
    noisy = detector_noise(bent(HAND, share), np.random.default_rng(5), 2.0)
    jitter = [
        fingertip_jitter(quat_wxyz_to_axis_angle(quat).reshape(270, 45), still, HAND, FPS) or 0.0
        for quat in (noisy, cleanup(_track(noisy, 0.0), frame_time).quat_wxyz)
    ]
    truth = bent(HAND, fast_cycles(frame_time, 0.45))
    fist = cleanup(_track(detector_noise(truth, np.random.default_rng(6), 2.0), 0.0), frame_time).quat_wxyz
    found, known = flexion_angles(fist, HAND), flexion_angles(truth, HAND)
    loss, lag = amplitude_loss(found, known), lag_frames(found, known)
    return f"{jitter[0] / jitter[1]:.1f} | {100.0 * (loss or 0.0):.1f} % | {lag or 0.0:.3f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, nargs=2, default=(1_000, 10_000), metavar=("SHORT", "LONG"))
    short, long = parser.parse_args().frames
    print(HEADING.replace("10,000", f"{long:,}").replace(" 1,000 ", f" {short:,} "))
    print("| --- | --- | --- | --- | --- | --- |")
    for name, cleanup in WAYS.items():
        times = " | ".join(f"{_milliseconds(cleanup, count):.0f} ms" for count in (short, long))
        print(f"| {name} | {times} | {_quality(cleanup)} |")


if __name__ == "__main__":
    main()
