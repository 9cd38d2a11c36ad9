from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from addon_tests.making.formulas import rodrigues
from addon_tests.making.gvhmr_results import (
    Call,
    gvhmr_content,
    made_up_motion,
    write_gvhmr_result,
    write_torch_archive,
)
from handmocap_addon.core.body.body_files import read_bodies
from handmocap_addon.core.body.gvhmr_file import read_gvhmr_result
from handmocap_addon.core.errors import BadUsageError, BodyMotionFileError, ExitCode
from handmocap_addon.core.maths.rotations import quat_wxyz_to_rotmat

DEMO = Path(__file__).parents[3] / "demo"


@pytest.fixture
def content():
    return copy.deepcopy(gvhmr_content(made_up_motion()))


def refusal(path: Path) -> BodyMotionFileError:
    with pytest.raises(BodyMotionFileError) as caught:
        read_gvhmr_result(path)
    assert caught.value.exit_code == ExitCode.BAD_INPUT == 3
    assert path.name in caught.value.sentence()
    return caught.value


def refusal_of(folder: Path, content) -> BodyMotionFileError:
    path = folder / "hmr4d_results.pt"
    write_torch_archive(path, content)
    return refusal(path)


@pytest.mark.parametrize("frame_count", [1, 12])
def test_what_was_written_is_read(tmp_path, frame_count):
    motion = made_up_motion(frame_count)
    path = tmp_path / "Ergebnis für Anna.pt"
    write_gvhmr_result(path, motion)
    read = read_gvhmr_result(path)
    assert read.frame_count == frame_count
    assert read.source == str(path)
    body = rodrigues(motion.body_pose.reshape(frame_count, 21, 3))
    np.testing.assert_allclose(quat_wxyz_to_rotmat(read.body_quat_wxyz), body, atol=1e-6)
    np.testing.assert_allclose(quat_wxyz_to_rotmat(read.world.orient_quat_wxyz), rodrigues(motion.global_orient), atol=1e-6)
    np.testing.assert_array_equal(read.world.translation, motion.transl)
    seen = rodrigues(motion.global_orient_incam)
    np.testing.assert_allclose(quat_wxyz_to_rotmat(read.camera.orient_quat_wxyz), seen, atol=1e-6)
    np.testing.assert_array_equal(read.camera.translation, motion.transl_incam)
    np.testing.assert_array_equal(read.betas, motion.betas[0])
    np.testing.assert_array_equal(read.intrinsics, motion.intrinsics)


def test_a_cut_motion_has_the_asked_frames(tmp_path):
    write_gvhmr_result(tmp_path / "hmr4d_results.pt", made_up_motion())
    whole = read_gvhmr_result(tmp_path / "hmr4d_results.pt")
    part = whole.slice_frames(3, 7)
    assert part.frame_count == 4
    np.testing.assert_array_equal(part.body_quat_wxyz, whole.body_quat_wxyz[3:7])
    np.testing.assert_array_equal(part.world.translation, whole.world.translation[3:7])
    np.testing.assert_array_equal(part.camera.orient_quat_wxyz, whole.camera.orient_quat_wxyz[3:7])
    assert len(part.intrinsics) == 4


def test_the_network_s_outputs_are_not_needed(tmp_path, content):
    del content["net_outputs"]
    write_torch_archive(tmp_path / "hmr4d_results.pt", content)
    assert read_gvhmr_result(tmp_path / "hmr4d_results.pt").frame_count == 12


@pytest.mark.parametrize("key", ["smpl_params_global", "smpl_params_incam", "K_fullimg"])
def test_a_missing_part_is_named(tmp_path, content, key):
    del content[key]
    assert f"has no {key}" in refusal_of(tmp_path, content).message


@pytest.mark.parametrize("space", ["smpl_params_global", "smpl_params_incam"])
@pytest.mark.parametrize("key", ["global_orient", "transl"])
def test_a_missing_parameter_is_named(tmp_path, content, space, key):
    del content[space][key]
    assert f"{space} has no {key}" in refusal_of(tmp_path, content).message


@pytest.mark.parametrize("key", ["body_pose", "betas"])
def test_what_both_spaces_lack_is_named(tmp_path, content, key):
    for space in ("smpl_params_global", "smpl_params_incam"):
        del content[space][key]
    assert f"has no {key}" in refusal_of(tmp_path, content).message


