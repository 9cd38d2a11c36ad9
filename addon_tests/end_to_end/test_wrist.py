"""The estimator's own hands on the demo's body."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.written_curves import angle_to
from addon_tests.end_to_end.commands import batch, sentence_of
from addon_tests.making.gvhmr_results import MadeUpMotion, write_gvhmr_result
from handmocap_addon.blender.clip.body_source import body_source
from handmocap_addon.core.body.gvhmr_file import read_gvhmr_result
from handmocap_addon.core.body.motion import BodyMotion
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.cleanup.wrist import WristSettings, with_wrists
from handmocap_addon.core.cleanup.wrist_source import WristSource
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses
from handmocap_addon.core.maths.rotations import (
    axis_angle_to_quat_wxyz,
    quat_wxyz_multiply,
    quat_wxyz_to_axis_angle,
    quat_wxyz_to_rotmat,
)
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
    assert report["wrist"] == {"source": "body", "forearm_twist_share": 0.0, "arms_to_hands": False}


def _with_arms_lower(truth: BodyMotion, path: Path) -> Path:
    """The demo's body with upper arms that hang some degrees lower than they do."""
    pose = quat_wxyz_to_axis_angle(truth.body_quat_wxyz)
    for side, turn in (("left", -14.0), ("right", 14.0)):
        pose[:, JOINT_INDEX[f"{side}_shoulder"] - 1, 2] += np.radians(turn)
    assert truth.camera is not None and truth.intrinsics is not None
    tracks = [(quat_wxyz_to_axis_angle(track.orient_quat_wxyz), track.translation) for track in (truth.world, truth.camera)]
    body = pose.reshape(len(pose), -1), np.tile(truth.betas, (len(pose), 1)), *tracks[0], *tracks[1], truth.intrinsics
    write_gvhmr_result(path, MadeUpMotion(*(value.astype(np.float32) for value in body)))
    return path


def test_a_run_brings_arms_to_the_hands_and_says_how_far(
    truth: BodyMotion, demo: Path, demo_run: Path, tmp_path: Path, empty_scene: Any
) -> None:
    out, body = Path(shutil.copytree(demo_run, tmp_path / "out")), _with_arms_lower(truth, tmp_path / "hmr4d_results.pt")
    done = batch(
        "run",
        "--clip",
        demo / "clip.mp4",
        "--gvhmr",
        body,
        "--arms-to-hands",
        "--bake",
        "none",
        "--no-preview",
        "--out",
        out,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    arms = report["keys"]["arms_to_hands"]
    assert report["wrist"]["arms_to_hands"] is True
    assert arms["before_px"] > 10.0 and arms["after_px"] < 0.4 * arms["before_px"]
    assert 0.01 < arms["mean_m"] < arms["largest_m"] < 0.2
    assert any(said.startswith("Arms to the hands: wrists moved by") for said in report["warnings"])
    bpy.ops.wm.open_mainfile(filepath=str(out / "scene.blend"))
    (armature,) = [thing for thing in bpy.data.objects if thing.type == "ARMATURE"]
    assert body_source(armature) == "gvhmr, arms to the hands"


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
