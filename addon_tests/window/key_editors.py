"""Runs inside Blender's window: dope sheet and graph editor of one finger, for a picture of its keys.

`blender shot.blend --python key_editors.py -- STATE READY BONES [reduce]` selects the bones whose names begin with BONES, splits the 3D view into
both editors, reduces the keys if asked to, and makes the file READY when all is to be seen.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import bpy

# The first is the observer's.
_, _READY, _BONES, *_MORE = sys.argv[sys.argv.index("--") + 1 :]
_SETTLES = 1.5  # seconds


def _window() -> Any:
    return bpy.context.window_manager.windows[0]


def _area(kind: str) -> Any:
    return max((area for area in _window().screen.areas if area.type == kind), key=lambda area: area.width * area.height)


def _override(area: Any) -> Any:
    region = next(region for region in area.regions if region.type == "WINDOW")
    return bpy.context.temp_override(window=_window(), area=area, region=region)


def _arrange() -> None:
    armature = _window().scene.handmocap.armature
    view = _area("VIEW_3D")
    with _override(view):
        bpy.context.view_layer.objects.active = armature
        bpy.ops.object.mode_set(mode="POSE")
        for bone in armature.pose.bones:
            # Blender 5 selects the pose's bone, 4.5 the armature's.
            holder = bone if hasattr(bone, "select") else bone.bone
            holder.select = bone.name.startswith(_BONES)
        if "reduce" in _MORE:
            bpy.ops.handmocap.reduce_keys()
        bpy.ops.screen.area_split(direction="HORIZONTAL", factor=0.5)
    upper = max((area for area in _window().screen.areas if area.type == "VIEW_3D"), key=lambda area: area.y)
    upper.type = "GRAPH_EDITOR"
    with _override(upper):
        bpy.ops.screen.area_split(direction="VERTICAL", factor=0.45)
    left = min((area for area in _window().screen.areas if area.type == "GRAPH_EDITOR"), key=lambda area: area.x)
    left.type = "DOPESHEET_EDITOR"
    left.spaces.active.mode = "ACTION"
    bpy.app.timers.register(_fit, first_interval=_SETTLES)


def _fit() -> None:
    graph, sheet = _area("GRAPH_EDITOR"), _area("DOPESHEET_EDITOR")
    for area in (graph, sheet):
        area.spaces.active.show_region_ui = False
        area.spaces.active.dopesheet.show_only_selected = True
    graph.spaces.active.show_handles = True
    with _override(graph):
        bpy.ops.graph.view_all()
    with _override(sheet):
        bpy.ops.action.view_all()
    bpy.app.timers.register(_tell, first_interval=_SETTLES)


def _tell() -> None:
    Path(_READY).touch()


bpy.app.timers.register(_arrange, first_interval=_SETTLES)
