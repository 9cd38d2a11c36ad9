"""Which reviewed build of PyTorch a machine gets, and that one without a reviewed build gets none."""

from __future__ import annotations

import pytest

from handmocap_addon.core.errors import MissingSetupError
from handmocap_addon.set_up import torch_builds
from handmocap_addon.set_up.torch_builds import torch_build


@pytest.fixture
def driver(monkeypatch):
    def is_one(version):
        gpus = [f"NVIDIA H200, {version}, 143000 MiB"] if version else []
        monkeypatch.setattr(torch_builds, "nvidia_gpus", lambda: gpus)

    is_one(None)
    return is_one


@pytest.mark.parametrize(
    ("system", "device", "name", "has_an_index"),
    [
        ("linux", "cuda", "wilor_torch.txt", False),
        ("linux", "cpu", "wilor_torch-cpu.txt", True),
        ("win32", "cuda", "wilor_torch-cuda-windows.txt", True),
        ("win32", "cpu", "wilor_torch.txt", False),
        ("darwin", "cpu", "wilor_torch.txt", False),
    ],
)
def test_each_machine_has_its_list(driver, system, device, name, has_an_index):
    build = torch_build(device, system=system)
    assert (build.pins.name, build.index is not None) == (name, has_an_index)
    assert build.pins.is_file()
    assert torch_build(device, index="http://mirror", system=system).index == "http://mirror"


def test_a_card_without_a_reviewed_build_is_a_sentence(driver, tmp_path):
    with pytest.raises(MissingSetupError, match="No build of PyTorch for AMD's cards has been reviewed") as caught:
        torch_build("rocm", index="http://anywhere")
    assert "--torch-list" in caught.value.hint
    own = torch_build("rocm", tmp_path / "mine.txt", "http://anywhere")
    assert (own.pins, own.index) == (tmp_path / "mine.txt", "http://anywhere")


def test_a_driver_that_is_too_old_is_a_sentence(driver):
    driver("575.57.08")
    with pytest.raises(MissingSetupError, match=r"driver 575\.57\.08 is older than 580"):
        torch_build("cuda")
    torch_build("cpu", system="linux")
    driver("580.65")
    torch_build("cuda", system="linux")
