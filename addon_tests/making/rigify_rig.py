"""Has Rigify generate its human rig: `python rigify_rig.py FILE.blend`. Without legs and face, which take most of the time."""

from __future__ import annotations

import os
import sys

import bpy


def main(path: str) -> None:
    import addon_utils  # only there once bpy is

    bpy.ops.wm.read_factory_settings(use_empty=True)
    addon_utils.enable("rigify", default_set=True)
    bpy.ops.object.armature_human_metarig_add()
    meta_rig = bpy.context.object
    bpy.ops.object.mode_set(mode="EDIT")
    edit_bones = meta_rig.data.edit_bones
    for name in ("thigh.L", "thigh.R", "pelvis.L", "pelvis.R", "breast.L", "breast.R", "face"):
        for bone in (*edit_bones[name].children_recursive, edit_bones[name]):
            edit_bones.remove(bone)
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.ops.pose.rigify_generate()
    bpy.ops.wm.save_as_mainfile(filepath=path)


if __name__ == "__main__":
    main(sys.argv[1])
    os._exit(0)
