"""Bodies of other programs: each kind is told by its content, means the same joints as GVHMR's result, or is refused."""

from __future__ import annotations

import dataclasses
import os
import pickle
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from addon_tests.making.body_results import (
    amass_content,
    gem_content,
    made_up_camera,
    prompt_hmr_content,
    prompt_hmr_person,
    smpl_codec_content,
    standing,
    write_joblib,
    write_npz,
)
from addon_tests.making.gvhmr_results import (
    MadeUpMotion,
    gvhmr_content,
    made_up_motion,
    write_gvhmr_result,
    write_torch_archive,
)
from handmocap_addon.core.body.body_files import body_licences, read_bodies, read_body
from handmocap_addon.core.body.gvhmr_file import read_gvhmr_result
from handmocap_addon.core.body.makers import AMASS, GEM_SMPL, GVHMR, PROMPT_HMR, SMPL_CODEC
from handmocap_addon.core.body.model import posed_joints
from handmocap_addon.core.body.motion import BodyMotion, BodyTrack, local_rotmat_of
from handmocap_addon.core.body.parameter_files import write_amass
from handmocap_addon.core.body.parameters import BodyParameters
from handmocap_addon.core.body.shape import BodyShape
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.errors import BadUsageError, BodyMotionFileError, ExitCode
from handmocap_addon.core.files.array_files import read_array_file
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz

COUNT, SIZE = 12, (1280, 720)
Write = Callable[[Path], Path]


@pytest.fixture
def made() -> MadeUpMotion:
    """Somebody who stands upright, as float64 where files have that."""
    motion = made_up_motion(COUNT)
    return dataclasses.replace(motion, global_orient=standing(motion).astype(np.float32))


@pytest.fixture
def plain(tmp_path: Path, made: MadeUpMotion) -> BodyMotion:
    """The same motion as GVHMR writes it."""
    folder = tmp_path / "gvhmr"
    folder.mkdir()
    write_gvhmr_result(folder / "plain.pt", made)
    return read_gvhmr_result(folder / "plain.pt")


def joints(motion: BodyMotion, track: BodyTrack | None) -> np.ndarray:
    """Positions (N, 22, 3) of the body's joints."""
    assert track is not None
    rest = load_stand_in_body(motion.betas).rest_joints
    return posed_joints(rest, local_rotmat_of(motion, track), track.translation).positions[:, :22]


def assert_stands_as(motion: BodyMotion, plain: BodyMotion) -> None:
    np.testing.assert_allclose(joints(motion, motion.world), joints(plain, plain.world), atol=1e-5)


def refusal(path: Path) -> BodyMotionFileError:
    with pytest.raises(BodyMotionFileError) as caught:
        read_body(path)
    assert caught.value.exit_code == ExitCode.BAD_INPUT == 3
    assert path.name in caught.value.message and caught.value.hint
    return caught.value


# GEM-SMPL


@pytest.mark.parametrize("name", ["smpl_params.pt", "named by somebody.bin"])
def test_gem_smpl_s_result_is_gvhmr_s_under_other_names(
    tmp_path: Path, made: MadeUpMotion, plain: BodyMotion, name: str
) -> None:
    write_torch_archive(tmp_path / name, gem_content(made), root="smpl_params")
    motion = read_body(tmp_path / name)
    assert_stands_as(motion, plain)
    np.testing.assert_allclose(joints(motion, motion.camera), joints(plain, plain.camera), atol=1e-5)
    np.testing.assert_array_equal(motion.seen().intrinsics, plain.seen().intrinsics)
    assert (motion.maker, motion.warnings) == (GEM_SMPL, ())


