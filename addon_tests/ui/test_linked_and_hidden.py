"""Armatures as productions have them: linked, overridden, hidden, instanced, with NLA, drivers and constraints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.ui.cleanup_scene import keyed_fingers, rotations, write_hands
from addon_tests.ui.test_registration import CHANGES_THE_FILE

# Those that do not key the armature.
ON_LINKED = CHANGES_THE_FILE - {
    "handmocap.add_body",
    "handmocap.choose_clip",
    "handmocap.put_on_body",
    "handmocap.detect_bone_map",
    "handmocap.load_bone_map",
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "hold": {"first": 5, "last": 9},
    "relax": {"first": 5, "last": 9},
    "copy_from_other_hand": {"sides": {"LEFT"}, "first": 5, "last": 9},
    "convert_rotation": {"mode": "XYZ"},
}


def _rig_file(folder: Path, with_keys: bool) -> str:
    """A .blend with the body as another department hands it over."""
    settings = bpy.context.scene.handmocap
    if with_keys:
        keyed_fingers(settings, folder)
    else:
        bpy.ops.handmocap.add_body()
    path = str(folder / "rig.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_empty=True)
    return path


def _linked(folder: Path, with_keys: bool = False) -> Any:
    """The rig linked into a new file, and chosen in its panel."""
    path = _rig_file(folder, with_keys)
    with bpy.data.libraries.load(path, link=True) as (source, target):
        target.objects = list(source.objects)
    for thing in target.objects:
        bpy.context.scene.collection.objects.link(thing)
    (armature,) = (thing for thing in target.objects if thing.type == "ARMATURE")
    settings = bpy.context.scene.handmocap
    write_hands(folder / "hand_poses.npz")
    settings.hand_poses, settings.armature = str(folder / "hand_poses.npz"), armature
    return armature


def _run(name: str) -> None:
    getattr(bpy.ops.handmocap, name)(**ARGUMENTS.get(name, {}))


@pytest.mark.parametrize("with_keys", [False, True], ids=["bare", "with keys"])
def test_every_tool_says_what_to_do_with_a_linked_armature(
    settings: Any, tmp_path: Path, demo: Path, with_keys: bool
) -> None:
    _linked(tmp_path, with_keys)
    fields = bpy.context.scene.handmocap
    fields.gvhmr = str(demo / "hmr4d_results.pt")
    for identifier in sorted(ON_LINKED - {"handmocap.transfer_fingers"}):
        with pytest.raises(RuntimeError, match="linked from another file: make a library override of it first"):
            _run(identifier.removeprefix("handmocap."))


def test_fingers_of_a_linked_armature_can_be_transferred(settings: Any, tmp_path: Path) -> None:
    """It is only read."""
    _linked(tmp_path, with_keys=True)
    bpy.ops.handmocap.add_body()
    fields = bpy.context.scene.handmocap
    target = fields.armature
    (fields.armature,) = (thing for thing in bpy.data.objects if thing.type == "ARMATURE" and thing.library is not None)
    fields.retarget.target = target
    fields.retarget.detect()
    for item in fields.retarget.bones:
        item.bone = item.name if item.name in target.data.bones else ""
    assert bpy.ops.handmocap.transfer_fingers() == {"FINISHED"}
    assert target.animation_data.action is not None


def test_an_override_gets_keys_of_its_own_that_stay_with_the_file(settings: Any, tmp_path: Path) -> None:
    armature = _linked(tmp_path).override_create(remap_local_usages=True)
    fields = bpy.context.scene.handmocap
    fields.armature = armature
    assert bpy.ops.handmocap.apply_hands() == {"FINISHED"}
    assert bpy.ops.handmocap.hold(first=5, last=9, sides={"LEFT"}) == {"FINISHED"}
    assert armature.animation_data.action.library is None
    held = rotations(armature, "left_index1")
    path = str(tmp_path / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    armature = bpy.context.scene.handmocap.armature
    assert armature.override_library is not None
    np.testing.assert_array_equal(rotations(armature, "left_index1"), held)
    for name in ("apply_hands", "reduce_keys", "full_keys", "compare_raw", "compare_raw", "convert_rotation"):
        _run(name)
    np.testing.assert_allclose(np.abs(rotations(armature, "left_index1", [5, 9])), np.abs(held[[4, 8]]), atol=1e-4)


def test_an_override_that_nobody_may_edit(settings: Any, tmp_path: Path) -> None:
    armature = _linked(tmp_path).override_create(remap_local_usages=True)
    armature.override_library.is_system_override = True
    bpy.context.scene.handmocap.armature = armature
    with pytest.raises(RuntimeError, match="make its override editable first"):
        bpy.ops.handmocap.apply_hands()


def test_an_override_whose_action_is_still_the_librarys(settings: Any, tmp_path: Path) -> None:
    armature = _linked(tmp_path, with_keys=True).override_create(remap_local_usages=True)
    bpy.context.scene.handmocap.armature = armature
    for name in ("apply_hands", "convert_rotation", "reduce_keys", "hold", "smooth", "start_over"):
        with pytest.raises(RuntimeError, match=r"(?s)action.*is linked from another file"):
            _run(name)


@pytest.mark.parametrize("way", ["object", "eye", "collection", "excluded", "collection's eye"])
def test_a_hidden_armature_is_keyed_all_the_same(settings: Any, tmp_path: Path, demo: Path, way: str) -> None:
    bpy.ops.handmocap.add_body()
    armature = settings.armature
    collection = bpy.data.collections.new("Rigs")
    bpy.context.scene.collection.children.link(collection)
    for thing in (armature, *armature.children):
        bpy.context.scene.collection.objects.unlink(thing)
        collection.objects.link(thing)
    layer = bpy.context.view_layer.layer_collection.children["Rigs"]
    if way == "object":
        armature.hide_viewport = True
    elif way == "eye":
        armature.hide_set(True)
    elif way == "collection":
        collection.hide_viewport = True
    elif way == "excluded":
        layer.exclude = True
    else:
        layer.hide_viewport = True
    write_hands(tmp_path / "hand_poses.npz")
    settings.hand_poses = str(tmp_path / "hand_poses.npz")
    for name in (
        "apply_hands",
        "next_problem",
        "hold",
        "reduce_keys",
        "full_keys",
        "smooth",
        "compare_raw",
        "compare_raw",
        "retime",
    ):
        _run(name)
    settings.hand_poses, settings.gvhmr = "", str(demo / "hmr4d_results.pt")
    assert bpy.ops.handmocap.apply_body() == {"FINISHED"}
    assert len(rotations(armature, "left_index1")) > 0


def test_a_body_is_added_where_the_active_collection_is_excluded(settings: Any) -> None:
    collection = bpy.data.collections.new("Rigs")
    bpy.context.scene.collection.children.link(collection)
    bpy.context.view_layer.active_layer_collection = bpy.context.view_layer.layer_collection.children["Rigs"]
    bpy.context.view_layer.layer_collection.children["Rigs"].exclude = True
    assert bpy.ops.handmocap.add_body() == {"FINISHED"}
    assert settings.armature.visible_get()


def test_armatures_that_share_their_bones_have_keys_of_their_own(settings: Any, tmp_path: Path) -> None:
    armature = keyed_fingers(settings, tmp_path)
    twin = bpy.data.objects.new("twin", armature.data)
    bpy.context.scene.collection.objects.link(twin)
    before = rotations(armature, "left_index1")
    settings.armature = twin
    settings.smoothing = 0.0
    assert bpy.ops.handmocap.apply_hands() == {"FINISHED"}
    assert twin.animation_data.action != armature.animation_data.action
    np.testing.assert_array_equal(rotations(armature, "left_index1"), before)
    assert bpy.ops.handmocap.convert_rotation(mode="XYZ") == {"FINISHED"}
    assert armature.pose.bones["left_index1"].rotation_mode == "QUATERNION"
    np.testing.assert_array_equal(rotations(armature, "left_index1"), before)


def test_markers_of_the_artist_stay(settings: Any, tmp_path: Path) -> None:
    markers = bpy.context.scene.timeline_markers
    markers.new("handmocap: mine", frame=7)
    markers.new("Take 2", frame=30)
    keyed_fingers(settings, tmp_path)
    assert len(markers) > 2
    for shown in (False, True, False):
        bpy.context.scene.handmocap_cleanup.problem_markers = shown
    bpy.ops.handmocap.retime(speed=0.5, around=1)
    assert sorted((marker.name, marker.frame) for marker in markers) == [("Take 2", 30), ("handmocap: mine", 7)]


def test_tracks_that_are_muted_and_above(settings: Any, tmp_path: Path) -> None:
    """Pushed down, muted, with a layer of the artist's above: runs still find their own action."""
    armature = keyed_fingers(settings, tmp_path)
    animation = armature.animation_data
    own = animation.action
    track = animation.nla_tracks.new()
    track.strips.new("clip", 1, own)
    track.mute = True
    animation.action = None
    above = bpy.data.actions.new("corrections")
    animation.action = above
    assert bpy.ops.handmocap.apply_hands() == {"FINISHED"}
    _run("hold")
    assert animation.action == above and track.mute
    assert not above.layers or not any(bag.fcurves for bag in above.layers[0].strips[0].channelbags)


