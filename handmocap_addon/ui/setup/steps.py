"""The steps of the set-up: what each brings, under which licence, how large it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...blender.version_differences import can_export


@dataclass(frozen=True)
class Step:
    """One thing to install. `what` is the operator's choice where it has several; `is_needed` on this machine at all."""

    title: str
    brings: str
    terms: str
    operator: str
    what: str
    ready: str
    environment: str
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
        "worker",
    ),
    Step(
        "Exporter",
        "writes Alembic and USD, which this build of Blender cannot",
        "Blender's module, GPL, 1 GB",
        "handmocap.set_up",
        "blender",
        "Alembic and USD are written by Blender's module",
        "blender",
        _lacks_exporter,
    ),
    Step(
        "Readers",
        "open baked files with Alembic's and USD's own libraries, to check them",
        "alembic3d and usd-core, BSD and Apache-2.0, 350 MB",
        "handmocap.set_up",
        "readers",
        "Baked files are checked by Alembic's and USD's own libraries",
        "readers",
    ),
    Step(
        "WiLoR",
        "better fingers where they cover each other, wants a graphics card",
        "Not for commercial work, up to 14 GB",
        "handmocap.set_up_wilor",
        "",
        "WiLoR is ready",
        "wilor",
    ),
)
