from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from pxr import UsdSkel

from addon_tests.blender.cancelled_bakes import cancel_in
from addon_tests.blender.motions import MadeUpShot
from addon_tests.blender.processes import processes_with, wait_until
from addon_tests.blender.readers import READERS, open_usd
from addon_tests.blender.rigs import meshcapade_like, ours, world_surface
from handmocap_addon.blender.bake.request import BakeJob, request_for
from handmocap_addon.blender.jobs.child_job import ReportedError
from handmocap_addon.blender.motion.motion_keys import write_body_keys, write_hand_keys
from handmocap_addon.blender.motion.shot import Shot
from handmocap_addon.blender.rig.armatures import deformed_meshes
from handmocap_addon.blender.scene_time import set_frame_rate, set_range
from handmocap_addon.core.bake.options import BakeOptions
from handmocap_addon.core.body.model import BodyModel
from handmocap_addon.core.errors import BadInputError, BadUsageError, OutputError
from handmocap_addon.core.job_protocol import Progress

COUNT = 8
FRAMES = np.arange(1.0, COUNT + 1.0)
OLD = b"what an earlier bake left"


def _moving(model: BodyModel, scene: Any, maker: Any = ours, count: int = COUNT) -> Any:
    shot = MadeUpShot(count)
    frames = np.arange(1.0, count + 1.0)
    armature = maker(model)
    set_frame_rate(scene, Fraction(24000, 1001))
    set_range(scene, frames)
    write_body_keys(Shot.of(armature), shot.motion(), frames, "shot")
    write_hand_keys(Shot.of(armature), shot.hands(), shot.tracks(), frames, "shot")
    return armature


def _start(
    armature: Any, targets: list[Path], options: BakeOptions | None = None, readers: Path | None = Path(sys.executable)
) -> BakeJob:
    log = targets[0].parent / "logs" / "bake.log"
    return BakeJob(request_for(armature, targets, bpy.context.scene, options), None, log, readers)


def _temporaries(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".handmocap")]


@pytest.mark.parametrize("readers", [Path(sys.executable), None], ids=["readers", "Blender alone"])
@pytest.mark.parametrize("maker", [ours, meshcapade_like], ids=lambda maker: maker.__name__)
def test_others_readers_find_the_evaluated_scene_in_both_files(
    maker: Any, readers: Path | None, scene: Any, stand_in: BodyModel, tmp_path: Path
) -> None:
    armature = _moving(stand_in, scene, maker)
    targets = [tmp_path / "body.abc", tmp_path / "body.usdc"]
    progress: list[Progress] = []
    reports = _start(armature, targets, readers=readers).wait(progress.append)["files"]
    wanted = []
    for frame in FRAMES:
        scene.frame_set(int(frame))
        wanted.append(world_surface(armature))
    assert np.linalg.norm(np.diff(wanted, axis=0), axis=-1).max() > 0.05
    for target, report in zip(targets, reports, strict=True):
        found = READERS[target.suffix](target)
        assert found.points.shape == (COUNT, len(stand_in.vertices), 3)
        np.testing.assert_allclose(found.points, wanted, atol=1e-5)
        np.testing.assert_allclose(found.times, FRAMES * 1001 / 24000, atol=1e-6)
        assert report["path"] == str(target)
        assert (report["frames"], report["vertices"]) == (COUNT, len(stand_in.vertices))
        assert report["constant_vertex_count"]
        assert report["largest_distance_m"] <= 1e-5
        assert report["bytes"] == target.stat().st_size
        low, high = np.min(wanted, axis=(0, 1)), np.max(wanted, axis=(0, 1))
        np.testing.assert_allclose(report["bounds_m"], (low, high), atol=1e-4)
    stages = {item.stage for item in progress}
    assert stages >= {"Checking body.abc", "Checking body.usdc"}
    assert all(0.0 <= item.fraction <= 1.0 for item in progress)
    assert _temporaries(tmp_path) == []


def test_usd_holds_points_and_no_skeleton(scene: Any, stand_in: BodyModel, tmp_path: Path) -> None:
    _start(_moving(stand_in, scene), [tmp_path / "body.usdc"]).wait()
    stage = open_usd(tmp_path / "body.usdc")
    assert not [prim for prim in stage.Traverse() if prim.IsA(UsdSkel.Skeleton) or prim.IsA(UsdSkel.Root)]
    assert (stage.GetStartTimeCode(), stage.GetEndTimeCode()) == (1.0, COUNT)
    assert stage.GetTimeCodesPerSecond() == pytest.approx(24000 / 1001, rel=1e-6)


def test_the_open_scene_is_not_changed_by_a_bake(scene: Any, stand_in: BodyModel, tmp_path: Path) -> None:
    armature = _moving(stand_in, scene)
    scene.frame_set(3)
    before = [thing.name for thing in bpy.data.objects]
    _start(armature, [tmp_path / "body.abc"]).wait()
    assert [thing.name for thing in bpy.data.objects] == before
    assert (scene.frame_current, scene.frame_start, scene.frame_end) == (3, 1, COUNT)
    assert bpy.data.filepath == ""


