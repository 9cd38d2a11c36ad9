from __future__ import annotations

import bpy

from ..common.drawing import InSidebar, stage_state
from .operators import STAGE


class HANDMOCAP_PT_motion_files(InSidebar, bpy.types.Panel):
    """The motion for other programs: AMASS, .smpl, npz, FBX, glTF, and the edited hands"""

    bl_label = "Motion Files"
    bl_order = 7
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        files = context.scene.handmocap.motion_files
        column = self.layout.column()
        column.prop(files, "motion_format", text="")
        if files.chosen_format().has_up_axis:
            column.row().prop(files, "up_axis", expand=True)
        column.prop(files, "folder")
        # Without the file browser: the folder above and the format's usual name.
        column.operator_context = "EXEC_DEFAULT"
        button = column.operator("handmocap.export_motion", icon="EXPORT")
        button.motion_format, button.up_axis = files.motion_format, files.up_axis
        column.operator_context = "INVOKE_DEFAULT"
        stage_state(column, STAGE)


CLASSES = (HANDMOCAP_PT_motion_files,)