def test_what_gem_smpl_made_up_from_a_text_is_left_out(tmp_path: Path, made: MadeUpMotion, plain: BodyMotion) -> None:
    segments = [
        {"start": 0, "end": 3, "type": "text", "caption": "a person acts like a monkey"},
        {"start": 3, "end": 10, "type": "video", "video_path": None},
        {"start": 10, "end": COUNT, "type": "text", "caption": "a person dances"},
    ]
    content = gem_content(made, segments)
    content["body_params_incam"]["transl"] = made.transl_incam.copy()
    content["body_params_incam"]["transl"][:3] = np.nan  # nothing was before a camera there
    write_torch_archive(tmp_path / "smpl_params.pt", content)
    motion = read_body(tmp_path / "smpl_params.pt")
    assert_stands_as(motion, plain.slice_frames(3, 10))
    assert motion.warnings == ("smpl_params.pt has 12 frames, and those that were made up from a text are left out",)


def test_two_videos_in_one_result_are_refused(tmp_path: Path, made: MadeUpMotion) -> None:
    segments = [{"start": 0, "end": 6, "type": "video"}, {"start": 6, "end": COUNT, "type": "video"}]
    write_torch_archive(tmp_path / "smpl_params.pt", gem_content(made, segments))
    assert "holds several videos" in refusal(tmp_path / "smpl_params.pt").message


def test_smpl_s_24_joints_lose_their_hands_and_their_shape(tmp_path: Path, made: MadeUpMotion) -> None:
    content = gem_content(made)
    for group in ("body_params_incam", "body_params_global"):
        content[group]["body_pose"] = np.concatenate((made.body_pose, np.ones((COUNT, 6), np.float32)), axis=1)
    write_torch_archive(tmp_path / "smpl_params.pt", content)
    motion = read_body(tmp_path / "smpl_params.pt")
    np.testing.assert_array_equal(motion.betas, np.zeros(10))
    # The pelvis is where SMPL's translation, which is added to SMPL's own rest pelvis, puts it.
    np.testing.assert_allclose(joints(motion, motion.world)[:, 0], made.transl + (-0.0018, -0.2233, 0.0282), atol=1e-5)
    np.testing.assert_allclose(
        joints(motion, motion.camera)[:, 0], made.transl_incam + (-0.0018, -0.2233, 0.0282), atol=1e-5
    )
    assert "the average SMPL-X shape is taken" in motion.warnings[0]


def test_another_skeleton_and_half_a_result_are_named(tmp_path: Path, made: MadeUpMotion) -> None:
    path = tmp_path / "hpe_results.pt"
    content = gem_content(made)
    content["body_params_global"] |= {
        "identity_coeffs": np.zeros((COUNT, 45), np.float32),
        "body_pose": np.zeros((COUNT, 76, 3), np.float32),
    }
    write_torch_archive(path, content)
    assert "SOMA" in refusal(path).message
    write_torch_archive(path, {"body_params_incam": gem_content(made)["body_params_incam"], "K_fullimg": made.intrinsics})
    assert "not a whole GEM-SMPL result, it has no body_params_global" in refusal(path).message


# PromptHMR


@pytest.fixture
def two_people(tmp_path: Path) -> tuple[Path, list[MadeUpMotion]]:
    """`results.pkl` of two people with their own files beside it."""
    people = [made_up_motion(COUNT, seed) for seed in (0, 1)]
    written = {np.int64(number): prompt_hmr_person(one, np.arange(COUNT), number) for number, one in enumerate(people, 1)}
    write_joblib(tmp_path / "results.pkl", prompt_hmr_content(written, made_up_camera(COUNT), SIZE))
    for number, one in enumerate(people, 1):
        write_npz(tmp_path / f"subject-{number}.smpl", smpl_codec_content(one))
    return tmp_path, people


