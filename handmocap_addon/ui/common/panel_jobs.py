"""The jobs that the panel watches. A timer polls them, so that opening another file or an undo does not end them.

This is the session's state: processes live as long as Blender does, not as long as a file.
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import bpy

from ...blender.jobs.child_job import ChildJob
from ...blender.jobs.progress_line import show_progress
from ...blender.status_bar import redraw_status_bars
from ...core.errors import BadUsageError, CancelledError, HandmocapError
from ...core.job_protocol import Progress
from . import announcements
from .job_owner import JobOwner
from .said_state import state_behind

# Nobody reads more numbers than this; each one costs a picture of the window.
_INTERVAL_SECONDS = 0.25

Result = dict[str, Any]
FillIn = Callable[[bpy.types.Scene, Result, bool], None]


class WatchedJob(Protocol):
    """A running child process or something around one."""

    def poll(self) -> bool: ...


@dataclass(frozen=True)
class Status:
    """What a stage's panel says about its last job. `result` is the job's own."""

    ok: bool
    sentence: str
    log_path: Path | None = None
    owner: JobOwner | None = None
    is_cancelled: bool = False
    is_dismissed: bool = False  # a failure that the artist has seen
    is_refusal: bool = False  # nothing was tried, since something was not chosen yet; the facts of the stage hold
    belongs_to: str | None = None  # of a tool's line, the state that it is about
    result: Result | None = field(default=None, compare=False)
    error: HandmocapError | None = field(default=None, compare=False)

    def sentence_for(self, scene: bpy.types.Scene) -> str:
        """The sentence, with a word about whose it is where that is not this scene."""
        name = self.owner.name_for(scene) if self.owner is not None else ""
        return f"{name}: {self.sentence}" if name else self.sentence


@dataclass
class _Entry:
    watched: WatchedJob
    child: ChildJob
    finish: Callable[[Result], str]
    owner: JobOwner | None = None
    fill_in: FillIn | None = None
    title: str = ""


_running: dict[str, _Entry] = {}
_status: dict[str, Status] = {}
# What finished jobs found, by stage: a fact of the disk, which an undo cannot take back and may make the fields forget.
_found: dict[str, tuple[JobOwner, FillIn, Result]] = {}
_shown: list[object] = []


def start(
    stage: str,
    watched: WatchedJob,
    child: ChildJob,
    finish: Callable[[Result], str],
    scene: bpy.types.Scene | None = None,
    fill_in: FillIn | None = None,
    title: str = "",
) -> None:
    """Watch a job until its end; `finish` takes its result and returns the sentence to show.

    `title` is what people call the job; by default the stage's name.

    A job about a `scene` is shown as that scene's wherever another one is looked at. `fill_in` writes the result into it:
    when the job ends, and again (its last argument) after an undo or when the file is opened again. It is never called on
    another file.

    Without a window there is no timer to rely on, so this then waits for the end.

    Raises:
        HandmocapError: without a window, if the job failed.
        KeyboardInterrupt: without a window, after the job's end.
    """
    _status.pop(stage, None)
    _found.pop(stage, None)
    owner = JobOwner.of(scene) if scene is not None else None
    _running[stage] = _Entry(watched, child, finish, owner, fill_in, title)
    if bpy.app.background:
        try:
            with contextlib.suppress(HandmocapError):
                child.wait(show_progress)
        except BaseException:
            _running.pop(stage).watched.poll()
            raise
        _end(stage, raise_errors=True)
    elif not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=_INTERVAL_SECONDS, persistent=True)


def is_running(stage: str) -> bool:
    return stage in _running


def running_stages() -> tuple[str, ...]:
    return tuple(_running)


def title(stage: str) -> str:
    """What people call the stage's running job."""
    return (_running[stage].title if stage in _running else "") or stage.capitalize()


def is_cancelled(stage: str) -> bool:
    """Whether a running job was asked to end and has not yet."""
    return stage in _running and _running[stage].child.is_cancelled


def progress(stage: str) -> Progress | None:
    entry = _running.get(stage)
    return entry.child.progress if entry else None


def note(stage: str) -> str:
    """What a running job last said to people."""
    return _running[stage].child.note if stage in _running else ""


def whose(stage: str, scene: bpy.types.Scene) -> str:
    """The file or scene that a running job is for, where it is another than this one."""
    entry = _running.get(stage)
    return entry.owner.name_for(scene) if entry and entry.owner else ""


def status(stage: str) -> Status | None:
    return _status.get(stage)


def failed_stages() -> tuple[str, ...]:
    """Those whose last job failed, as long as nobody has dismissed that."""
    return tuple(
        stage
        for stage, said in _status.items()
        if said.log_path is not None and not (said.ok or said.is_cancelled or said.is_dismissed)
    )


def dismiss(stage: str) -> None:
    """The artist knows of a failure; the stage's panel goes on to say it."""
    if stage in _status:
        _status[stage] = replace(_status[stage], is_dismissed=True)


