"""GVHMR as a stage, cancelled and killed at every point of its way: what runs on, and what lies half written.

    python -m addon_tests.bench.gvhmr_kills [--rounds 20] [--seed 0]

with the worker's Python, from the top of the checkout, on Linux, with the program's double. Ends with 1 where anything was left.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from addon_tests.making import clips
from addon_tests.making.gvhmr_checkout import behave, processes_of, write_checkout
from addon_tests.making.patience import PATIENCE
from addon_tests.making.worker_process import REPOSITORY, Worker
from handmocap_addon.core.body.gvhmr_record import is_own_result
from handmocap_addon.set_up.gvhmr_checkout import GvhmrCheckout

# A place that no shell and no grammar of options takes as it is.
PLACE = 'it\'s "GVHMR" (1), a=b \\ ü'
POINTS = (
    "Copy", "YoloV8 Tracking", "saving bbx.pt", "ViTPose", "saving vitpose.pt", "HMR2 Feature", "DPVO", "predicting",
    "saving hmr4d_results.pt",
)  # fmt: skip
WAYS = ("cancel", "SIGTERM", "SIGINT", "SIGKILL", "program killed")


@dataclass(frozen=True)
class Round:
    """How one ended."""

    point: str
    way: str
    is_stubborn: bool
    seconds: float  # until nothing ran any more
    left: tuple[str, ...]


def _round(place: Path, checkout: GvhmrCheckout, clip: Path, point: str, way: str, is_stubborn: bool) -> Round:
    behave(checkout.folder, hangs_at=point, is_stubborn=is_stubborn)
    out = place / "shot" / "hmr4d_results.pt"
    temporary = place / "temporary"
    temporary.mkdir(exist_ok=True)
    arguments: tuple[str | Path, ...] = ("gvhmr", "--clip", clip, "--out", out)
    arguments += ("--checkout", checkout.folder, "--python", checkout.python)
    # Behind the camera's stage the double's reader of the clip would wait for ever.
    arguments += ("--static-camera",) if POINTS.index(point) > POINTS.index("DPVO") else ()
    os.environ["TMPDIR"] = str(temporary)
    worker = Worker(REPOSITORY / "handmocap_addon", arguments, place / "process")
    _wait_until_it_hangs(worker, place / "process" / "stderr.txt", point)
    begun = time.monotonic()
    if way == "cancel":
        worker.close_stdin()
    elif way == "program killed":
        for number in processes_of(checkout.folder):
            os.kill(number, signal.SIGKILL)
    else:
        worker.send_signal(getattr(signal, way))
    worker.process.wait(PATIENCE)
    while processes_of(checkout.folder) and time.monotonic() < begun + PATIENCE:
        time.sleep(0.01)
    seconds = time.monotonic() - begun
    left = [f"process {number}" for number in processes_of(checkout.folder)]
    left += [str(path.relative_to(place)) for path in (place / "shot").rglob("*")]
    return Round(point, way, is_stubborn, seconds, tuple(left))


def _wait_until_it_hangs(worker: Worker, words: Path, point: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while f"hangs at {point}" not in words.read_text(encoding="utf-8"):
        if worker.process.poll() is not None or time.monotonic() > deadline:
            sys.exit(words.read_text(encoding="utf-8"))
        time.sleep(0.02)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / PLACE
        place.mkdir()
        checkout = write_checkout(place / "GVHMR")
        clip = place / "tänzer 'eins', take=2.mp4"
        clips.write_clip(clip, 12)
        rounds = []
        for number in range(options.rounds):
            point = POINTS[number % len(POINTS)] if number < len(POINTS) else chance.choice(POINTS)
            rounds.append(_round(place, checkout, clip, point, WAYS[number % len(WAYS)], chance.random() < 0.5))
            print(json.dumps(rounds[-1].__dict__, ensure_ascii=False), flush=True)
        # What a run that was killed left behind is no hindrance to the next.
        behave(checkout.folder)
        arguments: tuple[str | Path, ...] = ("gvhmr", "--clip", clip, "--out", place / "shot" / "hmr4d_results.pt")
        arguments += ("--checkout", checkout.folder, "--python", checkout.python)
        done = Worker(REPOSITORY / "handmocap_addon", arguments, place / "process").finished()
        is_whole = done.exit_code == 0 and is_own_result(place / "shot")
        abandoned = [path.name for path in (place / "temporary").iterdir()]
    left = [one for one in rounds if one.left]
    longest = {way: max((one.seconds for one in rounds if one.way == way), default=0.0) for way in WAYS}
    print(f"{len(rounds)} rounds: {len(left)} left something, the longest ends took "
          f"{', '.join(f'{seconds:.1f} s ({way})' for way, seconds in longest.items())}; the run after them "
          f"{'made a whole result' if is_whole else f'failed: {done.stderr}'}; abandoned folders: {len(abandoned)}")  # fmt: skip
    return int(bool(left) or not is_whole or bool(abandoned))


if __name__ == "__main__":
    sys.exit(main())
