from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from addon_tests.making import smplx_models
from handmocap_addon.core.body.smplx_model_file import read_smplx_model
from handmocap_addon.core.errors import BodyModelError, ExitCode
from handmocap_addon.core.rig.hand_skeleton import hand_skeleton
from handmocap_addon.core.skeleton import JOINT_INDEX, SIDES


@pytest.fixture(scope="module")
def model_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("Modell für später") / "SMPLX_NEUTRAL.npz"
    smplx_models.write_smplx_model(path)
    return path


@pytest.fixture(scope="module")
def arrays():
    return smplx_models.smplx_model_arrays(old_release=True)


def refusal(path: Path) -> BodyModelError:
    with pytest.raises(BodyModelError) as caught:
        read_smplx_model(path)
    assert caught.value.exit_code == ExitCode.BAD_INPUT
    assert caught.value.hint
    return caught.value


def test_a_model_of_true_shapes_is_read(model_file):
    model = read_smplx_model(model_file)
    assert model.name == "SMPLX_NEUTRAL"
    assert model.vertices.shape == (10_475, 3)
    assert model.faces.shape == (20_908, 3)
    np.testing.assert_allclose(model.rest_joints, smplx_models.made_up_rest_joints(), atol=1e-9)
    np.testing.assert_allclose(model.skin_weights.sum(axis=1), 1.0, atol=1e-12)
    assert "SMPL-X" in model.licence


def test_each_vertex_keeps_its_strongest_joints_by_weight(model_file, arrays):
    model = read_smplx_model(model_file)
    dense = np.zeros((10_475, 55))
    np.add.at(dense, (np.arange(10_475)[:, None], model.skin_joints), model.skin_weights)
    np.testing.assert_allclose(dense, arrays["weights"], atol=1e-12)


def test_betas_move_joints_and_surface(model_file):
    model = read_smplx_model(model_file, np.array([1.5, -2.0]))
    expected = smplx_models.made_up_rest_joints() * (1.0 + 1.5 * smplx_models.FIRST_BETA_GROWTH)
    expected[:, 1] -= 2.0 * smplx_models.SECOND_BETA_HEIGHT * smplx_models.made_up_rest_joints()[:, 1]
    np.testing.assert_allclose(model.rest_joints, expected, atol=1e-6)
    assert model.betas.tolist() == [1.5, -2.0, *[0.0] * 8]
    plain = read_smplx_model(model_file)
    assert model.sole_height == pytest.approx(plain.sole_height * (1.0 + 0.03 - 0.06), abs=1e-6)


def test_what_comes_after_the_tenth_beta_moves_nothing(model_file):
    ten = read_smplx_model(model_file, np.array([0.5, *[0.0] * 9]))
    sixteen = read_smplx_model(model_file, np.array([0.5, *[0.0] * 9, *[3.0] * 6]))
    np.testing.assert_array_equal(sixteen.vertices, ten.vertices)


def test_the_older_release_with_twenty_columns_is_read(tmp_path, model_file):
    smplx_models.write_smplx_model(tmp_path / "SMPLX_MALE.npz", old_release=True)
    old = read_smplx_model(tmp_path / "SMPLX_MALE.npz", np.array([1.0]))
    np.testing.assert_allclose(old.rest_joints, read_smplx_model(model_file, np.array([1.0])).rest_joints, atol=1e-9)


def test_numbers_in_single_precision_are_read(tmp_path, arrays):
    small = {key: value.astype(np.float32) for key, value in arrays.items() if value.dtype == np.float64}
    np.savez(tmp_path / "SMPLX_FEMALE.npz", **(arrays | small))
    model = read_smplx_model(tmp_path / "SMPLX_FEMALE.npz")
    np.testing.assert_allclose(model.rest_joints, smplx_models.made_up_rest_joints(), atol=1e-5)


