"""The files that GVHMR loads and does not bring along, as its authors lay them out. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True)
class Checkpoint:
    """A file by its place within GVHMR's folder of checkpoints, and the size that its authors' has."""

    name: str
    size: int  # bytes

    def lies_in(self, folder: Path) -> bool:
        return (folder / self.name).is_file()


CHECKPOINTS: Final = (
    Checkpoint("gvhmr/gvhmr_siga24_release.ckpt", 163_508_011),
    Checkpoint("hmr2/epoch=10-step=25000.ckpt", 2_709_494_041),
    Checkpoint("vitpose/vitpose-h-multi-coco.pth", 2_549_075_546),
    Checkpoint("yolo/yolov8x.pt", 136_867_539),
)
# Within the folder of body models; nobody but its owner may hand it on.
BODY_MODEL: Final = "smplx/SMPLX_NEUTRAL.npz"