def assert_before_prompt_hmr_s_camera(motion: BodyMotion) -> None:
    """By what the camera does to points: x = Rcw X + Tcw."""
    camera = made_up_camera(COUNT)
    expected = np.einsum("nab,njb->nja", camera.rotmat, joints(motion, motion.world)) + camera.translation[:, None]
    np.testing.assert_allclose(joints(motion, motion.camera), expected, atol=1e-5)
    lens = motion.seen().intrinsics
    np.testing.assert_allclose(lens, np.tile(((900.0, 0.0, 640.0), (0.0, 900.0, 360.0), (0.0, 0.0, 1.0)), (COUNT, 1, 1)))


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_prompt_hmr_s_person_and_camera_are_read(
    tmp_path: Path, made: MadeUpMotion, plain: BodyMotion, protocol: int
) -> None:
    content = prompt_hmr_content({1: prompt_hmr_person(made, np.arange(COUNT))}, made_up_camera(COUNT), SIZE)
    write_joblib(tmp_path / "any name", content, protocol)
    motion = read_body(tmp_path / "any name")
    assert_stands_as(motion, plain)
    assert_before_prompt_hmr_s_camera(motion)
    assert motion.maker == PROMPT_HMR
    assert motion.warnings == ("PromptHMR's fingers are no measurement and are left out",)


def test_an_array_by_columns_is_turned_right(tmp_path: Path, made: MadeUpMotion, plain: BodyMotion) -> None:
    person = prompt_hmr_person(made, np.arange(COUNT))
    person["smplx_world"]["pose"] = np.asfortranarray(person["smplx_world"]["pose"])
    write_joblib(tmp_path / "results.pkl", prompt_hmr_content({1: person}, made_up_camera(COUNT), SIZE))
    assert_stands_as(read_body(tmp_path / "results.pkl"), plain)


def test_of_several_people_their_own_files_choose_one(two_people: tuple[Path, list[MadeUpMotion]]) -> None:
    folder, people = two_people
    error = refusal(folder / "results.pkl")
    assert "2 people" in error.message and "subject-<number>.smpl" in error.hint
    paths = [folder / f"subject-{number}.smpl" for number in (1, 2)]
    for motion, made, path in zip(read_bodies(paths), people, paths, strict=True):
        np.testing.assert_allclose(motion.world.translation, made.transl, atol=1e-6)
        assert_before_prompt_hmr_s_camera(motion)
        assert (motion.source, motion.maker) == (str(path), PROMPT_HMR)


def test_a_person_s_file_by_itself_has_no_camera(two_people: tuple[Path, list[MadeUpMotion]]) -> None:
    folder, people = two_people
    (folder / "results.pkl").unlink()
    motion = read_body(folder / "subject-2.smpl")
    np.testing.assert_allclose(motion.world.translation, people[1].transl, atol=1e-6)
    assert (motion.is_seen, motion.camera, motion.intrinsics) == (False, None, None)
    assert (motion.maker, motion.fps) == (SMPL_CODEC, 30)
    with pytest.raises(BadUsageError, match=r"subject-1.smpl has no camera, so nothing tells whose hands are whose"):
        read_bodies([folder / "subject-1.smpl", folder / "subject-2.smpl"])


@pytest.mark.parametrize("content", [b"", b"\x80\x04garbage", b"\x80\x04cposix\nsystem\n."])
def test_damaged_results_beside_a_person_s_file_cost_the_camera_alone(
    tmp_path: Path, made: MadeUpMotion, content: bytes
) -> None:
    write_npz(tmp_path / "subject-1.smpl", smpl_codec_content(made))
    (tmp_path / "results.pkl").write_bytes(content)
    motion = read_body(tmp_path / "subject-1.smpl")
    assert not motion.is_seen and motion.frame_count == COUNT


def test_somebody_who_comes_and_goes_stands_still_where_he_is_not(tmp_path: Path) -> None:
    made = made_up_motion(6)
    content = prompt_hmr_content({1: prompt_hmr_person(made, np.array([3, 4, 5, 7, 8, 9]))}, made_up_camera(COUNT), SIZE)
    write_joblib(tmp_path / "results.pkl", content)
    motion = read_body(tmp_path / "results.pkl")
    assert motion.frame_count == COUNT
    place = motion.world.translation
    np.testing.assert_allclose(
        place[[0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11]], made.transl[[0, 0, 0, 0, 1, 2, 3, 4, 5, 5, 5]], atol=1e-6
    )
    np.testing.assert_allclose(place[6], (made.transl[2] + made.transl[3]) / 2.0, atol=1e-6)
    assert_before_prompt_hmr_s_camera(motion)
    assert motion.warnings[:2] == (
        "results.pkl lacks the person on 1 of the frames 4 to 10; the body there is filled from the frames beside",
        "results.pkl has the person on the frames 4 to 10 of 12 alone; the body stands still before and after",
    )