@pytest.mark.parametrize("side", SIDES)
def test_its_hands_have_fingertips_beyond_the_last_joints(model_file, side):
    model = read_smplx_model(model_file)
    hand = hand_skeleton(model, side)
    last = model.rest_joints[JOINT_INDEX[f"{side}_middle3"]] - model.rest_joints[JOINT_INDEX[f"{side}_wrist"]]
    before = model.rest_joints[JOINT_INDEX[f"{side}_middle2"]] - model.rest_joints[JOINT_INDEX[f"{side}_wrist"]]
    assert np.linalg.norm(hand.tips[1] - last) == pytest.approx(0.8 * np.linalg.norm(last - before), abs=0.005)


def test_a_missing_file_is_named(tmp_path):
    assert "SMPLX_NEUTRAL.npz" in refusal(tmp_path / "SMPLX_NEUTRAL.npz").message


def test_a_folder_is_no_model(tmp_path):
    refusal(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a zip at all", b"PK\x03\x04 cut short"])
def test_a_file_that_is_no_npz(tmp_path, content):
    path = tmp_path / "SMPLX_NEUTRAL.npz"
    path.write_bytes(content)
    assert "SMPLX_NEUTRAL.npz" in refusal(path).message


def test_a_download_that_was_cut_short(tmp_path, model_file):
    path = tmp_path / "SMPLX_NEUTRAL.npz"
    content = model_file.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    refusal(path)


def test_a_single_array_is_no_model(tmp_path):
    path = tmp_path / "SMPLX_NEUTRAL.npz"
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    refusal(path)


@pytest.mark.parametrize("key", ["v_template", "f", "shapedirs", "J_regressor", "weights", "kintree_table"])
def test_a_missing_array_is_named(tmp_path, arrays, key):
    path = tmp_path / "model.npz"
    np.savez(path, **{name: value for name, value in arrays.items() if name != key})
    assert f"no {key}" in refusal(path).message


@pytest.mark.parametrize("key", ["v_template", "kintree_table", "J_regressor"])
def test_a_pickled_array_is_refused_by_name_and_not_loaded(tmp_path, arrays, key):
    marker = tmp_path / "it ran"
    path = tmp_path / "model.npz"
    np.savez(path, **(arrays | {key: np.array(_TouchesWhenUnpickled(str(marker)), dtype=object)}))
    error = refusal(path)
    assert not marker.exists()
    assert key in error.message
    assert "pickled" in error.message


class _TouchesWhenUnpickled:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


@pytest.mark.parametrize(
    ("key", "shape", "named"),
    [
        ("v_template", (6890, 3), "6890 vertices"),
        ("weights", (10_475, 24), "(10475, 24)"),
        ("J_regressor", (24, 10_475), "joint regressor"),
        ("shapedirs", (6890, 3, 10), "shape"),
        ("shapedirs", (10_475, 3), "shape"),
        ("shapedirs", (10_475, 3, 4), "shape"),
        ("kintree_table", (55,), "skeleton"),
        ("kintree_table", (2, 24), "skeleton"),
        ("f", (20_908,), "faces"),
    ],
)
def test_another_shape_is_refused_and_named(tmp_path, arrays, key, shape, named):
    path = tmp_path / "model.npz"
    np.savez(path, **(arrays | {key: np.zeros(shape, arrays[key].dtype)}))
    assert named in refusal(path).message


def test_a_scalar_in_place_of_an_array_is_refused(tmp_path, arrays):
    path = tmp_path / "model.npz"
    np.savez(path, **(arrays | {"v_template": np.float64(1.0)}))
    refusal(path)


def test_another_skeleton_is_refused(tmp_path, arrays):
    tree = arrays["kintree_table"].copy()
    tree[0, 20] = 3
    path = tmp_path / "model.npz"
    np.savez(path, **(arrays | {"kintree_table": tree}))
    assert "skeleton" in refusal(path).message


def test_numbers_that_are_not_finite_are_refused(tmp_path, arrays):
    template = arrays["v_template"].copy()
    template[17, 1] = np.nan
    path = tmp_path / "model.npz"
    np.savez(path, **(arrays | {"v_template": template}))
    assert "v_template" in refusal(path).message


def test_faces_beyond_the_vertices_are_refused(tmp_path, arrays):
    faces = arrays["f"].copy()
    faces[0, 0] = 10_475
    path = tmp_path / "model.npz"
    np.savez(path, **(arrays | {"f": faces}))
    assert "faces" in refusal(path).message
