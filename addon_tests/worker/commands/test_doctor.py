from __future__ import annotations

import numpy as np
import pytest

from handmocap_addon.worker.commands import doctor
from handmocap_addon.worker.estimators import mediapipe


def line(subject):
    return next(line for line in doctor.examine() if line.subject == subject)


@pytest.mark.skipif(not mediapipe.default_model().is_file(), reason="the hand model is not in this environment")
def test_the_landmarker_runs_on_a_frame():
    found = line("hand landmarker")
    assert "ran on a frame" in found.found
    assert found.advice == ""


def test_a_model_that_does_not_load_has_an_advice(tmp_path, monkeypatch):
    (tmp_path / "broken.task").write_bytes(b"not a model")
    monkeypatch.setattr(mediapipe, "default_model", lambda: tmp_path / "broken.task")
    found = line("hand landmarker")
    assert "broken.task" in found.found
    assert found.advice
    assert found.needed


def test_the_codecs_that_clips_come_in_are_tried():
    found = line("video")
    assert "h264" in found.found
    assert "av1" in found.found


def test_a_codec_that_lacks_is_named_with_the_way_out(monkeypatch):
    monkeypatch.setattr(doctor, "_CLIP_CODECS", {"H.264": "h264", "rotting": "no-such-codec"})
    found = line("video")
    assert "not rotting" in found.found
    assert "convert clips in rotting" in found.advice
    assert not found.needed


def test_a_body_model_is_looked_at_by_its_content(tmp_path):
    np.savez(tmp_path / "SMPLX_NEUTRAL.npz", v_template=np.zeros((5, 3)))
    found = next(line for line in doctor.examine(body=tmp_path) if line.subject == "body model")
    assert "SMPLX_NEUTRAL.npz is not an SMPL-X model file" in found.found
    assert found.advice
    assert not found.needed


def test_wilors_environment_is_asked_for_its_own_packages():
    subjects = {line.subject for line in doctor.examine("wilor")}
    assert {"wilor_mini", "torch", "ultralytics", "chumpy-fixed", "video"} <= subjects
    assert "hand landmarker" not in subjects
