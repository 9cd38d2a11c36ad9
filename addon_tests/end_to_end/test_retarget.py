from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from addon_tests.blender.other_rigs import mixamo_double
from addon_tests.end_to_end.commands import batch, sentence_of
from handmocap_addon.blender.curves.actions import count_keys
from handmocap_addon.blender.rig.bodies import add_body
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.rig.bone_map import BoneMap, detected_bone_map, write_bone_map


def _file_with_both(path: Path) -> BoneMap:
    add_body(load_stand_in_body(), "Hero")
    rig = mixamo_double("any:")
    bpy.context.scene.frame_end = 3
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    found = detected_bone_map(rig.data.bones.keys())
    assert found is not None
    return found


def test_fingers_are_keyed_on_the_other_rig_of_a_file(tmp_path: Path, empty_scene: Any) -> None:
    found = _file_with_both(tmp_path / "both.blend")
    left = BoneMap("left", {joint: bone for joint, bone in found.bones.items() if joint.startswith("left")})
    write_bone_map(tmp_path / "left.json", left)
    saved = tmp_path / "keyed.blend"
    done = batch("retarget", "--blend", tmp_path / "both.blend", "--map", tmp_path / "left.json", "--save", saved)
    assert done.returncode == 0, done.stderr
    assert "180 keys on 16 left bones of Mixamo double, 0 of a person's own kept" in done.stdout
    bpy.ops.wm.open_mainfile(filepath=str(saved))
    assert count_keys(bpy.data.objects["Mixamo double"]) == 180


def test_a_file_without_another_rig_is_one_sentence(tmp_path: Path, empty_scene: Any) -> None:
    add_body(load_stand_in_body(), "Hero")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "one.blend"))
    done = batch("retarget", "--blend", tmp_path / "one.blend", "--save", tmp_path / "keyed.blend")
    assert done.returncode == 3
    assert "no other rig that a bone map fits: name it with --target" in sentence_of(done)
    assert not (tmp_path / "keyed.blend").exists()
