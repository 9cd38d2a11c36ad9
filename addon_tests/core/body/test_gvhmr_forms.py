"""The forms in which GVHMR's relatives write what GVHMR writes: each is read as the same motion, or named."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from addon_tests.making.formulas import rodrigues
from addon_tests.making.gvhmr_results import (
    as_parameter,
    gvhmr_content,
    made_up_motion,
    stored_bfloat16,
    write_gvhmr_result,
    write_legacy_torch,
    write_torch_archive,
)
from handmocap_addon.core.body.gvhmr_file import read_gvhmr_result
from handmocap_addon.core.body.motion import BodyMotion
from handmocap_addon.core.errors import BodyMotionFileError
from handmocap_addon.core.maths.rotations import quat_wxyz_to_rotmat

SPACES = ("smpl_params_global", "smpl_params_incam")
Content = dict[str, Any]


@pytest.fixture(params=[1, 3, 12])
def frame_count(request) -> int:
    return request.param


@pytest.fixture
def content(frame_count: int) -> Content:
    content = copy.deepcopy(gvhmr_content(made_up_motion(frame_count)))
    del content["net_outputs"]
    return content


@pytest.fixture
def plain(tmp_path: Path, frame_count: int) -> BodyMotion:
    write_gvhmr_result(tmp_path / "plain.pt", made_up_motion(frame_count))
    return read_gvhmr_result(tmp_path / "plain.pt")


def read(folder: Path, content: Any) -> BodyMotion:
    write_torch_archive(folder / "hmr4d_results.pt", content)
    return read_gvhmr_result(folder / "hmr4d_results.pt")


def refusal(folder: Path, content: Any) -> BodyMotionFileError:
    with pytest.raises(BodyMotionFileError) as caught:
        read(folder, content)
    assert caught.value.hint
    return caught.value


def assert_same(motion: BodyMotion, plain: BodyMotion, tolerance: float = 1e-6) -> None:
    assert motion.warnings == ()
    for quat, expected in (
        (motion.body_quat_wxyz, plain.body_quat_wxyz),
        (motion.world.orient_quat_wxyz, plain.world.orient_quat_wxyz),
        (motion.camera.orient_quat_wxyz, plain.camera.orient_quat_wxyz),
    ):
        assert quat.shape == expected.shape
        np.testing.assert_allclose(quat_wxyz_to_rotmat(quat), quat_wxyz_to_rotmat(expected), atol=tolerance)
    np.testing.assert_allclose(motion.world.translation, plain.world.translation, atol=4 * tolerance)
    np.testing.assert_allclose(motion.camera.translation, plain.camera.translation, atol=8 * tolerance)
    np.testing.assert_allclose(motion.betas, plain.betas, atol=4 * tolerance)
    np.testing.assert_allclose(motion.intrinsics, plain.intrinsics, rtol=tolerance)


def changed(content: Content, change: Callable[[str, np.ndarray], Any]) -> Content:
    """Every array of a result changed, by its name."""
    spaces = {space: {key: change(key, value) for key, value in content[space].items()} for space in SPACES}
    return {**spaces, "K_fullimg": change("K_fullimg", content["K_fullimg"])}


def matrices(key: str, value: np.ndarray) -> np.ndarray:
    if key == "body_pose":
        return rodrigues(value.reshape(len(value), 21, 3))
    return rodrigues(value) if key == "global_orient" else value


FORMS: dict[str, Callable[[str, np.ndarray], Any]] = {
    "a batch of one": lambda _, value: value[None],
    "two batches of one": lambda _, value: value[None, None],
    "an axis of one after the frames": lambda _, value: value[:, None],
    "betas once": lambda key, value: value[0] if key == "betas" else value,
    "betas once with an axis": lambda key, value: value[:1] if key == "betas" else value,
    "sixteen betas": lambda key, value: np.concatenate((value, value[:, :6]), axis=1) if key == "betas" else value,
    "lens once": lambda key, value: value[0] if key == "K_fullimg" else value,
    "lens once with an axis": lambda key, value: value[:1] if key == "K_fullimg" else value,
    "joints on an axis": lambda key, value: value.reshape(-1, 21, 3) if key == "body_pose" else value,
    "root on an axis": lambda key, value: value[:, None] if key == "global_orient" else value,
    "matrices": matrices,
    "matrices in a batch": lambda key, value: matrices(key, value)[None],
    "flat matrices": lambda key, value: matrices(key, value).reshape(len(value), -1) if key == "body_pose" else value,
    "SMPL's 23 joints": lambda key, value: np.pad(value, ((0, 0), (0, 6))) if key == "body_pose" else value,
    "double": lambda _, value: value.astype(np.float64),
    "lists": lambda _, value: value.tolist(),
    "lists of frames": lambda _, value: list(value),
    "parameters with gradients": lambda _, value: as_parameter(value),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_that_leaves_no_doubt_is_read(tmp_path, content, plain, form):
    assert_same(read(tmp_path, changed(content, FORMS[form])), plain)


@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_half_types_are_read(tmp_path, content, plain, half):
    written = changed(content, lambda _, value: value.astype(np.float16) if half == "float16" else stored_bfloat16(value))
    assert_same(read(tmp_path, written), plain, 1e-3 if half == "float16" else 1.6e-2)


def test_fewer_betas_go_on_with_the_mean(tmp_path, content, plain):
    motion = read(tmp_path, changed(content, lambda key, value: value[:, :4] if key == "betas" else value))
    np.testing.assert_allclose(motion.betas, [*plain.betas[:4], *[0.0] * 6])


def test_a_pose_with_the_pelvis_first_is_read(tmp_path, content, plain):
    for space in SPACES:
        group = content[space]
        group["body_pose"] = np.concatenate((content[SPACES[0]]["global_orient"], group["body_pose"]), axis=1)
    assert_same(read(tmp_path, content), plain)
    for space in SPACES:
        content[space]["body_pose"][:, :3] = 0.0
    assert_same(read(tmp_path, content), plain)


def test_a_pose_with_a_resting_jaw_after_it_is_read(tmp_path, content, plain):
    written = changed(content, lambda key, value: np.pad(value, ((0, 0), (0, 3))) if key == "body_pose" else value)
    assert_same(read(tmp_path, written), plain)


def test_a_pose_of_22_joints_of_which_none_is_the_pelvis_is_refused(tmp_path, content):
    for space in SPACES:
        group = content[space]
        group["body_pose"] = np.concatenate((group["body_pose"], group["body_pose"][:, :3] + 0.5), axis=1)
    assert "body_pose in smpl_params_global holds 22 joints" in refusal(tmp_path, content).message


def test_pose_and_shape_once_for_both_spaces_are_read(tmp_path, content, plain):
    for key in ("body_pose", "betas"):
        del content["smpl_params_incam"][key]
    assert_same(read(tmp_path, content), plain)


@pytest.mark.parametrize("save", ["pickle", "npz", "npz of dictionaries", "torch before 1.6"])
def test_other_kinds_of_file_are_read(tmp_path, content, plain, save):
    path = tmp_path / "hmr4d_results.pt"
    if save == "pickle":
        path.write_bytes(pickle.dumps({**content, "notes": ["a", None], "fps": np.float64(24.0)}))
    elif save == "torch before 1.6":
        write_legacy_torch(path, content)
    else:
        with path.open("wb") as file:
            np.savez(file, **(content if save == "npz of dictionaries" else as_comfy_npz(content)))
    assert_same(read_gvhmr_result(path), plain)


def as_comfy_npz(content: Content) -> Content:
    world, camera = (content[space] for space in SPACES)
    flat = {**world, "global_orient_incam": camera["global_orient"], "transl_incam": camera["transl"]}
    return {**flat, "K_fullimg": content["K_fullimg"], "img_width": np.array(1280), "img_height": np.array(720)}


@pytest.mark.parametrize("prefixes", [("world_", "camera_"), ("smpl_global_", "smpl_incam_")])
def test_npz_files_with_prefixes_are_read(tmp_path, content, plain, prefixes):
    flat = {
        prefix + key: value for prefix, space in zip(prefixes, SPACES, strict=True) for key, value in content[space].items()
    }
    np.savez(tmp_path / "motion.npz", fps=np.array(30.0), intrinsics=content["K_fullimg"], **flat)
    assert_same(read_gvhmr_result(tmp_path / "motion.npz"), plain)


@pytest.mark.parametrize("wrap", [lambda one: [one], lambda one: {"person_0": one}, lambda one: {"results": [one]}])
def test_one_person_in_a_list_is_that_person(tmp_path, content, plain, wrap):
    assert_same(read(tmp_path, wrap(content)), plain)


@pytest.mark.parametrize("wrap", [lambda a, b: [a, b], lambda a, b: {0: a, 1: b}, lambda a, b: {"people": (a, b)}])
def test_several_people_are_counted_and_refused(tmp_path, content, frame_count, wrap):
    other = gvhmr_content(made_up_motion(frame_count, seed=1))
    error = refusal(tmp_path, wrap(content, other))
    assert "motions of 2 people" in error.message
    assert "mocap/<person>/" in error.hint


def test_several_people_in_a_batch_are_counted_and_refused(tmp_path):
    one, other = (gvhmr_content(made_up_motion(12, seed=seed)) for seed in (0, 1))
    both = changed(one, lambda _, value: value)
    for space in SPACES:
        both[space] = {key: np.stack((one[space][key], other[space][key])) for key in one[space]}
    assert "motions of 2 people" in refusal(tmp_path, both).message


@pytest.mark.parametrize(("width", "word"), [(6, "columns"), (4, "quaternions")])
def test_rotations_of_which_there_are_two_conventions_are_named(tmp_path, content, width, word):
    for space in SPACES:
        content[space]["body_pose"] = np.ones((12, 21, width), np.float32)
    assert word in refusal(tmp_path, content).message


def test_matrices_that_are_no_rotations_are_refused(tmp_path, content):
    for space in SPACES:
        content[space]["body_pose"] = 2.0 * matrices("body_pose", content[space]["body_pose"])
    assert "no rotations" in refusal(tmp_path, content).message


def test_a_camera_that_is_a_copy_of_the_world_is_said(tmp_path, content):
    content["smpl_params_incam"] = content["smpl_params_global"]
    assert "smpl_params_incam is a copy of smpl_params_global" in refusal(tmp_path, content).message


@pytest.mark.parametrize("lens", [np.zeros((3, 3)), -np.eye(3), np.ones((3, 3))])
def test_a_lens_that_is_none_is_said(tmp_path, content, lens):
    content["K_fullimg"] = lens
    assert "no camera's lens" in refusal(tmp_path, content).message


LONG = 40


def broken(frames: list[int], key: str = "transl", space: str = "smpl_params_incam", value: float = np.nan) -> Content:
    content = copy.deepcopy(gvhmr_content(made_up_motion(LONG)))
    content[space][key][frames, 0] = value
    return content


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("key", ["body_pose", "transl", "global_orient"])
def test_a_broken_frame_is_filled_from_both_sides_and_told(tmp_path, key, space, value):
    if key == "body_pose":
        space = SPACES[0]
    motion = read(tmp_path, broken([7], key, space, value))
    write_gvhmr_result(tmp_path / "whole.pt", made_up_motion(LONG))
    whole = read_gvhmr_result(tmp_path / "whole.pt")
    assert len(motion.warnings) == 1
    assert "on frame 8;" in motion.warnings[0]
    rest = np.arange(LONG) != 7
    np.testing.assert_array_equal(motion.body_quat_wxyz[rest], whole.body_quat_wxyz[rest])
    np.testing.assert_array_equal(motion.camera.translation[rest], whole.camera.translation[rest])
    middle = (whole.camera.translation[6] + whole.camera.translation[8]) / 2.0
    np.testing.assert_allclose(motion.camera.translation[7], middle)
    before, here, after = quat_wxyz_to_rotmat(motion.body_quat_wxyz[6:9])
    np.testing.assert_allclose(np.swapaxes(before, -1, -2) @ here, np.swapaxes(here, -1, -2) @ after, atol=1e-9)


def test_broken_frames_at_the_ends_stand_still(tmp_path):
    motion = read(tmp_path, broken([0, 1, LONG - 1]))
    assert "on frames 1 to 2 and 40;" in motion.warnings[0]
    np.testing.assert_array_equal(motion.camera.translation[:2], motion.camera.translation[[2, 2]])
    np.testing.assert_array_equal(motion.camera.translation[-1], motion.camera.translation[-2])


@pytest.mark.parametrize("frames", [list(range(5)), list(range(0, LONG, 3)), list(range(LONG))])
def test_many_broken_frames_are_refused(tmp_path, frames):
    assert "too many to fill" in refusal(tmp_path, broken(frames)).message


def test_a_broken_shape_on_one_frame_costs_nothing(tmp_path):
    content = copy.deepcopy(gvhmr_content(made_up_motion(LONG)))
    for space in SPACES:
        content[space]["betas"][3] = np.nan
    write_gvhmr_result(tmp_path / "whole.pt", made_up_motion(LONG))
    assert_same(read(tmp_path, content), read_gvhmr_result(tmp_path / "whole.pt"))


MISTAKEN = {
    "boxes": {"bbx_xyxy": np.zeros((12, 4)), "bbx_xys": np.zeros((12, 3))},
    "vitpose.pt": np.zeros((12, 17, 3)),
    "features": np.zeros((12, 1024)),
    "slam_results.pt": np.zeros((12, 7)),
    "body model": {"v_template": np.zeros((6, 3)), "J_regressor": np.zeros((2, 6)), "f": np.zeros((4, 3))},
    "checkpoint": {"state_dict": {"a.weight": np.zeros(3)}, "epoch": 3},
    "weights": {f"layer{number}.weight": np.zeros(3) for number in range(8)},
    "hands": {"left_hand_pose": np.zeros((12, 45)), "right_hand_pose": np.zeros((12, 45))},
    "no smpl_params_global but a": {"a": 1},
    "a list": [1, 2],
    "shape (3,)": np.zeros(3),
}


@pytest.mark.parametrize("word", MISTAKEN)
def test_another_file_is_called_what_it_is_and_the_right_one_named(tmp_path, word):
    (tmp_path / "preprocess").mkdir()
    write_gvhmr_result(tmp_path / "hmr4d_results.pt", made_up_motion(3))
    path = tmp_path / "preprocess" / "chosen.pt"
    write_torch_archive(path, MISTAKEN[word])
    with pytest.raises(BodyMotionFileError) as caught:
        read_gvhmr_result(path)
    assert word in caught.value.message
    assert caught.value.hint == f"choose {tmp_path / 'hmr4d_results.pt'}"


def test_a_body_model_that_was_pickled_with_objects_is_called_that(tmp_path):
    path = tmp_path / "SMPL_NEUTRAL.pkl"
    path.write_bytes(b"\x80\x02}X\x01\x00\x00\x00fcchumpy.ch\nCh\n)\x81s.")
    with pytest.raises(BodyMotionFileError, match="a body model"):
        read_gvhmr_result(path)


def test_a_folder_is_called_one(tmp_path):
    with pytest.raises(BodyMotionFileError, match="is a folder"):
        read_gvhmr_result(tmp_path)
