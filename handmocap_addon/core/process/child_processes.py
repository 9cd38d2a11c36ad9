"""The one doorway to other programs: what is started here runs the code that it is meant to, whatever shell it came from.

Pipelines of Maya, Houdini and others set PYTHONPATH and its kin for every program of a shell, and `python -c` or `-m` takes
modules from the current folder first, which may be a folder of delivered footage. None of it reaches a child: every variable
by which a Python finds or runs code is taken out, and our own Pythons are started isolated (`-I`). Variables of Blender and
of the system (BLENDER_*, OCIO, LD_LIBRARY_PATH, PATH, proxies) stay: drivers, colours and networks need them. Standard
library only.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final

from ..errors import WorkerFailedError

# A first start on a slow network drive takes a minute or two; a program that waits for a device never ends.
_LONGEST_SECONDS: Final = 600.0
# PYTHONPATH, PYTHONHOME, PYTHONSTARTUP, PYTHONUSERBASE, PYTHONPLATLIBDIR, PYTHONPYCACHEPREFIX, PYTHONBREAKPOINT and others.
_OF_PYTHON: Final = "PYTHON"
_ALSO: Final = (
    "__PYVENV_LAUNCHER__",  # macOS: which Python a started one takes itself for
    # Where pip puts packages, and for which Python, instead of where it is told to.
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_USER",
    "PIP_PYTHON",
    "PIP_REQUIRE_VIRTUALENV",
)


def python_command(python: Path | str, *arguments: Path | str) -> list[str]:
    """How to start a Python that takes code from its own folders and from the script that is named, and speaks UTF-8.

    It keeps no compiled code: on a disk that fills, or under a limit on files, Python puts down half of it and can never
    load it again.
    """
    return [str(python), "-I", "-B", "-X", "utf8", *map(str, arguments)]


def child_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables that a child gets: this process's, or the given ones, without those that bring code of others."""
    given = os.environ if environment is None else environment
    kept = {name: value for name, value in given.items() if not _brings_code(name)}
    # For the children of a Blender's own Python, which is not started isolated.
    return {**kept, "PYTHONUTF8": "1", "PYTHONNOUSERSITE": "1"}


def _brings_code(name: str) -> bool:
    # Windows knows no small letters in names.
    return name.upper().startswith(_OF_PYTHON) or name.upper() in _ALSO


def start(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    stdin: int | IO[Any] | None = subprocess.PIPE,
    **options: Any,
) -> subprocess.Popen[Any]:
    """Start a program; `options` are those of `Popen`.

    Raises:
        OSError: it cannot be started.
    """
    return subprocess.Popen(list(command), stdin=stdin, env=child_environment(environment), **options)


def apart() -> dict[str, Any]:
    """For `start`: a Ctrl-C in the terminal, which goes to a whole group, reaches this process and not the child."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def finished(command: Sequence[str], seconds: float | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, with nothing to read and with its words kept as text.

    Raises:
        OSError: it cannot be started.
        subprocess.TimeoutExpired: it took longer than `seconds` and was ended.
        WorkerFailedError: no `seconds` were named, and it took longer than anything should.
    """
    try:
        return subprocess.run(
            list(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=child_environment(),
            check=False,
            timeout=_LONGEST_SECONDS if seconds is None else seconds,
            **options,
        )
    except subprocess.TimeoutExpired as error:
        if seconds is not None:
            raise
        raise WorkerFailedError(
            f"{command[0]} did not end in {_LONGEST_SECONDS:.0f} seconds",
            "find out by hand why it does not run, and run this again",
        ) from error
