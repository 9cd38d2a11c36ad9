from __future__ import annotations

import bpy

from ..drawing import CATEGORY, stage_state
from .operators import STAGE


class HANDMOCAP_PT_hands(bpy.types.Panel):
    """From the clip to raw hands"""

    bl_label = "Hands"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = CATEGORY
    bl_order = 1

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.handmocap
        column = self.layout.column()
        column.prop(settings, "estimator", text="")
        column.operator("handmocap.estimate", icon="VIEW_PAN")
        stage_state(column, STAGE)
        column.prop(settings, "hand_poses")


CLASSES = (HANDMOCAP_PT_hands,)
