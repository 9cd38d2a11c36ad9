"""Times the built-in estimator beside MediaPipe's own bare loop on the same clip, decoding included, one after the other in turn.

    python -m addon_tests.bench.estimator_throughput [--clip FILE …] [--rounds 3]

with the worker's Python, from the top of the checkout; without a clip on the demo, as it is and eight times over. The bare loop
decodes with OpenCV and calls `detect_for_video`: once with our settings, and once with the library's own two hands. Ours is the
first look at a clip as the worker takes it, with its slices written to a folder; once on all cores, once on one thread.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import mediapipe
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision

from handmocap_addon.worker.commands.first_look import FirstLook
from handmocap_addon.worker.estimators.mediapipe import MediapipeSettings, create, default_model
from handmocap_addon.worker.results.partial_results import partial_results
from handmocap_addon.worker.threads.cores import usable_cores
from handmocap_addon.worker.video import probe_clip, read_frames

DEMO = Path(__file__).parents[2] / "demo" / "clip.mp4"
TIMES_OVER = 8
SETTINGS = MediapipeSettings()


def bare(clip: Path, hands: int) -> int:
    """MediaPipe's own way; the number of frames."""
    options = vision.HandLandmarkerOptions(
        base_options=BaseOptions(model_asset_buffer=default_model().read_bytes()),
        running_mode=vision.RunningMode.VIDEO,
        num_hands=hands,
        min_hand_detection_confidence=SETTINGS.detection_confidence,
        min_hand_presence_confidence=SETTINGS.presence_confidence,
        min_tracking_confidence=SETTINGS.tracking_confidence,
    )
    capture = cv2.VideoCapture(str(clip))
    fps = capture.get(cv2.CAP_PROP_FPS)
    with vision.HandLandmarker.create_from_options(options) as landmarker:
        for number in itertools.count():
            there, pixels = capture.read()
            if not there:
                return number
            picture = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
            image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=picture)
            landmarker.detect_for_video(image, round(number * 1000.0 / fps))
    raise AssertionError


def ours(clip: Path, most_threads: int) -> int:
    """The worker's first look; the number of frames."""
    estimator = create(SETTINGS)
    estimator.slicing = dataclasses.replace(estimator.slicing, at_once=min(estimator.slicing.at_once, most_threads))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "hand_poses.npz"
        with partial_results(target, print, lambda: None) as partial:
            seen = FirstLook(probe_clip(clip), estimator, None, partial, "bench").finished(lambda _count: None)
    estimator.close()
    return seen.frame_count


def repeated(clip: Path, times: int, target: Path) -> None:
    """The clip forwards and backwards, so that nothing jumps."""
    pictures = [frame.pixels for frame in read_frames(probe_clip(clip), "rgb")]
    with av.open(str(target), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for turn in range(times):
            for pixels in pictures[:: -1 if turn % 2 else 1]:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clip", type=Path, nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    cores = usable_cores()
    ways: dict[str, Callable[[Path], int]] = {
        "bare loop, our settings": lambda clip: bare(clip, SETTINGS.most_hands),
        "bare loop, two hands at most": lambda clip: bare(clip, 2),
        "ours, one thread": lambda clip: ours(clip, 1),
        "ours": lambda clip: ours(clip, cores),
    }
    print(
        f"{cores} cores, mediapipe {mediapipe.__version__}; frames a second, median of {options.rounds} rounds (lowest, highest)"
    )
    print(
        "| clip | bare loop, our settings | bare loop, two hands at most | ours, one thread | ours | ours / bare loop, our settings |"
    )
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        clips = options.clip
        if clips is None:
            clips = [DEMO, Path(folder) / f"demo x{TIMES_OVER}.mp4"]
            repeated(DEMO, TIMES_OVER, clips[1])
        for clip in clips:
            measured: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(options.rounds):
                for name, way in ways.items():
                    started = time.perf_counter()
                    count = way(clip)
                    measured[name].append(count / (time.perf_counter() - started))
            cells = [f"{np.median(rates):.1f} ({min(rates):.1f}, {max(rates):.1f})" for rates in measured.values()]
            same, fastest = (np.array(measured[name]) for name in (next(iter(ways)), "ours"))
            print(f"| {clip.name}, {count} frames | {' | '.join(cells)} | {np.median(fastest / same):.2f} |", flush=True)


if __name__ == "__main__":
    main()
