"""Undo takes every button back, and what the Info log says can be pasted into a script for another file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest

from addon_tests.ui.cleanup_scene import keyed_fingers, write_hands
from addon_tests.ui.test_registration import CHANGES_THE_FILE
from handmocap_addon.blender.curves.key_arrays import read_keys
from handmocap_addon.blender.version_differences import all_curves

State = dict[str, Any]
RANGE = {"first": 10, "last": 20}
ONE_SIDE = {"sides": {"LEFT"}}


def _reduced(_settings: Any) -> None:
    bpy.ops.handmocap.reduce_keys()


def _with_problem(_settings: Any) -> None:
    bpy.context.scene.frame_set(60)


def _at_start(_settings: Any) -> None:
    bpy.context.scene.frame_set(0)


def _corrected(_settings: Any) -> None:
    bpy.ops.handmocap.smooth(strength=0.1)


def _other_smoothing(settings: Any) -> None:
    settings.smoothing = 0.0


def _without_problems(_settings: Any) -> None:
    bpy.context.scene.handmocap_cleanup.problems.clear()


def _held(_settings: Any) -> None:
    bpy.ops.handmocap.hold(first=3, last=30)


def _at_another_rate(_settings: Any) -> None:
    bpy.context.scene.render.fps = 60


# What is called after what, so that something changes; body and other rigs have tests of their own below.
CALLS: dict[str, tuple[Callable[[Any], None] | None, dict[str, Any]]] = {
    "add_body": (None, {"body": "stand-in"}),
    "apply_hands": (_other_smoothing, {"match_scene": False}),
    "reduce_keys": (None, {}),
    "full_keys": (_reduced, {}),
    "start_over": (_held, {"target": "LEFT"}),
    "replace_keys": (_held, {"stage": "fingers", "also_own": True}),
    "keep_keys": (_other_smoothing, {"stage": "fingers"}),
    "convert_rotation": (None, {"mode": "XZY"}),
    "find_problems": (_without_problems, {}),
    "next_problem": (_at_start, {}),
    "previous_problem": (_with_problem, {}),
    "mark_not_seen": (None, RANGE | ONE_SIDE),
    "swap_sides": (None, RANGE),
    "smooth": (None, RANGE | ONE_SIDE | {"strength": 0.3}),
    "back_to_raw": (_held, RANGE | {"also_my_keys": True}),
    "shift_hands": (None, ONE_SIDE | {"frames": 2}),
    "forget_corrections": (_corrected, {"sides": {"LEFT"}}),
    "hold": (None, RANGE | ONE_SIDE),
    "relax": (None, RANGE | ONE_SIDE | {"fingers": {"THUMB", "INDEX"}, "ease": 2.0}),
    "blend_to_pose": (None, RANGE | {"pose": "FIST", "factor": 0.5}),
    "copy_from_other_hand": (None, RANGE | ONE_SIDE),
    "compare_raw": (None, {}),
    "retime": (None, {"speed": 0.5, "offset": 3, "around": 1}),
    "match_scene": (_at_another_rate, {}),
    "follow_scene": (_at_another_rate, {}),
}
ELSEWHERE = {
    "apply_body",
    "wrist_from",
    "transfer_fingers",
    "detect_bone_map",
    "load_bone_map",
    "choose_clip",
    "put_on_body",
    "add_clip_camera",
    "look_through_clip",
}


def test_every_operator_that_changes_the_file_is_tried() -> None:
    changing = {identifier.removeprefix("handmocap.") for identifier in CHANGES_THE_FILE}
    assert changing == set(CALLS) | ELSEWHERE


def _state() -> State:
    """What a person sees of the file."""
    scene = bpy.context.scene
    state: State = {
        "objects": sorted(thing.name for thing in scene.objects),
        "markers": sorted((marker.name, marker.frame) for marker in scene.timeline_markers),
        "frame": (scene.frame_current, scene.frame_start, scene.frame_end, scene.render.fps),
        "problems": [(line.first_frame, line.reason) for line in scene.handmocap_cleanup.problems],
        "armature": scene.handmocap.armature.name if scene.handmocap.armature else None,
        "map": [(item.name, item.bone) for item in scene.handmocap.retarget.bones],
    }
    for action in bpy.data.actions:
        texts = {key: value for key, value in action.items() if isinstance(value, str)}
        # It says when the keys were written.
        texts.pop("handmocap_made_from", None)
        state[f"said on {action.name}"] = texts
        for curve in all_curves(action):
            keys = read_keys(curve)
            state[f"{action.name} {curve.data_path} {curve.array_index}"] = (keys["co"].tobytes(), keys["type"].tobytes())
    for thing in scene.objects:
        if thing.type == "ARMATURE":
            state[f"modes of {thing.name}"] = [bone.rotation_mode for bone in thing.pose.bones]
    return state


def _changed(first: State, second: State) -> list[str]:
    return [name for name in {**first, **second} if first.get(name) != second.get(name)]


def _undo_and_redo(name: str, arguments: dict[str, Any]) -> str:
    """As a window does: the operator makes its own step. Returns the call as Blender logs it, with the given properties."""
    bpy.ops.ed.undo_push(message="before")
    before = _state()
    assert getattr(bpy.ops.handmocap, name)("EXEC_DEFAULT", True, **arguments) == {"FINISHED"}
    operator = bpy.context.window_manager.operators[-1]
    assert operator.bl_idname == f"HANDMOCAP_OT_{name}"
    logged = {key: value for key, value in operator.as_keywords().items() if operator.properties.is_property_set(key)}
    after = _state()
    assert _changed(before, after)
    bpy.ops.ed.undo()
    assert _changed(before, _state()) == []
    bpy.ops.ed.redo()
    assert _changed(after, _state()) == []
    return f"bpy.ops.handmocap.{name}({', '.join(f'{key}={value!r}' for key, value in logged.items())})"


@pytest.mark.parametrize("name", CALLS)
def test_a_step_back_and_forth_and_the_logged_call_in_another_file(name: str, settings: Any, tmp_path: Path) -> None:
    keyed_fingers(settings, tmp_path)
    prepare, arguments = CALLS[name]
    if prepare is not None:
        prepare(settings)
    path = str(tmp_path / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    line = _undo_and_redo(name, arguments)
    wanted = _state()
    bpy.ops.wm.open_mainfile(filepath=path)
    assert eval(line, {"bpy": bpy}) == {"FINISHED"}
    assert _changed(wanted, _state()) == []


def _with_gvhmr(settings: Any, folder: Path, demo: Path) -> None:
    keyed_fingers(settings, folder)
    write_hands(folder / "hand_poses.npz", count=96)
    settings.gvhmr = str(demo / "hmr4d_results.pt")
    bpy.ops.handmocap.apply_hands()


def test_body_and_wrists_back_and_forth(settings: Any, tmp_path: Path, demo: Path) -> None:
    _with_gvhmr(settings, tmp_path, demo)
    _undo_and_redo("apply_body", {})


def test_another_rig_back_and_forth(settings: Any, tmp_path: Path) -> None:
    armature = keyed_fingers(settings, tmp_path)
    bpy.ops.handmocap.add_body()
    settings = bpy.context.scene.handmocap
    settings.retarget.target, settings.armature = settings.armature, armature
    settings.retarget.detect()
    for item in settings.retarget.bones:
        item.bone = item.name if item.name in armature.data.bones else ""
    bpy.ops.handmocap.save_bone_map(filepath=str(tmp_path / "map.json"))
    _undo_and_redo("transfer_fingers", {})
    bpy.context.scene.handmocap.retarget.bones[0].bone = ""
    _undo_and_redo("load_bone_map", {"filepath": str(tmp_path / "map.json")})
