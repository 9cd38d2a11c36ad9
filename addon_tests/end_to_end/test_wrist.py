"""The estimator's own hands on the demo's body."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.written_curves import angle_to
from addon_tests.end_to_end.commands import batch, sentence_of
from handmocap_addon.core.body.gvhmr_file import read_gvhmr_result
from handmocap_addon.core.body.motion import BodyMotion
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.cleanup.wrist import WristSettings, with_wrists
from handmocap_addon.core.cleanup.wrist_source import WristSource
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz, quat_wxyz_multiply, quat_wxyz_to_rotmat
from handmocap_addon.core.rig.accuracy import wrist_errors
from handmocap_addon.core.skeleton import JOINT_INDEX, SIDES, WRIST


@pytest.fixture(scope="module")
def truth(demo: Path) -> BodyMotion:
    """The demo's GVHMR result is made of the true body."""
    return read_gvhmr_result(demo / "hmr4d_results.pt")


def _wandering(truth: BodyMotion) -> BodyMotion:
    """Wrists that are off by some 20 degrees, in directions that change slowly."""
    turn = np.arange(truth.frame_count)[:, None] / 20.0 + np.array((0.0, 2.0, 4.0))
    wrong = axis_angle_to_quat_wxyz(np.radians(16.5) * np.sin(turn))
    quat = truth.body_quat_wxyz.copy()
    for side in SIDES:
        quat[:, WRIST[side] - 1] = quat_wxyz_multiply(quat[:, WRIST[side] - 1], wrong)
    return replace(truth, body_quat_wxyz=quat)


@pytest.mark.parametrize("source", [WristSource.HAND, WristSource.BLEND])
def test_hands_mend_wrists_that_are_wrong(source: WristSource, truth: BodyMotion, demo_run: Path) -> None:
    poses = read_hand_poses(demo_run / "hand_poses.npz")
    assert poses.frame_time is not None
    wrong, rest = _wandering(truth), load_stand_in_body(truth.betas).rest_joints
    tracks = {side: poses.track(side) for side in SIDES}
    mended = with_wrists(wrong, tracks, poses.frame_time, rest, WristSettings(source))
    for side in SIDES:
        before, after = (np.degrees(wrist_errors(motion, truth, side)).mean() for motion in (wrong, mended))
        assert before > 18.0
        assert after < 14.0


def test_the_command_line_keys_the_hands_wrists(
    truth: BodyMotion, demo: Path, demo_run: Path, tmp_path: Path, empty_scene: Any
) -> None:
    blend = tmp_path / "wrists.blend"
    done = batch(
        "apply", "--hands", demo_run / "hand_poses.npz", "--gvhmr", demo / "hmr4d_results.pt",
        "--wrist", "hand", "--forearm-twist", "0.5", "--save", blend,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    (armature,) = [thing for thing in bpy.data.objects if thing.type == "ARMATURE"]
    bpy.context.scene.frame_set(31)
    for name in ("left_wrist", "left_elbow"):
        of_body = quat_wxyz_to_rotmat(truth.body_quat_wxyz[30, JOINT_INDEX[name] - 1])
        assert np.radians(1.0) < angle_to(armature.pose.bones[name].matrix_basis, of_body) < np.radians(40.0)
    shoulder = quat_wxyz_to_rotmat(truth.body_quat_wxyz[30, JOINT_INDEX["left_shoulder"] - 1])
    assert angle_to(armature.pose.bones["left_shoulder"].matrix_basis, shoulder) < 1e-4


def test_the_report_names_the_wrist_s_source(report: dict[str, Any]) -> None:
    assert report["wrist"] == {"source": "body", "forearm_twist_share": 0.0}


@pytest.mark.parametrize("command", ["run", "apply"])
@pytest.mark.parametrize("option", [("--wrist", "hand"), ("--forearm-twist", "0.3")])
def test_a_wrist_without_a_body_is_one_sentence(
    command: str, option: tuple[str, str], demo: Path, demo_run: Path, tmp_path: Path
) -> None:
    where = ["--clip", demo / "clip.mp4", "--out", tmp_path / "out", "--body-from", "none"]
    if command == "apply":
        where = ["--hands", demo_run / "hand_poses.npz", "--save", tmp_path / "out.blend"]
    done = batch(command, *where, *option)
    assert done.returncode == 2
    assert "need the arms of a GVHMR result: name one with --gvhmr" in sentence_of(done)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("option", "words"), [(("--forearm-twist", "1.5"), "1.5 is no share"), (("--wrist", "arm"), "arm")])
def test_a_value_that_cannot_be_followed_is_one_sentence(option: tuple[str, str], words: str, tmp_path: Path) -> None:
    done = batch("run", "--clip", "clip.mp4", "--out", tmp_path / "out", *option)
    assert done.returncode == 2
    assert words in sentence_of(done)
