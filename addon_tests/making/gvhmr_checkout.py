"""A checkout of GVHMR without its network: the double of its program, files at the places of its checkpoints, a result."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from addon_tests.making.gvhmr_results import MadeUpMotion, made_up_motion, write_gvhmr_result
from handmocap_addon.core.body.gvhmr_checkpoints import BODY_MODEL, CHECKPOINTS
from handmocap_addon.set_up.gvhmr_checkout import GvhmrCheckout

_DOUBLE = Path(__file__).resolve().parents[1] / "worker" / "gvhmr" / "gvhmr_double"


def write_checkout(folder: Path, motion: MadeUpMotion | None = None) -> GvhmrCheckout:
    """A checkout whose every run gives this motion."""
    shutil.copytree(_DOUBLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    checkpoints = folder / "inputs" / "checkpoints"
    for name in (*(one.name for one in CHECKPOINTS), f"body_models/{BODY_MODEL}"):
        (checkpoints / name).parent.mkdir(parents=True, exist_ok=True)
        (checkpoints / name).write_bytes(b"weights")
    (folder / "double").mkdir()
    write_gvhmr_result(folder / "double" / "result.pt", motion or made_up_motion())
    behave(folder)
    return GvhmrCheckout(folder, Path(sys.executable))


def behave(folder: Path, **behaviour: Any) -> None:
    """What becomes of the next runs."""
    (folder / "double" / "behaviour.json").write_text(json.dumps(behaviour), encoding="utf-8")


def runs_of(folder: Path) -> list[list[str]]:
    """The arguments of every run so far."""
    record = folder / "double" / "runs.txt"
    return [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()] if record.exists() else []


def processes_of(folder: Path) -> list[int]:
    """Of a checkout's program and what it started: all whose current folder it is. Linux alone."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                if (entry / "cwd").readlink() == folder.resolve():
                    found.append(int(entry.name))
    return found
