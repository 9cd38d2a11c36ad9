from __future__ import annotations

from typing import Any

import bpy

from ..common.choices import GVHMR_MISSING
from ..common.drawing import sentence, stage_state
from ..common.stages import SOURCE as STAGE
from ..state.header import WithState


class HANDMOCAP_PT_source(WithState, bpy.types.Panel):
    """The clip, and where the body's motion comes from"""

    bl_label = "Source"
    bl_order = 0  # as the stages and the first steps, which are registered before
    stage = STAGE

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.handmocap
        column = self.layout.column()
        column.prop(settings, "clip")
        if settings.clip_facts:
            column.label(text=settings.clip_facts, icon="INFO")
        column.prop(settings, "body_from")
        if settings.body_from == "GVHMR":
            _draw_gvhmr(column, settings)
        column.prop(settings, "gvhmr")
        if len(settings.people) > 1:
            column.prop(settings, "person")
        for path, name in ((settings.clip_path(), "clip"), (settings.gvhmr_path(), "body motion")):
            if path is not None and not path.exists():
                sentence(column, f"There is no {name} {path}", "ERROR")
        draw_results(column, settings)
        stage_state(column, STAGE)


def _draw_gvhmr(column: bpy.types.UILayout, settings: Any) -> None:
    """What GVHMR is told of the camera; or how to have it."""
    row = column.row(align=True)
    row.prop(settings, "steady_camera")
    row.prop(settings, "focal_mm")
    if not settings.runs_gvhmr():
        sentence(column, GVHMR_MISSING, "INFO" if settings.given_body() is not None else "ERROR")


def draw_results(layout: bpy.types.UILayout, settings: Any) -> None:
    """The folder for results, red where one has to be chosen, and where they go instead of the usual place."""
    place = settings.result_place()
    row = layout.row()
    row.alert = place.folder is None and bool(place.said)
    row.prop(settings, "output_folder")
    if place.said:
        sentence(layout, place.said, "ERROR" if place.folder is None else "INFO")


CLASSES = (HANDMOCAP_PT_source,)
