"""What runs on this machine, read from /proc."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from addon_tests.making.patience import PATIENCE


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits to be collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")


def processes_with(text: str) -> list[int]:
    """Live processes whose command line holds the text."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if text.encode() in command and is_alive(int(folder.name)):
                found.append(int(folder.name))
    return found


def wait_until(condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether the condition came true."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def tree_of(pid: int) -> list[int]:
    """A live process and all that it started, directly or not, parents first."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(folder.name))
    found, waiting = [], [pid]
    while waiting:
        process = waiting.pop(0)
        if is_alive(process):
            found.append(process)
        waiting += children.get(process, [])
    return found
