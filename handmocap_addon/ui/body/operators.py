from __future__ import annotations

import bpy

from ..apply.body import add_body, apply_motion
from ..common.drawing import has_own_armature, waits_for
from ..common.matching import wants_match
from ..common.pressed import TakesFromPanel
from ..common.stage_operator import StageOperator
from ..common.stages import BODY as STAGE


class HANDMOCAP_OT_add_body(TakesFromPanel, bpy.types.Operator):
    """Add an SMPL-X armature with its mesh, in the shape that GVHMR found where a result is chosen"""

    bl_idname = "handmocap.add_body"
    bl_label = "Add Body"

    body: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Body",
        description="stand-in, or the path of an SMPLX_*.npz; empty for the scene's choice",
        options={"SKIP_SAVE"},
    )
    stage = STAGE
    taken = ("body",)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        settings = context.scene.handmocap
        if not settings.body_choice():
            return waits_for(cls, "Choose your SMPLX_NEUTRAL.npz first, its folder in the preferences, or the stand-in")
        return True

    def work(self, context: bpy.types.Context) -> str:
        add_body(context, self.body)
        return ""

    def take_from_panel(self, context: bpy.types.Context) -> None:
        self.body = self.body or context.scene.handmocap.body_choice()


class HANDMOCAP_OT_apply_body(StageOperator, bpy.types.Operator):
    """Key the GVHMR motion on the armature, feet on the floor, and add the clip's camera with the clip behind it"""

    bl_idname = "handmocap.apply_body"
    bl_label = "Apply Body"
    stage = STAGE

    match_scene: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Match Scene",
        description="Give the scene the clip's frame rate, picture size, range and camera; by itself only where the scene "
        "is not animated yet",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        settings = context.scene.handmocap
        if not has_own_armature(cls, context):
            return False
        if not settings.gvhmr:
            return waits_for(cls, "Choose GVHMR's hmr4d_results.pt in Source first")
        if settings.wrist != "BODY" and not settings.hand_poses:
            return waits_for(cls, "Run Estimate for the hands' wrists, or choose the body's")
        if settings.arms_to_hands and not settings.hand_poses:
            return waits_for(cls, "Run Estimate for the hands that the arms go to, or switch Arms to the Hands off")
        return True

    def work(self, context: bpy.types.Context) -> str:
        self.match_scene = wants_match(self, context.scene)
        apply_motion(context, self.match_scene)
        return ""


CLASSES = (HANDMOCAP_OT_add_body, HANDMOCAP_OT_apply_body)
