from __future__ import annotations

import bpy

from ...blender.body_of_clip import body_for
from ...blender.clip_clock import match_scene_to_clip
from ...blender.keyed_bones import KeyedBones
from ...blender.shot import add_body_to_scene, apply_body
from ...core.gvhmr_file import read_gvhmr_result
from ...core.hand_poses_file import read_hand_poses
from ...core.own_keys import OwnKeys
from .. import panel_jobs
from ..drawing import has_own_armature, waits_for
from ..flow import origins
from ..matching import wants_match
from ..overlay.right_picture import bring_up_to_date
from ..pressed import TakesFromPanel

STAGE = "body"


def add_body(context: bpy.types.Context, body: str = "") -> None:
    """Add a body, the panel's choice where none is named, in the shape that GVHMR found, and choose its armature.

    Raises:
        HandmocapError: nothing was added.
    """
    settings = context.scene.handmocap
    gvhmr = settings.gvhmr_path()
    betas = read_gvhmr_result(gvhmr).betas if gvhmr is not None else None
    settings.armature = add_body_to_scene(body or settings.body_choice(), betas)
    panel_jobs.set_status(STAGE, True, f"Added {settings.armature.name}")


class HANDMOCAP_OT_add_body(TakesFromPanel, bpy.types.Operator):
    """Add an SMPL-X armature with its mesh, in the shape that GVHMR found where a result is chosen"""

    bl_idname = "handmocap.add_body"
    bl_label = "Add Body"
    bl_options = {"REGISTER", "UNDO"}

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

    def execute(self, context: bpy.types.Context) -> set[str]:
        with panel_jobs.sentences_for(self, STAGE):
            self.take_anew_if_repeated(context)
            add_body(context, self.body)
            return {"FINISHED"}
        return {"CANCELLED"}

    def take_from_panel(self, context: bpy.types.Context) -> None:
        self.body = self.body or context.scene.handmocap.body_choice()


def apply_motion(context: bpy.types.Context, match_scene: bool = False, own_keys: OwnKeys = OwnKeys.ASK) -> None:
    """Read GVHMR's result and the hands, where there are any, and key them as the panel's settings say.

    Raises:
        HandmocapError: nothing was keyed.
    """
    settings = context.scene.handmocap
    motion = read_gvhmr_result(settings.gvhmr_path())
    hands, clip = settings.hand_poses_path(), settings.clip_path()
    poses = read_hand_poses(hands) if hands is not None and hands.is_file() else None
    shown = clip if clip is not None and clip.exists() else None
    motion = body_for(motion, poses, shown)
    KeyedBones.body(settings.armature).check(own_keys)
    if poses is not None and match_scene:
        match_scene_to_clip(context.scene, poses, settings.armature)
    name = f"{(clip or settings.gvhmr_path()).stem} motion"
    wrist = settings.wrist_settings()
    keys = settings.key_settings()
    applied = apply_body(
        settings.armature,
        motion,
        poses,
        shown,
        name,
        settings.steady_camera,
        wrist,
        keys,
        match_scene,
        own_keys=own_keys,
        proxies=hands.parent if poses is not None and hands is not None else None,
    )
    origins.keep(settings.armature, STAGE, origins.of_body(settings))
    panel_jobs.set_status(STAGE, True, f"{motion.frame_count} frames keyed{applied.keys.sentence()}")
    if applied.picture is not None:
        bring_up_to_date(context.scene, applied.camera)


class HANDMOCAP_OT_apply_body(bpy.types.Operator):
    """Key the GVHMR motion on the armature, feet on the floor, and add the clip's camera with the clip behind it"""

    bl_idname = "handmocap.apply_body"
    bl_label = "Apply Body"
    bl_options = {"REGISTER", "UNDO"}

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
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        with panel_jobs.sentences_for(self, STAGE):
            self.match_scene = wants_match(self, context.scene)
            apply_motion(context, self.match_scene)
            return {"FINISHED"}
        return {"CANCELLED"}


CLASSES = (HANDMOCAP_OT_add_body, HANDMOCAP_OT_apply_body)
