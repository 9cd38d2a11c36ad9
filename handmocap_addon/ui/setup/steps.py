"""The steps of the set-up: what each brings, under which licence, how large it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...blender.version_differences import can_export
from ...core import environments


@dataclass(frozen=True)
class Step:
    """One thing to install. `what` is the operator's choice where it has several; `is_needed` on this machine at all."""

    title: str
    brings: str
    terms: str
    operator: str
    what: str
    ready: str
    find: Callable[[Path], object | None]
    is_needed: Callable[[], bool] = lambda: True


def _lacks_exporter() -> bool:
    return not (can_export(".abc") and can_export(".usd"))


STEPS = (
    Step(
        "Hand Estimator",
        "finds both hands in a clip, on any processor",
        "MediaPipe, Apache-2.0, 600 MB",
        "handmocap.set_up",
        "worker",
        "The hand estimator is ready",
        environments.find_worker,
    ),
    Step(
        "Exporter",
        "writes Alembic and USD, which this build of Blender cannot",
        "Blender's module, GPL, 1 GB",
        "handmocap.set_up",
        "blender",
        "Alembic and USD are written by Blender's module",
        environments.find_blender_module,
        _lacks_exporter,
    ),
    Step(
        "WiLoR",
        "better fingers where they cover each other, wants a graphics card",
        "Not for commercial work, up to 14 GB",
        "handmocap.set_up_wilor",
        "",
        "WiLoR is ready",
        environments.find_wilor,
    ),
)
