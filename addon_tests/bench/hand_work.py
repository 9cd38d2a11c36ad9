"""Random edits of an animator with runs in between, as many sequences as wanted: not one key by hand may be lost or moved.

    python -m addon_tests.bench.hand_work --sequences 1000 --seed 0

with a Python that has `bpy`, from the top of the checkout. Ends with 1 where a run lost something.
"""

from __future__ import annotations

import argparse
import collections
import tempfile
import time
from pathlib import Path

import bpy

from addon_tests.blender.random_edits import LostHandWorkError, one_sequence


def main() -> int:
    """Print what was done, and every sequence that lost something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="of the first sequence; the next has the next")
    options = parser.parse_args()
    started = time.perf_counter()
    lost, kept = 0, 0
    steps: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.seed, options.seed + options.sequences):
            try:
                animator = one_sequence(seed, Path(folder))
            except LostHandWorkError as error:
                lost += 1
                print(error)
                continue
            steps.update(step.partition(" (")[0] for step in animator.history)
            kept += sum(len(keys) for keys in animator.memory.keys.values())
    print(f"Blender {bpy.app.version_string}: {options.sequences} sequences, {lost} lost something")
    print(f"{sum(steps.values())} steps, {kept} keys by hand at the end, {time.perf_counter() - started:.0f} s")
    print(", ".join(f"{name} {count}" for name, count in steps.most_common()))
    return 1 if lost else 0


if __name__ == "__main__":
    raise SystemExit(main())
