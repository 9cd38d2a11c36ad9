"""The motion of a run's scene, as files of other programs, from the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from addon_tests.end_to_end.commands import FRONT_DOOR_HERE, batch, front_door, run, sentence_of
from addon_tests.making.formulas import angle_of, rodrigues
from addon_tests.making.glb_reader import read_glb
from handmocap_addon.core.body.gvhmr_file import read_gvhmr_result
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses
from handmocap_addon.core.maths.rotations import quat_wxyz_to_rotmat
from handmocap_addon.core.skeleton import SIDES


def _degrees(axis_angle: np.ndarray, rotmat: np.ndarray) -> float:
    return float(np.degrees(angle_of(np.swapaxes(rodrigues(axis_angle), -1, -2) @ rotmat)).max())


def test_the_body_comes_out_as_gvhmr_gave_it(demo_run: Path, demo: Path, tmp_path: Path) -> None:
    target = tmp_path / "out folder" / "body.npz"
    done = batch("export", "--blend", demo_run / "scene.blend", "--format", "npz66", "--out", target)
    assert done.returncode == 0, done.stderr
    assert f"{target}: 96 frames" in done.stdout
    given = read_gvhmr_result(demo / "hmr4d_results.pt")
    with np.load(target) as found:
        poses = found["poses"].reshape(96, 22, 3)
        assert _degrees(poses[:, 0], quat_wxyz_to_rotmat(given.world.orient_quat_wxyz)) < 1e-3
        assert _degrees(poses[:, 1:], quat_wxyz_to_rotmat(given.body_quat_wxyz)) < 1e-3
        # Apply Body lifts the whole motion until its soles are on the floor.
        lift = found["trans"] - given.world.translation
        np.testing.assert_allclose(lift, np.broadcast_to((0.0, lift[0, 1], 0.0), lift.shape), atol=1e-5)


def test_a_run_writes_motion_files_besides(demo_run: Path) -> None:
    report = json.loads((demo_run / "report.json").read_text(encoding="utf-8"))
    assert [Path(file["path"]).name for file in report["motion_files"]] == ["motion.glb", "hand_poses_edited.npz"]
    assert len(read_glb(demo_run / "motion.glb").times) == 96
    edited, estimated = (read_hand_poses(demo_run / name) for name in ("hand_poses_edited.npz", "hand_poses.npz"))
    np.testing.assert_array_equal(edited.frame_time, estimated.frame_time)
    for side in SIDES:
        np.testing.assert_array_equal(edited.track(side).bbox, estimated.track(side).bbox)


def test_a_range_through_the_front_door(demo_run: Path, tmp_path: Path) -> None:
    target = tmp_path / "part.npz"
    options = ("--format", "amass", "--range", "10-14", "--out", target)
    done = run([sys.executable, "-c", FRONT_DOOR_HERE, "export", "--blend", demo_run / "scene.blend", *options])
    assert done.returncode == 0, done.stderr
    with np.load(target) as found:
        assert found["poses"].shape == (5, 165)


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--format", "bvh"), 2, "bvh"),
        (("--format", "amass", "--range", "ten"), 2, "ten is not like 10-50"),
        (("--format", "amass", "--range", "9-3"), 2, "The range 9 to 3 ends before it begins"),
        (("--format", "fbx"), 2, "a.npz is no name for FBX: end it with .fbx"),
        (("--format", "amass", "--hands", "hand_poses.npz"), 2, "--hands does not go with --format amass"),
        (("--format", "hands", "--hands", "nowhere.npz"), 3, "nowhere.npz"),
    ],
)
def test_what_cannot_be_followed_is_one_sentence(
    options: tuple[str, ...], code: int, said: str, demo_run: Path, tmp_path: Path
) -> None:
    done = batch("export", "--blend", demo_run / "scene.blend", *options, "--out", tmp_path / "a.npz")
    assert done.returncode == code
    assert said in sentence_of(done)
    assert not (tmp_path / "a.npz").exists()


def test_an_unknown_motion_file_is_told_before_any_work(tmp_path: Path) -> None:
    done = batch("run", "--clip", "a.mp4", "--motion", "amass,bvh", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "there is no motion file bvh; choose from amass, smpl" in sentence_of(done)


def test_help_and_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    assert "export: its motion" in front_door("--help").stdout
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    place = tmp_path / "file" / "a.npz"
    done = front_door("export", "--format", "amass", "--out", place, "--env", tmp_path / "environments")
    assert done.returncode == 5
    assert str(tmp_path / "file") in sentence_of(done)
