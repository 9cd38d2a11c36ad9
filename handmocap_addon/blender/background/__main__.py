"""Runs inside a background Blender or the `bpy` module, on a copy of the file: bakes, or writes motion, as an order says.

Usage: `blender --background --python __main__.py -- request.json`, or `python __main__.py -- request.json`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from handmocap_addon.blender.jobs.scene_copy_order import SceneCopyOrder


def _bake(order: SceneCopyOrder, report: Callable[[Any], None]) -> dict[str, Any]:
    from handmocap_addon.blender.background.bake.work import bake_request
    from handmocap_addon.blender.bake.request import BakeRequest
    from handmocap_addon.core.files.json_dataclasses import from_json

    return {"files": bake_request(order, from_json(BakeRequest, order.request), report)}


def _export(order: SceneCopyOrder, report: Callable[[Any], None]) -> dict[str, Any]:
    from handmocap_addon.blender.background.motion.work import export_request
    from handmocap_addon.blender.motion_files.request import MotionRequest
    from handmocap_addon.core.files.json_dataclasses import from_json

    return {"files": export_request(order, from_json(MotionRequest, order.request), report)}


def main() -> int:
    """Do the order and return the exit code."""
    from handmocap_addon.blender.background.scene_copy_child import run_order

    return run_order({"bake": _bake, "export": _export})


if __name__ == "__main__":
    package = Path(__file__).resolve().parents[2]
    sys.path.insert(0, str(package))
    sys.dont_write_bytecode = True  # as `python_command`
    from load_package import load_package

    sys.path.pop(0)
    load_package(package)
    code = main()
    sys.stdout.flush()
    # Blender's own exit code ignores what a script returns.
    os._exit(code)
