"""What every stage's panel draws alike."""

from __future__ import annotations

import textwrap

import bpy

from ...blender.curves.tool_actions import is_own, linked
from . import panel_jobs
from .blender_types import Icon, PanelPart

CATEGORY = "handmocap"
# Pixels at 100 % interface scale: what icon and margins take of the sidebar, and the mean width of a letter.
_MARGIN, _LETTER = 62.0, 6.6
_BUTTON_MARGIN = 24.0  # what an icon button at the end of the line takes


class InSidebar(PanelPart):
    """A panel of the tool's tab."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = CATEGORY


def sentence(layout: bpy.types.UILayout, text: str, icon: Icon, taken: float = 0.0) -> None:
    """A sentence over as many lines as the sidebar needs; `taken` is the width in pixels of what stands beside it."""
    column = layout.column(align=True)
    column.scale_y = 0.8
    scale = bpy.context.preferences.system.ui_scale or 1.0  # 0 where Blender never had a window
    letters = max(16, int((bpy.context.region.width / scale - _MARGIN - taken) / _LETTER)) if bpy.context.region else 40
    for number, line in enumerate(textwrap.wrap(text, letters, break_long_words=True) or [""]):
        column.label(text=line, icon=icon if number == 0 else "BLANK1")


def stage_state(layout: bpy.types.UILayout, stage: str) -> None:
    """Progress with a Cancel button while the stage's job runs, else what came of the last one."""
    if panel_jobs.is_running(stage):
        progress_row(layout.row(align=True), stage)
        progress = panel_jobs.progress(stage)
        if progress is not None:
            layout.label(text=progress.details())
        elif panel_jobs.note(stage):
            sentence(layout, panel_jobs.note(stage), "INFO")
        whose = panel_jobs.whose(stage, bpy.context.scene)
        if whose:
            sentence(layout, f"For {whose}", "INFO")
        return
    status = panel_jobs.status(stage)
    if status is not None:
        has_log = status.log_path is not None and status.log_path.is_file()
        row = layout.row(align=True)
        icon: Icon = (
            "CHECKMARK" if status.ok else "CANCEL" if status.is_cancelled else "INFO" if status.is_refusal else "ERROR"
        )
        sentence(row, status.sentence_for(bpy.context.scene), icon, _BUTTON_MARGIN if has_log else 0.0)
        if has_log:
            row.operator("handmocap.open_log", text="", icon="TEXT", emboss=False).filepath = str(status.log_path)


def progress_row(row: bpy.types.UILayout, stage: str) -> None:
    """The bar of a running job with the time that is left, and its Cancel button."""
    progress = panel_jobs.progress(stage)
    fraction = progress.fraction if progress is not None else 0.0
    if panel_jobs.is_cancelled(stage):
        row.progress(factor=fraction, text="Cancelling")
        return
    row.progress(factor=fraction, text=progress.short_text() if progress is not None else "Starting")
    row.operator("handmocap.cancel_job", text="", icon="X").stage = stage


def has_armature(operator_class: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """For `poll`: an armature of this scene is chosen. One that was deleted may still be in the field."""
    armature = context.scene.handmocap.armature
    if armature is None or armature.name not in context.scene.objects:
        return waits_for(operator_class, "Add a body or choose an SMPL-X armature first")
    return True


def has_own_armature(operator_class: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """For `poll`: an armature is chosen that can be keyed in this file."""
    if not has_armature(operator_class, context):
        return False
    armature = context.scene.handmocap.armature
    return is_own(armature) or waits_for(operator_class, ": ".join(linked(armature)))


def has_armature_and_hands(operator_class: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """For `poll`: an armature that can be keyed and the hands' file are chosen."""
    if not has_own_armature(operator_class, context):
        return False
    if not context.scene.handmocap.hand_poses:
        return waits_for(operator_class, "Run Estimate or choose a hand_poses.npz first")
    return True


def waits_for(operator_class: type[bpy.types.Operator], reason: str) -> bool:
    """For `poll`: grey the button out and say why."""
    operator_class.poll_message_set(reason)
    return False
