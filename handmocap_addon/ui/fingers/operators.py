from __future__ import annotations

import bpy

from ...blender.clip_clock import match_scene_to_clip
from ...blender.key_reduction import ReductionResult, reduce_finger_keys, restore_full_keys
from ...blender.keyed_bones import KeyedBones
from ...blender.problems import find_problems
from ...blender.shot import apply_hands
from ...core.clean_hands import Provenance
from ...core.hand_poses_file import read_hand_poses
from ...core.own_keys import OwnKeys
from .. import panel_jobs
from ..cleanup.problem_list import show_problems
from ..drawing import has_armature_and_hands, has_own_armature
from ..flow import origins
from ..matching import wants_match
from ..overlay.right_picture import bring_up_to_date
from ..pressed import TakesFromPanel
from ..settings import SHARINGS

STAGE = "fingers"


def apply_fingers(context: bpy.types.Context, match_scene: bool = False, own_keys: OwnKeys = OwnKeys.ASK) -> None:
    """Read the hands, key them as the panel's settings say, and look for what needs a look.

    The scene takes over the clip's rate, size and range with `match_scene` alone.

    Raises:
        HandmocapError: nothing was keyed.
    """
    settings = context.scene.handmocap
    poses = read_hand_poses(settings.hand_poses_path())
    KeyedBones.fingers(settings.armature).check(own_keys)
    if match_scene:
        match_scene_to_clip(context.scene, poses, settings.armature)
    name = settings.action_name()
    keys = settings.key_settings()
    applied = apply_hands(settings.armature, poses, settings.cleanup(), name, keys, own_keys=own_keys)
    origins.keep(settings.armature, STAGE, origins.of_fingers(settings))
    show_problems(context, find_problems(settings.armature, applied, poses))
    bring_up_to_date(context.scene)
    filled = sum(int((hand.provenance != Provenance.MEASURED).sum()) for hand in applied.hands.values())
    sentence = f"{poses.frame_count} frames keyed, {filled} of {2 * poses.frame_count} hands filled in"
    panel_jobs.set_status(STAGE, True, sentence + applied.keys.sentence())


class HANDMOCAP_OT_apply_hands(bpy.types.Operator):
    """Key the fingers. Keys that you made yourself stay"""

    bl_idname = "handmocap.apply_hands"
    bl_label = "Apply Fingers"
    bl_options = {"REGISTER", "UNDO"}

    match_scene: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Match Scene",
        description="Give the scene the clip's frame rate, picture size and range; by itself only where the scene is not "
        "animated yet",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return has_armature_and_hands(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        with panel_jobs.sentences_for(self, STAGE):
            self.match_scene = wants_match(self, context.scene)
            apply_fingers(context, self.match_scene)
            return {"FINISHED"}
        return {"CANCELLED"}


class HANDMOCAP_OT_reduce_keys(TakesFromPanel, bpy.types.Operator):
    """Leave only the finger keys that are needed to stay within the error. Keys that you made yourself stay"""

    bl_idname = "handmocap.reduce_keys"
    bl_label = "Reduce Keys"
    bl_options = {"REGISTER", "UNDO"}
    stage = STAGE
    taken = ("error", "sharing")

    error: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Error",
        description="By how many degrees a finger bone may turn from where all keys would have it; the panel's where "
        "not given",
        min=0.05,
        max=45.0,
        soft_max=10.0,
        options={"SKIP_SAVE"},
    )
    sharing: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Keys By",
        description="Which bones have their keys on the same frames; the panel's where not given",
        items=SHARINGS,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return has_own_armature(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = context.scene.handmocap
        with panel_jobs.sentences_for(self, STAGE):
            self.take_anew_if_repeated(context)
            # Tools that bring full keys back for a moment reduce them again as the panel says.
            if self.is_given("error"):
                settings.reduction_error = self.error
            if self.is_given("sharing"):
                settings.reduction_sharing = self.sharing
            result = reduce_finger_keys(settings.armature, settings.reduction())
            worst = max(hand.largest_error_degrees for hand in result.hands.values())
            sentence = f"{result.keys_after} of {result.keys_before} finger keys left, at most {worst:.2f}° off"
            panel_jobs.set_status(STAGE, True, sentence + _kept(result))
            return {"FINISHED"}
        return {"CANCELLED"}

    def take_from_panel(self, context: bpy.types.Context) -> None:
        settings = context.scene.handmocap
        if not self.is_given("error"):
            self.error = settings.reduction_error
        if not self.is_given("sharing"):
            self.sharing = settings.reduction_sharing


class HANDMOCAP_OT_full_keys(bpy.types.Operator):
    """Bring back the finger keys that were left out. Keys that you made, changed or deleted yourself stay so"""

    bl_idname = "handmocap.full_keys"
    bl_label = "Full Keys"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return has_own_armature(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        with panel_jobs.sentences_for(self, STAGE):
            result = restore_full_keys(context.scene.handmocap.armature)
            panel_jobs.set_status(STAGE, True, f"{result.keys_after} finger keys{_kept(result)}")
            return {"FINISHED"}
        return {"CANCELLED"}


def _kept(result: ReductionResult) -> str:
    return f", {result.kept_keys} keys of your own kept" if result.kept_keys else ""


CLASSES = (HANDMOCAP_OT_apply_hands, HANDMOCAP_OT_reduce_keys, HANDMOCAP_OT_full_keys)