def test_a_hidden_body_is_baked_all_the_same(scene: Any, stand_in: BodyModel, tmp_path: Path) -> None:
    armature = _moving(stand_in, scene)
    (mesh,) = deformed_meshes(armature)
    mesh.hide_set(True)
    mesh.hide_render = True
    (report,) = _start(armature, [tmp_path / "body.usdc"]).wait()["files"]
    assert report["vertices"] == len(stand_in.vertices)


def test_a_body_in_a_hidden_collection_is_baked_all_the_same(scene: Any, stand_in: BodyModel, tmp_path: Path) -> None:
    armature = _moving(stand_in, scene)
    collection = bpy.data.collections.new("Characters")
    scene.collection.children.link(collection)
    for thing in (armature, *deformed_meshes(armature)):
        scene.collection.objects.unlink(thing)
        collection.objects.link(thing)
    collection.hide_viewport = True
    (report,) = _start(armature, [tmp_path / "body.usdc"]).wait()["files"]
    assert report["vertices"] == len(stand_in.vertices)


@pytest.mark.parametrize("name", ["body.abc", "body.usdc"])
def test_a_target_with_spaces_and_umlauts_is_written(name: str, scene: Any, stand_in: BodyModel, tmp_path: Path) -> None:
    folder = tmp_path / "Aufnahme für Zoë 手"
    _start(_moving(stand_in, scene), [folder / name]).wait()
    assert len(READERS[Path(name).suffix](folder / name).times) == COUNT


@pytest.mark.parametrize("suffix", [".abc", ".usdc"])
def test_a_mesh_with_positions_that_are_no_numbers_leaves_the_old_file(
    suffix: str, scene: Any, stand_in: BodyModel, tmp_path: Path
) -> None:
    armature = _moving(stand_in, scene)
    deformed_meshes(armature)[0].data.vertices[100].co = (float("nan"), 0.0, 0.0)
    target = tmp_path / f"body{suffix}"
    target.write_bytes(OLD)
    with pytest.raises(ReportedError) as caught:
        _start(armature, [target]).wait()
    assert caught.value.code == "bad_input"
    assert "not finite" in caught.value.message
    assert target.read_bytes() == OLD
    assert _temporaries(tmp_path) == []


def test_a_target_that_is_a_folder_is_one_sentence(scene: Any, stand_in: BodyModel, tmp_path: Path) -> None:
    target = tmp_path / "body.abc"
    target.mkdir()
    with pytest.raises(ReportedError) as caught:
        _start(_moving(stand_in, scene), [target]).wait()
    assert caught.value.code == "output"
    assert str(target) in caught.value.message
    assert _temporaries(tmp_path) == []


def test_a_folder_under_a_regular_file_is_refused_before_any_work(scene: Any, stand_in: BodyModel, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be written"):
        _start(_moving(stand_in, scene), [tmp_path / "file" / "body.abc"])


def test_the_second_target_failing_leaves_the_first_one_whole(scene: Any, stand_in: BodyModel, tmp_path: Path) -> None:
    targets = [tmp_path / "body.abc", tmp_path / "body.usdc"]
    targets[1].mkdir()
    with pytest.raises(ReportedError):
        _start(_moving(stand_in, scene), targets).wait()
    assert len(READERS[".abc"](targets[0]).times) == COUNT


def test_an_armature_without_a_mesh_has_nothing_to_bake(scene: Any, stand_in: BodyModel, tmp_path: Path) -> None:
    armature = ours(stand_in)
    bpy.data.objects.remove(deformed_meshes(armature)[0])
    with pytest.raises(BadInputError, match="deforms no mesh"):
        request_for(armature, [tmp_path / "body.abc"], scene)


def test_a_format_that_is_neither_is_refused(scene: Any, stand_in: BodyModel, tmp_path: Path) -> None:
    with pytest.raises(BadUsageError, match=r"body\.fbx is neither Alembic nor USD"):
        request_for(ours(stand_in), [tmp_path / "body.fbx"], scene)


@pytest.mark.parametrize("stage", ["Writing", "Checking"])
def test_a_cancelled_bake_is_gone_within_three_seconds_and_leaves_the_old_file(
    stage: str, scene: Any, stand_in: BodyModel, tmp_path: Path, copies: Path
) -> None:
    armature = _moving(stand_in, scene, count=COUNT)
    scene.frame_end = 300
    target = tmp_path / "body.usdc"
    target.write_bytes(OLD)
    job = _start(armature, [target])
    assert len(list(copies.iterdir())) == 1
    cancel_in(stage, job, target, OLD, copies)


def test_a_bake_leaves_nothing_in_the_folder_for_temporary_files(
    scene: Any, stand_in: BodyModel, tmp_path: Path, copies: Path
) -> None:
    _start(_moving(stand_in, scene), [tmp_path / "body.usdc"]).wait()
    assert list(copies.iterdir()) == []


def test_a_bake_whose_blender_dies_takes_its_copy_of_the_scene_with_it(
    scene: Any, stand_in: BodyModel, tmp_path: Path, copies: Path
) -> None:
    armature = _moving(stand_in, scene)
    scene.frame_end = 300
    job = _start(armature, [tmp_path / "body.usdc"])
    assert wait_until(lambda: not job.poll() or job.job.progress is not None)
    job.job._process.stdin.close()
    assert wait_until(lambda: not list(copies.iterdir()))
    assert wait_until(lambda: processes_with(f"{copies}/") == [])