def _without(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda content: content.pop(key)


def _person_s(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda content: content["people"][1].__setitem__(key, value)


def _world_s(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda content: content["people"][1]["smplx_world"].__setitem__(key, value)


def _camera_s(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda content: content["camera_world"].__setitem__(key, value)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda content: content["people"].clear(), "nobody"),
        (lambda content: content["people"][1].pop("smplx_world"), "no smplx_world"),
        (_world_s("pose", np.zeros((COUNT, 60))), "pose has the shape"),
        (_world_s("pose", None), "pose is not there"),
        (_world_s("pose", np.zeros((0, 165))), "holds no frames"),
        (_world_s("trans", np.zeros((3, 3))), "trans has the shape"),
        (_world_s("trans", np.full((COUNT, 3), np.nan)), "not finite"),
        (_world_s("shape", np.zeros((5, 10))), "shape has the shape"),
        (_person_s("frames", np.arange(COUNT) + 1), "frames are no growing numbers of the 12 frames"),
        (_person_s("frames", np.arange(COUNT)[::-1].copy()), "frames are no growing numbers"),
        (_person_s("frames", np.arange(5)), "frames has the shape"),
        (_camera_s("Rcw", np.ones((COUNT, 3, 3))), "no camera's"),
        (_camera_s("Tcw", np.zeros((3, 3))), "Tcw has the shape"),
        (_camera_s("img_focal", -1.0), "no camera's"),
        (_camera_s("img_center", None), "img_center is not there"),
    ],
)
def test_prompt_hmr_s_results_of_another_shape_are_named(
    tmp_path: Path, made: MadeUpMotion, change: Callable[[dict[str, Any]], None], word: str
) -> None:
    content = prompt_hmr_content({1: prompt_hmr_person(made, np.arange(COUNT))}, made_up_camera(COUNT), SIZE)
    change(content)
    write_joblib(tmp_path / "results.pkl", content)
    assert word in refusal(tmp_path / "results.pkl").message


def test_results_of_before_prompt_hmr_s_last_steps_are_named(tmp_path: Path, made: MadeUpMotion) -> None:
    content = prompt_hmr_content({1: prompt_hmr_person(made, np.arange(COUNT))}, made_up_camera(COUNT), SIZE)
    del content["camera_world"], content["people"][1]["smplx_world"]
    write_joblib(tmp_path / "results.pkl", content)
    error = refusal(tmp_path / "results.pkl")
    assert "has no camera_world" in error.message and error.hint == "let PromptHMR run to its end"


def test_a_person_who_is_gone_for_long_is_not_made_up(tmp_path: Path) -> None:
    content = prompt_hmr_content(
        {1: prompt_hmr_person(made_up_motion(4), np.array([0, 1, 30, 31]))}, made_up_camera(32), SIZE
    )
    write_joblib(tmp_path / "results.pkl", content)
    assert "too many to fill" in refusal(tmp_path / "results.pkl").message


# .smpl and AMASS


def test_a_smpl_file_stands_with_y_up_and_says_what_its_fingers_are(
    tmp_path: Path, made: MadeUpMotion, plain: BodyMotion
) -> None:
    hands = {f"{side}HandPose": np.zeros((COUNT, 15, 3), "f4") for side in ("left", "right")}
    write_npz(tmp_path / "a.smpl", smpl_codec_content(made, 24.0, **hands, headPose=np.zeros((COUNT, 3, 3), "f4")))
    motion = read_body(tmp_path / "a.smpl")
    assert_stands_as(motion, plain)
    assert (motion.fps, motion.warnings) == (24, ("The fingers in a.smpl are all zeros and are left out",))


@pytest.mark.parametrize(("version", "body"), [(3, "SUPR"), (5, "SKEL"), (77, "an unknown kind")])
def test_a_smpl_file_of_another_skeleton_is_named(tmp_path: Path, made: MadeUpMotion, version: int, body: str) -> None:
    write_npz(tmp_path / "a.smpl", smpl_codec_content(made) | {"smplVersion": np.array(version)})
    assert f"of a body of {body}," in refusal(tmp_path / "a.smpl").message


def test_a_smpl_file_without_motion_is_named(tmp_path: Path) -> None:
    write_npz(tmp_path / "a.smpl", {"codecVersion": np.array(2), "smplVersion": np.array(2), "gender": np.array(0)})
    assert "a body without its motion" in refusal(tmp_path / "a.smpl").message


@pytest.fixture
def pelvis(made: MadeUpMotion) -> np.ndarray:
    return load_stand_in_body(made.betas[0]).rest_joints[0]


AMASS_FORMS: dict[str, tuple[str, ...]] = {
    "whole": (),
    "poses alone": ("root_orient", "pose_body", "pose_hand"),
    "parts alone": ("poses",),
    "older name of the rate": ("mocap_frame_rate",),
}


@pytest.mark.parametrize("form", AMASS_FORMS)
def test_amass_s_z_is_turned_up(
    tmp_path: Path, made: MadeUpMotion, plain: BodyMotion, pelvis: np.ndarray, form: str
) -> None:
    content = amass_content(made, pelvis, 120.0)
    content["mocap_framerate"] = content["mocap_frame_rate"]
    for key in AMASS_FORMS[form]:
        del content[key]
    write_npz(tmp_path / "walk_stageii.npz", content)
    motion = read_body(tmp_path / "walk_stageii.npz")
    assert_stands_as(motion, plain)
    assert (motion.maker, motion.fps, motion.is_seen) == (AMASS, 120, False)
    told = ("The fingers in walk_stageii.npz are all zeros and are left out",) if form != "parts alone" else ()
    assert motion.warnings == told


def test_fingers_that_are_no_zeros_are_left_out_too(tmp_path: Path, made: MadeUpMotion, pelvis: np.ndarray) -> None:
    write_npz(tmp_path / "a.npz", amass_content(made, pelvis, 60.0, fingers=0.2))
    told = "The fingers in a.npz move and are left out: the hands are taken from the clip, or from a hand_poses.npz"
    assert read_body(tmp_path / "a.npz").warnings == (told,)


def test_a_figure_that_stands_along_y_tells_which_way_is_up(tmp_path: Path, made: MadeUpMotion, plain: BodyMotion) -> None:
    poses = np.concatenate((made.global_orient, made.body_pose), axis=1)
    content = {"poses": poses, "trans": made.transl, "betas": made.betas[0], "mocap_frame_rate": np.array(30.0)}
    write_npz(tmp_path / "a.npz", content)
    motion = read_body(tmp_path / "a.npz")
    assert_stands_as(motion, plain)
    assert motion.warnings == (
        "The figure in a.npz stands along y, so y was taken for up, and not z as is usual in such files",
    )


def test_gvhmr_batch_process_says_which_way_is_up_and_whose_motion_it_is(tmp_path: Path) -> None:
    # Somebody who lies all the time, so that the figure says nothing.
    made = made_up_motion(COUNT)
    made = dataclasses.replace(made, global_orient=np.tile(np.array((1.5, 0.0, 0.0), np.float32), (COUNT, 1)))
    poses = np.concatenate((made.global_orient, made.body_pose), axis=1).reshape(COUNT, 22, 3)
    content = {
        "model_type": np.array("smplx"), "coordinate_system": np.array("world_y_up"), "gender": np.array("neutral"),
        "betas_source": np.array("gvhmr_sequence_median_10d"), "mocap_frame_rate": np.array(29.97, np.float32),
        "betas": made.betas[0], "root_orient": made.global_orient, "pose_body": made.body_pose, "poses": poses,
        "trans": made.transl,
    }  # fmt: skip
    write_npz(tmp_path / "a.npz", content)
    write_gvhmr_result(tmp_path / "plain.pt", made)
    motion = read_body(tmp_path / "a.npz")
    assert_stands_as(motion, read_gvhmr_result(tmp_path / "plain.pt"))
    assert (motion.maker, motion.warnings) == (GVHMR, ())
    assert float(motion.fps or 0) == pytest.approx(29.97, abs=1e-3)


def test_video2smpl_s_npz_has_the_world_and_the_camera(tmp_path: Path, made: MadeUpMotion, plain: BodyMotion) -> None:
    whole = gvhmr_content(made)
    flat = {f"smpl_params_incam_{key}": value for key, value in whole["smpl_params_incam"].items()}
    for space in ("incam", "global"):
        group = whole["net_outputs"][f"pred_smpl_params_{space}"]
        flat |= {f"net_outputs_pred_smpl_params_{space}_{key}": value for key, value in group.items()}
    poses = np.concatenate((made.global_orient * 0.5, made.body_pose, np.zeros((COUNT, 6))), axis=1)
    write_npz(
        tmp_path / "hmr4d_results.npz",
        {"poses": poses, "trans": made.transl[:, (0, 2, 1)], "betas": made.betas[0], "gender": np.array("neutral"),
         "mocap_framerate": np.array(30), "K_fullimg": made.intrinsics, **flat},
    )  # fmt: skip
    motion = read_body(tmp_path / "hmr4d_results.npz")
    assert_stands_as(motion, plain)
    np.testing.assert_allclose(joints(motion, motion.camera), joints(plain, plain.camera), atol=1e-5)
    assert (motion.maker, motion.warnings) == (GVHMR, ())


def test_smpl_h_of_amass_stands_in_the_average_shape(tmp_path: Path, made: MadeUpMotion, pelvis: np.ndarray) -> None:
    content = amass_content(made, pelvis, 120.0)
    poses = np.concatenate((content["poses"][:, :66], np.zeros((COUNT, 90))), axis=1)
    write_npz(
        tmp_path / "a_poses.npz",
        {"poses": poses, "trans": content["trans"], "gender": np.array("male"), "mocap_framerate": np.array(120.0),
         "betas": np.ones(16), "dmpls": np.zeros((COUNT, 8))},
    )  # fmt: skip
    motion = read_body(tmp_path / "a_poses.npz")
    np.testing.assert_array_equal(motion.betas, np.zeros(10))
    np.testing.assert_allclose(
        motion.body_quat_wxyz, axis_angle_to_quat_wxyz(made.body_pose.reshape(COUNT, 21, 3)), atol=1e-6
    )
    assert "is of a body of SMPL-H" in motion.warnings[0]


def test_this_program_s_own_amass_file_comes_back(
    tmp_path: Path, made: MadeUpMotion, plain: BodyMotion, pelvis: np.ndarray
) -> None:
    turned = np.tile((1.0, 0.0, 0.0, 0.0), (COUNT, 55, 1))
    turned[:, 0] = plain.world.orient_quat_wxyz
    turned[:, 1:22] = plain.body_quat_wxyz
    rest = load_stand_in_body(made.betas[0]).rest_joints
    parameters = BodyParameters(
        "y", np.arange(float(COUNT)), turned, made.transl.astype(np.float64), rest, np.ones(55, bool), np.ones(COUNT),
        np.zeros(COUNT), np.zeros(COUNT),
    )  # fmt: skip
    write_amass(tmp_path / "a.npz", parameters, BodyShape(plain.betas), Fraction(24))
    motion = read_body(tmp_path / "a.npz")
    assert_stands_as(motion, plain)
    assert motion.fps == 24


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"poses": np.zeros((COUNT, 40))}, "poses has the shape"),
        ({"poses": np.zeros((COUNT, 90))}, "poses are of 30 joints"),
        ({"poses": np.zeros((0, 165))}, "holds no frames"),
        ({"poses": np.array(["a"] * COUNT)}, "poses holds no numbers"),
        ({"trans": np.zeros((5, 3))}, "trans has the shape"),
        ({"trans": np.full((COUNT, 3), np.inf)}, "not finite"),
        ({"betas": np.zeros((5, 16))}, "betas has the shape"),
    ],
)
def test_amass_s_form_with_another_shape_is_named(
    tmp_path: Path, made: MadeUpMotion, pelvis: np.ndarray, change: dict[str, np.ndarray], word: str
) -> None:
    write_npz(tmp_path / "a.npz", amass_content(made, pelvis, 60.0) | change)
    assert word in refusal(tmp_path / "a.npz").message


