"""Gives every reader of files many changed inputs, and says what came of them.

    python -m addon_tests.fuzz --inputs 40000 --seed 1 [--readers NAME ...] [--keep FOLDER]

Run it with the worker's Python for clips, and with Blender's for what is kept in a .blend; each has the other readers too.
Exit code 0: every input ended in a result or in a typed error, within 1.5 GiB and 5 s.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from addon_tests.fuzz.running import readers, run

_AT_ONCE = 500


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--inputs", type=int, default=4000, help="over all readers (default 4000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--readers", nargs="*", help="only those whose names begin so")
    parser.add_argument("--keep", type=Path, help="a folder for the inputs that were not taken well")
    options = parser.parse_args()
    started, chosen = time.monotonic(), readers()
    if options.readers:
        chosen = {name: one for name, one in chosen.items() if name.startswith(tuple(options.readers))}
    weight = sum(one.weight for one in chosen.values())
    total = faulty = 0
    most_bytes, most_seconds = 0, 0.0
    print(f"{'reader':34} {'inputs':>7} {'results':>8} {'errors':>7} {'faults':>7} {'MiB':>6} {'s':>6}")
    for name, one in chosen.items():
        numbers, faults = range(max(round(options.inputs * one.weight / weight), 1)), []
        inputs = results = errors = 0
        largest, longest = 0, 0.0
        for first in range(0, len(numbers), _AT_ONCE):
            count = run(name, options.seed, numbers[first : first + _AT_ONCE], options.keep)
            inputs, results, errors = inputs + count.inputs, results + count.results, errors + count.errors
            largest, longest = max(largest, count.most_bytes), max(longest, count.most_seconds)
            faults += count.faults
        print(
            f"{name:34} {inputs:7} {results:8} {errors:7} {len(faults):7} {largest / 2**20:6.0f} {longest:6.2f}", flush=True
        )
        for fault in faults:
            print(f"  {fault}", flush=True)
        total, faulty = total + inputs, faulty + len(faults)
        most_bytes, most_seconds = max(most_bytes, largest), max(most_seconds, longest)
    print(
        f"{total} inputs of seed {options.seed}: {faulty} faults; at most {most_bytes / 2**20:.0f} MiB and {most_seconds:.2f} s "
        f"of the processor; {time.monotonic() - started:.0f} s"
    )
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main())
