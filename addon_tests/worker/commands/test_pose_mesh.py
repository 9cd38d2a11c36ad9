"""`pose-mesh` as Blender starts it: a child process, its events, its end, its file."""

from __future__ import annotations

import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from addon_tests.making.smplx_lifelike import lifelike_poses, write_lifelike_model
from addon_tests.making.smplx_models import VERTEX_COUNT
from addon_tests.making.worker_process import Finished, Worker, copy_package
from handmocap_addon.core.body.point_cache import open_point_cache
from handmocap_addon.core.body.smplx_poses import SmplxPoses, write_smplx_poses
from handmocap_addon.core.body.smplx_surface import posed_surface, read_smplx_surface
from handmocap_addon.core.errors import ExitCode

OLD = b"what was there before"


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lifelike_model(tmp_path_factory.mktemp("model") / "SMPLX_NEUTRAL.npz")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_package(tmp_path_factory.mktemp("Ort mit Umlaut ä") / "blender_org_handmocap")


def started(package: Path, model_file: Path, poses: SmplxPoses, folder: Path, *more: str) -> tuple[Worker, Path]:
    write_smplx_poses(folder / "pose.npz", poses)
    target = folder / "points.pc2"
    arguments = ["pose-mesh", "--model", model_file, "--pose", folder / "pose.npz", "--out", target, *more]
    return Worker(package, arguments, folder / "process"), target


def is_computed(target: Path, model_file: Path, poses: SmplxPoses) -> bool:
    wanted = np.concatenate(list(posed_surface(read_smplx_surface(model_file, poses.betas, 10), poses)))
    with open_point_cache(target) as points:
        assert points.shape == (poses.frame_count, VERTEX_COUNT, 3)
        return bool(np.allclose(points, wanted, atol=2e-6))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_every_frame_has_every_vertex(package: Path, model_file: Path, tmp_path: Path) -> None:
    poses = lifelike_poses(21)
    worker, target = started(package, model_file, poses, tmp_path)
    done = worker.finished()
    assert done.exit_code == ExitCode.DONE, done.stderr
    assert done.events[0]["event"] == "started"
    assert done.last("result") == {"event": "result", "frames": 21, "path": str(target)}
    progress = [event for event in done.events if event["event"] == "progress"]
    assert progress[-1]["done"] == progress[-1]["total"] == 21
    assert is_computed(target, model_file, poses)
    assert names(tmp_path) == {"pose.npz", "points.pc2", "process"}


def test_betas_on_the_command_line_go_first(package: Path, model_file: Path, tmp_path: Path) -> None:
    poses = lifelike_poses(2)
    worker, target = started(package, model_file, poses, tmp_path, "--betas", "-1.5", "0", "2")
    assert worker.finished().exit_code == ExitCode.DONE
    assert is_computed(target, model_file, replace(poses, betas=np.array((-1.5, 0.0, 2.0))))
    assert not is_computed(target, model_file, poses)


@pytest.mark.parametrize("how", ["stdin", "signal"])
def test_cancelled_it_ends_soon_and_leaves_nothing(how: str, package: Path, model_file: Path, tmp_path: Path) -> None:
    (tmp_path / "points.pc2").write_bytes(OLD)
    worker, target = started(package, model_file, lifelike_poses(4000), tmp_path)
    worker.wait_for("progress")
    if how == "stdin":
        worker.close_stdin()
    elif sys.platform == "win32":
        pytest.skip("Windows has no such signal")
    else:
        worker.send_signal(signal.SIGTERM)
    done = worker.finished()
    assert done.exit_code == ExitCode.CANCELLED
    assert done.seconds_to_end < 3.0
    assert target.read_bytes() == OLD
    assert names(tmp_path) == {"pose.npz", "points.pc2", "process"}


def refused(done: Finished, exit_code: ExitCode, code: str) -> str:
    assert done.exit_code == exit_code
    event = done.last("error")
    assert event["code"] == code
    assert event["message"] in done.stderr
    return str(event["message"])


def test_failures_are_one_sentence_and_leave_the_old_file(package: Path, model_file: Path, tmp_path: Path) -> None:
    target = tmp_path / "points.pc2"
    target.write_bytes(OLD)
    poses = lifelike_poses(1)
    worker, _ = started(package, tmp_path / "none.npz", poses, tmp_path)
    assert "There is no model file" in refused(worker.finished(), ExitCode.BAD_INPUT, "bad_body_model")
    worker, _ = started(package, model_file, poses, tmp_path, "--betas", "nan")
    assert "finite" in refused(worker.finished(), ExitCode.BAD_USAGE, "bad_usage")
    worker, _ = started(package, model_file, replace(poses, translation=np.full((1, 3), np.inf)), tmp_path)
    assert "transl" in refused(worker.finished(), ExitCode.BAD_INPUT, "bad_poses")
    assert target.read_bytes() == OLD
