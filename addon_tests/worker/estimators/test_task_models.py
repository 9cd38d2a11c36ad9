"""The models are looked at when they are loaded, and what was hashed is what is loaded."""

from __future__ import annotations

import io
import zipfile

import pytest

from handmocap_addon.core.errors import MissingSetupError
from handmocap_addon.set_up.task_models import BODY_MODEL, HAND_MODEL, TaskModel
from handmocap_addon.worker.estimators import mediapipe, mediapipe_body

FILES = {HAND_MODEL: mediapipe.default_model, BODY_MODEL: mediapipe_body.default_model}
MODELS = [
    pytest.param(
        model, marks=pytest.mark.skipif(not FILES[model]().is_file(), reason="the model is not in this environment")
    )
    for model in FILES
]


def parts_of(model: TaskModel) -> dict[str, bytes]:
    with zipfile.ZipFile(FILES[model]()) as task:
        return {network.name: task.read(network.name) for network in model.networks}


@pytest.mark.parametrize("model", MODELS)
def test_the_set_up_s_own_is_loaded_as_it_is(model):
    content, parts = FILES[model]().read_bytes(), parts_of(model)
    assert model.other_parts(parts) == []
    assert model.reviewed_task(content) == model.task_file(parts) == content


@pytest.mark.parametrize("model", MODELS)
def test_one_changed_byte_of_a_network_is_refused_before_it_is_loaded(model, tmp_path, monkeypatch):
    parts, name = parts_of(model), model.networks[0].name
    changed = bytearray(parts[name])
    changed[len(changed) // 2] ^= 1
    parts[name] = bytes(changed)
    assert model.other_parts(parts) == [name]
    other = tmp_path / "other.task"
    other.write_bytes(model.task_file(parts))
    module = mediapipe if model is HAND_MODEL else mediapipe_body
    monkeypatch.setattr(module, "default_model", lambda: other)
    with pytest.raises(MissingSetupError) as caught:
        module.create(mediapipe.MediapipeSettings() if model is HAND_MODEL else mediapipe_body.MediapipeBodySettings())
    assert f"model {other} is not the one that the set-up made: remove it and run" in caught.value.sentence()


@pytest.mark.skipif(not mediapipe.default_model().is_file(), reason="the hand model is not in this environment")
def test_a_hand_model_that_a_person_names_is_that_person_s_choice(tmp_path):
    parts = parts_of(HAND_MODEL)
    changed = bytearray(parts["hand_detector.tflite"])
    changed[len(changed) // 2] ^= 1
    other = tmp_path / "hand_landmarker.task"
    other.write_bytes(HAND_MODEL.task_file(parts | {"hand_detector.tflite": bytes(changed)}))
    mediapipe.create(mediapipe.MediapipeSettings(model=other)).close()


@pytest.mark.parametrize("model", MODELS)
def test_what_else_is_in_the_file_is_not_loaded(model):
    parts = parts_of(model)
    content = io.BytesIO(b"something before" + model.task_file(parts))
    with zipfile.ZipFile(content, "a") as task:
        task.writestr("more.tflite", b"more")
    assert model.reviewed_task(content.getvalue()) == model.task_file(parts)


@pytest.mark.parametrize("model", FILES)
@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04" + bytes(100)])
def test_what_is_no_model_is_refused(model, content):
    assert model.reviewed_task(content) is None
