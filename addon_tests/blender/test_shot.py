"""An apply finds the rig once, and the stand-in's file is read once, however often fingers are keyed and judged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

_COUNTED = """
import json, sys
from fractions import Fraction
from pathlib import Path
import bpy
import numpy as np
from addon_tests.blender.motions import MadeUpShot
from addon_tests.making.hand_poses import waving_hands
from handmocap_addon.blender.apply import add_body_to_scene, apply_body, apply_hands
from handmocap_addon.blender.cleanup.corrections_store import write_corrections
from handmocap_addon.blender.cleanup.problems import find_problems
from handmocap_addon.blender.rig.armatures import map_armature
from handmocap_addon.core.cleanup.corrections import Rows, SidesSwapped
from handmocap_addon.core.cleanup.settings import CleanupSettings

COUNT = 12
for thing in list(bpy.data.objects):
    bpy.data.objects.remove(thing)
armature = add_body_to_scene("stand-in")
poses = waving_hands(COUNT, Fraction(24))
read, maps = [], []

def audit(event, arguments):
    if event == "open" and Path(str(arguments[0])).name == "wooden.npz":
        read.append(event)

def profile(frame, event, argument):
    if event == "call" and frame.f_code is map_armature.__code__:
        maps.append(event)

def maps_in(work):
    maps.clear()
    sys.setprofile(profile)
    try:
        made = work()
    finally:
        sys.setprofile(None)
    return len(maps), made

sys.addaudithook(audit)
body, _ = maps_in(lambda: apply_body(armature, MadeUpShot(COUNT).motion(), poses, None, "clip motion", True))
read_by_body = len(read)
read.clear()
hands, applied = maps_in(lambda: apply_hands(armature, poses, CleanupSettings(), "clip motion"))
write_corrections(armature, [SidesSwapped(Rows(2, 5))])
again, applied = maps_in(lambda: apply_hands(armature, poses, CleanupSettings(), "clip motion"))
problems, _ = maps_in(lambda: find_problems(armature, applied, poses))
print(json.dumps({"read_by_body": read_by_body, "read_by_fingers": len(read), "body": body, "hands": hands, "corrected": again, "problems": problems}))
"""


def test_the_rig_is_found_once_by_an_apply_and_the_stand_in_is_read_once() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _COUNTED], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    counted = json.loads(done.stdout.splitlines()[-1])
    assert counted == {"read_by_body": 1, "read_by_fingers": 1, "body": 1, "hands": 1, "corrected": 1, "problems": 0}
