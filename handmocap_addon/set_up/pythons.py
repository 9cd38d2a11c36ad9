"""The Pythons of this machine that environments are made from."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..core.errors import MissingSetupError
from ..core.process.child_processes import finished, python_command

_PATIENCE_SECONDS: Final = 60.0


def find_python(versions: Sequence[tuple[int, int]]) -> Path:
    """A Python of one of the versions: the running one, else one on the path.

    Raises:
        MissingSetupError: there is none.
    """
    if sys.version_info[:2] in versions:
        return _base_python()
    for major, minor in versions:
        found = shutil.which(f"python{major}.{minor}")
        # Version managers put programs on the path that only say that the version is not chosen.
        if found and version_of(Path(found)) == (major, minor):
            return Path(found)
    wanted = " or ".join(f"{major}.{minor}" for major, minor in versions)
    raise MissingSetupError(
        f"Python {wanted} is needed and this is {sys.version_info.major}.{sys.version_info.minor}",
        f"install Python {versions[0][0]}.{versions[0][1]} and run it again",
    )


def _base_python() -> Path:
    """The running Python, or the one that the running environment was made from.

    Ours are made without pip, and Debian's Python has no ensurepip to fall back on; the one they came from had it.
    """
    base = getattr(sys, "_base_executable", None)
    return Path(base) if base and sys.prefix != sys.base_prefix else Path(sys.executable)


def versions_from(oldest: tuple[int, int]) -> list[tuple[int, int]]:
    """Every version of Python 3 from this one on."""
    return [(3, minor) for minor in range(oldest[1], 20)]


def version_of(python: Path) -> tuple[int, int] | None:
    """The version of a Python, or None where the program is none."""
    code = "import sys; print(*sys.version_info[:2])"
    try:
        done = finished(python_command(python, "-c", code), _PATIENCE_SECONDS)
        major, minor = done.stdout.split()
        return int(major), int(minor)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
