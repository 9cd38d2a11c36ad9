"""Each option of a bake, as the makers' own libraries find it in the file."""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from pxr import Usd, UsdGeom, UsdSkel

from addon_tests.blender.motions import MadeUpShot
from addon_tests.blender.rigs import ours
from handmocap_addon.blender.background.bake.read_back import world_vertices
from handmocap_addon.blender.bake.request import BakeJob, request_for
from handmocap_addon.blender.motion.motion_keys import write_body_keys, write_hand_keys
from handmocap_addon.blender.motion.shot import Shot
from handmocap_addon.blender.rig.armatures import deformed_meshes
from handmocap_addon.blender.scene_time import set_frame_rate, set_range
from handmocap_addon.core.bake.options import BakeOptions
from handmocap_addon.core.bake.presets import BAKE_PRESETS, PRESETS
from handmocap_addon.core.body.model import BodyModel
from handmocap_addon.core.errors import BadInputError, BadUsageError
from handmocap_addon.core.files.json_dataclasses import from_json
from handmocap_addon.worker.proof.alembic_reader import read_alembic
from handmocap_addon.worker.proof.usd_reader import read_usd

COUNT = 4
READ = {".abc": read_alembic, ".usdc": read_usd}
# Row vectors of a file with this axis up in Blender's axes.
TO_Z_UP = {"z": np.eye(3), "y": np.array(((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)))}
UNIT = {"metres": 1.0, "centimetres": 0.01}


@pytest.fixture
def armature(scene: Any, stand_in: BodyModel) -> Any:
    shot, frames = MadeUpShot(COUNT), np.arange(1.0, COUNT + 1.0)
    armature = ours(stand_in)
    set_frame_rate(scene, Fraction(24000, 1001))
    set_range(scene, frames)
    write_body_keys(Shot.of(armature), shot.motion(), frames, "shot")
    write_hand_keys(Shot.of(armature), shot.hands(), shot.tracks(), frames, "shot")
    camera = bpy.data.objects.new("Shot cam", bpy.data.cameras.new("Shot cam"))
    scene.collection.objects.link(camera)
    camera.rotation_euler = (1.3, 0.1, 0.2)
    camera.data.lens = 35.0
    for frame in (1, COUNT):
        camera.location = (0.3 * frame, -4.0, 1.5)
        camera.keyframe_insert("location", frame=frame)
    scene.camera = camera
    return armature


def _bake(armature: Any, targets: list[Path], options: BakeOptions) -> list[dict[str, Any]]:
    request = request_for(armature, targets, bpy.context.scene, options)
    log = targets[0].parent / "logs" / "bake.log"
    reports: list[dict[str, Any]] = BakeJob(request, None, log, Path(sys.executable)).wait()["files"]
    return reports


def _surface(armature: Any, frame: float) -> Any:
    bpy.context.scene.frame_set(int(np.floor(frame)), subframe=frame - float(np.floor(frame)))
    return world_vertices(deformed_meshes(armature)[0])


def _targets(folder: Path) -> list[Path]:
    return [folder / "body.abc", folder / "body.usdc"]


@pytest.mark.parametrize("name", PRESETS)
def test_presets_have_their_axis_unit_and_times_in_the_file(name: Any, armature: Any, tmp_path: Path) -> None:
    options = BAKE_PRESETS[name].applied_to(BakeOptions())
    reports = _bake(armature, _targets(tmp_path), options)
    for target, report in zip(_targets(tmp_path), reports, strict=True):
        content = READ[target.suffix](target)
        (mesh,) = content.meshes.values()
        axis = options.up_axis_of(target.suffix)
        assert content.up_axis in (None, axis)
        assert content.metres_per_unit in (None, UNIT[options.unit])
        np.testing.assert_allclose(mesh.seconds, np.arange(1, COUNT + 1) * 1001 / 24000, atol=1e-6)
        for frame, second in enumerate(mesh.seconds.tolist(), start=1):
            found = mesh.world_points(second) @ TO_Z_UP[axis] * UNIT[options.unit]
            np.testing.assert_allclose(found, _surface(armature, frame), atol=1e-5)
        assert report["frames_per_second"] == "24000/1001"
    stage = Usd.Stage.Open(str(tmp_path / "body.usdc"))
    (points,) = [UsdGeom.Mesh(prim) for prim in stage.Traverse() if prim.IsA(UsdGeom.Mesh)]
    assert bool(points.GetNormalsAttr().Get(1.0)) == options.normals


