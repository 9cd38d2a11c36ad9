"""Running and failed jobs in Blender's status bar, for whoever has the sidebar closed."""

from __future__ import annotations

import bpy

from . import panel_jobs
from .drawing import progress_row
from .guards import quiet

_BAR_UNITS = 9.0


@quiet
def _draw(header: bpy.types.Header, _context: bpy.types.Context) -> None:
    for stage in panel_jobs.running_stages():
        row = header.layout.row(align=True)
        progress = panel_jobs.progress(stage)
        row.label(text=f"{panel_jobs.title(stage)}: {progress.details()}" if progress else panel_jobs.title(stage))
        bar = row.row(align=True)
        bar.ui_units_x = _BAR_UNITS
        progress_row(bar, stage)
    for stage in panel_jobs.failed_stages():
        said = panel_jobs.status(stage)
        assert said is not None
        row = header.layout.row(align=True)
        row.label(text=f"{panel_jobs.title(stage)} failed", icon="ERROR")
        row.operator("handmocap.open_log", text="Log", icon="TEXT").filepath = str(said.log_path)
        row.operator("handmocap.dismiss_failure", text="", icon="X").stage = stage


def register() -> None:
    bpy.types.STATUSBAR_HT_header.append(_draw)


def unregister() -> None:
    bpy.types.STATUSBAR_HT_header.remove(_draw)
