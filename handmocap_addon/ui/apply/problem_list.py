"""The list of problems in the panel: filled after each run, and the way from a line of it to the frame and bones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import bpy

from ...blender.cleanup.problem_markers import remove_markers
from ...blender.cleanup.problems import Problem, mark_problems, read_problems, target_of_problem, write_problems
from ...blender.rig.finger_target import finger_bones
from ...blender.version_differences import select_bone


def show_problems(context: bpy.types.Context, problems: Sequence[Problem]) -> None:
    """Fill the panel's list, and the timeline with markers if they are wanted. The list is in the order of time."""
    settings = context.scene.handmocap_cleanup
    settings.problems.clear()
    for problem in _in_order(problems):
        line = settings.problems.add()
        line.first_frame, line.last_frame = math.floor(problem.first_frame), math.ceil(problem.last_frame)
        line.reason = problem.text()
        # As an item, so that the update that stores ticks is not called.
        line["done"] = problem.done
    update_markers(context)


def keep_ticks(context: bpy.types.Context) -> None:
    """Store which lines are done."""
    armature, settings = context.scene.handmocap.armature, context.scene.handmocap_cleanup
    problems = _in_order(read_problems(armature))
    if len(problems) == len(settings.problems):
        pairs = zip(problems, settings.problems, strict=True)
        write_problems(armature, [replace(problem, done=line.done) for problem, line in pairs])
        update_markers(context)


def update_markers(context: bpy.types.Context) -> None:
    """Show markers for what is not done, or none."""
    scene = context.scene
    if scene.handmocap_cleanup.problem_markers:
        mark_problems(scene, read_problems(scene.handmocap.armature))
    else:
        remove_markers(scene)


def go_to(context: bpy.types.Context, index: int) -> None:
    """Put the playhead on a line's first frame, and select the bones that it is about in pose mode."""
    armature = context.scene.handmocap.armature
    problems = _in_order(read_problems(armature))
    if not 0 <= index < len(problems):
        return
    context.scene.frame_set(math.floor(problems[index].first_frame))
    bones = finger_bones(armature)
    _select(context, armature, {bones[joint] for joint in target_of_problem(problems[index]).joints if joint in bones})


def nearest(context: bpy.types.Context, forwards: bool) -> int | None:
    """The line of the next or previous problem that is not done, from the current frame on."""
    frame, settings = context.scene.frame_current, context.scene.handmocap_cleanup
    open_lines = [(line.first_frame, number) for number, line in enumerate(settings.problems) if not line.done]
    # Several may begin on one frame: from the chosen one on, they come one by one.
    beside = -1 if forwards else len(settings.problems)
    here = (frame, settings.active_problem if _begins_here(settings, frame) else beside)
    if forwards:
        return next((number for first, number in open_lines if (first, number) > here), None)
    return next((number for first, number in reversed(open_lines) if (first, number) < here), None)


def _begins_here(settings: Any, frame: int) -> bool:
    index = settings.active_problem
    return 0 <= index < len(settings.problems) and settings.problems[index].first_frame == frame


def _in_order(problems: Sequence[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: (problem.first_frame, -problem.severity))


def _select(context: bpy.types.Context, armature: Any, names: set[str]) -> None:
    """The dope sheet shows selected bones alone."""
    view_layer = context.view_layer
    if armature.name not in view_layer.objects or not armature.visible_get():
        return
    if view_layer.objects.active != armature and view_layer.objects.active is not None and context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    view_layer.objects.active = armature
    armature.select_set(True)
    if armature.mode != "POSE":
        bpy.ops.object.mode_set(mode="POSE")
    for bone in armature.pose.bones:
        select_bone(bone, bone.name in names)
    first = next((bone.name for bone in armature.pose.bones if bone.name in names), None)
    armature.data.bones.active = armature.data.bones[first] if first else None


class HANDMOCAP_UL_problems(bpy.types.UIList):
    """One line a problem: frame, whose and why, and the tick"""

    def draw_item(
        self,
        _context: Any,
        layout: Any,
        _data: Any,
        item: Any,
        _icon: int | None,
        _active_data: Any,
        _active_name: str | None,
        *_: Any,
    ) -> None:
        row = layout.row(align=True)
        row.active = not item.done
        row.label(text=f"{item.first_frame}  {item.reason}")
        row.prop(item, "done", text="")


CLASSES = (HANDMOCAP_UL_problems,)