@pytest.mark.parametrize("name", ["smplx", "SMPL-X", "smpl_x_neutral"])
def test_a_body_that_is_named_is_taken_at_its_word(
    tmp_path: Path, made: MadeUpMotion, plain: BodyMotion, pelvis: np.ndarray, name: str
) -> None:
    content = amass_content(made, pelvis, 60.0)
    content["poses"] = content["poses"][:, :72]  # as many joints as SMPL has
    write_npz(tmp_path / "a.npz", content | {"surface_model_type": np.array(name)})
    motion = read_body(tmp_path / "a.npz")
    assert_stands_as(motion, plain)
    assert motion.warnings == ()


@pytest.mark.parametrize("rate", [0.0, -3.0, 0.01, np.nan, np.inf, 1e30])
def test_a_rate_that_is_none_is_not_known(tmp_path: Path, made: MadeUpMotion, pelvis: np.ndarray, rate: float) -> None:
    write_npz(tmp_path / "a.npz", amass_content(made, pelvis, 60.0) | {"mocap_frame_rate": np.array(rate)})
    assert read_body(tmp_path / "a.npz").fps is None


# All kinds


def _gem(path: Path, made: MadeUpMotion) -> None:
    write_torch_archive(path, gem_content(made))


def _prompt(path: Path, made: MadeUpMotion) -> None:
    write_joblib(path, prompt_hmr_content({1: prompt_hmr_person(made, np.arange(COUNT))}, made_up_camera(COUNT), SIZE))


