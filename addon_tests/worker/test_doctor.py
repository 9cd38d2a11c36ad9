from __future__ import annotations

import os
import sys

import pytest

from handmocap_addon.worker import doctor
from handmocap_addon.worker.estimators import mediapipe

_SMI = """#!/bin/sh
echo 'NVIDIA H200, 570.1, 143000 MiB'
exit {code}
"""


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


@pytest.mark.skipif(sys.platform == "win32", reason="a script of POSIX")
@pytest.mark.parametrize(("code", "has_advice"), [(0, False), (9, True)])
def test_a_gpu_and_its_driver_are_named(tmp_path, monkeypatch, code, has_advice):
    program = tmp_path / "nvidia-smi"
    program.write_text(_SMI.format(code=code), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    found = line("GPU")
    assert "NVIDIA H200, 570.1, 143000 MiB" in found.found
    assert bool(found.advice) == has_advice
    assert not found.needed


def test_a_machine_without_a_gpu_is_well(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert line("GPU") == doctor.DoctorLine("GPU", "none of NVIDIA's (no nvidia-smi)", needed=False)
