"""Whether anybody but its owner may put code into an environment, before a Python is run from it. Standard library only."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from pathlib import Path
from typing import Final

from ..errors import MissingSetupError

_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


def make_own_folder(folder: Path) -> None:
    """Make a folder, where it is not there, in which others may not write whatever the person's mask is.

    Raises:
        OSError: it cannot be made.
    """
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        _take_from_others(folder)


def take_from_others(environment: Path) -> None:
    """Let nobody else write to an environment that was just made; what installers put down is so already."""
    for place in (environment, *environment.glob("*"), *environment.glob("models/*")):
        if not place.is_symlink():
            _take_from_others(place)


def _take_from_others(place: Path) -> None:
    if sys.platform != "win32":
        # Where the drive refuses, the look below says so.
        with contextlib.suppress(OSError):
            place.chmod(stat.S_IMODE(place.stat().st_mode) & ~_OTHERS)


def refuse_where_others_write(environment: Path) -> None:
    """Look at an environment and the folder that it lies in.

    An administrator's (root's) may be used by all, a person's own by that person. A group may write to an environment only
    where it has the number of its owner, as the group of one person has; the folder around may be one that a group shares,
    or one like the system's own for temporary files, where people cannot move what is of others. On Windows a person's
    folders are that person's anyway.

    Raises:
        MissingSetupError: others may write there, or it belongs to somebody else.
    """
    if sys.platform == "win32":
        return
    inside = (environment, environment / "bin", environment / "models", *environment.glob("lib/python*/site-packages"))
    for place in (environment.parent, *inside):
        try:
            state = place.stat()
        except OSError:
            continue  # What is not there is found out by whoever needs it.
        is_around = place == environment.parent
        if not is_around and state.st_uid not in (0, os.geteuid()):
            raise MissingSetupError(
                f"{place} belongs to another user, whose programs are not run",
                "name a folder of your own with --env, or let an administrator (root) own the shared one",
            )
        group_is_one_person = is_around or state.st_gid == state.st_uid
        may_not = stat.S_IWOTH if group_is_one_person else _OTHERS
        if state.st_mode & may_not and not (is_around and state.st_mode & stat.S_ISVTX):
            raise MissingSetupError(
                f"Others may write to {place}, and so decide which programs are run from it",
                f"take that from them with: chmod -R go-w '{environment.parent}' (a drive that knows no such rights cannot "
                "hold environments: name another folder with --env)",
            )