def test_sub_frames_are_the_scene_between_its_frames(armature: Any, tmp_path: Path) -> None:
    options = BakeOptions(samples=2, shutter=(-0.5, 0.5))
    _bake(armature, _targets(tmp_path), options)
    for target in _targets(tmp_path):
        (mesh,) = READ[target.suffix](target).meshes.values()
        places = mesh.seconds * 24000 / 1001
        assert {1.0, 1.5, 2.0, 2.5, 4.0} <= set(np.round(places, 3).tolist())
        for second, place in zip(mesh.seconds.tolist(), np.round(places * 2) / 2, strict=True):
            found = mesh.world_points(second) @ TO_Z_UP["y" if target.suffix == ".abc" else "z"]
            np.testing.assert_allclose(found, _surface(armature, float(place)), atol=1e-5)


@pytest.mark.parametrize("samples", [1, 2])
def test_a_single_frame_is_that_frame(samples: int, armature: Any, tmp_path: Path) -> None:
    reports = _bake(armature, _targets(tmp_path), BakeOptions(first_frame=3, last_frame=3, samples=samples))
    assert [report["frames"] for report in reports] == [1, 1]
    bpy.context.scene.frame_set(1)
    for target in _targets(tmp_path):
        (mesh,) = READ[target.suffix](target).meshes.values()
        for frame in (3.0, 3.5)[:samples]:
            found = mesh.world_points(frame * 1001 / 24000) @ TO_Z_UP["y" if target.suffix == ".abc" else "z"]
            np.testing.assert_allclose(found, _surface(armature, frame), atol=1e-5)


@pytest.mark.parametrize(("what", "mode"), [("armature", "POSE"), ("mesh", "EDIT"), ("armature", "EDIT")])
@pytest.mark.parametrize("is_hidden", [False, True])
def test_a_bake_from_the_middle_of_work_is_the_same(
    what: str, mode: str, is_hidden: bool, armature: Any, tmp_path: Path
) -> None:
    things = {"armature": armature, "mesh": deformed_meshes(armature)[0]}
    bpy.context.view_layer.objects.active = things[what]
    bpy.ops.object.mode_set(mode=mode)
    things[what].hide_set(is_hidden)
    reports = _bake(armature, _targets(tmp_path), BakeOptions())
    assert [report["own_points_equal_to_the_bit"] for report in reports] == [True, True]
    assert things[what].mode == mode
    things[what].hide_set(False)
    bpy.ops.object.mode_set(mode="OBJECT")
    for target in _targets(tmp_path):
        (mesh,) = READ[target.suffix](target).meshes.values()
        found = mesh.world_points(3 * 1001 / 24000) @ TO_Z_UP["y" if target.suffix == ".abc" else "z"]
        np.testing.assert_allclose(found, _surface(armature, 3.0), atol=1e-5)


def test_parts_apart_hold_hands_and_camera(armature: Any, tmp_path: Path) -> None:
    options = BakeOptions(parts=("body", "hands", "camera"), apart=True)
    reports = _bake(armature, _targets(tmp_path), options)
    assert [Path(report["path"]).name for report in reports] == [
        f"{part}{suffix}" for suffix in (".abc", ".usdc") for part in options.parts
    ]
    whole = _surface(armature, 2.0)
    camera = bpy.context.scene.camera
    for suffix, axis in ((".abc", "y"), (".usdc", "z")):
        (hands,) = READ[suffix](tmp_path / f"hands{suffix}").meshes.values()
        points = hands.world_points(2 * 1001 / 24000) @ TO_Z_UP[axis]
        assert 100 < len(points) < len(whole) / 2
        # All of them are vertices of the body.
        nearest = [np.abs(whole - point).max(axis=1).min() for point in points[::50]]
        assert max(nearest) < 1e-5
        content = READ[suffix](tmp_path / f"camera{suffix}")
        assert content.meshes == {}
        (baked,) = content.cameras.values()
        pose = baked.pose(2 * 1001 / 24000)
        np.testing.assert_allclose(pose[:3, 3] @ TO_Z_UP[axis], np.array(camera.matrix_world)[:3, 3], atol=1e-5)
        np.testing.assert_allclose(TO_Z_UP[axis].T @ pose[:3, :3], np.array(camera.matrix_world)[:3, :3], atol=1e-5)
        np.testing.assert_allclose(baked.lens(0.1)[:2], (35.0, 36.0), rtol=1e-5)


