"""What the worker's environment has, and the one thing to do about what it lacks."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import MissingSetupError
from .estimators import mediapipe, wilor_weights


@dataclass(frozen=True)
class DoctorLine:
    """One thing that was looked at. `advice` is empty where it is well; `needed` says whether anything stops without it."""

    subject: str
    found: str
    advice: str = ""
    needed: bool = True


def _package(name: str, advice: str, needed: bool = True) -> DoctorLine:
    try:
        return DoctorLine(name, importlib.metadata.version(name), "", needed)
    except importlib.metadata.PackageNotFoundError:
        return DoctorLine(name, "missing", advice, needed)


def examine(wilor_folder: Path | None = None) -> list[DoctorLine]:
    """Look at the environment that this runs in. Loads no model and touches no network."""
    set_up = "run handmocap.py setup, or press Set up in the panel"
    lines = [DoctorLine("python", platform.python_version())]
    lines += [_package(name, set_up) for name in ("numpy", "av", "opencv-python-headless", "mediapipe", "mannequin-x")]
    model = mediapipe.default_model()
    lines.append(DoctorLine("hand model", str(model) if model.is_file() else "missing", "" if model.is_file() else set_up))
    own = f"only WiLoR needs it: install it into {sys.prefix} yourself (README, WiLoR)"
    lines += [_package(name, own, needed=False) for name in ("wilor_mini", "torch")]
    if wilor_folder is not None:
        try:
            lines.append(DoctorLine("WiLoR weights", wilor_weights.check_weights(wilor_folder, verify=True), needed=False))
        except MissingSetupError as error:
            lines.append(DoctorLine("WiLoR weights", error.message, error.hint, needed=False))
    return lines
