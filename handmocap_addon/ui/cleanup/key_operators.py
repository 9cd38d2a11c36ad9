"""Tools that write keys as an animator would: they are yours, and later runs keep them."""

from __future__ import annotations

from typing import ClassVar

import bpy

from ...blender.cleanup import pose_tools
from ...blender.cleanup.pose_actions import pose_of_action, pose_of_library
from ...blender.rig.finger_target import FingerTarget
from ...blender.version_differences import path_options
from ...core.errors import BadUsageError
from ...core.keys.hand_key_ease import EASE_FRAMES
from ..common.chosen_paths import path_said
from .correction_operators import STAGE, range_text
from .reduced_keys import reduced_as_before
from .settings import POSES
from .target import OnTarget, can_edit_keys, chosen_range, chosen_target, current_frame


class _Keys(OnTarget):
    """Writes keys on the target's bones over the range."""

    stage = STAGE
    needs_range = False
    shown: ClassVar[tuple[str, ...]] = ("ease",)

    ease: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Ease",
        description="Over how many frames on either side the fingers lead over. The tool's own keys there go",
        default=EASE_FRAMES,
        min=0.0,
        soft_max=30.0,
    )

    def work(self, context: bpy.types.Context) -> str:
        self._check_range(context)
        target, frames = chosen_target(context, self), chosen_range(context, self)
        with reduced_as_before(context):
            count = self.key(context, target, *(frames or current_frame(context)))
        if count == 0:
            raise BadUsageError("No key was made", "look whether these bones' rotations are locked")
        where = range_text(context, self, only_current_frame=True)
        return f"{self.bl_label}: {target.text()}, {where}"

    def take_from_panel(self, context: bpy.types.Context) -> None:
        self._check_range(context)
        super().take_from_panel(context)

    def _check_range(self, context: bpy.types.Context) -> None:
        if self.needs_range and chosen_range(context, self) is None:
            raise BadUsageError(
                f"{self.bl_label} needs a range",
                "set a preview range in the timeline (P), or tick Range in the panel",
            )

    def key(self, context: bpy.types.Context, target: FingerTarget, first: int, last: int) -> int:
        raise NotImplementedError


class HANDMOCAP_OT_hold(_Keys, bpy.types.Operator):
    bl_idname = "handmocap.hold"
    bl_label = "Hold"
    bl_description = (
        "Hold one pose over the range: that of the current frame where the playhead is inside, else of the first "
        "frame. Two keys for each channel, and they are yours"
    )
    needs_range = True

    def key(self, context: bpy.types.Context, target: FingerTarget, first: int, last: int) -> int:
        frame = context.scene.frame_current
        at = frame if first <= frame <= last else first
        return pose_tools.hold(context.scene.handmocap.armature, target, first, last, at, self.ease)


class HANDMOCAP_OT_relax(_Keys, bpy.types.Operator):
    """Lead from the pose of the range's first frame to a relaxed hand on its last"""

    bl_idname = "handmocap.relax"
    bl_label = "Relax"
    needs_range = True

    def key(self, context: bpy.types.Context, target: FingerTarget, first: int, last: int) -> int:
        return pose_tools.relax(context.scene.handmocap.armature, target, first, last, self.ease)


class HANDMOCAP_OT_blend_to_pose(_Keys, bpy.types.Operator):
    bl_idname = "handmocap.blend_to_pose"
    bl_label = "Blend to Pose"
    bl_description = (
        "Turn the fingers towards a pose over the range, or on the current frame where there is none. At 1 the "
        "pose is held, below that the motion stays, nearer to the pose"
    )

    pose: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Pose", description="The pose to blend to; the panel's where not given", items=POSES, options={"SKIP_SAVE"}
    )
    action: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Action", description="Name of the action with the pose; the panel's where empty", options={"SKIP_SAVE"}
    )
    library: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Library",
        description="The .blend that holds the action; empty for this file",
        subtype="FILE_PATH",
        options=path_options("SKIP_SAVE"),
    )
    factor: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Factor",
        description="How far the fingers go: 0 leaves them, 1 holds the pose",
        default=1.0,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    taken = (*OnTarget.taken, "pose", "action", "library")
    shown = ("pose", "factor", "ease")

    def take_from_panel(self, context: bpy.types.Context) -> None:
        super().take_from_panel(context)
        if not self.is_given("pose"):
            self.pose = "ACTION" if self.action else context.scene.handmocap_cleanup.pose
        if self.pose == "ACTION" and not self.action:
            self.action = _chosen_action(context).name

    def draw(self, context: bpy.types.Context) -> None:
        super().draw(context)
        if self.pose == "ACTION":
            column = self.layout.column()
            column.use_property_split = True
            if self.library:
                column.prop(self, "action")
                column.prop(self, "library")
            else:
                column.prop_search(self, "action", bpy.data, "actions")

    def key(self, context: bpy.types.Context, target: FingerTarget, first: int, last: int) -> int:
        armature = context.scene.handmocap.armature
        pose = self._pose(context, armature)
        return pose_tools.blend_to_pose(armature, target, first, last, pose, self.factor, self.ease)

    def _pose(self, context: bpy.types.Context, armature: bpy.types.Object) -> pose_tools.Pose:
        cleanup = context.scene.handmocap_cleanup
        choice = self.pose if self.is_given("pose") else "ACTION" if self.is_given("action") else cleanup.pose
        if choice != "ACTION":
            return pose_tools.built_in_pose(armature, choice.lower())
        if self.library:
            return pose_of_library(armature, path_said(self.library), self.action)
        action = bpy.data.actions.get(self.action) if self.action else _chosen_action(context)
        if action is None:
            raise BadUsageError(f"There is no action {self.action}", "choose one under Pose")
        return pose_of_action(armature, action)


def _chosen_action(context: bpy.types.Context) -> bpy.types.Action:
    action = context.scene.handmocap_cleanup.pose_action
    if action is None:
        raise BadUsageError("No action with a pose is chosen", "choose one under Pose")
    return action


class HANDMOCAP_OT_copy_from_other_hand(_Keys, bpy.types.Operator):
    bl_idname = "handmocap.copy_from_other_hand"
    bl_label = "Copy from Other Hand"
    bl_description = (
        "Give the chosen hand the other one's motion over the range, mirrored, or its pose on the current frame "
        "where there is none"
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_edit_keys(cls, context)

    def key(self, context: bpy.types.Context, target: FingerTarget, first: int, last: int) -> int:
        return pose_tools.copy_from_other_hand(context.scene.handmocap.armature, target, first, last, self.ease)


CLASSES = (
    HANDMOCAP_OT_hold,
    HANDMOCAP_OT_relax,
    HANDMOCAP_OT_blend_to_pose,
    HANDMOCAP_OT_copy_from_other_hand,
)
