from __future__ import annotations

import bpy

from ...blender.problems import find_problems
from ...blender.shot import apply_hands, match_scene_to_clip
from ...core.clean_hands import Provenance
from ...core.hand_poses_file import read_hand_poses
from .. import panel_jobs
from ..cleanup.problem_list import show_problems
from ..drawing import waits_for

STAGE = "fingers"


def apply_fingers(context: bpy.types.Context, match_scene: bool = False) -> None:
    """Read the hands, key them as the panel's settings say, and look for what needs a look.

    Raises:
        HandmocapError: nothing was keyed.
    """
    settings = context.scene.handmocap
    path = settings.hand_poses_path()
    poses = read_hand_poses(path)
    if match_scene:
        match_scene_to_clip(context.scene, poses, settings.armature)
    clip = settings.clip_path()
    applied = apply_hands(settings.armature, poses, settings.cleanup(), f"{(clip or path).stem} motion")
    show_problems(context, find_problems(settings.armature, applied, poses))
    filled = sum(int((hand.provenance != Provenance.MEASURED).sum()) for hand in applied.hands.values())
    kept = f", {applied.keys.kept_keys} keys of your own kept" if applied.keys.kept_keys else ""
    panel_jobs.set_status(
        STAGE, True, f"{poses.frame_count} frames keyed, {filled} of {2 * poses.frame_count} hands filled in{kept}"
    )


class HANDMOCAP_OT_apply_hands(bpy.types.Operator):
    """Key the fingers. Keys that you made yourself stay"""

    bl_idname = "handmocap.apply_hands"
    bl_label = "Apply Fingers"
    bl_options = {"REGISTER", "UNDO"}

    match_scene: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Match Scene", description="Give the scene the clip's frame rate and range", default=True
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        settings = context.scene.handmocap
        if settings.armature is None:
            return waits_for(cls, "Add a body or choose an SMPL-X armature first")
        if not settings.hand_poses:
            return waits_for(cls, "Run Estimate or choose a hand_poses.npz first")
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        with panel_jobs.sentences_for(self, STAGE):
            apply_fingers(context, self.match_scene)
            return {"FINISHED"}
        return {"CANCELLED"}


CLASSES = (HANDMOCAP_OT_apply_hands,)
