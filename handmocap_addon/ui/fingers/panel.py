from __future__ import annotations

import bpy

from ..drawing import CATEGORY, stage_state
from .operators import STAGE


class HANDMOCAP_PT_fingers(bpy.types.Panel):
    """Finger keys on the armature"""

    bl_label = "Fingers"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = CATEGORY
    bl_order = 3

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.handmocap
        column = self.layout.column()
        column.prop(settings, "longest_gap")
        column.operator("handmocap.apply_hands", icon="KEYINGSET")
        stage_state(column, STAGE)


CLASSES = (HANDMOCAP_PT_fingers,)
