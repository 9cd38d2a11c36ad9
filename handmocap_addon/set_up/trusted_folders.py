"""Whether anybody but its owner may put code into an environment, before a Python is run from it. Standard library only."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ..core.audience import way_out
from ..core.errors import MissingSetupError

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
    take_files_from_others((environment, *environment.glob("*"), *environment.glob("models/*")))


def take_files_from_others(places: Iterable[Path]) -> None:
    """Let nobody else write to these files and folders; what links lead to is left as it is."""
    for place in places:
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
    around = environment.parent
    state = _state_of(around)
    # What one may do there is looked at, not whose it is.
    if state is not None and state.st_mode & stat.S_IWOTH and not state.st_mode & stat.S_ISVTX:
        raise _written_by_others(around, around)
    inside = (environment, environment / "bin", environment / "models", *environment.glob("lib/python*/site-packages"))
    refuse_files_of_others(inside, around)


def refuse_files_of_others(places: Iterable[Path], around: Path | None = None) -> None:
    """Look at files and folders one by one; what is not there is found out by whoever needs it.

    Raises:
        MissingSetupError: others may write to one, or it belongs to somebody else.
    """
    for place in places:
        if (state := _state_of(place)) is None:
            continue
        if state.st_uid not in (0, os.geteuid()):
            raise MissingSetupError(
                f"{place} belongs to another user, whose programs are not run",
                f"{_another('a folder of your own')}, or let an administrator (root) own the shared one",
            )
        if state.st_mode & _may_not(state):
            raise _written_by_others(place, around or place)


def may_be_shared_out(place: Path) -> bool:
    """Whether a file may be used from where it is, since only this user and the administrator may write to it."""
    state = _state_of(place)
    return state is None or (state.st_uid in (0, os.geteuid()) and not state.st_mode & _may_not(state))


def _state_of(place: Path) -> os.stat_result | None:
    """Who may do what there; None where it is not there, and on Windows."""
    if sys.platform == "win32":
        return None
    try:
        return place.stat()
    except OSError:
        return None


def _may_not(state: os.stat_result) -> int:
    """The rights that make a place another one's too; a group with its owner's number is that of one person."""
    return stat.S_IWOTH if state.st_gid == state.st_uid else _OTHERS


def _another(folder: str) -> str:
    return way_out(f"choose {folder} under Environments in the preferences", f"name {folder} with --env")


def _written_by_others(place: Path, top: Path) -> MissingSetupError:
    return MissingSetupError(
        f"Others may write to {place}, and so decide which programs are run from it",
        f"take that from them with: chmod -R go-w '{top}' (a drive that knows no such rights cannot "
        f"hold environments: {_another('another folder')})",
    )
