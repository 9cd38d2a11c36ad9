"""Which graphics card a set-up finds, without torch: NVIDIA's and AMD's own tools are asked."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

from ..core.process.child_processes import finished
from .doctor_line import DoctorLine

DEVICES: Final = ("auto", "cuda", "rocm", "cpu")
_PATIENCE_SECONDS: Final = 20.0  # for a driver that hangs
_ROCM_DEVICE: Final = Path("/dev/kfd")


def find_device() -> str:
    """`cuda`, `rocm` or `cpu`, as this machine has it."""
    gpus = nvidia_gpus()
    if isinstance(gpus, list) and gpus:
        return "cuda"
    return "rocm" if has_rocm() else "cpu"


def has_rocm() -> bool:
    """Whether AMD's kernel driver for computing is there; without it torch sees no card."""
    return _ROCM_DEVICE.exists()


def nvidia_gpus() -> list[str] | DoctorLine:
    """`name, driver, free memory` of each NVIDIA card, or what is wrong with the driver."""
    query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.free", "--format=csv,noheader"]
    try:
        done = finished(query, _PATIENCE_SECONDS)
    except FileNotFoundError:
        return []
    except (OSError, subprocess.TimeoutExpired) as error:
        return DoctorLine("GPU", f"nvidia-smi does not answer ({type(error).__name__})", "restart the machine", needed=False)
    if done.returncode != 0:
        said = " ".join((done.stdout + done.stderr).split())[:200]
        return DoctorLine("GPU", f"nvidia-smi failed ({said})", "install NVIDIA's driver again", needed=False)
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]


def examine_gpu() -> DoctorLine:
    """Card, driver and free memory, for doctor; nothing needs a card, so none is well too."""
    gpus = nvidia_gpus()
    if isinstance(gpus, DoctorLine):
        return gpus
    found = [f"{gpu} free" for gpu in gpus]
    if has_rocm():
        tool = "" if shutil.which("rocminfo") else ", no rocminfo on the path"
        found.append(f"one of AMD's with ROCm's driver{tool}")
    return DoctorLine(
        "GPU", "; ".join(found) or "none of NVIDIA's (no nvidia-smi), none of AMD's (no /dev/kfd)", needed=False
    )
