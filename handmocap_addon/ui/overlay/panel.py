from __future__ import annotations

import bpy

from ...blender.clip.backgrounds import clip_background, clip_camera
from ..common.drawing import InSidebar
from .operators import is_looking_through
from .session import shown_clip


class HANDMOCAP_PT_show(InSidebar, bpy.types.Panel):
    """What is drawn over the clip"""

    bl_label = "Show"
    bl_parent_id = "HANDMOCAP_PT_flow"

    def draw(self, context: bpy.types.Context) -> None:
        scene = context.scene
        settings = scene.handmocap
        # A job that ends draws the sidebar anew; so new hands come into the viewport.
        shown_clip(scene)
        column = self.layout.column()
        row = column.row(align=True)
        for name in ("hands", "boxes", "strip"):
            row.prop(settings.shown, name, toggle=True)
        path = settings.clip_path()
        camera = clip_camera(scene, path) if path is not None else None
        if camera is None:
            column.operator("handmocap.add_clip_camera", icon="CAMERA_DATA")
            return
        row = column.row(align=True)
        looking = is_looking_through(context.space_data, scene, camera)
        row.operator("handmocap.look_through_clip", icon="VIEW_CAMERA", depress=looking)
        column.prop(clip_background(camera, path), "alpha", text="Clip's Opacity", slider=True)


CLASSES = (HANDMOCAP_PT_show,)
