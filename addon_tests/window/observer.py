"""Runs inside Blender's window and tells, four times a second, what the extension knows. It only watches.

`blender FILE.blend --python observer.py -- STATE.json` writes the state as JSON, each time in one piece. When `STATE.json.quit` appears, Blender
is closed without asking.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import bpy

_STATE = Path(sys.argv[sys.argv.index("--") + 1])
_QUIT = Path(f"{_STATE}.quit")


def _extension() -> str:
    return next((name for name in bpy.context.preferences.addons.keys() if name.endswith("handmocap")), "")  # noqa: SIM118


def _state() -> dict[str, Any]:
    package = _extension()
    jobs: Any = sys.modules.get(f"{package}.ui.common.panel_jobs")
    window = bpy.context.window_manager.windows[0]
    scene = window.scene
    settings = getattr(scene, "handmocap", None)
    view = next((area for area in window.screen.areas if area.type == "VIEW_3D"), None)
    sidebar = next((region for region in view.regions if region.type == "UI"), None) if view else None
    return {
        "pid": os.getpid(),
        "file": bpy.data.filepath,
        "windows": len(bpy.context.window_manager.windows),
        "running": {
            stage: {"fraction": entry.child.progress.fraction if entry.child.progress else None, "note": entry.child.note}
            for stage, entry in jobs._running.items()
        }
        if jobs
        else {},
        "said": {stage: [status.ok, status.sentence] for stage, status in jobs._status.items()} if jobs else {},
        "clip": settings.clip if settings else None,
        "gvhmr": settings.gvhmr if settings else None,
        "hand_poses": settings.hand_poses if settings else None,
        "armature": settings.armature.name if settings and settings.armature else None,
        "keys": _keys(settings.armature) if settings and settings.armature else 0,
        "range": [scene.frame_start, scene.frame_end],
        "fps": scene.render.fps / scene.render.fps_base,
        "frame": scene.frame_current,
        "sidebar": [sidebar.x, window.height - sidebar.y - sidebar.height, sidebar.width, sidebar.height]
        if sidebar
        else None,
        "tab": getattr(sidebar, "active_panel_category", "") if sidebar and sidebar.width > 1 else "",
    }


def _keys(armature: Any) -> int:
    action = armature.animation_data.action if armature.animation_data else None
    if action is None:
        return 0
    curves = [
        curve for layer in action.layers for strip in layer.strips for bag in strip.channelbags for curve in bag.fcurves
    ]
    return sum(len(curve.keyframe_points) for curve in curves)


def _tick() -> float | None:
    if _QUIT.exists():
        bpy.ops.wm.quit_blender()
        return None
    written = _STATE.with_suffix(".part")
    try:
        state = _state()
    except Exception as error:
        state = {"error": f"{type(error).__name__}: {error}"}
    written.write_text(json.dumps(state), encoding="utf-8")
    written.replace(_STATE)
    return 0.25


bpy.app.timers.register(_tick, first_interval=0.5, persistent=True)