def test_a_skeleton_poses_the_meshes_as_the_scene_does(armature: Any, tmp_path: Path) -> None:
    (report,) = _bake(armature, [tmp_path / "body.usdc"], BakeOptions(geometry="skeleton", parts=("body", "hands")))
    assert report["largest_distance_m"] < 1e-5
    stage = Usd.Stage.Open(str(tmp_path / "body.usdc"))
    assert [prim for prim in stage.Traverse() if prim.IsA(UsdSkel.Skeleton)]
    content = read_usd(tmp_path / "body.usdc")
    body = max(content.meshes.values(), key=lambda mesh: len(mesh.face_sizes))
    np.testing.assert_allclose(body.world_points(3 * 1001 / 24000), _surface(armature, 3.0), atol=1e-5)


def test_alembic_holds_no_skeleton(armature: Any, tmp_path: Path) -> None:
    with pytest.raises(BadUsageError, match="Alembic knows no skeleton"):
        request_for(armature, _targets(tmp_path), bpy.context.scene, BakeOptions(geometry="skeleton"))


def test_a_camera_that_is_not_there_is_one_sentence(armature: Any, scene: Any, tmp_path: Path) -> None:
    scene.camera = None
    with pytest.raises(BadInputError, match="no camera"):
        request_for(armature, _targets(tmp_path), scene, BakeOptions(parts=("camera",)))


def test_range_handles_rate_and_offset(armature: Any, tmp_path: Path) -> None:
    options = BakeOptions(
        first_frame=2, last_frame=3, handles=1, frame_rate=Fraction(25), offset=(1.0, 2.0, 3.0), up_axis="z"
    )
    _bake(armature, _targets(tmp_path), options)
    for target in _targets(tmp_path):
        (mesh,) = READ[target.suffix](target).meshes.values()
        np.testing.assert_allclose(mesh.seconds, np.arange(1, 5) / 25, atol=1e-6)
        np.testing.assert_allclose(mesh.world_points(2 / 25), _surface(armature, 2.0) + (1.0, 2.0, 3.0), atol=1e-5)


def test_the_first_pelvis_stands_over_the_origin(armature: Any, tmp_path: Path) -> None:
    _bake(armature, [tmp_path / "body.usdc"], BakeOptions(offset="origin"))
    (mesh,) = read_usd(tmp_path / "body.usdc").meshes.values()
    first = _surface(armature, 1.0)
    pelvis = armature.matrix_world @ armature.pose.bones["pelvis"].head
    np.testing.assert_allclose(mesh.world_points(1001 / 24000), first - (pelvis.x, pelvis.y, 0.0), atol=1e-5)


def test_names_do_not_depend_on_what_else_is_in_the_file(
    armature: Any, scene: Any, stand_in: BodyModel, tmp_path: Path
) -> None:
    options = BakeOptions(parts=("body", "hands", "camera"))
    _bake(armature, _targets(tmp_path), options)
    before = {target.suffix: _paths(target) for target in _targets(tmp_path)}
    assert "/root/ours/ours_mesh/ours_mesh" in before[".abc"]
    name = armature.name
    armature.name = "gone"
    for thing in (armature, *deformed_meshes(armature)):
        thing.name = f"{name} mesh.003" if thing.type == "MESH" else f"{name}.007"
    _bake(armature, _targets(tmp_path), options)
    assert {target.suffix: _paths(target) for target in _targets(tmp_path)} == before
    assert before[".abc"] == before[".usdc"]


def _paths(target: Path) -> set[str]:
    content = READ[target.suffix](target)
    return {*content.meshes, *content.cameras}


def test_a_report_lies_beside_the_file(armature: Any, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"frames")
    request = request_for(armature, [tmp_path / "body.abc"], bpy.context.scene, BakeOptions(), {"clip": clip})
    BakeJob(request, None, tmp_path / "bake.log", Path(sys.executable)).wait()
    report = json.loads((tmp_path / "body.abc.report.json").read_text(encoding="utf-8"))
    assert report["reader"].startswith("alembic3d ")
    assert report["sources"]["clip"]["bytes"] == 6
    assert report["sources"].keys() == {"blend", "clip"}
    assert from_json(BakeOptions, report["options"]) == BakeOptions()
    assert report["versions"]["blender"] == bpy.app.version_string
    assert report["versions"]["handmocap"] == "0.1.0"
    assert report["licences"]
    assert report["time_samples"] == COUNT
