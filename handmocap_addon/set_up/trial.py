"""Runs what was installed once, since a version says nothing about the system's libraries."""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..core.errors import MissingSetupError
from ..core.process.child_processes import finished, python_command
from .trusted_folders import refuse_where_others_write

# What Blender's module and MediaPipe load and a bare Debian or Ubuntu lacks; one line brings all of it.
SYSTEM_PACKAGES: Final = "libegl1 libgles2 libgl1 libsm6 libxfixes3 libxi6 libxkbcommon0 libxrender1"

# The sentence of a trial that failed; where it lies, the environment is not ready.
FAILED_NAME: Final = "handmocap-check-failed"

# A first start on a slow network drive takes a minute or two; a library that waits for a device never ends.
_PATIENCE_SECONDS: Final = 600.0


def missing_library(text: str, what: str) -> MissingSetupError | None:
    """The sentence for a system library that a loader's message names, or None."""
    library = re.search(r"(lib[\w.+-]+\.so[\w.]*): cannot open shared object", text)
    if library is None:
        return None
    return MissingSetupError(
        f"{what} needs the system library {library[1]}", f"install it with: sudo apt install {SYSTEM_PACKAGES}"
    )


def check_once(
    folder: Path, python: Path, what: str, code: str, *arguments: str, seconds: float = _PATIENCE_SECONDS
) -> None:
    """Run an environment's main library once in a child process; what came of it is remembered in `folder`.

    One that did not pass is tried again at the next call, and is not taken for ready until it has passed.

    Raises:
        MissingSetupError: it does not run, or others may write to it, and then nothing of it is run.
    """
    refuse_where_others_write(folder)
    passed, failed = folder / "handmocap-checked", folder / FAILED_NAME
    if passed.is_file():
        return
    try:
        _try(folder, python, what, code, arguments, seconds)
    except MissingSetupError as error:
        with contextlib.suppress(OSError):
            failed.write_text(error.sentence(), encoding="utf-8")
        raise
    with contextlib.suppress(OSError):  # a shared folder that only its owner may write is tried each time
        failed.unlink(missing_ok=True)
        passed.touch()


def _try(folder: Path, python: Path, what: str, code: str, arguments: Sequence[str], seconds: float) -> None:
    try:
        done = finished(python_command(python, "-c", code, *arguments), seconds)
    except OSError as error:
        raise MissingSetupError(f"{what} does not start ({error.strerror})", f"remove {folder} and run it again") from error
    except subprocess.TimeoutExpired as error:
        raise MissingSetupError(
            f"{what} was tried and did not end in {seconds:.0f} seconds", "run it again when the machine is less busy"
        ) from error
    if done.returncode == 0:
        return
    missing = missing_library(done.stderr, what)
    if missing is not None:
        raise missing
    last = (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]
    raise MissingSetupError(f"{what} does not run ({last})", f"remove {folder} and run it again")
