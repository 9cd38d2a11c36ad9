"""How the worker is started, which lives in a Python of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ...core.process.child_processes import python_command
from ...set_up import environments

_WORKER: Final = Path(__file__).resolve().parents[2] / "worker"


def worker_command(environment_folder: Path, arguments: list[str], estimator: str = "mediapipe") -> list[str]:
    """How to start the worker in the environment of an estimator.

    Raises:
        MissingSetupError: its environment is not there.
    """
    environment = environments.find_worker(environment_folder, estimator)
    if environment is None:
        raise environments.not_set_up(environment_folder)
    return python_command(environment.python, _WORKER, *arguments)
