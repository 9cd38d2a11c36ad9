from __future__ import annotations

import bpy

from ...blender.version_differences import can_export
from ...core import environments
from ..drawing import CATEGORY, sentence, stage_state
from ..preferences import environment_folder
from .operators import DOCTOR_STAGE, STAGE


class HANDMOCAP_PT_setup(bpy.types.Panel):
    """What works now, and what each further step brings"""

    bl_label = "Set-up"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = CATEGORY
    bl_order = 7

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column()
        folder = environment_folder(context)
        if environments.find_worker(folder) is not None:
            sentence(column, "The hand estimator is ready", "CHECKMARK")
        else:
            sentence(column, "The hand estimator is not set up yet (600 MB)", "INFO")
            column.operator("handmocap.set_up", text="Set Up Hand Estimator", icon="IMPORT").what = "worker"
        if can_export(".abc") and can_export(".usd"):
            sentence(column, "This Blender writes Alembic and USD", "CHECKMARK")
        elif environments.find_blender_module(folder) is not None:
            sentence(column, "Alembic and USD are written by the bpy module", "CHECKMARK")
        else:
            sentence(column, "This build of Blender cannot write Alembic or USD (1 GB more)", "INFO")
            column.operator("handmocap.set_up", text="Set Up Exporter", icon="IMPORT").what = "blender"
        if environments.find_wilor(folder) is not None:
            sentence(column, "WiLoR is ready", "CHECKMARK")
        else:
            sentence(
                column,
                "WiLoR is not set up; with a graphics card it takes up to 14 GB, and it is not for commercial work",
                "INFO",
            )
            column.operator("handmocap.set_up_wilor", icon="IMPORT")
        stage_state(column, STAGE)
        column.operator("handmocap.doctor", icon="VIEWZOOM")
        stage_state(column, DOCTOR_STAGE)


CLASSES = (HANDMOCAP_PT_setup,)
