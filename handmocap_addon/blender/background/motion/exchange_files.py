"""FBX and glTF of an armature with its meshes and its animation, by Blender's own exporters.

Every frame of the range is sampled as the scene shows it, so edits, NLA and constraints are in the file. Meshes go out at
rest with their shape keys and skin weights, without other modifiers. The scene is changed by this; it is meant to be a copy.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

from ....core.audience import set_up_exporter
from ....core.body.motion_formats import MotionFormat
from ....core.body.parameters import UpAxis
from ....core.errors import MissingSetupError
from ...motion_files.exporters import EXPORTERS, has_exporter
from ...rig.armatures import deformed_meshes
from ...saving import write_error
from ...version_differences import gltf_frame_rate_base, supported_options


def write_exchange_file(
    motion_format: MotionFormat, armature: Any, path: Path, up_axis: UpAxis, on_frame: Callable[[int], None]
) -> None:
    """Write the scene's range of an armature with what it deforms.

    Args:
        motion_format: FBX or GLTF.
        armature: an armature object of the open scene.
        path: where the file goes, with the format's suffix.
        up_axis: of FBX; glTF is y up by its own rules.
        on_frame: gets each frame that the exporter goes to, in the order in which it does.

    Raises:
        MissingSetupError: this build lacks the exporter.
        OutputError: the exporter failed.
    """
    _enable(motion_format)
    scene = bpy.context.scene
    frame_rate_base = scene.render.fps_base
    _select(scene, [armature, *deformed_meshes(armature)])

    def counted(current: Any, *_: Any) -> None:
        on_frame(current.frame_current)

    bpy.app.handlers.frame_change_post.append(counted)
    try:
        if motion_format is MotionFormat.FBX:
            _write_fbx(path, up_axis)
        else:
            scene.render.fps_base = gltf_frame_rate_base(scene.render.fps_base)
            _write_gltf(path)
    except RuntimeError as error:
        raise write_error(path, error) from error
    finally:
        bpy.app.handlers.frame_change_post.remove(counted)
        scene.render.fps_base = frame_rate_base
    if not path.is_file() or path.stat().st_size == 0:
        raise write_error(path, RuntimeError("the exporter left no file"))


def _enable(motion_format: MotionFormat) -> None:
    import addon_utils

    enable: Callable[[str], object] = addon_utils.enable

    if not has_exporter(motion_format) or enable(EXPORTERS[motion_format]) is None:
        raise MissingSetupError(f"This build of Blender cannot write {motion_format.label}", set_up_exporter())


def _select(scene: Any, things: list[Any]) -> None:
    """Select these alone, wherever they are hidden."""
    for other in bpy.context.view_layer.objects.selected:
        other.select_set(False)
    for thing in things:
        if thing.name not in scene.collection.objects:
            scene.collection.objects.link(thing)
        thing.hide_viewport = thing.hide_select = thing.hide_render = False
        thing.hide_set(False)
        thing.select_set(True)
    bpy.context.view_layer.objects.active = things[0]


def _write_fbx(path: Path, up_axis: UpAxis) -> None:
    options = {
        "filepath": str(path), "check_existing": False, "use_selection": True, "object_types": {"ARMATURE", "MESH"},
        # Nodes at scale 1 in a file whose unit is the metre.
        "apply_scale_options": "FBX_SCALE_UNITS",
        "axis_up": up_axis.upper(), "axis_forward": "-Z" if up_axis == "y" else "Y",
        "use_mesh_modifiers": False, "mesh_smooth_type": "FACE", "path_mode": "ABSOLUTE",
        "use_armature_deform_only": True, "add_leaf_bones": False,
        "bake_anim": True, "bake_anim_use_all_bones": True, "bake_anim_force_startend_keying": True,
        # One animation of the scene's range as it is shown, a key on every frame.
        "bake_anim_use_nla_strips": False, "bake_anim_use_all_actions": False, "bake_anim_step": 1.0,
        "bake_anim_simplify_factor": 0.0,
    }  # fmt: skip
    bpy.ops.export_scene.fbx(**supported_options(bpy.ops.export_scene.fbx, options))


def _write_gltf(path: Path) -> None:
    options = {
        "filepath": str(path), "check_existing": False, "export_format": "GLB", "use_selection": True, "export_yup": True,
        "export_apply": False, "export_skins": True, "export_morph": True, "export_def_bones": True,
        "export_leaf_bone": False,
        "export_animations": True, "export_animation_mode": "SCENE", "export_anim_scene_split_object": False,
        "export_force_sampling": True, "export_bake_animation": True, "export_frame_range": True, "export_frame_step": 1,
        "export_optimize_animation_size": False, "export_optimize_animation_keep_anim_armature": True,
        # The first frame of the range is second 0.
        "export_anim_slide_to_zero": True,
    }  # fmt: skip
    bpy.ops.export_scene.gltf(**supported_options(bpy.ops.export_scene.gltf, options))
