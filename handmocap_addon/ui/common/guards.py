"""The border between Blender and this extension: what escapes from an operator, panel or handler is a sentence and a log.

An operator that fails without having foreseen it reports one sentence, the stage's panel says the same and has the log; a
panel that cannot be drawn shows one line; whatever Blender calls by itself is quiet. What asks for the end is not caught.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

from ...blender.curves.kept_text import LOG
from ...core.errors import HandmocapError
from . import panel_jobs
from .preferences import environment_folder

_LOG_NAME = "panel.log"
_LARGEST_LOG_BYTES = 1 << 20
_CANCELLED = frozenset({"CANCELLED"})
_DRAWN = ("draw", "draw_header", "draw_header_preset", "draw_item")
# What Blender gets from a function that failed; those that are drawn give nothing.
_ANSWERS: dict[str, Any] = {
    "execute": _CANCELLED, "invoke": _CANCELLED, "modal": _CANCELLED, "check": False, "cancel": None, "test_select": -1,
    "setup": None, "exit": None, "poll": False, "poll_drop": False, "filter_items": ([], []), **dict.fromkeys(_DRAWN),
}  # fmt: skip
# A panel is drawn again and again; its trace is written once.
_written: set[str] = set()


def guarded(cls: type[Any]) -> type[Any]:
    """The class with its functions that Blender calls guarded; once is enough."""
    for name in _ANSWERS:
        owner = next((base for base in cls.__mro__ if name in vars(base)), None)
        # What a class of Blender's own does is not ours.
        if owner is None or owner.__module__.partition(".")[0] in ("bpy_types", "_bpy_types", "bpy", "builtins"):
            continue
        found = vars(owner)[name]
        function = found.__func__ if isinstance(found, classmethod | staticmethod) else found
        if not hasattr(function, "is_guarded"):
            wrapped = _guard(cls, name, function)
            setattr(cls, name, type(found)(wrapped) if isinstance(found, classmethod | staticmethod) else wrapped)
    return cls


def quiet(function: Callable[..., Any]) -> Callable[..., Any]:
    """For what Blender calls by itself, handlers, timers and drawing into editors: a failure goes to the log, once."""

    @functools.wraps(function)
    def called(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Exception:  # The border to Blender, which would print it again at every drawing.
            keep_trace()
            return None

    return called


def quiet_update(function: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """As `quiet`, for what a field calls when it changes; Blender wants two arguments there."""

    @functools.wraps(function)
    def called(this: Any, context: Any) -> None:
        try:
            function(this, context)
        except Exception:  # The border to Blender, where nobody is told of it.
            keep_trace()

    return called


def keep_trace() -> Path | None:
    """Write the trace of the failure that is being handled to the log, if it is a new one, and return the log's path."""
    return _keep(traceback.format_exc())


class _ToLog(logging.Handler):
    """What the rings below have to say goes to the same log."""

    def emit(self, record: logging.LogRecord) -> None:
        _keep(record.getMessage())


_TO_LOG = _ToLog()


def keep_said() -> None:
    """From now on keep what is said of files that make no sense."""
    LOG.addHandler(_TO_LOG)


def keep_said_no_more() -> None:
    """Take that back."""
    LOG.removeHandler(_TO_LOG)


def _keep(text: str) -> Path | None:
    for folder in _log_folders():
        log = folder / _LOG_NAME
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            if text not in _written or not log.is_file():
                is_full = log.is_file() and log.stat().st_size > _LARGEST_LOG_BYTES
                with log.open("w" if is_full else "a", encoding="utf-8", errors="backslashreplace") as file:
                    file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} Blender {bpy.app.version_string}\n{text}\n")
                _written.add(text)
            return log
    return None


def _log_folders() -> list[Path]:
    """Where the log goes: beside those of the set-up, or where this session keeps what it throws away."""
    folders = []
    with contextlib.suppress(Exception):
        folders.append(environment_folder(bpy.context) / "logs")
    return [*folders, Path(bpy.app.tempdir or tempfile.gettempdir())]


