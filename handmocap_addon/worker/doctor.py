"""What the worker's environment has, and the one thing to do about what it lacks."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from ..core.doctor import DoctorLine
from ..core.errors import HandmocapError, MissingSetupError
from .estimators import mediapipe, wilor_weights

_SET_UP = "run handmocap.py setup, or press Set up in the panel"
_PATIENCE_SECONDS = 20.0  # for a driver that hangs


def _package(name: str, advice: str, needed: bool = True) -> DoctorLine:
    try:
        return DoctorLine(name, importlib.metadata.version(name), "", needed)
    except importlib.metadata.PackageNotFoundError:
        return DoctorLine(name, "missing", advice, needed)


def examine(wilor_folder: Path | None = None) -> list[DoctorLine]:
    """Look at the environment that this runs in, and run the built-in estimator once. Touches no network."""
    lines = [DoctorLine("python", platform.python_version())]
    lines += [_package(name, _SET_UP) for name in ("numpy", "av", "opencv-python-headless", "mediapipe", "mannequin-x")]
    model = mediapipe.default_model()
    lines.append(DoctorLine("hand model", str(model) if model.is_file() else "missing", "" if model.is_file() else _SET_UP))
    lines += [_landmarker(), _gpu()]
    own = f"only WiLoR needs it: install it into {sys.prefix} yourself (README, WiLoR)"
    lines += [_package("wilor_mini", own, needed=False), _torch(own)]
    if wilor_folder is not None:
        try:
            lines.append(DoctorLine("WiLoR weights", wilor_weights.check_weights(wilor_folder, verify=True), needed=False))
        except MissingSetupError as error:
            lines.append(DoctorLine("WiLoR weights", error.message, error.hint, needed=False))
    return lines


def _landmarker() -> DoctorLine:
    """A version says nothing about the system libraries that MediaPipe loads when it begins to work."""
    subject = "hand landmarker"
    started = time.monotonic()
    try:
        estimator = mediapipe.create(mediapipe.MediapipeSettings())
        try:
            estimator.look_again(np.zeros((64, 64, 3), np.uint8))
        finally:
            estimator.close()
    except HandmocapError as error:
        return DoctorLine(subject, error.message, error.hint)
    except Exception as error:
        return DoctorLine(subject, f"does not run ({type(error).__name__}: {error})", f"remove {sys.prefix} and {_SET_UP}")
    return DoctorLine(subject, f"loaded and ran on a frame in {time.monotonic() - started:.1f} s")


def _gpu() -> DoctorLine:
    query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.free", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, check=False, timeout=_PATIENCE_SECONDS)
    except FileNotFoundError:
        return DoctorLine("GPU", "none of NVIDIA's (no nvidia-smi)", needed=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return DoctorLine("GPU", f"nvidia-smi does not answer ({type(error).__name__})", "restart the machine", needed=False)
    if done.returncode != 0:
        said = " ".join((done.stdout + done.stderr).split())[:200]
        return DoctorLine("GPU", f"nvidia-smi failed ({said})", "install NVIDIA's driver again", needed=False)
    gpus = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    return DoctorLine("GPU", "; ".join(f"{gpu} free" for gpu in gpus) or "none of NVIDIA's", needed=False)


def _torch(advice: str) -> DoctorLine:
    line = _package("torch", advice, needed=False)
    if line.advice:
        return line
    try:
        import torch

        device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else ""
    except Exception as error:  # Broken installations fail in many ways.
        return DoctorLine("torch", f"{line.found}, does not load ({error})", f"install torch again into {sys.prefix}", False)
    if device:
        return DoctorLine("torch", f"{line.found}, runs on {device}", needed=False)
    return DoctorLine("torch", f"{line.found}, sees no CUDA device and runs on the processor", needed=False)
