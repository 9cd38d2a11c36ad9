"""What the worker is asked for, and how its command line says it. `run` and the panel ask alike."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...core.body.stand_in import STAND_IN
from ...core.clip.view_choices import ViewChoice
from ...core.skeleton import Side
from .gvhmr_stage import GvhmrStage


@dataclass(frozen=True)
class EstimateRequest:
    """The hands of one person in one clip. None leaves the choice to the worker or to the estimator."""

    clip: Path
    target: Path  # the hand_poses.npz
    estimator: str
    gvhmr: Path | None = None
    other_gvhmr: tuple[Path, ...] = ()  # of other people in the clip, who keep their own hands
    body: str = STAND_IN
    model: Path | None = None
    device: str = "auto"
    image_fps: str = "24"
    view_transform: ViewChoice = "auto"
    detector_size: int | None = None  # pixels
    batch: int | None = None  # hands in one run of the network
    frames: tuple[int, int] | None = None  # first and last, from 1 on; None: all of them
    side: Side | None = None  # None: both
    afresh: bool = False  # also where a finished result is there
    body_from: str = "none"  # one of `BODIES`
    focal: float | None = None  # pixels, for a body from the clip
    stage: GvhmrStage | None = None  # where the body is GVHMR's and there is none yet

    def arguments(self) -> list[str]:
        """The worker's command line."""
        arguments = ["estimate", "--clip", str(self.clip), "--out", str(self.target), "--estimator", self.estimator]
        arguments += ["--device", self.device, "--image-fps", self.image_fps, "--body", self.body]
        arguments += ["--view-transform", self.view_transform]
        chosen = {
            "--model": self.model,
            "--gvhmr": self.gvhmr,
            "--detector-size": self.detector_size,
            "--batch": self.batch,
            "--frames": None if self.frames is None else f"{self.frames[0]}-{self.frames[1]}",
            "--side": self.side,
            "--body-from": None if self.body_from == "none" else self.body_from,
            "--focal": self.focal,
        }
        for option, value in chosen.items():
            if value is not None:
                arguments += [option, str(value)]
        for other in self.other_gvhmr:
            arguments += ["--other-gvhmr", str(other)]
        arguments += self.stage.options() if self.stage is not None else []
        return [*arguments, *(["--afresh"] if self.afresh else [])]