def sentence_of(what: str, error: Exception, log: Path | None) -> str:
    """What people are told of a failure that nobody foresaw."""
    if isinstance(error, HandmocapError):
        return error.sentence()
    said = " ".join(str(error).split())[:200]
    hint = f"see {log}" if log is not None else "start Blender from a terminal to see more"
    return f"{what} failed ({type(error).__name__}: {said}): {hint}"


def _guard(cls: type[Any], name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    is_panel = issubclass(cls, bpy.types.Panel | bpy.types.AddonPreferences)

    def failed(this: Any, error: Exception) -> Any:
        log = None if isinstance(error, HandmocapError) else keep_trace()
        said = sentence_of(getattr(cls, "bl_label", "") or cls.__name__, error, log)
        # An operator that opened another file is none any more.
        with contextlib.suppress(Exception):
            if name in _DRAWN:
                _draw_failure(this.layout, said, log)
            elif name in ("execute", "invoke", "modal"):
                _tell(cls, this, said, log)
            elif name == "poll" and not is_panel:
                cls.poll_message_set(said)
        if name == "poll" and is_panel:
            return True  # drawn, it says what is wrong
        answer = _ANSWERS[name]
        return set(answer) if isinstance(answer, frozenset) else answer

    return _with_as_many_arguments(function, failed)


def _tell(cls: type[Any], operator: Any, said: str, log: Path | None) -> None:
    stage = getattr(sys.modules.get(cls.__module__), "STAGE", None)
    if stage is not None and not panel_jobs.is_running(stage):
        panel_jobs.set_status(stage, False, said, log)
    operator.report({"ERROR"}, said)


def _draw_failure(layout: Any, said: str, log: Path | None) -> None:
    row = layout.row(align=True)
    row.label(text=said, icon="ERROR")
    if log is not None and os.access(log, os.R_OK):
        row.operator("handmocap.open_log", text="", icon="TEXT").filepath = str(log)


def _with_as_many_arguments(function: Callable[..., Any], failed: Callable[[Any, Exception], Any]) -> Callable[..., Any]:
    """Blender counts the arguments of what it calls, in the function's own code."""

    def one(this: Any) -> Any:
        try:
            return function(this)
        except Exception as error:
            return failed(this, error)

    def two(this: Any, first: Any) -> Any:
        try:
            return function(this, first)
        except Exception as error:
            return failed(this, error)

    def three(this: Any, first: Any, second: Any) -> Any:
        try:
            return function(this, first, second)
        except Exception as error:
            return failed(this, error)

    def four(this: Any, first: Any, second: Any, third: Any) -> Any:
        try:
            return function(this, first, second, third)
        except Exception as error:
            return failed(this, error)

    def more(this: Any, context: Any, layout: Any, data: Any, item: Any, icon: Any, active: Any, active_name: Any) -> Any:
        try:
            return function(this, context, layout, data, item, icon, active, active_name)
        except Exception as error:
            return failed(this, error)

    def most(
        this: Any, context: Any, layout: Any, data: Any, item: Any, icon: Any, active: Any, active_name: Any, index: Any
    ) -> Any:
        try:
            return function(this, context, layout, data, item, icon, active, active_name, index)
        except Exception as error:
            return failed(this, error)

    def all_of_them(
        this: Any, context: Any, layout: Any, data: Any, item: Any, icon: Any, active: Any, name: Any, index: Any, flag: Any
    ) -> Any:
        try:
            return function(this, context, layout, data, item, icon, active, name, index, flag)
        except Exception as error:
            return failed(this, error)

    count = function.__code__.co_argcount
    by_count: dict[int, Callable[..., Any]] = {1: one, 2: two, 3: three, 4: four, 8: more, 9: most, 10: all_of_them}
    guard: Any = functools.update_wrapper(by_count[count], function)
    guard.is_guarded = True
    return guard
