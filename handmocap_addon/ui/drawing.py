"""What every stage's panel draws alike."""

from __future__ import annotations

import textwrap

import bpy

from ..blender.tool_actions import is_own, linked
from . import panel_jobs

CATEGORY = "handmocap"
# Pixels at 100 % interface scale: what icon and margins take of the sidebar, and the mean width of a letter.
_MARGIN, _LETTER = 62.0, 6.6


def sentence(layout: bpy.types.UILayout, text: str, icon: str) -> None:
    """A sentence over as many lines as the sidebar needs."""
    column = layout.column(align=True)
    column.scale_y = 0.8
    scale = bpy.context.preferences.system.ui_scale or 1.0  # 0 where Blender never had a window
    letters = max(16, int((bpy.context.region.width / scale - _MARGIN) / _LETTER)) if bpy.context.region else 40
    for number, line in enumerate(textwrap.wrap(text, letters, break_long_words=True) or [""]):
        column.label(text=line, icon=icon if number == 0 else "BLANK1")


def stage_state(layout: bpy.types.UILayout, stage: str) -> None:
    """Progress with a Cancel button while the stage's job runs, else what came of the last one."""
    if panel_jobs.is_running(stage):
        progress = panel_jobs.progress(stage)
        fraction = progress.fraction if progress is not None else 0.0
        row = layout.row(align=True)
        if panel_jobs.is_cancelled(stage):
            row.progress(factor=fraction, text="Cancelling")
        else:
            row.progress(factor=fraction, text=progress.short_text() if progress is not None else "Starting")
            row.operator("handmocap.cancel_job", text="", icon="X").stage = stage
        if progress is not None:
            layout.label(text=f"{progress.stage}, {progress.fps:.0f} fps")
        elif panel_jobs.note(stage):
            sentence(layout, panel_jobs.note(stage), "INFO")
        whose = panel_jobs.whose(stage, bpy.context.scene)
        if whose:
            sentence(layout, f"For {whose}", "INFO")
        return
    status = panel_jobs.status(stage)
    if status is not None:
        sentence(layout, status.sentence_for(bpy.context.scene), "CHECKMARK" if status.ok else "ERROR")
        if not status.ok and status.log_path is not None and status.log_path.is_file():
            layout.operator("handmocap.open_log", icon="TEXT").filepath = str(status.log_path)


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
