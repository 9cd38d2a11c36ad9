"""The exact surface in baked files, read with the makers' own libraries; on made-up model files of the true shapes."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.cancelled_bakes import cancel_in
from addon_tests.blender.direct_surface import direct_surface, set_time
from addon_tests.blender.motions import MadeUpShot
from addon_tests.blender.readers import READERS
from addon_tests.blender.rigs import bone_of, ours
from addon_tests.making.smplx_lifelike import write_lifelike_model
from addon_tests.making.smplx_models import VERTEX_COUNT
from handmocap_addon.blender.bake.exact_request import exact_request
from handmocap_addon.blender.bake.request import BakeJob, request_for
from handmocap_addon.blender.jobs.child_job import ReportedError
from handmocap_addon.blender.motion.motion_keys import write_body_keys, write_hand_keys
from handmocap_addon.blender.motion.shot import Shot
from handmocap_addon.blender.rig.armatures import deformed_meshes
from handmocap_addon.blender.scene_time import set_frame_rate, set_range
from handmocap_addon.core.bake.options import BakeOptions
from handmocap_addon.core.body.smplx_model_file import read_smplx_model
from handmocap_addon.core.errors import BadInputError, MissingSetupError
from handmocap_addon.core.job_protocol import Progress
from handmocap_addon.set_up.environments import default_folder

BETAS = np.array((1.5, -2.0, 0.8, 0.0, 0.5, 0.0, 0.0, -1.0, 0.0, 0.4))
COUNT = 5
LIMIT = 1e-5
OLD = b"what an earlier bake left"


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lifelike_model(tmp_path_factory.mktemp("Modell für Zoë") / "SMPLX_NEUTRAL.npz")


@pytest.fixture
def moving(model_file: Path, scene: Any) -> Any:
    armature = ours(read_smplx_model(model_file, BETAS))
    shot, frames = MadeUpShot(COUNT), np.arange(1.0, COUNT + 1.0)
    set_frame_rate(scene, Fraction(24000, 1001))
    set_range(scene, frames)
    write_body_keys(Shot.of(armature), shot.motion(), frames, "shot")
    write_hand_keys(Shot.of(armature), shot.hands(), shot.tracks(), frames, "shot")
    return armature


@pytest.fixture
def start(worker_python: Path) -> Callable[..., BakeJob]:
    def run(armature: Any, targets: list[Path], **options: Any) -> BakeJob:
        chosen = BakeOptions(geometry="exact", **options)
        exact = exact_request(chosen, armature, None, default_folder())
        request = request_for(armature, targets, bpy.context.scene, chosen, exact=exact)
        return BakeJob(request, None, targets[0].parent / "logs" / "bake.log")

    return run


@pytest.mark.parametrize("samples", [1, 2])
def test_others_readers_find_the_exact_surface_in_both_files(
    samples: int, moving: Any, start: Any, scene: Any, model_file: Path, tmp_path: Path, copies: Path
) -> None:
    moving.location = (0.4, -1.0, 0.2)
    moving.rotation_euler[2] = 0.7
    # The animator's last word, long after the tool's keys.
    elbow = bone_of(moving, "left_elbow")
    elbow.rotation_quaternion = (0.9, 0.1, -0.4, 0.1)
    elbow.keyframe_insert("rotation_quaternion", frame=3)
    (mesh,) = deformed_meshes(moving)
    mesh.hide_set(True)
    targets = [tmp_path / "body.abc", tmp_path / "body.usdc"]
    progress: list[Progress] = []
    reports = start(moving, targets, samples=samples).wait(progress.append)["files"]
    for target, report in zip(targets, reports, strict=True):
        found = READERS[target.suffix](target)
        frames = found.times * 24000 / 1001
        assert set(range(1, COUNT + 1)) <= set(np.round(frames, 3))
        assert samples == 1 or set(np.arange(1.5, COUNT + 0.5)) <= set(np.round(frames, 3))
        assert found.points.shape == (len(frames), VERTEX_COUNT, 3)
        for frame, points in zip(np.round(frames, 3), found.points, strict=True):
            set_time(frame)
            assert np.linalg.norm(points - direct_surface(moving, model_file, BETAS), axis=-1).max() < LIMIT
        assert report["largest_distance_m"] < LIMIT
        exact = report["exact_surface"]
        assert exact["model_file"] == "SMPLX_NEUTRAL.npz" and exact["same_model_as_the_bodys"]
        assert exact["samples"] >= COUNT * samples and exact["left_out"] == ""
        np.testing.assert_allclose(exact["betas"], BETAS)
    stages = list(dict.fromkeys(item.stage for item in progress))
    assert stages[:2] == ["Reading the pose", "Computing the exact surface"]
    assert list(copies.iterdir()) == []
    assert [modifier.type for modifier in mesh.modifiers] == ["ARMATURE"]


def test_hands_alone_and_moved_are_the_same_surface(moving: Any, start: Any, model_file: Path, tmp_path: Path) -> None:
    target = tmp_path / "hands.usdc"
    start(moving, [target], parts=("hands",), offset=(1.0, 2.0, 3.0), unit="centimetres").wait()
    found = READERS[".usdc"](target)
    set_time(2)
    whole = direct_surface(moving, model_file, BETAS) + (1.0, 2.0, 3.0)
    assert 2000 < found.points.shape[1] < VERTEX_COUNT
    distance = np.linalg.norm(found.points[1][:40, None] - whole, axis=-1).min(axis=1)
    assert distance.max() < LIMIT


def test_pieces_whose_pose_and_model_are_the_same_are_kept(
    moving: Any, start: Any, model_file: Path, tmp_path: Path
) -> None:
    def kept() -> list[bool]:
        files = start(moving, [tmp_path / "body.abc"], piece_frames=2, samples=2).wait()["files"]
        return [bool(file.get("kept")) for file in files]

    assert kept() == [False] * 3
    assert kept() == [True] * 3
    elbow = bone_of(moving, "left_elbow")
    for frame, w in ((2, 1.0), (3, 0.9), (4, 1.0)):
        elbow.rotation_quaternion = (w, 0.1, -0.4, 0.1)
        elbow.keyframe_insert("rotation_quaternion", frame=frame)
    assert kept() == [False, False, True]
    (found,) = [READERS[".abc"](tmp_path / "body.0003-0004.abc")]
    set_time(3)
    assert np.linalg.norm(found.points[0] - direct_surface(moving, model_file, BETAS), axis=-1).max() < LIMIT


@pytest.mark.parametrize("stage", ["Reading", "Computing", "Writing"])
def test_a_cancelled_bake_is_gone_within_three_seconds_and_leaves_the_old_file(
    stage: str, moving: Any, start: Any, scene: Any, tmp_path: Path, copies: Path
) -> None:
    scene.frame_end = 400
    target = tmp_path / "body.usdc"
    target.write_bytes(OLD)
    job = start(moving, [target])
    cancel_in(stage, job, target, OLD, copies)


def test_another_shape_is_one_sentence_and_leaves_the_old_file(
    moving: Any, start: Any, tmp_path: Path, copies: Path
) -> None:
    target = tmp_path / "body.abc"
    target.write_bytes(OLD)
    moving["handmocap_betas"] = [0.0] * 10
    with pytest.raises(ReportedError, match="rests in another shape than SMPLX_NEUTRAL") as caught:
        start(moving, [target]).wait()
    assert caught.value.code == "bad_armature"
    assert target.read_bytes() == OLD
    assert list(copies.iterdir()) == []


def test_the_stand_in_is_refused_before_any_work(stand_in: Any, start: Any, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="No SMPL-X model file is known"):
        start(ours(stand_in), [tmp_path / "body.abc"])
    assert list(tmp_path.iterdir()) == []


def test_without_a_worker_it_says_what_to_do(moving: Any, tmp_path: Path) -> None:
    with pytest.raises(MissingSetupError, match="is not set up"):
        exact_request(BakeOptions(geometry="exact"), moving, None, tmp_path)
    assert exact_request(BakeOptions(), moving, None, tmp_path) is None
