from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from addon_tests.making.smplx_lifelike import lifelike_poses
from handmocap_addon.core.body.smplx_poses import read_smplx_poses, write_smplx_poses
from handmocap_addon.core.errors import PosesFileError


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "Posen für Zoë.npz"
    write_smplx_poses(path, lifelike_poses(4))
    return path


def test_what_was_written_is_read(file):
    wanted, found = lifelike_poses(4), read_smplx_poses(file)
    for field in fields(wanted):
        np.testing.assert_array_equal(getattr(found, field.name), getattr(wanted, field.name))


def test_the_file_has_the_names_of_smplx(file):
    with np.load(file) as archive:
        pose = lifelike_poses(4).pose_axis_angle
        np.testing.assert_array_equal(archive["body_pose"], pose[:, 1:22].reshape(4, 63))
        np.testing.assert_array_equal(archive["jaw_pose"], pose[:, 22])
        np.testing.assert_array_equal(archive["right_hand_pose"], pose[:, 40:].reshape(4, 45))


def test_shape_expression_and_place_may_lack(file):
    with np.load(file) as archive:
        np.savez(file, **{key: archive[key] for key in archive.files if key not in ("betas", "expression", "placement")})
    poses = read_smplx_poses(file)
    assert poses.betas.shape == (0,) and poses.expression.shape == (4, 0)
    np.testing.assert_array_equal(poses.placement, np.tile(np.eye(4), (4, 1, 1)))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("transl", np.zeros((3, 3)), "of shape"),
        ("transl", np.zeros((0, 3)), "of shape"),
        ("transl", np.float64(1.0), "of shape"),
        ("transl", None, "no transl"),
        ("body_pose", np.full((4, 63), np.nan), "not finite"),
        ("body_pose", np.zeros((4, 66)), "of shape"),
        ("betas", np.array(["a"]), "not finite"),
        ("expression", np.float64(1.0), "of shape"),
    ],
)
def test_other_shapes_are_one_sentence(name, value, says, file):
    with np.load(file) as archive:
        arrays = {key: archive[key] for key in archive.files} | {name: value}
    np.savez(file, **{key: array for key, array in arrays.items() if array is not None})
    with pytest.raises(PosesFileError, match=says):
        read_smplx_poses(file)


def test_what_is_no_npz_is_one_sentence(tmp_path):
    path = tmp_path / "poses.npz"
    with pytest.raises(PosesFileError, match="There is no file"):
        read_smplx_poses(path)
    path.write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(PosesFileError, match="cannot be read"):
        read_smplx_poses(path)
