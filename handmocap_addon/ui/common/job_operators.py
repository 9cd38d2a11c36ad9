"""Operators that every stage uses."""

from __future__ import annotations

import bpy

from ...blender.status_bar import redraw_status_bars
from ...blender.version_differences import path_options
from ...core.plain_text import plain_text
from . import panel_jobs
from .blender_types import Answer
from .chosen_paths import path_said


class HANDMOCAP_OT_cancel_job(bpy.types.Operator):
    """Stop this job within three seconds. What was there before it stays, and the next run goes on from here"""

    bl_idname = "handmocap.cancel_job"
    bl_label = "Cancel"

    stage: bpy.props.StringProperty(options={"HIDDEN"})  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> Answer:
        panel_jobs.cancel(self.stage)
        return {"FINISHED"}


class HANDMOCAP_OT_dismiss_failure(bpy.types.Operator):
    """Take this failed job out of the status bar; its panel goes on to say what was wrong"""

    bl_idname = "handmocap.dismiss_failure"
    bl_label = "Dismiss Failure"
    bl_options = {"INTERNAL"}

    stage: bpy.props.StringProperty(options={"HIDDEN"})  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> Answer:
        panel_jobs.dismiss(self.stage)
        redraw_status_bars()
        return {"FINISHED"}


class HANDMOCAP_OT_open_log(bpy.types.Operator):
    """Show what this job wrote while it ran, in Blender's text editor"""

    bl_idname = "handmocap.open_log"
    bl_label = "Show Log"

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options=path_options("HIDDEN"))  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> Answer:
        path = path_said(self.filepath)
        try:
            content = path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            self.report({"ERROR"}, f"The log {path} cannot be opened ({error.strerror}): run the job again")
            return {"CANCELLED"}
        name = plain_text(f"handmocap {path.stem} log")
        text = bpy.data.texts.get(name) or bpy.data.texts.new(name)
        text.from_string(content)
        show_text(context, text)
        self.report({"INFO"}, f"The log is the text {text.name}")
        return {"FINISHED"}


class HANDMOCAP_OT_open_text(bpy.types.Operator):
    """Show this text of the file in Blender's text editor"""

    bl_idname = "handmocap.open_text"
    bl_label = "Show Text"
    bl_options = {"INTERNAL"}

    name: bpy.props.StringProperty(options={"HIDDEN"})  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> Answer:
        text = bpy.data.texts.get(self.name)
        if text is None:
            self.report({"ERROR"}, f"There is no text {self.name} in this file: run it again")
            return {"CANCELLED"}
        show_text(context, text)
        return {"FINISHED"}


def show_text(context: bpy.types.Context, text: bpy.types.Text) -> None:
    """In a text editor that is open in some window, else in a window of its own. Without a window the text is just there."""
    if bpy.app.background:
        return
    windows = context.window_manager.windows
    areas = [area for window in windows for area in window.screen.areas if area.type == "TEXT_EDITOR"]
    if not areas:
        bpy.ops.wm.window_new()
        areas = [windows[-1].screen.areas[0]]
        areas[0].type = "TEXT_EDITOR"
    areas[0].spaces.active.text = text
    areas[0].spaces.active.top = 0


CLASSES = (HANDMOCAP_OT_cancel_job, HANDMOCAP_OT_dismiss_failure, HANDMOCAP_OT_open_log, HANDMOCAP_OT_open_text)