def _smpl(path: Path, made: MadeUpMotion) -> None:
    write_npz(path, smpl_codec_content(made))


def _amass(path: Path, made: MadeUpMotion) -> None:
    write_npz(path, amass_content(made, load_stand_in_body(made.betas[0]).rest_joints[0], 60.0))


KINDS = {
    "GEM-SMPL": (_gem, GEM_SMPL),
    "PromptHMR": (_prompt, PROMPT_HMR),
    ".smpl": (_smpl, SMPL_CODEC),
    "AMASS": (_amass, AMASS),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.7, 0.98])
def test_a_file_that_was_cut_short_is_refused(tmp_path: Path, made: MadeUpMotion, kind: str, share: float) -> None:
    path = tmp_path / "body"
    KINDS[kind][0](path, made)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    refusal(path)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_its_own_licence_line(tmp_path: Path, made: MadeUpMotion, kind: str) -> None:
    write, maker = KINDS[kind]
    write(tmp_path / "body", made)
    assert body_licences(tmp_path / "body") == (maker.licence,)
    assert "GVHMR" not in maker.licence


def test_a_body_that_is_gone_has_its_maker_s_licence(tmp_path: Path) -> None:
    assert body_licences(tmp_path / "gone.pt") == ("The body's motion (gone.pt): its maker's licence",)


