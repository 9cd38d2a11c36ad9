from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from smplcodec import SMPLCodec, SMPLGender, SMPLVersion

from addon_tests.making.formulas import angle_of, random_axis_angle, rodrigues
from handmocap_addon.core.body.parameter_files import write_amass, write_plain_poses, write_smpl
from handmocap_addon.core.body.parameters import BodyParameters
from handmocap_addon.core.body.shape import BodyShape, gender_in
from handmocap_addon.core.errors import OutputError
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz
from handmocap_addon.core.skeleton import JOINT_NAMES

COUNT = 30
FPS = Fraction(24000, 1001)
SHAPE = BodyShape(np.linspace(-1.0, 1.0, 16), "female")
Array = Any


@pytest.fixture
def parameters() -> BodyParameters:
    random = np.random.default_rng(4)
    axis_angle = random_axis_angle(random, COUNT, len(JOINT_NAMES), largest=0.8)
    # A body that turns round more than once.
    axis_angle[:, 0] = np.outer(np.linspace(0.0, 8.0, COUNT), (0.0, 1.0, 0.0))
    return BodyParameters(
        up_axis="y",
        frames=np.arange(COUNT, dtype=float),
        local_quat_wxyz=axis_angle_to_quat_wxyz(axis_angle),
        translation=random.normal(size=(COUNT, 3)),
        rest_joints=random.normal(size=(len(JOINT_NAMES), 3)),
        has_bone=np.ones(len(JOINT_NAMES), bool),
        world_scale=np.ones(COUNT),
        largest_offset=np.zeros(COUNT),
        largest_scale=np.zeros(COUNT),
    )


def _degrees_between(axis_angle: Array, rotmat: Array) -> float:
    return float(np.degrees(angle_of(np.swapaxes(rodrigues(axis_angle), -1, -2) @ rotmat)).max())


def _loaded(path: Path) -> dict[str, Array]:
    with np.load(path, allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}


def test_amass_holds_the_turned_world_and_every_joint(parameters: BodyParameters, tmp_path: Path) -> None:
    write_amass(tmp_path / "a.npz", parameters, SHAPE, FPS)
    found = _loaded(tmp_path / "a.npz")
    assert found["poses"].shape == (COUNT, 165)
    local = parameters.local_rotmat()
    x, y, z = np.eye(3)
    local[:, 0] = np.stack((x, z, -y), axis=-1) @ local[:, 0]
    assert _degrees_between(found["poses"].reshape(COUNT, 55, 3), local) < 1e-5
    # The pelvis stands where it stood, seen with z up.
    pelvis = parameters.rest_joints[0] + parameters.translation
    np.testing.assert_allclose(
        found["trans"] + parameters.rest_joints[0], np.stack((pelvis[:, 0], -pelvis[:, 2], pelvis[:, 1]), -1), atol=1e-12
    )
    assert np.linalg.norm(np.diff(found["poses"][:, :3], axis=0), axis=1).max() < 2.0
    parts = [found[key] for key in ("root_orient", "pose_body", "pose_jaw", "pose_eye", "pose_hand")]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), found["poses"])


def test_the_add_ons_and_smplcodec_find_the_fields_that_they_ask_amass_files_for(
    parameters: BodyParameters, tmp_path: Path
) -> None:
    write_amass(tmp_path / "a.npz", parameters, SHAPE, FPS)
    found = _loaded(tmp_path / "a.npz")
    # Both add-ons refuse a file without these, and take them so.
    assert {"trans", "gender", "mocap_frame_rate", "mocap_framerate", "betas", "poses"} <= set(found)
    assert str(found["gender"]) == "female"
    assert float(found["mocap_framerate"]) == float(found["mocap_frame_rate"]) == float(FPS)
    codec = SMPLCodec.from_amass_npz(tmp_path / "a.npz")
    assert (codec.smpl_version, codec.gender, codec.frame_count) == (SMPLVersion.SMPLX, SMPLGender.FEMALE, COUNT)
    np.testing.assert_array_equal(codec.full_pose, found["poses"].reshape(COUNT, 55, 3))


def test_smplcodec_reads_a_smpl_file(parameters: BodyParameters, tmp_path: Path) -> None:
    write_smpl(tmp_path / "a.smpl", parameters, SHAPE, FPS)
    assert [path.name for path in tmp_path.iterdir()] == ["a.smpl"]
    codec = SMPLCodec.from_file(tmp_path / "a.smpl")
    assert (codec.smpl_version, codec.gender) == (SMPLVersion.SMPLX, SMPLGender.FEMALE)
    assert (codec.frame_count, codec.codec_version) == (COUNT, 2)
    assert codec.frame_rate == pytest.approx(float(FPS), rel=1e-6)
    assert _degrees_between(codec.full_pose, parameters.local_rotmat()) < 1e-3
    np.testing.assert_allclose(codec.body_translation, parameters.translation, atol=1e-6)
    np.testing.assert_allclose(codec.shape_parameters, SHAPE.betas, atol=1e-7)
    codec.write(tmp_path / "again.smpl")
    ours, theirs = _loaded(tmp_path / "a.smpl"), _loaded(tmp_path / "again.smpl")
    assert {key: value.dtype for key, value in ours.items()} == {key: value.dtype for key, value in theirs.items()}


@pytest.mark.parametrize("up_axis", ["y", "z"])
@pytest.mark.parametrize(("with_hands", "values"), [(False, 66), (True, 156)])
def test_plain_poses(parameters: BodyParameters, with_hands: bool, values: int, up_axis: Any, tmp_path: Path) -> None:
    wanted = parameters.with_up(up_axis)
    write_plain_poses(tmp_path / "a.npz", wanted, SHAPE, FPS, with_hands)
    found = _loaded(tmp_path / "a.npz")
    assert found["poses"].shape == (COUNT, values)
    joints = [*range(22), *(range(25, 55) if with_hands else ())]
    assert _degrees_between(found["poses"].reshape(COUNT, -1, 3), wanted.local_rotmat()[:, joints]) < 1e-5
    np.testing.assert_array_equal(found["trans"], wanted.translation)
    assert (str(found["up_axis"]), float(found["fps"])) == (up_axis, float(FPS))


def test_a_file_that_cannot_be_written_is_one_sentence(parameters: BodyParameters, tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("in the way")
    with pytest.raises(OutputError):
        write_smpl(tmp_path / "folder" / "a.smpl", parameters, SHAPE, FPS)


@pytest.mark.parametrize(
    ("name", "gender"),
    [("SMPLX_FEMALE", "female"), ("SMPLX-mesh-male", "male"), ("SMPLX_NEUTRAL_2020", "neutral"), ("mannequin", None)],
)
def test_a_models_name_tells_its_gender(name: str, gender: str | None) -> None:
    assert gender_in(name) == gender