def test_bones_with_drivers_and_constraints_keep_them(settings: Any, tmp_path: Path) -> None:
    bpy.ops.handmocap.add_body()
    bone = settings.armature.pose.bones["left_index1"]
    bone.constraints.new("LIMIT_ROTATION")
    driver = settings.armature.driver_add('pose.bones["left_index2"].rotation_quaternion', 1)
    driver.driver.expression = "0.25"
    settings.armature.data.bones["left_index3"].hide = True
    armature = settings.armature
    write_hands(tmp_path / "hand_poses.npz")
    settings.hand_poses = str(tmp_path / "hand_poses.npz")
    for name in ("apply_hands", "hold", "reduce_keys", "full_keys", "compare_raw", "smooth", "relax", "compare_raw"):
        _run(name)
    assert len(bone.constraints) == 1
    assert [found.data_path for found in armature.animation_data.drivers] == [driver.data_path]


def test_scenes_have_settings_of_their_own(settings: Any, tmp_path: Path) -> None:
    armature = keyed_fingers(settings, tmp_path)
    first = bpy.context.scene
    other = bpy.data.scenes.new("Other")
    assert other.handmocap.armature is None and len(other.handmocap_cleanup.problems) == 0
    bpy.context.window.scene = other
    with pytest.raises(RuntimeError, match="Add a body or choose an SMPL-X armature first"):
        bpy.ops.handmocap.apply_hands()
    other.handmocap.armature, other.handmocap.hand_poses = armature, first.handmocap.hand_poses
    with pytest.raises(RuntimeError, match="Add a body or choose an SMPL-X armature first"):
        bpy.ops.handmocap.apply_hands()
    assert bpy.ops.handmocap.add_body() == {"FINISHED"}
    assert other.handmocap.armature.name in other.objects and other.handmocap.armature != armature
    first_keys = rotations(armature, "left_index1")
    other.handmocap.smoothing = 0.0
    assert bpy.ops.handmocap.apply_hands() == {"FINISHED"}
    np.testing.assert_array_equal(rotations(armature, "left_index1"), first_keys)
    assert first.handmocap.smoothing != 0.0
    assert first.handmocap.armature == armature


def test_a_full_copy_of_a_scene_keys_its_own_armature(settings: Any, tmp_path: Path) -> None:
    armature = keyed_fingers(settings, tmp_path)
    before = rotations(armature, "left_index1")
    bpy.ops.scene.new(type="FULL_COPY")
    copied = bpy.context.scene.handmocap.armature
    assert copied != armature and copied.name in bpy.context.scene.objects
    bpy.context.scene.handmocap.smoothing = 0.0
    assert bpy.ops.handmocap.apply_hands() == {"FINISHED"}
    np.testing.assert_array_equal(rotations(armature, "left_index1"), before)
