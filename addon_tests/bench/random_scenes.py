"""Applies body and hands in random scenes, and counts what was right, what was said, and what went wrong without a word.

    python -m addon_tests.bench.random_scenes --count 2000 --seed 1

with a Python that has `bpy`, from the top of the checkout. Ends with 1 where anything was a silent miss; each is printed with
the number by which `--count 1 --seed N` makes it again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from addon_tests.making.random_scenes import Outcome, run_scene


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1, help="number of the first scene")
    parser.add_argument("--show", help="print every outcome of this kind")
    options = parser.parse_args()
    started, kinds, reasons = time.perf_counter(), Counter[str](), Counter[str]()
    missed = 0
    for seed in range(options.seed, options.seed + options.count):
        try:
            outcome = run_scene(seed)
        except Exception as error:
            outcome = Outcome("silent miss", (), f"{type(error).__name__}: {error}")
        kinds[outcome.kind] += 1
        reasons.update((f"{outcome.kind}: {word}",) if (word := _reason(outcome)) else ())
        if outcome.kind == "silent miss" or outcome.kind == options.show:
            missed += outcome.kind == "silent miss"
            print(f"{outcome.kind}, --seed {seed}: {', '.join(outcome.made_of)}: {outcome.text}", flush=True)
        if sum(kinds.values()) % 100 == 0:
            print(f"{sum(kinds.values())} scenes: {dict(kinds)}", file=sys.stderr, flush=True)
    for kind, count in kinds.most_common():
        print(f"{count:5d} {kind}")
    for reason, count in reasons.most_common(40):
        print(f"{count:7d} {reason}")
    print(
        f"{options.count} scenes from seed {options.seed} in {time.perf_counter() - started:.0f} s, {missed} silent misses"
    )
    return 1 if missed else 0


def _reason(outcome: Outcome) -> str:
    """A refusal's sentence without names."""
    return outcome.text.split(":")[0].replace("person", "X")[:80] if outcome.kind == "refused" else ""


if __name__ == "__main__":
    sys.exit(main())
