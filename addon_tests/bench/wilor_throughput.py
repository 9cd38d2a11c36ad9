"""Frames a second of our WiLoR engine beside upstream's loop: the same frames, weights, precision and device in one run.

    python -m addon_tests.bench.wilor_throughput --random-weights [--device cuda] [--frames N] [--sizes 1080p] [--repeats N]
    python -m addon_tests.bench.wilor_throughput --model DIR …

with a Python that has `wilor_mini`, from the top of the checkout. Upstream's loop is the package's own `predict` on one frame
after another; ours is `observe`, as the worker runs it. Frames are made up and lie decoded in memory. The package's detector looks at
every frame on both sides, and then the two boxes that it is given are taken for what it found: random weights find nothing,
and on made-up frames real ones would not either. *Outside the network* is all the time in which the pose network does not
work: detector, crop, blur, un-mirroring. *Processor time* is that of all cores, which other programs on the machine lengthen
least. *Bare network* is the pose network alone on ready crops, at its fastest batch size.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from addon_tests.bench.wilor_shots import BLURRED_FROM, made_up_frame, median_seconds, two_hands
from addon_tests.making.wilor_random_weights import write_random_weights
from handmocap_addon.worker.estimators import wilor
from handmocap_addon.worker.estimators.base import VideoFrame
from handmocap_addon.worker.estimators.wilor_crops import PATCH_SIZE
from handmocap_addon.worker.estimators.wilor_engine import WilorEstimator
from handmocap_addon.worker.estimators.wilor_network import Boxes

SIZES = {"720p": (1280, 720), "1080p": (1920, 1080), "4K": (3840, 2160)}
# Sides of the boxes as shares of the frame's height; never on the other side of upstream's limit for blurring.
SMALL_SHARE, LARGE_SHARE = 0.13, 0.25
DISTINCT_FRAMES = 4
MOST_CROPS, MOST_CROPS_ON_CPU = 128, 4


class GivenBoxes:
    """The package's detector: it works on every picture as ever, then the boxes that it is told take its own ones' place."""

    def __init__(self, detector: Any) -> None:
        self._detector = detector
        self.boxes: Boxes | None = None

    def __call__(self, pictures: Any, **options: Any) -> Any:
        import torch

        results = self._detector(pictures, **options)
        assert self.boxes is not None
        rows = np.column_stack((self.boxes.bbox, self.boxes.score, self.boxes.is_right)).astype(np.float32)
        for result in results:
            result.update(boxes=torch.from_numpy(rows).to(result.boxes.data.device))
        return results


class TimedNetwork:
    """The package's pose network with a stop watch."""

    def __init__(self, network: Any, wait_for_device: Callable[[], None]) -> None:
        self.network = network
        self.seconds = 0.0
        self._wait_for_device = wait_for_device

    def __call__(self, batch: Any) -> Any:
        self._wait_for_device()
        started = time.perf_counter()
        answer = self.network(batch)
        self._wait_for_device()
        self.seconds += time.perf_counter() - started
        return answer

    def seconds_of(self, work: Callable[[], object]) -> list[float]:
        """Seconds of a piece of work, those of them in the network, and those that processor cores worked."""
        self.seconds, started, worked = 0.0, time.perf_counter(), time.process_time()
        work()
        return [time.perf_counter() - started, self.seconds, time.process_time() - worked]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    weights = parser.add_mutually_exclusive_group(required=True)
    weights.add_argument("--random-weights", action="store_true", help="the real networks with made-up values")
    weights.add_argument("--model", type=Path, help="a folder that holds the published pretrained_models/")
    parser.add_argument("--device", choices=wilor.DEVICES, default="auto")
    parser.add_argument("--frames", type=int, help="default: 64, on the CPU 2")
    parser.add_argument("--repeats", type=int, help="default: 3, on the CPU 1")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--batch", type=int, help="hands in one run of our network; default: the engine's own")
    options = parser.parse_args()
    with ExitStack() as stack:
        model_dir = options.model
        if model_dir is None:
            model_dir = write_random_weights(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        settings = wilor.WilorSettings(
            model_dir, options.device, verify_weights=not options.random_weights, batch_crops=options.batch
        )
        estimator = wilor.create(settings)
        stack.callback(estimator.close)
        _measure(estimator, options)


def _measure(estimator: WilorEstimator, options: argparse.Namespace) -> None:
    import torch

    used = estimator.info.settings
    on_cuda = used["device"] == "cuda"
    frames, repeats = options.frames or (64 if on_cuda else 2), options.repeats or (3 if on_cuda else 1)
    pipeline = estimator._network.pipeline
    network = TimedNetwork(pipeline.wilor_model, torch.cuda.synchronize if on_cuda else lambda: None)
    detector = GivenBoxes(pipeline.hand_detector)
    pipeline.wilor_model, pipeline.hand_detector = network, detector
    name = torch.cuda.get_device_name() if on_cuda else f"{_processor()}, {torch.get_num_threads()} threads"
    print(
        f"{name}; torch {torch.__version__}, {pipeline.dtype}; {'random' if options.random_weights else 'published'} weights; "
        f"{frames} frames with two hands, medians of {repeats}; our batches: {used['batch_frames']} frames, "
        f"{used['batch_crops']} hands"
    )
    by_batch = _bare_network(pipeline, network, repeats, MOST_CROPS if on_cuda else MOST_CROPS_ON_CPU)
    bare = max(by_batch.values()) / 2
    listed = ", ".join(f"{rate:.3g} ({size})" for size, rate in by_batch.items())
    print(f"bare network, hands/s (batch size): {listed}; at its best {bare:.3g} frames/s\n")
    print(
        "| frame | hand, px | upstream, frames/s | ours, frames/s | times | of the bare network "
        "| outside the network, upstream, ms a frame | ours, ms a frame | processor time, upstream, s a frame | ours, s a frame |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for size in options.sizes:
        width, height = SIZES[size]
        pictures = [made_up_frame(width, height, seed) for seed in range(min(frames, DISTINCT_FRAMES))]
        clip = [pictures[number % len(pictures)] for number in range(frames)]
        for hand in (min(SMALL_SHARE * height, BLURRED_FROM - 5), max(LARGE_SHARE * height, BLURRED_FROM + 5)):
            detector.boxes = two_hands(width, height, round(hand))
            for together in (1, used["batch_frames"]):
                detector([pictures[0]] * together, verbose=False)

            def upstream(clip: list[np.ndarray] = clip) -> None:
                for picture in clip:
                    assert len(pipeline.predict(picture)) == 2

            def ours(clip: list[np.ndarray] = clip) -> None:
                numbered = (VideoFrame(number, number / 30.0, picture) for number, picture in enumerate(clip))
                assert sum(len(hands) for _, hands in estimator.observe(numbered)) == 2 * len(clip)

            timed = _alternating(network, upstream, ours, repeats)
            rates = [frames / seconds for seconds, _, _ in timed]
            outside = [
                f"{(seconds - within) / frames * 1e3:.0f} ({1.0 - within / seconds:.1%})" for seconds, within, _ in timed
            ]
            print(
                f"| {size} | {round(hand)} | {rates[0]:.3g} | {rates[1]:.3g} | {rates[1] / rates[0]:.2f} "
                f"| {rates[1] / bare:.0%} | {outside[0]} | {outside[1]} | {timed[0][2] / frames:.3g} | {timed[1][2] / frames:.3g} |",
                flush=True,
            )


def _alternating(
    network: TimedNetwork, upstream: Callable[[], None], ours: Callable[[], None], repeats: int
) -> list[list[float]]:
    """Medians of what `seconds_of` says of both sides; who is first changes from run to run."""
    taken: list[list[list[float]]] = [[], []]
    for repeat in range(repeats):
        for side in (0, 1) if repeat % 2 == 0 else (1, 0):
            taken[side].append(network.seconds_of((upstream, ours)[side]))
    return [np.median(runs, axis=0).tolist() for runs in taken]


def _bare_network(pipeline: Any, network: TimedNetwork, repeats: int, most: int) -> dict[int, float]:
    """Ready crops a second by batch size, as far as the memory goes; this is the warming up too."""
    import torch

    noise = np.random.default_rng(0).integers(0, 256, (most, PATCH_SIZE, PATCH_SIZE, 3)).astype(np.float32)
    crops = torch.from_numpy(noise).to(device=pipeline.device, dtype=pipeline.dtype)
    found = {}
    size = 1
    while size <= most:

        def run(size: int = size) -> None:
            with torch.no_grad():
                network(crops[:size])

        try:
            [seconds] = median_seconds([run], repeats)
        except torch.OutOfMemoryError:
            break
        found[size] = size / seconds
        size *= 2
    return found


def _processor() -> str:
    """The processor's name, where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
