"""Runs inside a background Blender or the `bpy` module: writes the motion files of an order.

Usage: `blender --background --python motion_job.py -- request.json`, or `python motion_job.py -- request.json`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> int:
    """Write the files and return the exit code."""
    from handmocap_addon.blender.background.motion.work import export_request
    from handmocap_addon.blender.background.scene_copy_child import run_order

    return run_order("export", lambda order, report: {"files": export_request(order, report)})


if __name__ == "__main__":
    package = Path(__file__).resolve().parents[2]
    sys.path.insert(0, str(package))
    sys.dont_write_bytecode = True  # as `python_command`
    from load_package import load_package  # type: ignore[import-not-found]

    sys.path.pop(0)
    load_package(package)
    code = main()
    sys.stdout.flush()
    # Blender's own exit code ignores what a script returns.
    os._exit(code)
