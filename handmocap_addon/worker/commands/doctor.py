"""What the worker's environment has, and the one thing to do about what it lacks."""

from __future__ import annotations

import contextlib
import importlib.metadata
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from ...core.audience import set_up_wilor, set_up_worker, way_out
from ...core.body.smplx_model_file import read_smplx_model
from ...core.errors import HandmocapError
from ...set_up.accelerator import find_device
from ...set_up.doctor_line import DoctorLine
from ..estimators import mediapipe, mediapipe_body

_PACKAGES: Final = ("numpy", "av", "opencv-python-headless", "mannequin-x")
_FRAME: Final = np.zeros((64, 64, 3), np.uint8)
_WILOR_PACKAGES: Final = ("wilor_mini", "torchvision", "ultralytics", "timm", "smplx", "chumpy-fixed")

# In which cameras, phones, editors and the web deliver. FFmpeg's own `av1` needs a card; dav1d does not.
_CLIP_CODECS: Final = {
    **{name: name for name in ("h264", "hevc", "vp9")},
    "av1": "libdav1d",
    **{name: name for name in ("prores", "dnxhd", "mjpeg", "mpeg4")},
}


def _package(name: str, advice: str) -> DoctorLine:
    try:
        return DoctorLine(name, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return DoctorLine(name, "missing", advice)


def examine(estimator: str = "mediapipe", body: Path | None = None) -> list[DoctorLine]:
    """Look at the environment that this runs in and try what `estimator` needs. Touches no network."""
    advice = set_up_wilor() if estimator == "wilor" else set_up_worker()
    lines = [DoctorLine("python", platform.python_version())]
    lines += [_package(name, advice) for name in _PACKAGES]
    lines.append(_video(advice))
    if estimator == "wilor":
        lines += [*(_package(name, advice) for name in _WILOR_PACKAGES), _torch(advice)]
    else:
        model = mediapipe.default_model()
        lines.append(_package("mediapipe", advice))
        lines.append(
            DoctorLine("hand model", str(model) if model.is_file() else "missing", "" if model.is_file() else advice)
        )
        lines.append(_tried("hand landmarker", _run_hand_landmarker, needed=True))
        # Nobody's hands need it.
        lines.append(_tried("built-in body", _run_body_landmarker, needed=False))
    return lines + (_bodies(body) if body is not None else [])


def _tried(subject: str, run: Callable[[], None], needed: bool) -> DoctorLine:
    """A version says nothing about the system libraries that MediaPipe loads when it begins to work."""
    started = time.monotonic()
    try:
        run()
    except HandmocapError as error:
        return DoctorLine(subject, error.message, error.hint, needed=needed)
    except Exception as error:
        broken = f"does not run ({type(error).__name__}: {error})"
        return DoctorLine(subject, broken, f"remove {sys.prefix} and {set_up_worker()}", needed=needed)
    return DoctorLine(subject, f"loaded and ran on a frame in {time.monotonic() - started:.1f} s")


def _run_hand_landmarker() -> None:
    with contextlib.closing(mediapipe.create(mediapipe.MediapipeSettings())) as estimator:
        estimator.look_again(_FRAME)


def _run_body_landmarker() -> None:
    settings = mediapipe_body.MediapipeBodySettings()
    with contextlib.closing(mediapipe_body.create(settings)) as estimator, estimator.tracker() as tracker:
        tracker.people(_FRAME, 0.0)


def _video(advice: str) -> DoctorLine:
    """Which of the codecs that clips come in can be decoded."""
    try:
        import av

        can = {name: _can_decode(av, codec) for name, codec in _CLIP_CODECS.items()}
    except Exception as error:  # A library that does not load fails in many ways.
        return DoctorLine("video", f"does not load ({type(error).__name__}: {error})", advice)
    able = ", ".join(name for name, decodes in can.items() if decodes)
    lacks = ", ".join(name for name, decodes in can.items() if not decodes)
    if not lacks:
        return DoctorLine("video", f"FFmpeg {av.ffmpeg_version_info} decodes {able}")
    advice = f"convert clips in {lacks} to H.264 first"
    return DoctorLine("video", f"FFmpeg {av.ffmpeg_version_info} decodes {able}; not {lacks}", advice, needed=False)


def _can_decode(av: Any, name: str) -> bool:
    try:
        return bool(av.Codec(name, "r").is_decoder)
    except av.codec.codec.UnknownCodecError:
        return False


def _torch(advice: str) -> DoctorLine:
    line = _package("torch", advice)
    if line.advice:
        return line
    try:
        import torch

        build = f"{line.found} for {f'CUDA {torch.version.cuda}' if torch.version.cuda else _other_build(torch.version)}"
        if torch.cuda.is_available():
            free, _total = torch.cuda.mem_get_info(0)
            return DoctorLine("torch", f"{build}, runs on {torch.cuda.get_device_name(0)}, {free / 1e9:.1f} GB free")
    except Exception as error:  # Broken installations fail in many ways.
        return DoctorLine("torch", f"{line.found}, does not load ({error})", f"remove {sys.prefix} and {advice}")
    device = find_device()
    if device == "cpu":
        return DoctorLine("torch", f"{build}, runs on the processor")
    if torch.version.cuda or torch.version.hip:
        return DoctorLine("torch", f"{build}, finds no card and runs on the processor", "install or renew the card's driver")
    return DoctorLine("torch", f"{build}, cannot use the card", f"{advice}" + way_out("", f", with --device {device}"))


def _other_build(version: object) -> str:
    hip = getattr(version, "hip", None)
    return f"ROCm {hip}" if hip else "the processor alone"


def _bodies(place: Path) -> list[DoctorLine]:
    """Model files by their content: a file, or those of a folder."""
    files = sorted(place.glob("SMPLX_*.npz")) if place.is_dir() else [place]
    if not files:
        return [DoctorLine("body model", f"no SMPLX_*.npz in {place}", "register at smpl-x.is.tue.mpg.de", needed=False)]
    return [_body(file) for file in files]


def _body(file: Path) -> DoctorLine:
    try:
        model = read_smplx_model(file)
    except HandmocapError as error:
        return DoctorLine("body model", error.message, error.hint, needed=False)
    return DoctorLine("body model", f"{file}: SMPL-X, {len(model.vertices)} vertices, {len(model.rest_joints)} joints")