def test_a_few_broken_frames_are_filled_and_told(tmp_path: Path, made: MadeUpMotion) -> None:
    content = smpl_codec_content(made)
    content["bodyPose"][4] = np.nan
    write_npz(tmp_path / "a.smpl", content)
    motion = read_body(tmp_path / "a.smpl")
    assert np.isfinite(motion.body_quat_wxyz).all()
    assert "not finite on frame 5; the body there is filled" in motion.warnings[0]


# Nothing of a file is run


class Evil:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize("place", ["instead of the results", "in them", "among the people", "in an array of objects"])
def test_code_in_prompt_hmr_s_results_is_never_run(tmp_path: Path, made: MadeUpMotion, place: str) -> None:
    evil = Evil(tmp_path / "was run")
    content: Any = prompt_hmr_content({1: prompt_hmr_person(made, np.arange(COUNT))}, made_up_camera(COUNT), SIZE)
    if place == "instead of the results":
        content = evil
    elif place == "in them":
        content["extra"] = evil
    elif place == "among the people":
        content["people"][1]["smplx_world"]["pose"] = evil
    else:
        content["people"][1]["extra"] = np.array([evil, None], dtype=object)
    write_joblib(tmp_path / "results.pkl", content)
    pickle.loads(pickle.dumps(evil))  # the test's own: it would have been run
    assert evil.marker.is_dir()
    evil.marker.rmdir()
    refusal(tmp_path / "results.pkl")
    assert not evil.marker.exists()


