"""GVHMR as a stage of a run: its own program on the clip, ended before anything else takes the graphics card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...core.body.body_choices import RESULT_NAME
from ...core.job_protocol import Progress
from ...set_up.gvhmr_checkout import named_checkout
from ..jobs.child_job import ChildJob
from ..jobs.worker_command import worker_command


@dataclass(frozen=True)
class GvhmrStage:
    """What GVHMR is run with. Without a checkout there is none."""

    checkout: Path | None = None
    python: Path | None = None
    static_camera: bool = False
    focal_mm: int | None = None  # of a full-frame camera; None: GVHMR's own guess

    def check(self) -> None:
        """Look whether it can be started, before any work.

        Raises:
            MissingSetupError: it is not named, or lacks something.
            BadUsageError: it cannot do what is asked for.
        """
        named_checkout(self.checkout, self.python).check(self.focal_mm)

    def options(self) -> list[str]:
        """How the worker's `estimate` is told of it."""
        chosen = {"--gvhmr-checkout": self.checkout, "--gvhmr-python": self.python, "--focal-mm": self.focal_mm}
        named = [word for option, value in chosen.items() if value is not None for word in (option, str(value))]
        return [*named, *(["--static-camera"] if self.static_camera else [])]

    def arguments(self, clip: Path, folder: Path, afresh: bool) -> list[str]:
        """The worker's command line for a result in a folder."""
        program = named_checkout(self.checkout, self.python)
        arguments = ["gvhmr", "--clip", str(clip), "--out", str(folder / RESULT_NAME)]
        arguments += ["--checkout", str(program.folder), "--python", str(program.python)]
        arguments += ["--static-camera"] if self.static_camera else []
        arguments += ["--focal-mm", str(self.focal_mm)] if self.focal_mm is not None else []
        return [*arguments, *(["--afresh"] if afresh else [])]


def run_gvhmr(
    stage: GvhmrStage,
    clip: Path,
    folder: Path,
    environment_folder: Path,
    estimator: str,
    log: Path,
    on_progress: Callable[[Progress], None],
    afresh: bool = False,
) -> Path:
    """GVHMR's result for a clip, in a folder; where it is there already, nothing is run.

    Raises:
        HandmocapError: there is none.
        KeyboardInterrupt: Ctrl-C came.
    """
    command = worker_command(environment_folder, stage.arguments(clip, folder, afresh), estimator)
    return Path(ChildJob(command, log, [folder / RESULT_NAME]).wait(on_progress)["path"])
