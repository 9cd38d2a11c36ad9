"""The builds of PyTorch that were reviewed: which list of packages belongs to a machine, and where its files are published.

A build is chosen by system and card, and each list names its files by their hashes. For AMD's cards none was reviewed.
Standard library only.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..core.audience import way_out
from ..core.errors import MissingSetupError
from .accelerator import nvidia_gpus

_REQUIREMENTS: Final = Path(__file__).resolve().parents[1] / "requirements"
_ORDINARY: Final = "wilor_torch.txt"
# The indexes of those lists whose files are not on the ordinary index.
TORCH_INDEXES: Final = {
    "wilor_torch-cpu.txt": "https://download.pytorch.org/whl/cpu",
    "wilor_torch-cuda-windows.txt": "https://download.pytorch.org/whl/cu130",
}
# The first driver for CUDA 13, which the builds for NVIDIA's cards are made with.
_OLDEST_DRIVER: Final = 580


@dataclass(frozen=True)
class TorchBuild:
    """A list of packages, and the index that has them; None: the ordinary one, that of pip's settings."""

    pins: Path
    index: str | None = None


def torch_build(device: str, own: Path | None = None, index: str | None = None, system: str = sys.platform) -> TorchBuild:
    """The build for a device, which was found or chosen; `own` is a list of the person's, `index` one that is named.

    Raises:
        MissingSetupError: none was reviewed, or the driver is too old for the one that was.
    """
    if own is not None:
        return TorchBuild(own, index)
    if device == "rocm":
        raise MissingSetupError(
            "No build of PyTorch for AMD's cards has been reviewed, so none is installed",
            way_out(
                "choose the processor as Device in the preferences",
                "use --device cpu, or give a list of your own with --torch-list (scripts/renew_pins.py --help tells how)",
            ),
        )
    if device == "cuda" and (driver := _too_old_driver()) is not None:
        raise MissingSetupError(
            f"NVIDIA's driver {driver} is older than {_OLDEST_DRIVER}, which the reviewed build of PyTorch needs",
            way_out(
                "install a newer driver, or choose the processor as Device in the preferences",
                "install a newer driver, use --device cpu, or give a list of your own with --torch-list",
            ),
        )
    name = _ORDINARY
    if system == "linux" and device == "cpu":
        name = "wilor_torch-cpu.txt"
    if system == "win32" and device == "cuda":
        name = "wilor_torch-cuda-windows.txt"
    return TorchBuild(_REQUIREMENTS / name, index or TORCH_INDEXES.get(name))


def _too_old_driver() -> str | None:
    """The version of NVIDIA's driver where it is known and too old."""
    gpus = nvidia_gpus()
    for gpu in gpus if isinstance(gpus, list) else []:
        version = re.search(r", (\d+)\.[\d.]+,", gpu)
        if version is not None and int(version[1]) < _OLDEST_DRIVER:
            return version[0].strip(", ")
    return None