@pytest.mark.parametrize("kind", [bool, np.uint8])
def test_masks_are_passed_over(tmp_path: Path, kind: type) -> None:
    write_joblib(tmp_path / "a.pkl", {"masks": np.ones((4, 50, 60), kind), "after": np.arange(3)})
    content = read_array_file(tmp_path / "a.pkl")
    assert content.value["masks"] is None
    np.testing.assert_array_equal(content.value["after"], np.arange(3))


def test_what_is_small_in_a_file_stays_so(tmp_path: Path) -> None:
    """A pickle that names the same bytes again and again makes no more of them than a small file can hold."""
    data = bytes(4 << 20)
    said = b"\x80\x02cnumpy\ndtype\n(X\x02\x00\x00\x00f8tRq\x010B" + len(data).to_bytes(4, "little") + data + b"q\x020("
    again = b"cnumpy.core.numeric\n_frombuffer\n(h\x02h\x01" + pickle.dumps((len(data) // 8,), 2)[2:-1] + b"X\x01\0\0\0CtR"
    path = tmp_path / "a.pkl"
    path.write_bytes(said + again + b"l.")
    assert len(read_array_file(path).value[0]) == len(data) // 8
    path.write_bytes(said + 60 * again + b"l.")
    with pytest.raises(BodyMotionFileError, match="again and again"):
        read_array_file(path)


@pytest.mark.parametrize("kind", ["<U2", ">U2"])
def test_a_text_of_characters_that_there_are_not_is_refused(
    tmp_path: Path, made: MadeUpMotion, pelvis: np.ndarray, kind: str
) -> None:
    text = np.frombuffer(b"\x7f\xff\xff\x7f" * 2, kind)
    write_npz(tmp_path / "a.npz", amass_content(made, pelvis, 60.0) | {"gender": text})
    write_joblib(tmp_path / "a.pkl", {"gender": text})
    for name in ("a.npz", "a.pkl"):
        with pytest.raises(BodyMotionFileError, match="a text of characters that there are not"):
            read_array_file(tmp_path / name)


def test_arrays_that_go_on_behind_the_end_are_refused(tmp_path: Path) -> None:
    for kind in (bool, float):
        write_joblib(tmp_path / "a.pkl", {"long": np.ones(5000, kind)})
        content = (tmp_path / "a.pkl").read_bytes()
        (tmp_path / "a.pkl").write_bytes(content[:-3000])
        with pytest.raises(BodyMotionFileError, match="behind the end"):
            read_array_file(tmp_path / "a.pkl")


@pytest.mark.parametrize(
    ("start", "packer"),
    [(b"\x78\x9c", "zlib"), (b"\x1f\x8b\x08", "gzip"), (b"BZh9", "bz2"), (b"\xfd7zXZ\x00", "xz"), (b"]\x00\x00\x80", "lzma"),
     (b"\x04\x22\x4d\x18", "lz4")],
)  # fmt: skip
def test_packed_results_are_refused_with_what_to_do(tmp_path: Path, start: bytes, packer: str) -> None:
    path = tmp_path / "results.pkl"
    path.write_bytes(start + bytes(100))
    error = refusal(path)
    assert f"packed with {packer}" in error.message and "joblib.dump" in error.hint
