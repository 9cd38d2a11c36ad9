"""Runs inside Blender's window: sets up what a check needs and tells what is there. What the check is about is done by mouse and keyboard.

`blender FILE.blend --python director.py -- STATE ORDERS` does what stands in the file ORDERS as Python, with the 3D view as its context, and
writes what it left in `answer` to `ORDERS.answer` as JSON.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import Any

import bpy

_ORDERS = Path(sys.argv[sys.argv.index("--") + 2])
_ANSWER = Path(f"{_ORDERS}.answer")


def _obey() -> float:
    if not _ORDERS.is_file():
        return 0.1
    order = _ORDERS.read_text(encoding="utf-8")
    _ORDERS.unlink()
    window = bpy.context.window_manager.windows[0]
    view = max((area for area in window.screen.areas if area.type == "VIEW_3D"), key=lambda area: area.width * area.height)
    region = next(region for region in view.regions if region.type == "WINDOW")
    names: dict[str, Any] = {"bpy": bpy, "answer": None}
    try:
        with bpy.context.temp_override(window=window, area=view, region=region):
            exec(order, names)
        told = {"answer": names["answer"]}
    except Exception:
        told = {"error": traceback.format_exc()}
    part = _ANSWER.with_suffix(".part")
    part.write_text(json.dumps(told), encoding="utf-8")
    part.replace(_ANSWER)
    return 0.1


bpy.app.timers.register(_obey, first_interval=1.0, persistent=True)
