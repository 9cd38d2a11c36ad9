"""The body from the clip: in the scene, in the report, with the right licences, and only where it is wanted."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.end_to_end.commands import REPOSITORY, batch, sentence_of
from handmocap_addon.blender.clip.body_source import body_source
from handmocap_addon.blender.rig.body_stillness import moves_body
from handmocap_addon.core.body.body_motion_file import read_body_motion
from handmocap_addon.set_up.task_models import BODY_MODEL

QUICK = ("--bake", "none", "--no-preview")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, demo: Path) -> Path:
    """The demo's, without what lies beside it."""
    return Path(shutil.copy(demo / "clip.mp4", tmp_path_factory.mktemp("alone") / "clip.mp4"))


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory, clip: Path, worker_python: Path) -> Path:
    if not (worker_python.parents[1] / "models" / BODY_MODEL.file_name).is_file():
        pytest.skip("the body model is not in this environment")
    out = tmp_path_factory.mktemp("shot")
    done = batch("run", "--clip", clip, *QUICK, "--focal", "900", "--out", out)
    assert done.returncode == 0, done.stderr
    return out


def _report(out: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return report


def test_the_report_says_whose_the_body_is(shot: Path) -> None:
    report, body = _report(shot), read_body_motion(shot / "body_motion.npz")
    assert report["gvhmr"] is None
    assert report["body_from"]["estimator"] == "mediapipe"
    assert report["body_from"]["frames_measured"] == body.measured.sum() > 0.8 * body.motion.frame_count
    assert report["body_from"]["camera"] == "taken to stand still"
    assert report["body_from"]["focal_px"] == body.motion.intrinsics[0, 0, 0] == 900.0
    assert any("pose landmarker" in licence for licence in report["licences"])
    assert not any("GVHMR" in licence for licence in report["licences"])


def test_the_body_moves_before_the_clip_s_camera(shot: Path, empty_scene: Any) -> None:
    bpy.ops.wm.open_mainfile(filepath=str(shot / "scene.blend"))
    armature = bpy.data.objects["mannequin"]
    assert moves_body(armature)
    assert body_source(armature) == "mediapipe"
    assert bpy.context.scene.camera is not None


def test_the_same_again_is_not_estimated_again(shot: Path, clip: Path) -> None:
    before = (shot / "body_motion.npz").stat().st_mtime_ns
    done = batch("run", "--clip", clip, *QUICK, "--focal", "900", "--out", shot)
    assert done.returncode == 0, done.stderr
    assert (shot / "body_motion.npz").stat().st_mtime_ns == before


def test_a_damaged_one_is_put_aside_and_made_again(shot: Path, clip: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(shot, tmp_path / "shot"))
    (out / "body_motion.npz").write_bytes(b"no npz")
    done = batch("run", "--clip", clip, *QUICK, "--focal", "900", "--out", out)
    assert done.returncode == 0, done.stderr
    again, first = read_body_motion(out / "body_motion.npz"), read_body_motion(shot / "body_motion.npz")
    assert (out / "body_motion.damaged.npz").read_bytes() == b"no npz"
    assert any("was put aside as body_motion.damaged.npz" in said for said in again.motion.warnings)
    np.testing.assert_array_equal(again.motion.camera.translation, first.motion.camera.translation)


def test_the_hand_that_was_not_run_closes_its_arm_too(shot: Path, clip: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(shot, tmp_path / "shot"))
    done = batch("run", "--clip", clip, *QUICK, "--focal", "900", "--side", "left", "--out", out)
    assert done.returncode == 0, done.stderr
    again, first = read_body_motion(out / "body_motion.npz"), read_body_motion(shot / "body_motion.npz")
    np.testing.assert_allclose(again.motion.body_quat_wxyz, first.motion.body_quat_wxyz, atol=1e-6)


def test_where_hands_alone_are_in_view_they_stand_alone_and_the_report_says_why(
    tmp_path: Path, worker_python: Path, shot: Path, empty_scene: Any
) -> None:
    hands, out = tmp_path / "hands.mp4", tmp_path / "out"
    made = subprocess.run(
        [worker_python, "-m", "addon_tests.making.person_clips", hands], cwd=REPOSITORY, check=False, capture_output=True
    )
    assert made.returncode == 0, made.stderr
    done = batch("run", "--clip", hands, *QUICK, "--out", out)
    assert done.returncode == 0, done.stderr
    report = _report(out)
    said = (
        "The hands stand alone. A body was found on 0 of 36 frames: choose a clip in which head, shoulders and arms are seen"
    )
    assert said in report["warnings"]
    assert report["body_from"] is None
    assert not (out / "body_motion.npz").exists()
    bpy.ops.wm.open_mainfile(filepath=str(out / "scene.blend"))
    armature = bpy.data.objects["mannequin"]
    assert not moves_body(armature)
    assert body_source(armature) == ""


def test_what_contradicts_itself_is_refused_before_any_work(demo: Path, clip: Path, tmp_path: Path) -> None:
    done = batch(
        "run", "--clip", clip, "--gvhmr", demo / "hmr4d_results.pt", "--body-from", "none", "--out", tmp_path / "out"
    )
    assert done.returncode == 2 and "--gvhmr and --body-from none" in sentence_of(done)
