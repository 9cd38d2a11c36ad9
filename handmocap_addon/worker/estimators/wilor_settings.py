"""How to run WiLoR."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ...core.skeleton import Side


@dataclass(frozen=True)
class WilorSettings:
    """How to run WiLoR. Sizes of batches change the speed and, in half precision, the last digits of a pose."""

    model_dir: Path | None = None  # holds pretrained_models/; None: where wilor_mini itself keeps its files
    device: str = "auto"  # one of DEVICES; "auto" is CUDA when there is one, otherwise the CPU
    hand_conf: float = 0.3  # lowest detector score that counts, 0 to 1
    iou: float = 0.5  # of two boxes that overlap more than this, the better one stays
    imgsz: int = 640  # pixels of the longer side on which the detector works; more finds smaller hands
    rescale_factor: float = 2.5  # side of the crop over the longer side of the box
    verify_weights: bool = True  # False only for weights that are trusted for another reason: loading them runs code
    # Frames that the detector sees at once; some three and a half times as many are held in memory, 25 MB each at 4K.
    # None: 16 on CUDA, 1 on the CPU, where more gain nothing and a cancelled run would end later.
    batch_frames: int | None = None
    batch_crops: int | None = None  # hands in one run of the network; None: 32 on CUDA, 2 on the CPU
    half_precision: bool = True  # on CUDA; the CPU computes in float32
    side: Side | None = None  # hands that the detector takes for the other side get no pose and are not handed out

    def resolved(self, device: str) -> WilorSettings:
        """The settings that are in force on a device, "cuda" or "cpu", with nothing left open but the folder."""
        on_cuda = device == "cuda"
        return replace(
            self,
            device=device,
            batch_frames=self.batch_frames or (16 if on_cuda else 1),
            batch_crops=self.batch_crops or (32 if on_cuda else 2),
            half_precision=self.half_precision and on_cuda,
        )
