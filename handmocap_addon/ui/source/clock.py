"""Where the clip's clock and the scene's differ: a line that says so, and a button for each way to bring them together."""

from __future__ import annotations

import math

import bpy

from ...blender.cleanup.clip_moves import bring_to_place
from ...blender.cleanup.problems import read_problems
from ...blender.cleanup.raw_ghost import hide_raw, is_raw_shown
from ...blender.clip.clock import match_scene_to_clip, place_on
from ...blender.clip.place import place_of
from ...blender.curves.tool_actions import written_action
from ...blender.scene_time import frame_rate
from ...core.hands.hand_poses import HandPoses
from ...core.hands.hand_poses_file import read_hand_poses
from ..apply.problem_list import show_problems
from ..common.drawing import has_own_armature, sentence, waits_for
from ..common.stage_operator import StageOperator
from ..common.stages import SOURCE as STAGE
from ..overlay.right_picture import bring_up_to_date
from ..overlay.session import shown_clip


def draw_clocks(layout: bpy.types.UILayout, scene: bpy.types.Scene) -> None:
    """The line and its buttons; nothing where clip, keys and scene run alike, or nothing is known of the clip."""
    clip, armature = shown_clip(scene), scene.handmocap.armature
    if clip is None or clip.fps is None:
        return
    rate, keyed = frame_rate(scene), _keyed_rate(scene)
    says_clip, says_keys = not _is_same(rate, clip.fps), keyed is not None and not _is_same(rate, keyed)
    if not (says_clip or says_keys):
        return
    text = f"The clip has {clip.fps:.5g} fps, the scene {rate:.5g}"
    if says_keys:
        text += f", and {armature.name} is keyed at {keyed:.5g}"
    column = layout.column(align=True)
    sentence(column, text, "TIME")
    row = column.row(align=True)
    if says_clip:
        row.operator("handmocap.match_scene", text="Match Scene")
    if says_keys:
        row.operator("handmocap.follow_scene", text="Retime Keys")


def _keyed_rate(scene: bpy.types.Scene) -> float | None:
    """Frames a second at which the clip's keys were laid on the timeline; None where there are none."""
    armature = scene.handmocap.armature
    return place_of(scene, armature).fps if written_action(armature) is not None else None


def _is_same(rate: float, other: float) -> bool:
    return math.isclose(rate, other, rel_tol=1e-5)


class _OfTheClock(StageOperator):
    stage = STAGE
    said = ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        settings = context.scene.handmocap
        if not settings.hand_poses:
            return waits_for(cls, "Run Estimate or choose a hand_poses.npz first")
        return settings.armature is None or has_own_armature(cls, context)

    def work(self, context: bpy.types.Context) -> str:
        scene = context.scene
        settings = scene.handmocap
        armature = settings.armature
        poses = read_hand_poses(settings.hand_poses_path())
        self.before_moving(scene, poses)
        if written_action(armature) is not None:
            bring_to_place(armature, scene, place_on(scene, armature), poses)
            if is_raw_shown(armature):
                # It is a picture of the hands' file, drawn again when wanted.
                hide_raw(armature)
            show_problems(context, read_problems(armature))
        bring_up_to_date(scene)
        return self.said

    def before_moving(self, scene: bpy.types.Scene, poses: HandPoses) -> None:
        """What is done to the scene's clock."""


class HANDMOCAP_OT_match_scene(_OfTheClock, bpy.types.Operator):
    """Give the scene the clip's frame rate, range and picture size. What is keyed for the clip goes along, your keys too"""

    bl_idname = "handmocap.match_scene"
    bl_label = "Match Scene to Clip"
    said = "The scene has the clip's clock and size"

    def before_moving(self, scene: bpy.types.Scene, poses: HandPoses) -> None:
        match_scene_to_clip(scene, poses, scene.handmocap.armature)


class HANDMOCAP_OT_follow_scene(_OfTheClock, bpy.types.Operator):
    """Move what is keyed for the clip, your keys too, to where the clip's times fall at the scene's frame rate"""

    bl_idname = "handmocap.follow_scene"
    bl_label = "Retime Keys to Scene"
    said = "The keys lie at the scene's frame rate"


CLASSES = (HANDMOCAP_OT_match_scene, HANDMOCAP_OT_follow_scene)