@pytest.mark.parametrize("value", [None, "text", [1.0], {}, 3])
def test_something_else_in_place_of_a_tensor_is_refused(tmp_path, content, value):
    content["smpl_params_global"]["transl"] = value
    assert "transl" in refusal_of(tmp_path, content).message


@pytest.mark.parametrize(
    ("key", "shape"),
    [("body_pose", (12, 60)), ("body_pose", (12, 165)), ("betas", (7, 10)), ("betas", (12, 0)), ("global_orient", (12,)),
     ("global_orient", (11, 3)), ("global_orient", (12, 6)), ("betas", ()), ("transl", (3,)), ("transl", (12, 4)),
     ("transl", (11, 3))],
)  # fmt: skip
def test_another_shape_is_named(tmp_path, content, key, shape):
    for space in ("smpl_params_global", "smpl_params_incam"):
        content[space][key] = np.zeros(shape, np.float32)
    assert key in refusal_of(tmp_path, content).message


@pytest.mark.parametrize("shape", [(11, 3, 3), (12, 9), (3,), (1, 4, 4)])
def test_intrinsics_of_another_shape_are_refused(tmp_path, content, shape):
    content["K_fullimg"] = np.ones(shape, np.float32)
    assert f"K_fullimg has the shape {shape}" in refusal_of(tmp_path, content).message


def test_spaces_of_different_lengths_are_refused(tmp_path, content):
    content["smpl_params_incam"] = gvhmr_content(made_up_motion(5))["smpl_params_incam"]
    assert "smpl_params_incam has the shape (5, 3) for 12 frames" in refusal_of(tmp_path, content).message


def test_no_frames_is_said(tmp_path):
    assert "no frames" in refusal_of(tmp_path, gvhmr_content(made_up_motion(0))).message


@pytest.mark.parametrize("content", [[], np.zeros(3), "text", {}])
def test_a_torch_file_of_something_else_is_refused(tmp_path, content):
    assert "not a GVHMR result" in refusal_of(tmp_path, content).message


def test_a_file_with_a_call_is_refused_and_the_call_not_made(tmp_path, content):
    marker = tmp_path / "it-ran"
    content["net_outputs"]["extra"] = Call("posix", "system", (f"touch {marker}",))
    assert "posix.system" in refusal_of(tmp_path, content).message
    assert not marker.exists()


def test_a_file_cut_short_is_refused(tmp_path):
    path = tmp_path / "hmr4d_results.pt"
    write_gvhmr_result(path, made_up_motion())
    path.write_bytes(path.read_bytes()[:-300])
    refusal(path)


@pytest.mark.skipif(not (DEMO / "hmr4d_results.pt").is_file(), reason="the demo's files are not there")
def test_the_demo_s_file_written_by_torch_holds_the_demo_s_truth():
    read = read_gvhmr_result(DEMO / "hmr4d_results.pt")
    with np.load(DEMO / "truth.npz", allow_pickle=False) as truth:
        frame_count = len(truth["body_pose"])
        assert read.frame_count == frame_count
        body = rodrigues(truth["body_pose"].reshape(frame_count, 21, 3))
        np.testing.assert_allclose(quat_wxyz_to_rotmat(read.body_quat_wxyz), body, atol=1e-6)
        for track, suffix in ((read.world, ""), (read.camera, "_incam")):
            orient = rodrigues(truth[f"global_orient{suffix}"])
            np.testing.assert_allclose(quat_wxyz_to_rotmat(track.orient_quat_wxyz), orient, atol=1e-6)
            np.testing.assert_allclose(track.translation, truth[f"transl{suffix}"], atol=1e-7)
        np.testing.assert_allclose(read.betas, truth["betas"], atol=1e-7)
        np.testing.assert_allclose(read.intrinsics, np.repeat(truth["intrinsics"][None], frame_count, axis=0), atol=1e-4)


def test_a_body_cannot_be_two_people_s(tmp_path):
    first, second, other = (tmp_path / name for name in ("a.pt", "b.pt", "c.pt"))
    motion = made_up_motion()
    elsewhere = replace(motion, transl_incam=motion.transl_incam + 1.0)
    for path, written in ((first, motion), (second, motion), (other, elsewhere)):
        write_gvhmr_result(path, written)
    assert len(read_bodies([first, other])) == 2
    with pytest.raises(BadUsageError, match="the same person's"):
        read_bodies([first, other, second])
