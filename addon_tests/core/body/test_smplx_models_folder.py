from __future__ import annotations

from pathlib import Path

import numpy as np

from addon_tests.making.smplx_models import write_smplx_model
from handmocap_addon.core.body.smplx_models_folder import find_smplx_models


def test_the_models_that_are_there_are_found_with_their_shape_values(tmp_path: Path) -> None:
    (tmp_path / "models" / "smplx").mkdir(parents=True)
    write_smplx_model(tmp_path / "SMPLX_NEUTRAL.npz")
    write_smplx_model(tmp_path / "models" / "smplx" / "SMPLX_FEMALE.npz", old_release=True)
    found = find_smplx_models(tmp_path)
    assert [(model.kind, model.shape_values, model.problem) for model in found] == [("NEUTRAL", 300, ""), ("FEMALE", 10, "")]
    assert found[1].text() == "SMPLX_FEMALE.npz found, 10 shape values"


def test_what_is_no_model_is_said_and_a_new_file_is_looked_at_again(tmp_path: Path) -> None:
    path = tmp_path / "SMPLX_MALE.npz"
    path.write_bytes(b"half a download")
    (broken,) = find_smplx_models(tmp_path)
    assert "is not an SMPL-X model file" in broken.text()
    np.savez(path, v_template=np.zeros((6890, 3)), shapedirs=np.zeros((6890, 3, 10)))
    (other,) = find_smplx_models(tmp_path)
    assert "is another model than SMPL-X" in other.text()
    path.unlink()
    assert find_smplx_models(tmp_path) == ()
