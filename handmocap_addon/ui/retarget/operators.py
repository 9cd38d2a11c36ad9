from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
from bpy_extras.io_utils import ExportHelper, ImportHelper

from ...blender.motion.retarget import transfer_fingers
from ...blender.scene_time import scene_range
from ...core.rig.bone_map import read_bone_map, write_bone_map
from ..common import panel_jobs
from ..common.blender_types import Answer
from ..common.drawing import has_armature, waits_for
from ..common.stage_operator import StageOperator

STAGE = "retarget"


def _has_target(operator_class: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    if context.scene.handmocap.retarget.target is None:
        return waits_for(operator_class, "Choose the other rig first")
    return True


class HANDMOCAP_OT_transfer_fingers(StageOperator, bpy.types.Operator):
    """Key the other rig's fingers, over the scene's range, to stand in its hands as this armature's do in its own. \
Its arms, locked channels and keys that you made yourself stay as they are; no constraints are left behind"""

    bl_idname = "handmocap.transfer_fingers"
    bl_label = "Transfer Fingers"
    stage = STAGE

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        settings = context.scene.handmocap
        if not has_armature(cls, context):
            return False
        if not _has_target(cls, context):
            return False
        if not any(item.bone for item in settings.retarget.bones):
            return waits_for(cls, "Name the other rig's finger bones first, or load a bone map")
        return True

    def work(self, context: bpy.types.Context) -> str:
        scene = context.scene
        settings, retarget = scene.handmocap, scene.handmocap.retarget
        frames = scene_range(scene)
        animation = settings.armature.animation_data
        name = animation.action.name if animation and animation.action else settings.armature.name
        report = transfer_fingers(
            settings.armature, retarget.target, retarget.bone_map(), frames, retarget.same_pose, f"{name} fingers"
        )
        said = f"{report.keys.keys} keys on {report.frame_count} frames"
        said += report.keys.sentence()
        if report.locked_bones:
            said += f", {len(report.locked_bones)} locked bones left out"
        return ". ".join([said, *report.warnings])


class HANDMOCAP_OT_detect_bone_map(bpy.types.Operator):
    """Fill in the built-in map of Rigify or Mixamo again, by the names of the rig's bones"""

    bl_idname = "handmocap.detect_bone_map"
    bl_label = "Detect"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _has_target(cls, context)

    def execute(self, context: bpy.types.Context) -> Answer:
        retarget = context.scene.handmocap.retarget
        if retarget.detect():
            panel_jobs.set_status(STAGE, True, f"{retarget.map_name} bones found")
            return {"FINISHED"}
        sentence = f"{retarget.target.name} has the names of neither Rigify nor Mixamo: name its bones below or load a map"
        panel_jobs.set_status(STAGE, False, sentence)
        self.report({"WARNING"}, sentence)
        return {"FINISHED"}


class HANDMOCAP_OT_load_bone_map(StageOperator, bpy.types.Operator, ImportHelper):  # type: ignore[misc]  # the stub's helper answers None
    """Fill in a bone map from a file"""

    bl_idname = "handmocap.load_bone_map"
    bl_label = "Load Map"
    stage = STAGE
    needs = staticmethod(_has_target)

    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})  # type: ignore[valid-type]

    def work(self, context: bpy.types.Context) -> str:
        context.scene.handmocap.retarget.fill_in(read_bone_map(_path(self)))
        return f"Loaded {_path(self).name}"


class HANDMOCAP_OT_save_bone_map(StageOperator, bpy.types.Operator, ExportHelper):  # type: ignore[misc]  # as above
    """Write the bones below to a file, for other scenes and for scripts/batch.py"""

    bl_idname = "handmocap.save_bone_map"
    bl_label = "Save Map"
    bl_options = set()
    stage = STAGE

    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not any(item.bone for item in context.scene.handmocap.retarget.bones):
            return waits_for(cls, "Name the other rig's finger bones first")
        return True

    def work(self, context: bpy.types.Context) -> str:
        retarget = context.scene.handmocap.retarget
        write_bone_map(_path(self), retarget.bone_map())
        retarget.map_name = _path(self).stem
        return f"Saved {_path(self).name}"


def _path(operator: Any) -> Path:
    return Path(bpy.path.abspath(operator.filepath))


CLASSES = (
    HANDMOCAP_OT_transfer_fingers,
    HANDMOCAP_OT_detect_bone_map,
    HANDMOCAP_OT_load_bone_map,
    HANDMOCAP_OT_save_bone_map,
)
