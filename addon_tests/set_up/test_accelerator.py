from __future__ import annotations

import os
import sys

import pytest

from handmocap_addon.set_up import accelerator
from handmocap_addon.set_up.doctor_line import DoctorLine

_SMI = """#!/bin/sh
echo 'NVIDIA H200, 570.1, 143000 MiB'
exit {code}
"""


@pytest.fixture
def nvidia_smi(tmp_path, monkeypatch):
    """Puts a program of that name on the path, which ends with a code."""

    def make(code):
        program = tmp_path / "nvidia-smi"
        program.write_text(_SMI.format(code=code), encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    return make


@pytest.fixture
def no_amd(tmp_path, monkeypatch):
    monkeypatch.setattr(accelerator, "_ROCM_DEVICE", tmp_path / "kfd")
    return tmp_path / "kfd"


@pytest.mark.skipif(sys.platform == "win32", reason="a script of POSIX")
@pytest.mark.parametrize(("code", "has_advice", "device"), [(0, False, "cuda"), (9, True, "cpu")])
def test_a_card_and_its_driver_are_named(nvidia_smi, no_amd, code, has_advice, device):
    nvidia_smi(code)
    found = accelerator.examine_gpu()
    assert "NVIDIA H200, 570.1, 143000 MiB" in found.found
    assert bool(found.advice) == has_advice
    assert not found.needed
    assert accelerator.find_device() == device


def test_a_machine_without_a_card_is_well(tmp_path, monkeypatch, no_amd):
    monkeypatch.setenv("PATH", str(tmp_path))
    text = "none of NVIDIA's (no nvidia-smi), none of AMD's (no /dev/kfd)"
    assert accelerator.examine_gpu() == DoctorLine("GPU", text, needed=False)
    assert accelerator.find_device() == "cpu"


def test_amds_kernel_driver_means_rocm(tmp_path, monkeypatch, no_amd):
    monkeypatch.setenv("PATH", str(tmp_path))
    no_amd.touch()
    assert accelerator.find_device() == "rocm"
    assert "AMD" in accelerator.examine_gpu().found
