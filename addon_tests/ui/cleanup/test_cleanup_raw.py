"""The raw hands beside the clean ones: what the ghost shows, what it touches, and that nothing of it is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.ui.cleanup_scene import keyed_fingers
from handmocap_addon.blender.bake.request import request_for
from handmocap_addon.blender.rig.armatures import deformed_meshes, smplx_armatures
from handmocap_addon.core.cleanup.raw_hands import raw_hand
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses


@pytest.fixture
def armature(settings: Any, tmp_path: Path) -> Any:
    return keyed_fingers(settings, tmp_path)


def _datablocks() -> dict[str, list[str]]:
    kinds = ("objects", "collections", "actions", "meshes", "armatures", "materials")
    return {kind: sorted(each.name for each in getattr(bpy.data, kind)) for kind in kinds}


def _ghost(armature: Any) -> Any:
    return bpy.data.objects[f"{armature.name} raw"]


def _local(armature: Any, bone: str) -> np.ndarray:
    return np.array(armature.pose.bones[bone].rotation_quaternion)


def test_the_ghost_shows_what_was_measured_and_holds_it_over_gaps(armature: Any, settings: Any) -> None:
    assert bpy.ops.handmocap.compare_raw() == {"FINISHED"}
    poses = read_hand_poses(settings.hand_poses_path())
    ghost = _ghost(armature)
    for frame, row in ((10, 9), (31, 30), (48, 39)):
        bpy.context.scene.frame_set(frame)
        raw = raw_hand(poses.right).quat_wxyz[row, 0]
        assert abs(float(np.sum(_local(ghost, "right_index1") * raw))) == pytest.approx(1.0, abs=1e-5)
    bpy.context.scene.frame_set(31)
    assert np.abs(_local(ghost, "left_index1") - _local(armature, "left_index1")).max() > 0.1


def test_the_ghost_follows_the_body_and_has_its_hands_alone(armature: Any) -> None:
    bpy.ops.handmocap.compare_raw()
    ghost = _ghost(armature)
    assert ghost.data == armature.data
    (mesh,), (body,) = deformed_meshes(armature), deformed_meshes(ghost)
    assert body != mesh
    assert 0 < len(body.data.vertices) < len(mesh.data.vertices) / 2
    # Where a finger's points lie at rest, and what moves them, is as in the whole mesh.
    names = {group.index: group.name for group in body.vertex_groups}
    whole = {tuple(point.co): {names[each.group]: each.weight for each in point.groups} for point in mesh.data.vertices}
    for point in body.data.vertices:
        found = {names[each.group]: each.weight for each in point.groups}
        assert whole[tuple(point.co)] == found
        assert sum(weight for name, weight in found.items() if name[-1].isdigit() and "spine" not in name) > 0.15
    armature.location = (1.0, 2.0, 0.5)
    armature.pose.bones["left_elbow"].rotation_quaternion = (0.8, 0.0, 0.6, 0.0)
    bpy.context.scene.frame_set(12)
    graph = bpy.context.evaluated_depsgraph_get()
    for bone in ("pelvis", "left_wrist", "head"):
        places = [each.evaluated_get(graph) for each in (armature, ghost)]
        matrices = [np.array(each.matrix_world @ each.pose.bones[bone].matrix) for each in places]
        np.testing.assert_allclose(*matrices, atol=1e-5)


def test_a_second_press_leaves_nothing(armature: Any) -> None:
    before = _datablocks()
    for _ in range(3):
        bpy.ops.handmocap.compare_raw()
        assert _datablocks() != before
        bpy.ops.handmocap.compare_raw()
        assert _datablocks() == before


def test_the_ghost_is_in_nobodys_way(armature: Any, settings: Any, tmp_path: Path) -> None:
    bpy.ops.handmocap.compare_raw()
    ghost = _ghost(armature)
    things = [ghost, *deformed_meshes(ghost)]
    assert all(thing.hide_select and thing.hide_render and thing.show_in_front for thing in things)
    for mesh in deformed_meshes(ghost):
        # As edges alone, hands from afar are black.
        assert mesh.display_type == "SOLID"
        (material,) = mesh.data.materials
        assert 0.2 < material.diffuse_color[3] < 0.8
    assert all(material.diffuse_color[3] == 1.0 for mesh in deformed_meshes(armature) for material in mesh.data.materials)
    assert smplx_armatures() == [armature]
    request = request_for(armature, [tmp_path / "body.abc"], bpy.context.scene)
    assert list(request.meshes) == [mesh.name for mesh in deformed_meshes(armature)]
    keys = armature.animation_data.action
    bpy.ops.handmocap.apply_hands()
    assert armature.animation_data.action == keys and ghost.animation_data.action != keys
    bpy.ops.handmocap.compare_raw()


def test_the_ghost_is_undone_and_saved(armature: Any, tmp_path: Path) -> None:
    before = _datablocks()
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.handmocap.compare_raw("EXEC_DEFAULT", True)
    bpy.ops.ed.undo()
    assert _datablocks() == before
    bpy.ops.handmocap.compare_raw()
    path = str(tmp_path / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert bpy.ops.handmocap.compare_raw() == {"FINISHED"}
    assert _datablocks() == before


def test_the_ghost_of_a_deleted_armature_goes_with_the_next(armature: Any, settings: Any) -> None:
    bpy.ops.handmocap.compare_raw()
    bpy.data.objects.remove(armature)
    bpy.ops.handmocap.add_body()
    bpy.ops.handmocap.apply_hands()
    bpy.ops.handmocap.compare_raw()
    assert len([thing for thing in bpy.data.objects if thing.type == "ARMATURE"]) == 2
    bpy.ops.handmocap.compare_raw()
    assert [thing for thing in bpy.data.objects if thing.type == "ARMATURE"] == [settings.armature]


def test_without_the_file_the_ghost_still_goes(armature: Any, settings: Any) -> None:
    bpy.ops.handmocap.compare_raw()
    Path(settings.hand_poses).unlink()
    assert bpy.ops.handmocap.compare_raw() == {"FINISHED"}
    with pytest.raises(RuntimeError, match="The hands' file is not there"):
        bpy.ops.handmocap.compare_raw()
