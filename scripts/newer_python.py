"""Starts a program of this folder again with a Python that is new enough; imported by them where the running one is not.

A system may have no other Python than an old one of its own. Then uv brings one into the environments' folder. This file and
what it imports run in Python 3.9.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from handmocap_addon.core.errors import ExitCode, HandmocapError  # noqa: E402
from handmocap_addon.core.files.atomic_files import output_error  # noqa: E402
from handmocap_addon.core.process.child_processes import python_command  # noqa: E402
from handmocap_addon.set_up.environments import default_folder  # noqa: E402
from handmocap_addon.set_up.pythons import BLENDER_PYTHONS, OLDEST_WORKER_PYTHON, ensure_python, versions_from  # noqa: E402

# Those that everything runs in come first.
VERSIONS = (
    *BLENDER_PYTHONS,
    *(version for version in versions_from(OLDEST_WORKER_PYTHON) if version not in BLENDER_PYTHONS),
)


def start_again(program: Sequence[str], versions: Sequence[tuple[int, int]] = VERSIONS, downloads: str | None = None) -> int:
    """Run a program and its arguments with a newer Python, and return its exit code.

    `versions` are those that will do. `downloads` is another list of builds than uv's own.
    """
    try:
        python = ensure_python(versions, _environment_folder(program[1:]), _say, downloads)
        command = python_command(python, *program)
        if sys.platform == "win32":
            return subprocess.call(command)
        os.execv(command[0], command)
    except HandmocapError as error:
        _say(error.sentence())
        return int(error.exit_code)
    except OSError as error:
        _say(output_error(Path(str(error.filename or "a folder")), error).sentence())
    except KeyboardInterrupt:
        return int(ExitCode.CANCELLED)
    return int(ExitCode.FAILED)


def _environment_folder(arguments: Sequence[str]) -> Path:
    """The folder of `--env`, which each of the programs knows."""
    for number, argument in enumerate(arguments):
        if argument == "--env" and number + 1 < len(arguments):
            return Path(arguments[number + 1]).resolve()
        if argument.startswith("--env="):
            return Path(argument.partition("=")[2]).resolve()
    return default_folder().resolve()


def _say(text: str) -> None:
    print(f"handmocap: {text}", file=sys.stderr, flush=True)
