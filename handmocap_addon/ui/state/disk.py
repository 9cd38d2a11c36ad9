"""What is on the disk, for drawing: looked at once a second at most, and read again only where it changed."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import bpy

from ...core.errors import HandPosesFileError
from ...core.files.archive_identity import archive_identity
from ...core.hands.hands_summary import HandsSummary, read_hands_summary
from ...set_up import environments
from ..common import panel_jobs

Moment = tuple[object, ...]
_WRITING_STAGES = ("setup", "hands", "bake")


def is_there(path: Path | None) -> bool:
    return path is not None and _stamp(path, _moment()) is not None


def can_write(folder: Path) -> bool:
    """Whether a folder can be written, or made, as far as the system tells without trying; makes nothing."""
    return _can_write(folder, _moment())


def changed_at(path: Path) -> float | None:
    """When a file was last written, seconds; None where there is none."""
    stamp = _stamp(path, _moment())
    return stamp[0] / 1e9 if stamp is not None else None


def hands_in(path: Path) -> HandsSummary | HandPosesFileError | None:
    """What a hand_poses.npz holds, or why it cannot be read; None where it is not there."""
    stamp = _stamp(path, _moment())
    return _hands(path, stamp) if stamp is not None else None


def identity_of(path: Path | None) -> str:
    """As `archive_identity`; "" without a file."""
    stamp = _stamp(path, _moment()) if path is not None else None
    return _identity(path, stamp) if path is not None and stamp is not None else ""


def has_estimator(folder: Path, estimator: str) -> bool:
    """Whether the environment of an estimator is set up."""
    return is_set_up(folder, "worker") or (estimator == "wilor" and is_set_up(folder, "wilor"))


def is_set_up(folder: Path, name: str) -> bool:
    """Whether the environment `worker`, `blender`, `readers` or `wilor` is there and of this version."""
    return _environment(folder, name, _moment()).is_ready


def is_outdated(folder: Path, name: str) -> bool:
    """Whether there is only one that another version made."""
    return _environment(folder, name, _moment()).is_outdated


def trial_said(folder: Path, name: str) -> str:
    """Why what was installed does not run on this machine; "" where it does, or was not tried."""
    return _environment(folder, name, _moment()).trial_said


def _moment() -> Moment:
    # The end of a job changes files before the second is over.
    jobs = tuple((panel_jobs.is_running(stage), panel_jobs.status(stage)) for stage in _WRITING_STAGES)
    # A script acts faster than a second, and draws nothing.
    return (time.monotonic_ns() if bpy.app.background else int(time.monotonic()), jobs)


@lru_cache(maxsize=64)
def _stamp(path: Path, _when: Moment) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=16)
def _can_write(folder: Path, _when: Moment) -> bool:
    nearest = folder
    try:
        while not nearest.exists() and nearest != nearest.parent:
            nearest = nearest.parent
        return nearest.is_dir() and os.access(nearest, os.W_OK)
    except OSError:  # a name that is longer than any
        return False


@dataclass(frozen=True)
class _Environment:
    is_ready: bool
    is_outdated: bool
    trial_said: str


@lru_cache(maxsize=8)
def _environment(folder: Path, name: str, _when: Moment) -> _Environment:
    found = environments.find(folder, name) is not None
    outdated = environments.find_outdated(folder, name) is not None
    return _Environment(found, outdated, environments.failed_trial(folder, name))


@lru_cache(maxsize=8)
def _hands(path: Path, _stamp: tuple[int, int]) -> HandsSummary | HandPosesFileError:
    try:
        return read_hands_summary(path)
    except HandPosesFileError as error:
        return error


@lru_cache(maxsize=16)
def _identity(path: Path, _stamp: tuple[int, int]) -> str:
    return archive_identity(path)
