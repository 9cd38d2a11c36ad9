"""A program for a child process: registers the extension and presses every button that it has, in a scene with a whole shot.

    python -I pressing_every_button.py REPOSITORY DEMO HANDS FOLDER

Prints a JSON object: for each registered operator how it ended and how many processes it started.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

repository, demo, hands, folder = map(Path, sys.argv[1:])
sys.path.insert(0, str(repository))

import bpy  # noqa: E402

import handmocap_addon  # noqa: E402
from handmocap_addon.ui.registration import CLASSES  # noqa: E402
from handmocap_addon.ui.setup import operators as set_up_operators  # noqa: E402

# What a button gets from the panel or from a dialog.
OPTIONS = {
    "handmocap.estimate": {"output": str(folder / "estimated" / "hand_poses.npz")},
    "handmocap.choose_clip": {"filepath": str(demo / "clip.mp4")},
    "handmocap.bake": {"folder": str(folder / "baked")},
    "handmocap.export_motion": {"motion_format": "SMPL", "filepath": str(folder / "motion.smpl")},
    "handmocap.save_bone_map": {"filepath": str(folder / "map.json")},
    "handmocap.load_bone_map": {"filepath": str(folder / "map.json")},
    "handmocap.set_up": {"what": "readers"},
    "handmocap.set_up_wilor": {"accept": True},
    "handmocap.clear_cache": {"readers": True},
    "handmocap.open_log": {"filepath": str(folder / "estimated" / "logs" / "estimate.log")},
    "handmocap.open_text": {"name": "handmocap doctor"},
}
# These make what the others need, and what is there must not be set up anew or removed.
FIRST = ("handmocap.estimate", "handmocap.add_body", "handmocap.apply_body", "handmocap.apply_hands", "handmocap.doctor")
LAST = ("handmocap.choose_clip",)  # another clip has other hands
IN_AN_EMPTY_FOLDER = ("handmocap.set_up_wilor", "handmocap.clear_cache", "handmocap.measure_cache")

started = 0
start = subprocess.Popen.__init__


def counted(*arguments: object, **options: object) -> None:
    global started
    started += 1
    start(*arguments, **options)  # type: ignore[call-overload]


def press(name: str) -> tuple[str, int]:
    """How a button ended, and how many processes it started."""
    before = started
    group, _, operator = name.partition(".")
    try:
        (ended,) = getattr(getattr(bpy.ops, group), operator)(**OPTIONS.get(name, {}))
    except RuntimeError as error:
        ended = str(error).strip()
    return ended, started - before


subprocess.Popen.__init__ = counted  # type: ignore[method-assign,assignment]
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.context.preferences.system.use_online_access = True
handmocap_addon.register()
try:
    settings = bpy.context.scene.handmocap
    settings.clip, settings.gvhmr, settings.hand_poses = str(demo / "clip.mp4"), str(demo / "hmr4d_results.pt"), str(hands)
    (folder / "no wheels").mkdir()
    set_up_operators.wheels_folder = lambda _context: folder / "no wheels"  # nothing comes from the network
    names = [cls.bl_idname for cls in CLASSES if issubclass(cls, bpy.types.Operator)]
    found = {name: press(name) for name in FIRST}
    scene, armature = bpy.context.scene, settings.armature
    scene.frame_start, scene.frame_end = 1, 3
    scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end = True, 1, 3
    press("handmocap.add_body")  # another rig to transfer fingers to
    settings.armature, settings.retarget.target = armature, settings.armature
    found |= {name: press(name) for name in names if name not in (*FIRST, *LAST, *IN_AN_EMPTY_FOLDER)}
    found |= {name: press(name) for name in LAST}
    os.environ["HANDMOCAP_ENV"] = str(folder / "environments")
    found |= {name: press(name) for name in IN_AN_EMPTY_FOLDER}
finally:
    handmocap_addon.unregister()
print(json.dumps(found))
