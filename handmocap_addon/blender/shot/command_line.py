"""The command line of `scripts/batch.py`; the front door hands its options through to it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import bpy

from ...core.errors import BadInputError, BadUsageError
from ...core.process.ending import Ending
from ..saving import claim_session_folder, remove_session_folder
from .arguments import read_arguments
from .commands import apply, bake, export, retarget, run


def run_command(arguments: Sequence[str], ending: Ending) -> None:
    """Run one command.

    Raises:
        HandmocapError: as the command; CancelledError, once it had begun, where the end was asked for.
    """
    claim_session_folder()
    try:
        options = read_arguments(arguments)
        _offer_stand_in_packages(options.env)
        if options.blend is not None:
            _open(options.blend)
        commands = {"run": run, "apply": apply, "bake": bake, "export": export, "retarget": retarget}
        commands[options.command](options, ending)
    finally:
        # The batch script ends without Blender's own way out.
        remove_session_folder()


def _open(path: Path) -> None:
    if not path.is_file():
        raise BadUsageError(f"There is no file {path}", "name a .blend file")
    try:
        bpy.ops.wm.open_mainfile(filepath=str(path))
    except RuntimeError as error:
        raise BadInputError(f"{path} is no Blender file that can be opened", "name a .blend file") from error


def _offer_stand_in_packages(folder: Path) -> None:
    """A Blender without the extension finds the stand-in's packages where the front door put them."""
    try:
        import mannequin  # noqa: F401
    except ImportError:
        if (folder / "stand-in").is_dir():
            sys.path.append(str(folder / "stand-in"))
