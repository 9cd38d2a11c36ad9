"""GVHMR as a stage of a run: its own program on the clip, ended before anything else takes the graphics card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...core.audience import way_out
from ...core.body.body_choices import RESULT_NAME
from ...core.errors import MissingSetupError
from ...core.job_protocol import Progress
from ...set_up.gvhmr_checkout import GvhmrCheckout
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
        self._program().check(self.focal_mm)

    def arguments(self, clip: Path, folder: Path, afresh: bool) -> list[str]:
        """The worker's command line for a result in a folder."""
        program = self._program()
        arguments = ["gvhmr", "--clip", str(clip), "--out", str(folder / RESULT_NAME)]
        arguments += ["--checkout", str(program.folder), "--python", str(program.python)]
        arguments += ["--static-camera"] if self.static_camera else []
        arguments += ["--focal-mm", str(self.focal_mm)] if self.focal_mm is not None else []
        return [*arguments, *(["--afresh"] if afresh else [])]

    def _program(self) -> GvhmrCheckout:
        if self.checkout is None or self.python is None:
            raise MissingSetupError(
                "GVHMR is not set up here",
                way_out(
                    "choose GVHMR Checkout and GVHMR Python in the preferences, or another Body From",
                    "name GVHMR's folder and Python with --gvhmr-checkout and --gvhmr-python, or a result with --gvhmr",
                ),
            )
        return GvhmrCheckout(self.checkout.absolute(), self.python.absolute())


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
