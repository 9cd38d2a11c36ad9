"""How much room the set-ups take, and giving it back."""

from __future__ import annotations

import sys
from typing import Any

import bpy

from ...blender.jobs.child_job import ChildJob
from ...core.process.child_processes import python_command
from ..common import panel_jobs
from ..common.blender_types import Answer
from ..common.drawing import waits_for
from ..common.preferences import environment_folder
from ..common.stage_operator import JobOperator
from .operators import SET_UP_SCRIPT

STAGE = "cache"
SIZES_STAGE = "cache size"
PART_NAMES = {"worker": "Hand Estimator", "blender": "Exporter", "readers": "Readers", "wilor": "WiLoR"}


def _start(context: bpy.types.Context, stage: str, title: str, what: str, *options: str) -> None:
    folder = environment_folder(context)
    job = ChildJob(
        python_command(sys.executable, SET_UP_SCRIPT, what, str(folder), *options), folder / "logs" / f"{what}.log"
    )
    panel_jobs.start(stage, job, job, _measured if what == "sizes" else _cleared, title=title)


def _measured(result: dict[str, Any]) -> str:
    parts = [f"{PART_NAMES[part]} {_amount(size)}" for part, size in result["sizes"].items() if size]
    return f"{_amount(sum(result['sizes'].values()))}{': ' if parts else ''}{', '.join(parts)}"


def _cleared(result: dict[str, Any]) -> str:
    return f"{_amount(result['freed'])} freed; the buttons in Set-up bring back what you need"


def _amount(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


class HANDMOCAP_OT_measure_cache(JobOperator, bpy.types.Operator):
    """Add up the room that the environments and weights of the set-ups take on the disk. It takes some seconds"""

    bl_idname = "handmocap.measure_cache"
    bl_label = "Measure"
    stage = SIZES_STAGE

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if panel_jobs.is_running(SIZES_STAGE):
            return waits_for(cls, "The cache is being measured already")
        return True

    def work(self, context: bpy.types.Context) -> str:
        _start(context, SIZES_STAGE, "Cache", "sizes")
        return ""


class HANDMOCAP_OT_clear_cache(bpy.types.Operator):
    """Remove environments and weights that the set-ups brought, after asking. Clips, hands and baked files stay"""

    bl_idname = "handmocap.clear_cache"
    bl_label = "Clear Cache"

    worker: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Hand Estimator", description="Remove MediaPipe's environment; Set Up Hand Estimator brings it back (600 MB)"
    )
    blender: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Exporter", description="Remove Blender's module; Set Up Exporter brings it back (1 GB)"
    )
    readers: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Readers", description="Remove the readers of baked files; Set Up Readers brings them back (350 MB)"
    )
    wilor: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="WiLoR and its weights",
        description="Remove WiLoR's environment and weights; Set Up WiLoR brings them back (14 GB)",
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if panel_jobs.running_stages():
            return waits_for(cls, "A job is running; wait for its end or cancel it first")
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Answer:
        return context.window_manager.invoke_props_dialog(self, width=420, confirm_text="Remove")

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column(align=True)
        column.label(text=f"From {environment_folder(context)}:")
        for part in PART_NAMES:
            column.prop(self, part)
        column.separator()
        column.label(text="Clips, hands, baked files and anything of your own there stay.", icon="INFO")
        column.label(text="The buttons in Set-up bring it back, from the network.", icon="BLANK1")

    def execute(self, context: bpy.types.Context) -> Answer:
        parts = [part for part in PART_NAMES if getattr(self, part)]
        if not parts:
            self.report({"WARNING"}, "Nothing was ticked, so nothing was removed")
            return {"CANCELLED"}
        with panel_jobs.sentences_for(self, STAGE):
            _start(context, STAGE, "Clear Cache", "clear", *(word for part in parts for word in ("--part", part)))
            return {"FINISHED"}
        return {"CANCELLED"}


CLASSES = (HANDMOCAP_OT_measure_cache, HANDMOCAP_OT_clear_cache)
