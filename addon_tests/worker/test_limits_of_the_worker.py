"""The bounds that the system holds the worker to: real processes, real limits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("resource", reason="this system has no such bounds")

_ROOT = Path(__file__).resolve().parents[2]
_SHOW = """
import resource, sys
from handmocap_addon.worker.limits import bound_process
before = int(sys.argv[3])
if before:
    resource.setrlimit(resource.RLIMIT_FSIZE, (before, resource.RLIM_INFINITY))
bound_process(sys.argv[1], sys.argv[2])
print(resource.getrlimit(resource.RLIMIT_DATA)[0], resource.getrlimit(resource.RLIMIT_FSIZE)[0])
"""
_MEMORY, _FILE, _NONE = 16 << 30, 8 << 30, -1


def bounds(command: str, estimator: str = "", before: int = 0) -> tuple[int, int]:
    done = subprocess.run(
        [sys.executable, "-c", _SHOW, command, estimator, str(before)], capture_output=True, text=True, check=True, cwd=_ROOT
    )
    memory, file = map(int, done.stdout.split())
    return memory, file


@pytest.mark.parametrize(
    ("command", "estimator", "expected"),
    [
        ("estimate", "mediapipe", (_MEMORY, _FILE)),
        ("estimate", "wilor", (_NONE, _FILE)),
        ("proxy", "", (_MEMORY, _NONE)),
        ("pose-mesh", "", (_NONE, _NONE)),
    ],
)
def test_each_command_has_its_own_bounds(command: str, estimator: str, expected: tuple[int, int]) -> None:
    assert bounds(command, estimator) == expected


def test_a_lower_bound_stays() -> None:
    assert bounds("estimate", "mediapipe", 1000)[1] == 1000


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux counts what may be written to")
def test_a_process_that_is_led_astray_ends_in_a_memory_error() -> None:
    program = (
        "import numpy as np; from handmocap_addon.worker import limits; limits.MOST_MEMORY = 1 << 29;"
        "limits.bound_process('estimate', 'mediapipe'); np.zeros(1 << 27)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=_ROOT)
    assert done.returncode == 1 and "MemoryError" in done.stderr
