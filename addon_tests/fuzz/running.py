"""Runs readers on their inputs in child processes that the system bounds, and counts what came of them.

A child says before each input which one it takes, so that one that breaks it off or never ends is known.
"""

from __future__ import annotations

import contextlib
import dataclasses
import faulthandler
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from addon_tests.fuzz.core_readers import Reader
from handmocap_addon.core.errors import HandmocapError

MOST_BYTES = 3 << 29  # resident, over what the process had before
MOST_SECONDS = 5.0  # of the processor, since a busy machine is no fault of a reader's
# By the clock, after which an input is taken to hang.
_PATIENCE = 90.0
# Of the address space, over what libraries have taken by then; more than may be used, for what is taken and never touched.
_ADDRESS_SPACE = 6 << 30


@dataclasses.dataclass
class Count:
    """What came of a reader's inputs."""

    reader: str
    results: int = 0
    errors: int = 0
    most_bytes: int = 0
    most_seconds: float = 0.0
    faults: list[str] = dataclasses.field(default_factory=list)

    @property
    def inputs(self) -> int:
        return self.results + self.errors + len(self.faults)


def readers() -> dict[str, Reader]:
    """Those whose libraries this Python has."""
    from addon_tests.fuzz import core_readers

    found = dict(core_readers.READERS)
    if importlib.util.find_spec("av") is not None:
        from addon_tests.fuzz import worker_readers

        found |= worker_readers.READERS
    if importlib.util.find_spec("bpy") is not None:
        from addon_tests.fuzz import blender_readers

        found |= blender_readers.READERS
    return found


def run(name: str, seed: int, numbers: Iterable[int], kept: Path | None = None) -> Count:
    """Give a reader the inputs of these numbers, in as many child processes as it takes."""
    count, left = Count(name), list(numbers)
    while left:
        left = _run_child(count, seed, left, kept)
    return count


def input_of(name: str, seed: int, number: int) -> bytes:
    """An input by its number, the same every time."""
    return readers()[name].make(np.random.default_rng([seed, zlib.crc32(name.encode()), number]))


def _run_child(count: Count, seed: int, numbers: list[int], kept: Path | None) -> list[int]:
    """The numbers that are left when the child has ended."""
    order = json.dumps({"reader": count.reader, "seed": seed, "numbers": numbers, "kept": str(kept) if kept else None})
    with tempfile.TemporaryDirectory() as folder:
        child = subprocess.Popen(
            [sys.executable, "-m", "addon_tests.fuzz.running", folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            cwd=Path(__file__).resolve().parents[2],
        )  # fmt: skip
        said, problems = child.communicate(order)
    taken: int | None = None
    done: set[int] = set()
    for line in said.splitlines():
        if not line.startswith("fuzz "):
            continue
        event = json.loads(line[5:])
        if "takes" in event:
            taken = event["takes"]
            continue
        done.add(event["number"])
        _add(count, event)
    if child.returncode == 0 and len(done) == len(numbers):
        return []
    if taken is None or taken in done:
        raise RuntimeError(f"the fuzzer's child failed by itself ({child.returncode}):\n{problems[-3000:]}")
    count.faults.append(f"{count.reader} {taken}: the process ended ({child.returncode})\n{problems[-1500:]}")
    return numbers[numbers.index(taken) + 1 :]


def _add(count: Count, event: dict[str, Any]) -> None:
    count.most_bytes = max(count.most_bytes, event["bytes"])
    count.most_seconds = max(count.most_seconds, event["seconds"])
    fault = event["fault"]
    if fault is None and event["bytes"] > MOST_BYTES:
        fault = f"it took {event['bytes'] / 2**20:.0f} MiB"
    if fault is None and event["seconds"] > MOST_SECONDS:
        fault = f"it took {event['seconds']:.1f} s"
    if fault is not None:
        count.faults.append(f"{count.reader} {event['number']}: {fault}")
    elif event["typed"]:
        count.errors += 1
    else:
        count.results += 1


def _child(folder: Path) -> None:
    order = json.loads(sys.stdin.read())
    reader = readers()[order["reader"]]
    warnings.simplefilter("ignore")
    # What libraries print goes where nobody reads it, below Python too.
    say = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    # Whatever is loaded at the first use is no input's.
    reader.make(np.random.default_rng(0))
    _limit()
    for number in order["numbers"]:
        content = input_of(order["reader"], order["seed"], number)
        path = folder / f"{number}" / f"input{reader.suffix}"
        path.parent.mkdir()
        path.write_bytes(content)
        say.write("fuzz " + json.dumps({"takes": number}) + "\n")
        faulthandler.dump_traceback_later(_PATIENCE, exit=True)
        before, started = _peak(anew=True), time.process_time()
        fault, typed = None, False
        try:
            reader.read(path)
        except HandmocapError:
            typed = True
        except Exception:
            fault = traceback.format_exc()[-1500:]
        seconds, used = time.process_time() - started, max(_peak() - before, 0)
        faulthandler.cancel_dump_traceback_later()
        event = {"number": number, "typed": typed, "fault": fault, "seconds": seconds, "bytes": used}
        if order["kept"] and (fault is not None or seconds > MOST_SECONDS or used > MOST_BYTES):
            kept = Path(order["kept"])
            kept.mkdir(parents=True, exist_ok=True)
            (kept / f"{order['reader'].replace('/', ' ')} {order['seed']} {number}{reader.suffix}").write_bytes(content)
        say.write("fuzz " + json.dumps(event) + "\n")
        _remove(path.parent)
    say.flush()
    os._exit(0)  # Blender's own way out is not what is tried here


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _limit() -> None:
    """Bound the address space, and files to a gigabyte, where the system can."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + _ADDRESS_SPACE, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, resource.RLIM_INFINITY))


def _peak(anew: bool = False) -> int:
    """The most memory that was resident, from now on where `anew`, as Linux has it; elsewhere since the start."""
    try:
        if anew:
            Path("/proc/self/clear_refs").write_text("5")
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmRSS:" if anew else "VmHWM:"))
    except OSError:
        pass
    try:
        import resource
    except ImportError:
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    _child(Path(sys.argv[1]))
