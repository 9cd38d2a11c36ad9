"""The hand model is looked at when it is loaded, and what was hashed is what is loaded."""

from __future__ import annotations

import io
import zipfile

import pytest

from handmocap_addon.core.errors import MissingSetupError
from handmocap_addon.set_up.hand_model import HAND_MODEL_PARTS, other_parts, reviewed_task, task_file
from handmocap_addon.worker.estimators import mediapipe

pytestmark = pytest.mark.skipif(not mediapipe.default_model().is_file(), reason="the hand model is not in this environment")


@pytest.fixture
def parts() -> dict[str, bytes]:
    with zipfile.ZipFile(mediapipe.default_model()) as task:
        return {name: task.read(name) for name in HAND_MODEL_PARTS}


def test_the_set_up_s_own_is_loaded_as_it_is(parts):
    content = mediapipe.default_model().read_bytes()
    assert other_parts(parts) == []
    assert reviewed_task(content) == task_file(parts) == content


def test_one_changed_byte_of_a_network_is_refused_before_it_is_loaded(parts, tmp_path, monkeypatch):
    changed = bytearray(parts["hand_detector.tflite"])
    changed[len(changed) // 2] ^= 1
    parts["hand_detector.tflite"] = bytes(changed)
    assert other_parts(parts) == ["hand_detector.tflite"]
    other = tmp_path / "hand_landmarker.task"
    other.write_bytes(task_file(parts))
    monkeypatch.setattr(mediapipe, "default_model", lambda: other)
    with pytest.raises(MissingSetupError) as caught:
        mediapipe.create(mediapipe.MediapipeSettings())
    assert caught.value.sentence().startswith(
        f"The hand model {other} is not the one that the set-up made: remove it and run"
    )
    # Named by a person, it is that person's choice.
    mediapipe.create(mediapipe.MediapipeSettings(model=other)).close()


def test_what_else_is_in_the_file_is_not_loaded(parts):
    content = io.BytesIO(b"something before" + task_file(parts))
    with zipfile.ZipFile(content, "a") as task:
        task.writestr("more.tflite", b"more")
    assert reviewed_task(content.getvalue()) == task_file(parts)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04" + bytes(100)])
def test_what_is_no_model_is_refused(content):
    assert reviewed_task(content) is None
