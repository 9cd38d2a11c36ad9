"""The proof itself must be able to fail: files that are not what the scene had are handed to both ways of reading."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.motions import MadeUpShot
from addon_tests.blender.rigs import ours
from addon_tests.making.patience import COMMAND_PATIENCE
from handmocap_addon.blender.background.bake import capture as bake_capture
from handmocap_addon.blender.background.bake.capture import Capture
from handmocap_addon.blender.background.bake.export import export, path_in_file
from handmocap_addon.blender.background.bake.prover import Prover
from handmocap_addon.blender.background.bake.read_back import read_back
from handmocap_addon.blender.background.bake.scene import prepare_scene
from handmocap_addon.blender.background.bake.work import bake_request
from handmocap_addon.blender.bake.request import request_for
from handmocap_addon.blender.jobs.scene_copy_order import SceneCopyOrder
from handmocap_addon.blender.motion.motion_keys import write_body_keys
from handmocap_addon.blender.motion.shot import Shot
from handmocap_addon.blender.rig.armatures import deformed_meshes
from handmocap_addon.blender.scene_time import set_range
from handmocap_addon.core.bake.expectation import DIGEST_BYTES, FileExpectation
from handmocap_addon.core.bake.options import BakeOptions
from handmocap_addon.core.bake.sampling import sampled_frames
from handmocap_addon.core.body.model import BodyModel
from handmocap_addon.core.errors import BakeError, MissingSetupError, PointsDifferError, WorkerFailedError

COUNT = 5
Check = Callable[[FileExpectation], dict[str, Any]]


@pytest.fixture(scope="module")
def prover() -> Any:
    running = Prover(Path(sys.executable))
    yield running
    running.close()


@pytest.fixture(params=[".abc", ".usdc"])
def expected(request: Any, scene: Any, stand_in: BodyModel, tmp_path: Path) -> FileExpectation:
    armature = ours(stand_in)
    frames = np.arange(1.0, COUNT + 1.0)
    set_range(scene, frames)
    write_body_keys(Shot.of(armature), MadeUpShot(COUNT).motion(), frames, "shot")
    options = BakeOptions()
    prepared = prepare_scene(options, armature, deformed_meshes(armature), None, 1)
    meshes, _ = prepared.of(("body",))
    path = tmp_path / f"body{request.param}"
    samples = sampled_frames(path.suffix, options, 1, COUNT)
    capture = Capture(meshes, None, samples, tmp_path, lambda _done: None)
    export(path, scene, meshes, options, (1, COUNT), capture)
    capture.finish()
    rate = scene.render.fps / scene.render.fps_base
    axis = options.up_axis_of(path.suffix)
    return FileExpectation(path, axis, 1.0, rate, rate, samples, 1e-4, capture.meshes(path_in_file, np.eye(4)))


@pytest.fixture(params=["readers", "Blender alone"])
def check(request: Any, scene: Any, prover: Prover, tmp_path: Path) -> Check:
    def by_readers(expected: FileExpectation) -> dict[str, Any]:
        expected.save(tmp_path / "expected.npz")
        prover.begin(tmp_path / "expected.npz")
        return prover.answer(COMMAND_PATIENCE)

    def by_blender(expected: FileExpectation) -> dict[str, Any]:
        return read_back(scene, expected, lambda _progress: None, "Checking")

    return by_readers if request.param == "readers" else by_blender


def _moved(expected: FileExpectation, sample: int, vertex: int) -> None:
    """One vertex a millimetre away in the scene, on one sample."""
    mesh = expected.meshes[0]
    points = np.memmap(mesh.points_file, np.float32, "r+", shape=(len(expected.frames), mesh.vertex_count, 3))
    points[sample, vertex, 1] += 0.001
    points.flush()


def test_the_scenes_own_file_passes(expected: FileExpectation, check: Check) -> None:
    report = check(expected)
    assert report["largest_distance_m"] <= 1e-5
    assert report["vertices"] == expected.meshes[0].vertex_count


def test_one_vertex_of_one_frame_elsewhere_fails(expected: FileExpectation, check: Check) -> None:
    _moved(expected, COUNT - 1, 1234)
    with pytest.raises(BakeError, match=r"1\.00 mm off the scene"):
        check(expected)


def test_a_pose_that_comes_a_frame_late_fails(expected: FileExpectation, check: Check) -> None:
    mesh = expected.meshes[0]
    points = np.memmap(mesh.points_file, np.float32, "r+", shape=(COUNT, mesh.vertex_count, 3))
    points[1:] = points[:-1].copy()
    points.flush()
    with pytest.raises(BakeError, match="mm off the scene"):
        check(expected)


def test_a_mesh_too_few_fails(expected: FileExpectation, check: Check) -> None:
    both = (expected.meshes[0], replace(expected.meshes[0], path="/root/other/other"))
    with pytest.raises(BakeError, match="instead of"):
        check(replace(expected, meshes=both))


def test_a_mesh_with_another_vertex_count_fails(expected: FileExpectation, check: Check) -> None:
    fewer = replace(expected.meshes[0], vertex_count=expected.meshes[0].vertex_count - 1)
    with pytest.raises(BakeError, match="vert"):
        check(replace(expected, meshes=(fewer,)))


def test_a_usd_file_cut_short_fails(expected: FileExpectation, check: Check) -> None:
    if expected.path.suffix == ".abc":
        pytest.skip("the readers of Alembic end the process on such a file; both are children of the bake for that")
    expected.path.write_bytes(expected.path.read_bytes()[:5000])
    with pytest.raises(BakeError):
        check(expected)


class TestReadersAlone:
    """What only the independent readers look at."""

    @pytest.fixture
    def prove(self, prover: Prover, tmp_path: Path) -> Check:
        def prove(expected: FileExpectation) -> dict[str, Any]:
            expected.save(tmp_path / "expected.npz")
            prover.begin(tmp_path / "expected.npz")
            return prover.answer(COMMAND_PATIENCE)

        return prove

    def test_samples_at_other_times_fail(self, expected: FileExpectation, prove: Check) -> None:
        with pytest.raises(BakeError, match="where the scene had none|time codes a second"):
            prove(replace(expected, frames_per_second=expected.frames_per_second * 1001 / 1000))

    def test_other_faces_fail(self, expected: FileExpectation, prove: Check) -> None:
        turned = expected.meshes[0].loops[::-1].copy()
        with pytest.raises(BakeError, match="other faces"):
            prove(replace(expected, meshes=(replace(expected.meshes[0], loops=turned),)))

    def test_another_name_fails(self, expected: FileExpectation, prove: Check) -> None:
        with pytest.raises(BakeError, match="instead of /root/somebody"):
            prove(replace(expected, meshes=(replace(expected.meshes[0], path="/root/somebody"),)))

    def test_another_axis_or_unit_fails(self, expected: FileExpectation, prove: Check) -> None:
        other = "z" if expected.up_axis == "y" else "y"
        with pytest.raises(BakeError):
            prove(replace(expected, up_axis=other))
        with pytest.raises(BakeError):
            prove(replace(expected, units_per_metre=100.0))

    def test_a_digest_does_for_the_points_as_long_as_they_are_the_same(
        self, expected: FileExpectation, prove: Check
    ) -> None:
        mesh = replace(expected.meshes[0], points_file=None)
        report = prove(replace(expected, meshes=(mesh,)))
        assert report["own_points_equal_to_the_bit"] and report["largest_distance_m"] < 1e-6
        moved = mesh.matrices.copy()
        moved[3, 2, 3] += 0.001
        with pytest.raises(BakeError, match=r"1\.00 mm off the scene"):
            prove(replace(expected, meshes=(replace(mesh, matrices=moved),)))
        other = mesh.digests.copy()
        other[COUNT - 1, 0] ^= 1
        with pytest.raises(PointsDifferError, match=f"Frame {COUNT} has other points"):
            prove(replace(expected, meshes=(replace(mesh, digests=other),)))


def test_points_that_are_not_the_same_to_the_bit_are_measured(
    scene: Any, stand_in: BodyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    armature, frames = ours(stand_in), np.arange(1.0, COUNT + 1.0)
    set_range(scene, frames)
    write_body_keys(Shot.of(armature), MadeUpShot(COUNT).motion(), frames, "shot")
    options = BakeOptions(parts=("body", "hands"), apart=True, up_axis="z")
    request = request_for(armature, [tmp_path / "body.abc", tmp_path / "body.usdc"], scene, options)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"), copy=True)
    request = replace(request, readers_python=Path(sys.executable))
    order = SceneCopyOrder("bake", tmp_path, tmp_path / "scene.blend", request.targets, {})
    monkeypatch.setattr(bake_capture, "points_digest", lambda _points: np.zeros(DIGEST_BYTES, np.uint8))
    reports = bake_request(order, request, lambda _progress: None)
    assert len(reports) == 4
    for report in reports:
        assert not report["own_points_equal_to_the_bit"]
        assert report["largest_distance_m"] < 1e-6


def test_what_was_read_back_does_not_stay_in_the_scene(expected: FileExpectation, scene: Any) -> None:
    before = [thing.name for thing in bpy.data.objects]
    read_back(scene, expected, lambda _progress: None, "Checking")
    assert [thing.name for thing in bpy.data.objects] == before
    assert len(bpy.data.cache_files) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="a program of a shell")
def test_readers_that_hang_are_not_waited_for_without_end(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexec sleep 600\n", encoding="utf-8")
    python.chmod(0o755)
    hanging = Prover(python)
    hanging.begin(tmp_path / "expectation.npz")
    with pytest.raises(MissingSetupError, match="said nothing"):
        hanging.answer(0.2)
    hanging.close()
    with pytest.raises(WorkerFailedError, match="ended"):
        hanging.answer(COMMAND_PATIENCE)
