"""Says that a job has ended, wherever the artist is looking: in the status bar, in the Info log, and a failure in a popup.

A timer cannot report, only an operator can, and only one that Blender itself calls: so this one is modal for a moment.
"""

from __future__ import annotations

import textwrap
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

_LOOK_SECONDS = 0.3
_LOOK_AT_HAND_SECONDS, _RESTING_SECONDS = 0.1, 0.6
_MENU_LETTERS = 90


@dataclass(frozen=True)
class Announcement:
    """One sentence about a job's end; `level` is Blender's word: INFO, WARNING or ERROR. Errors get a popup too."""

    level: str
    title: str
    sentence: str
    log_path: Path | None = None


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
            log = str(said.log_path or "")
            bpy.ops.handmocap.announce("INVOKE_DEFAULT", level=said.level, title=said.title, sentence=said.sentence, log=log)
    return _LOOK_SECONDS if _waiting else None


class Hand:
    """Whether pointer and keys are at rest: a popup would interrupt a drag, or take the click meant for what is under it.

    What was held before the first event is not known, as a timer's event does not tell; until then the hand does not rest.
    """

    def __init__(self) -> None:
        self._holds: bool | None = None
        self._still_since = 0.0

    def see(self, event: Any, now: float) -> None:
        """One of Blender's events, at a time in seconds."""
        if event.type.startswith("TIMER"):
            return
        self._still_since = now
        if event.value in ("PRESS", "RELEASE"):
            self._holds = event.value == "PRESS"
        elif event.type == "MOUSEMOVE":
            self._holds = event.value_prev == "PRESS"

    def rests(self, now: float) -> bool:
        """Whether nothing is held and nothing has moved for a moment."""
        return self._holds is False and now - self._still_since >= _RESTING_SECONDS


class HANDMOCAP_OT_announce(bpy.types.Operator):
    """Say in the status bar how a job has ended"""

    bl_idname = "handmocap.announce"
    bl_label = "Announce"
    bl_options = {"INTERNAL"}

    level: bpy.props.StringProperty(options={"HIDDEN"})  # type: ignore[valid-type]
    title: bpy.props.StringProperty(options={"HIDDEN"})  # type: ignore[valid-type]
    sentence: bpy.props.StringProperty(options={"HIDDEN"})  # type: ignore[valid-type]
    log: bpy.props.StringProperty(options={"HIDDEN"})  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        self._is_said = False
        self._hand = Hand()
        self._timer: Any = context.window_manager.event_timer_add(_LOOK_AT_HAND_SECONDS, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not self._is_said:
            self._is_said = True
            self.report({self.level}, f"{self.title}: {self.sentence}")
            if self.level != "ERROR":
                self._forget_timer(context)
                return {"FINISHED", "PASS_THROUGH"}
        self._hand.see(event, time.monotonic())
        if not self._hand.rests(time.monotonic()):
            return {"PASS_THROUGH"}
        self._forget_timer(context)
        context.window_manager.popup_menu(self._draw_popup(), title=f"{self.title} failed", icon="ERROR")
        return {"FINISHED", "PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        if self._timer is not None:
            self._forget_timer(context)

    def _forget_timer(self, context: bpy.types.Context) -> None:
        context.window_manager.event_timer_remove(self._timer)
        self._timer = None

    def _draw_popup(self) -> Any:
        # The operator is gone when Blender draws the menu again.
        sentence, log = str(self.sentence), str(self.log)

        def draw(menu: Any, _context: bpy.types.Context) -> None:
            for line in textwrap.wrap(sentence, _MENU_LETTERS):
                menu.layout.label(text=line)
            if log and Path(log).is_file():
                menu.layout.separator()
                menu.layout.operator("handmocap.open_log", text="Open Log", icon="TEXT").filepath = log

        return draw


CLASSES = (HANDMOCAP_OT_announce,)
