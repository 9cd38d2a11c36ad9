"""Looking through the clip's camera, and adding one where no body brought it."""

from __future__ import annotations

from typing import Any

import bpy

from ...blender.clip.backgrounds import clip_camera
from ...blender.clip.cameras import add_clip_camera
from ...blender.clip.scene_content import is_a_persons
from ...core.hands.hand_poses_file import read_hand_poses
from ..common.blender_types import Answer
from ..common.drawing import waits_for
from ..common.matching import wants_match
from ..common.stage_operator import StageOperator
from ..common.stages import SOURCE as STAGE
from .right_picture import bring_up_to_date


class HANDMOCAP_OT_add_clip_camera(StageOperator, bpy.types.Operator):
    """Add a camera with the clip behind it, for hands without a GVHMR body, and look through it. Apply Body adds its own"""

    bl_idname = "handmocap.add_clip_camera"
    bl_label = "Add Clip Camera"
    stage = STAGE

    match_scene: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Match Scene",
        description="Give the scene the clip's picture size, frame rate and range; by itself only where the scene is not "
        "animated yet",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        path = context.scene.handmocap.clip_path()
        if path is None:
            return waits_for(cls, "Choose a clip in Source first")
        if not path.exists():
            return waits_for(cls, "The clip is not there; choose it again in Source")
        return True

    def work(self, context: bpy.types.Context) -> str:
        settings, scene = context.scene.handmocap, context.scene
        hands = settings.hand_poses_path()
        poses = read_hand_poses(hands) if hands is not None and hands.is_file() else None
        self.match_scene = wants_match(self, scene)
        camera = add_clip_camera(scene, settings.clip_path(), settings.armature, self.match_scene, poses)
        if scene.camera is None or self.match_scene:
            scene.camera = camera
        if poses is not None:
            bring_up_to_date(scene, camera)
        look_through(context, camera)
        return ""


class HANDMOCAP_OT_look_through_clip(bpy.types.Operator):
    """See the clip in the 3D viewport: look through the camera that has it behind it. Again: back to the free view"""

    bl_idname = "handmocap.look_through_clip"
    bl_label = "Look through Clip's Camera"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        path = context.scene.handmocap.clip_path()
        if path is None or clip_camera(context.scene, path) is None:
            return waits_for(cls, "No camera has the clip behind it yet: press Apply Body or Add Clip Camera")
        if _viewport(context) is None:
            return waits_for(cls, "Open a 3D viewport first")
        return True

    def execute(self, context: bpy.types.Context) -> Answer:
        camera, space = clip_camera(context.scene, context.scene.handmocap.clip_path()), _viewport(context)
        if is_looking_through(space, context.scene, camera):
            space.region_3d.view_perspective = "PERSP"
            return {"FINISHED"}
        if not is_a_persons(context.scene):
            context.scene.camera = camera
        look_through(context, camera)
        return {"FINISHED"}


def is_looking_through(space: Any, scene: bpy.types.Scene, camera: Any) -> bool:
    """Whether a 3D viewport looks through a camera."""
    own = space.camera if space.use_local_camera else scene.camera
    return own == camera and space.region_3d.view_perspective == "CAMERA"


def look_through(context: bpy.types.Context, camera: Any) -> None:
    """Through a camera, if there is a viewport; through one of the viewport's own where it is not the scene's."""
    space = _viewport(context)
    if space is None:
        return
    space.use_local_camera = camera != context.scene.camera
    if space.use_local_camera:
        space.camera = camera
    space.region_3d.view_perspective = "CAMERA"


def _viewport(context: bpy.types.Context) -> Any:
    """The 3D viewport at hand, else the screen's largest."""
    if context.space_data is not None and context.space_data.type == "VIEW_3D":
        return context.space_data
    areas = [area for area in context.screen.areas if area.type == "VIEW_3D"] if context.screen is not None else []
    return max(areas, key=lambda area: area.width * area.height).spaces.active if areas else None


CLASSES = (HANDMOCAP_OT_add_clip_camera, HANDMOCAP_OT_look_through_clip)
