from __future__ import annotations

from typing import Any

import bpy

from ...blender.clip.backgrounds import clip_camera
from ...blender.clip.cameras import cameras_of
from ...blender.clip.scene_content import is_a_persons
from ...blender.curves.made_from import recall
from ...blender.rig.armatures import smplx_armatures
from ...blender.rig.scene_armature import refuse_unfitting
from ...core.errors import ArmatureError
from ..apply.body import add_body, apply_motion
from ..apply.fingers import apply_fingers
from ..body.operators import HANDMOCAP_OT_add_body, HANDMOCAP_OT_apply_body
from ..common import panel_jobs
from ..common.blender_types import Answer
from ..common.drawing import waits_for
from ..common.stages import BODY, FINGERS
from ..overlay.operators import look_through
from ..state.states import Kind, armature_of, facts_of
from .next_step import next_step


class HANDMOCAP_OT_put_on_body(bpy.types.Operator):
    """Key body and fingers on the armature, after adding one where there is none. Keys that you made yourself stay"""

    bl_idname = "handmocap.put_on_body"
    bl_label = "Put on Body"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        settings = context.scene.handmocap
        if not settings.hand_poses:
            return waits_for(cls, "Run Estimate or choose a hand_poses.npz first")
        if armature_of(context) is None:
            return poll_of(HANDMOCAP_OT_add_body, cls, context)
        return poll_of(HANDMOCAP_OT_apply_body, cls, context) if settings.gvhmr else True

    def execute(self, context: bpy.types.Context) -> Answer:
        # A person's scene keeps its clock; keys go where the clip's times fall on it.
        match_scene = not is_a_persons(context.scene)
        had_clip_camera = _clip_camera(context) is not None
        with panel_jobs.sentences_for(self, BODY):
            _put_body(context, match_scene)
            with panel_jobs.sentences_for(self, FINGERS):
                apply_fingers(context, match_scene)
            clips = _clip_camera(context)
            if clips is not None and not had_clip_camera and match_scene:
                # The first time the body is seen over the clip; later the view stays as the artist has it.
                context.scene.camera = clips
                look_through(context, clips)
            # Also without fingers there is a body now, which undo must take back.
            return {"FINISHED"}
        return {"CANCELLED"}


def _clip_camera(context: bpy.types.Context) -> Any | None:
    settings = context.scene.handmocap
    clip = settings.clip_path()
    if clip is None:
        return None
    # Behind the body's camera there is nothing yet as long as a proxy is being made.
    of_the_body = cameras_of(settings.armature) if settings.armature is not None else []
    return clip_camera(context.scene, clip) or next(iter(of_the_body), None)


def _put_body(context: bpy.types.Context, match_scene: bool) -> None:
    settings = context.scene.handmocap
    if armature_of(context) is None:
        settings.armature = _unkeyed_armature()
    if settings.armature is None:
        add_body(context)
    if settings.gvhmr and facts_of(context, BODY).kind != Kind.DONE:
        apply_motion(context, match_scene)


def _unkeyed_armature() -> Any | None:
    """The scene's one SMPL-X armature with nothing of this tool on it yet; None where a body is to be added.

    Raises:
        ArmatureError: there are several, or the scene's armatures fit nothing: which is meant is for a person to say.
    """
    fitting = smplx_armatures()
    found = [armature for armature in fitting if recall(armature, "fingers") is None]
    if len(found) > 1:
        names = ", ".join(armature.name for armature in found)
        raise ArmatureError(f"The scene has more than one SMPL-X armature ({names})", "choose one in Body")
    if not fitting:
        refuse_unfitting("choose another in Body, or press Add Body there for one beside it")
    return found[0] if found else None


class HANDMOCAP_OT_next_step(bpy.types.Operator):
    """Do what comes next on the way from the clip to baked files"""

    bl_idname = "handmocap.next_step"
    bl_label = "Next Step"

    @classmethod
    def description(cls, context: bpy.types.Context, _properties: Any) -> str:
        return str(_operator(next_step(context).operator).get_rna_type().description)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll_of(_class_of(next_step(context).operator), cls, context)

    def execute(self, context: bpy.types.Context) -> Answer:
        return self._run(context, "EXEC_DEFAULT")

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Answer:
        return self._run(context, "INVOKE_DEFAULT")

    def _run(self, context: bpy.types.Context, how: str) -> Answer:
        step = next_step(context)
        try:
            # With the step's own undo, where it has one.
            done = _operator(step.operator)(how, True, **step.options)
        except RuntimeError as error:
            self.report({"ERROR"}, str(error).strip().removeprefix("Error: "))
            return {"CANCELLED"}
        return {"CANCELLED"} if "CANCELLED" in done else {"FINISHED"}


def poll_of(asked: Any, operator_class: Any, context: bpy.types.Context) -> bool:
    """Another operator's answer, with its reason given as this one's."""
    poll = getattr(getattr(asked, "poll", None), "__func__", None)
    return bool(poll(operator_class, context)) if poll is not None else True


def _operator(name: str) -> Any:
    return getattr(bpy.ops.handmocap, name)


def _class_of(name: str) -> Any:
    return getattr(bpy.types, f"HANDMOCAP_OT_{name}")


CLASSES = (HANDMOCAP_OT_put_on_body, HANDMOCAP_OT_next_step)
