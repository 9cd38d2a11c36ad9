"""The worker's largest memory on a clip of one minute and of twenty: the built-in estimator, or a double that sees two hands.

    python -m addon_tests.bench.worker_memory [--minutes 1 20] [--double] [--gvhmr] [--clip FILE]

with the worker's Python, from the top of the checkout (not on Windows, which counts otherwise). The clip, by default the demo,
is put behind itself as often as it takes. The double runs the real tracker on one frame of each slice and on every crop, and sees the demo's
hands on the others, so that twenty minutes take a few; decoding, slices, the joining to tracks, the fit and the file are the real ones. With `--gvhmr` there is a body too.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np

from addon_tests.making.clips import put_behind_itself
from addon_tests.making.gvhmr_results import MadeUpMotion, write_gvhmr_result
from handmocap_addon.core.files.array_files import read_array_file
from handmocap_addon.core.landmarks.fit import FittedHand, fit_mediapipe_landmarks
from handmocap_addon.core.rig.hand_skeleton import HandSkeleton
from handmocap_addon.worker import command_line, estimators
from handmocap_addon.worker.estimators import mediapipe
from handmocap_addon.worker.estimators.base import EstimatorInfo, HandObservation, VideoFrame
from handmocap_addon.worker.video import probe_clip

DEMO = Path(__file__).parents[2] / "demo"
FPS = 24


class Double:
    """The demo's hands on every frame, the left one missed now and then."""

    channel_order = "rgb"
    leaves_out_unwanted = False
    info = EstimatorInfo("double", "none", "none", {})

    def __init__(self) -> None:
        self._real = mediapipe.create(mediapipe.MediapipeSettings())
        self.slicing = self._real.slicing
        with np.load(DEMO / "truth.npz") as truth:
            self._hands = {
                side: (truth[f"{side}_keypoints_2d"].astype(float), truth[f"{side}_keypoints_3d"])
                for side in ("left", "right")
            }

    def observe(self, frames: Iterator[VideoFrame]) -> Generator[tuple[VideoFrame, list[HandObservation]], None, None]:
        for frame in frames:
            if frame.index % self.slicing.length == 0:
                list(self._real.observe(iter([frame])))
            number = frame.index % 96
            hands = []
            for side, (image, space) in self._hands.items():
                points = image[number]
                if side == "right" or frame.index % 50:
                    box = np.concatenate((points.min(axis=0), points.max(axis=0)))
                    hands.append(HandObservation(side, 0.9, box, points, space[number]))
            yield frame, hands

    def look_again(self, pixels: np.ndarray) -> list[HandObservation]:
        return self._real.look_again(pixels)

    def fit(self, world: np.ndarray, image: np.ndarray, skeleton: HandSkeleton) -> FittedHand:
        return fit_mediapipe_landmarks(world, image, skeleton)

    def close(self) -> None:
        self._real.close()


def measured(arguments: list[str]) -> tuple[float, float]:
    """Largest memory in MB and seconds of a child process."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            [sys.executable, "-m", __spec__.name, "--child", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors,
        )  # fmt: skip
        _, status, usage = os.wait4(child.pid, 0)
        if status != 0:
            errors.seek(0)
            raise SystemExit(errors.read().decode(errors="replace")[-2000:])
    return usage.ru_maxrss / (1024.0 if sys.platform == "linux" else 1024.0**2), time.monotonic() - started


def demo_motion(frame_count: int) -> MadeUpMotion:
    """The demo's body, again and again as its clip is."""
    content = read_array_file(DEMO / "hmr4d_results.pt").value
    world, camera = content["smpl_params_global"], content["smpl_params_incam"]
    parts = [world[key] for key in ("body_pose", "betas", "global_orient", "transl")]
    parts += [camera["global_orient"], camera["transl"], content["K_fullimg"]]
    return MadeUpMotion(*(part[np.arange(frame_count) % len(part)] for part in parts))


def main() -> None:
    if sys.argv[1:2] == ["--child"]:
        arguments = sys.argv[2:]
        if arguments[-1] == "--double":
            arguments.pop()
            estimators.create_estimator = lambda _choice: Double()
        sys.exit(command_line.main(arguments))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, nargs="+", default=[1.0, 20.0])
    parser.add_argument("--double", action="store_true")
    parser.add_argument("--gvhmr", action="store_true")
    parser.add_argument("--clip", type=Path, default=DEMO / "clip.mp4")
    options = parser.parse_args()
    print("| minutes | frames | largest memory, MB | against the first | seconds |")
    print("|---|---|---|---|---|")
    first = None
    for minutes in options.minutes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            put_behind_itself(options.clip, round(minutes * 60 * FPS), folder / "clip.mp4")
            frames = probe_clip(folder / "clip.mp4").likely_frame_count
            arguments = ["estimate", "--clip", str(folder / "clip.mp4"), "--out", str(folder / "hand_poses.npz")]
            if options.gvhmr:
                write_gvhmr_result(folder / "hmr4d_results.pt", demo_motion(frames))
                arguments += ["--gvhmr", str(folder / "hmr4d_results.pt")]
            megabytes, seconds = measured(arguments + ["--double"] * options.double)
        first = first or megabytes
        print(f"| {minutes:g} | {frames} | {megabytes:.0f} | {megabytes / first:.2f} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