def set_status(
    stage: str,
    ok: bool,
    sentence: str,
    log_path: Path | None = None,
    error: HandmocapError | None = None,
    is_refusal: bool = False,
) -> None:
    """A tool's line. It goes when what it is about is changed by anything else; one with a log stays."""
    scene = bpy.context.scene
    about = state_behind(stage, scene) if log_path is None else None
    _status[stage] = Status(ok, sentence, log_path, JobOwner.of(scene), is_refusal=is_refusal, belongs_to=about, error=error)


def has_lines() -> bool:
    """Whether any line of a tool could be untrue by now."""
    return any(said.is_refusal or said.belongs_to is not None for said in _status.values())


def drop_untrue_lines() -> None:
    """After a change of the file: take away what tools said about another state, and refusals."""
    for stage, said in list(_status.items()):
        if said.is_refusal or (said.belongs_to is not None and not _is_still_so(stage, said)):
            del _status[stage]
    _redraw_what_changed()


def _is_still_so(stage: str, said: Status) -> bool:
    scene = said.owner.scene() if said.owner is not None else None
    return scene is not None and state_behind(stage, scene) == said.belongs_to


def cancel(stage: str) -> None:
    """Ask a job to end; the panel goes on to show it until it has."""
    if stage in _running:
        _running[stage].child.cancel()


def cancel_all() -> None:
    """For unregister and quit: no process is left behind."""
    for entry in _running.values():
        entry.child.cancel()
    for entry in _running.values():
        entry.child.wait_for_the_end()
        # The watched job may have more to clean up than its process.
        entry.watched.poll()
    for memory in (_running, _status, _found, _shown):
        memory.clear()
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    announcements.forget_all()


def forget_the_file_before() -> None:
    """Another file is open: what was said about the one before is not about this one. Jobs go on."""
    for stage in [stage for stage, said in _status.items() if said.owner is not None]:
        del _status[stage]


def fill_in_again() -> None:
    """Give the fields back what an undo or the opening of the file took from them."""
    for owner, fill_in, result in _found.values():
        scene = owner.scene()
        if scene is not None:
            fill_in(scene, result, True)


def _tick() -> float | None:
    for stage in list(_running):
        if not _running[stage].watched.poll():
            called = title(stage)
            _end(stage, raise_errors=False)
            _announce(called, _status[stage])
    _redraw_what_changed()
    return _INTERVAL_SECONDS if _running else None


def _announce(called: str, said: Status) -> None:
    level = "INFO" if said.ok else "WARNING" if said.is_cancelled else "ERROR"
    sentence = said.sentence_for(bpy.context.scene)
    announcements.announce(announcements.Announcement(level, called, sentence))


def _end(stage: str, raise_errors: bool) -> None:
    entry = _running.pop(stage)
    entry.watched.poll()
    log = entry.child.log_path
    try:
        result = entry.child.outcome()
        sentence = ". ".join([entry.finish(result), *entry.child.warnings])
        if entry.owner is not None and entry.fill_in is not None:
            _found[stage] = (entry.owner, entry.fill_in, result)
            scene = entry.owner.scene()
            if scene is not None:
                entry.fill_in(scene, result, False)
        _status[stage] = Status(True, sentence, log, entry.owner, result=result)
    except HandmocapError as error:
        is_wanted = isinstance(error, CancelledError)
        _status[stage] = Status(False, error.sentence(), log, entry.owner, is_wanted)
        if raise_errors:
            raise
    except Exception as error:  # The border of the timer, which Blender would stop for every other job as well.
        traceback.print_exc()
        _status[stage] = Status(False, f"The result cannot be used ({type(error).__name__}: {error})", log, entry.owner)
        if raise_errors:
            raise


def _redraw_what_changed() -> None:
    """Draw sidebars and status bars again, and those alone: the picture beside them may take long, and is the same."""
    shown: list[object] = [*_status.values()]
    for stage, entry in _running.items():
        shown += [stage, entry.child.progress, entry.child.note, entry.child.is_cancelled]
    if shown == _shown:
        return
    _shown[:] = shown
    redraw_status_bars()
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D" and area.spaces.active.show_region_ui:
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()
            elif area.type == "PREFERENCES":
                area.tag_redraw()


@contextlib.contextmanager
def sentences_for(operator: bpy.types.Operator, stage: str) -> Iterator[None]:
    """The border of an operator: a HandmocapError becomes its sentence, in the panel and in Blender's reports.

    A press that could not be followed, since something is not chosen, is no failure of the stage.
    """
    try:
        yield
    except BadUsageError as error:
        set_status(stage, False, error.sentence(), is_refusal=True)
        # A script has to notice; on a person an error would open a popup.
        operator.report({"WARNING" if operator.options.is_invoke else "ERROR"}, error.sentence())
    except HandmocapError as error:
        said = _status.get(stage)
        # A job that failed while it was waited for has said so already, with its log.
        if said is None or said.sentence != error.sentence():
            set_status(stage, False, error.sentence(), error=error)
        operator.report({"ERROR"}, error.sentence())
