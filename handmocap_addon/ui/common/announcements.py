"""Says that a job has ended, wherever the artist is looking: in the status bar and in the Info log.

A timer cannot report, only an operator can, and only one that Blender itself calls: so this one is modal for a moment.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import bpy

from .blender_types import Answer

_LOOK_SECONDS = 0.3


@dataclass(frozen=True)
class Announcement:
    """One sentence about a job's end; `level` is Blender's word: INFO, WARNING or ERROR."""

    level: str
    title: str
    sentence: str


_waiting: deque[Announcement] = deque()


def announce(announcement: Announcement) -> None:
    """Say it as soon as no modal operator runs. Without a window nothing is said here: the caller has the sentence."""
    if bpy.app.background:
        return
    _waiting.append(announcement)
    if not bpy.app.timers.is_registered(_say_next):
        bpy.app.timers.register(_say_next, first_interval=0.0, persistent=True)


def forget_all() -> None:
    """For unregister."""
    _waiting.clear()
    if bpy.app.timers.is_registered(_say_next):
        bpy.app.timers.unregister(_say_next)


def _say_next() -> float | None:
    windows = bpy.context.window_manager.windows
    if _waiting and len(windows) and not any(len(window.modal_operators) for window in windows):
        with bpy.context.temp_override(window=windows[0]):
            said = _waiting.popleft()
            bpy.ops.handmocap.announce("INVOKE_DEFAULT", level=said.level, title=said.title, sentence=said.sentence)
    return _LOOK_SECONDS if _waiting else None


class HANDMOCAP_OT_announce(bpy.types.Operator):
    """Say in the status bar how a job has ended"""

    bl_idname = "handmocap.announce"
    bl_label = "Announce"
    bl_options = {"INTERNAL"}

    level: bpy.props.StringProperty(options={"HIDDEN"})  # type: ignore[valid-type]
    title: bpy.props.StringProperty(options={"HIDDEN"})  # type: ignore[valid-type]
    sentence: bpy.props.StringProperty(options={"HIDDEN"})  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Answer:
        self._timer: Any = context.window_manager.event_timer_add(0.01, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, _event: bpy.types.Event) -> Answer:
        # It ends with the next event: an error reported at an operator's end opens a popup, which takes a click meant for
        # what is below.
        if self._timer is None:
            return {"FINISHED", "PASS_THROUGH"}
        self._forget_timer(context)
        self.report({self.level}, f"{self.title}: {self.sentence}")
        return {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        if self._timer is not None:
            self._forget_timer(context)

    def _forget_timer(self, context: bpy.types.Context) -> None:
        context.window_manager.event_timer_remove(self._timer)
        self._timer = None


CLASSES = (HANDMOCAP_OT_announce,)
