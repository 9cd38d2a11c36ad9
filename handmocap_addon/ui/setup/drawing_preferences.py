"""What Preferences > Add-ons > handmocap shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ...core import environments
from .. import panel_jobs
from ..drawing import stage_state
from ..preferences import smplx_folder, smplx_models
from .cache_operators import SIZES_STAGE
from .cache_operators import STAGE as CACHE_STAGE

if TYPE_CHECKING:
    from ..preferences import HandmocapPreferences


def draw_preferences(chosen: HandmocapPreferences, context: bpy.types.Context) -> None:
    """All of the extension's preferences, each with what is known about it."""
    layout = chosen.layout
    layout.use_property_split = True
    layout.use_property_decorate = False
    column = layout.column(heading="")
    column.prop(chosen, "environment_folder")
    if not chosen.environment_folder:
        column.label(text=str(environments.default_folder()), icon="BLANK1")
    column.prop(chosen, "smplx_folder")
    models = smplx_models(context)
    for model in models:
        column.label(text=model.text(), icon="ERROR" if model.problem else "CHECKMARK")
    if smplx_folder(context) is not None and not models:
        column.label(text="There is no SMPLX_NEUTRAL, MALE or FEMALE.npz in this folder", icon="ERROR")
    column.prop(chosen, "wilor_folder")
    column.prop(chosen, "wheels_folder")
    column = layout.column()
    column.prop(chosen, "estimator")
    column.prop(chosen, "device")
    column.prop(chosen, "output_folder")
    column.prop(chosen, "baked_name")
    fits, example = chosen.baked_name_example()
    column.label(text=example, icon="FILE" if fits else "ERROR")
    row = layout.row(align=True)
    row.operator("handmocap.measure_cache", text="Measure Cache", icon="DISK_DRIVE")
    row.operator("handmocap.clear_cache", text="Clear Cache...", icon="TRASH")
    for stage in (SIZES_STAGE, CACHE_STAGE):
        status = panel_jobs.status(stage)
        if status is not None and not panel_jobs.is_running(stage) and status.ok:
            layout.label(text=status.sentence, icon="CHECKMARK")
        else:
            stage_state(layout, stage)
