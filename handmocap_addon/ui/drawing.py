"""What every stage's panel draws alike."""

from __future__ import annotations

import textwrap

import bpy

from . import panel_jobs

CATEGORY = "handmocap"
_LINE_LENGTH = 44


def sentence(layout: bpy.types.UILayout, text: str, icon: str) -> None:
    """A sentence over as many lines as the sidebar needs."""
    column = layout.column(align=True)
    column.scale_y = 0.8
    for number, line in enumerate(textwrap.wrap(text, _LINE_LENGTH, break_long_words=True) or [""]):
        column.label(text=line, icon=icon if number == 0 else "BLANK1")


def stage_state(layout: bpy.types.UILayout, stage: str) -> None:
    """Progress with a Cancel button while the stage's job runs, else what came of the last one."""
    if panel_jobs.is_running(stage):
        progress = panel_jobs.progress(stage)
        row = layout.row(align=True)
        if progress is None:
            row.progress(factor=0.0, text="Starting")
        else:
            row.progress(factor=progress.fraction, text=progress.text())
        row.operator("handmocap.cancel_job", text="", icon="X").stage = stage
        return
    status = panel_jobs.status(stage)
    if status is not None:
        sentence(layout, status.sentence, "CHECKMARK" if status.ok else "ERROR")
        if not status.ok and status.log_path is not None and status.log_path.is_file():
            layout.operator("handmocap.open_log", icon="TEXT").filepath = str(status.log_path)


def waits_for(operator_class: type[bpy.types.Operator], reason: str) -> bool:
    """For `poll`: grey the button out and say why."""
    operator_class.poll_message_set(reason)
    return False
