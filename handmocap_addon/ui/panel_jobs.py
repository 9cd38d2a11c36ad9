"""The jobs that the panel watches. A timer polls them, so that opening another file or an undo does not end them.

This is the session's state: processes live as long as Blender does, not as long as a file.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import bpy

from ..blender.jobs import ChildJob
from ..core.errors import HandmocapError
from ..core.job_protocol import Progress

_INTERVAL_SECONDS = 0.1


class WatchedJob(Protocol):
    """A running child process or something around one."""

    def poll(self) -> bool: ...


@dataclass(frozen=True)
class Status:
    """What a stage's panel says about its last job."""

    ok: bool
    sentence: str
    log_path: Path | None = None


@dataclass
class _Entry:
    watched: WatchedJob
    child: ChildJob
    finish: Callable[[dict[str, Any]], str]


_running: dict[str, _Entry] = {}
_status: dict[str, Status] = {}


def start(stage: str, watched: WatchedJob, child: ChildJob, finish: Callable[[dict[str, Any]], str]) -> None:
    """Watch a job until its end; `finish` takes its result and returns the sentence to show.

    Without a window there is no timer to rely on, so this then waits for the end.

    Raises:
        HandmocapError: without a window, if the job failed.
    """
    _status.pop(stage, None)
    _running[stage] = _Entry(watched, child, finish)
    if bpy.app.background:
        child.wait(lambda progress: print(progress.text(), flush=True))
        _end(stage, raise_errors=True)
    elif not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=_INTERVAL_SECONDS, persistent=True)


def is_running(stage: str) -> bool:
    return stage in _running


def progress(stage: str) -> Progress | None:
    entry = _running.get(stage)
    return entry.child.progress if entry else None


def status(stage: str) -> Status | None:
    return _status.get(stage)


def set_status(stage: str, ok: bool, sentence: str) -> None:
    _status[stage] = Status(ok, sentence)


def cancel(stage: str) -> None:
    """Ask a job to end; the panel goes on to show it until it has."""
    if stage in _running:
        _running[stage].child.cancel()


def cancel_all() -> None:
    """For unregister and quit: no process is left behind."""
    for entry in _running.values():
        entry.child.cancel()
    for entry in _running.values():
        with contextlib.suppress(HandmocapError):
            entry.child.wait()
        # The watched job may have more to clean up than its process.
        entry.watched.poll()
    _running.clear()
    _status.clear()
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)


def _tick() -> float | None:
    for stage in list(_running):
        if not _running[stage].watched.poll():
            _end(stage, raise_errors=False)
    _redraw()
    return _INTERVAL_SECONDS if _running else None


def _end(stage: str, raise_errors: bool) -> None:
    entry = _running.pop(stage)
    entry.watched.poll()
    try:
        _status[stage] = Status(True, entry.finish(entry.child.outcome()), entry.child.log_path)
    except HandmocapError as error:
        _status[stage] = Status(False, error.sentence(), entry.child.log_path)
        if raise_errors:
            raise


def _redraw() -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()


@contextlib.contextmanager
def sentences_for(operator: bpy.types.Operator, stage: str) -> Iterator[None]:
    """The border of an operator: a HandmocapError becomes its sentence, in the panel and in Blender's reports."""
    try:
        yield
    except HandmocapError as error:
        set_status(stage, False, error.sentence())
        operator.report({"ERROR"}, error.sentence())
