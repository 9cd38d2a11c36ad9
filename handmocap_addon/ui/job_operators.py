"""Operators that every stage uses."""

from __future__ import annotations

import bpy

from . import panel_jobs


class HANDMOCAP_OT_cancel_job(bpy.types.Operator):
    """Stop this job; what was there before it stays"""

    bl_idname = "handmocap.cancel_job"
    bl_label = "Cancel"

    stage: bpy.props.StringProperty(options={"HIDDEN"})  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[str]:
        panel_jobs.cancel(self.stage)
        return {"FINISHED"}


class HANDMOCAP_OT_open_log(bpy.types.Operator):
    """Open the log of the last job in Blender's text editor"""

    bl_idname = "handmocap.open_log"
    bl_label = "Show Log"

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"HIDDEN"})  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            text = bpy.data.texts.load(self.filepath)
        except RuntimeError as error:
            self.report({"ERROR"}, f"The log cannot be opened: {error}")
            return {"CANCELLED"}
        for area in context.screen.areas if context.screen else ():
            if area.type == "TEXT_EDITOR":
                area.spaces.active.text = text
                return {"FINISHED"}
        self.report({"INFO"}, f"The log is the text {text.name}; show it in a Text Editor")
        return {"FINISHED"}


CLASSES = (HANDMOCAP_OT_cancel_job, HANDMOCAP_OT_open_log)
