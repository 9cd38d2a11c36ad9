"""What doctor says of a GVHMR that was named."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from addon_tests.making.gvhmr_checkout import write_checkout
from handmocap_addon.core.body.gvhmr_checkpoints import CHECKPOINTS
from handmocap_addon.set_up import gvhmr_doctor
from handmocap_addon.set_up.doctor import Wanted, examine
from handmocap_addon.set_up.doctor_line import DoctorLine
from handmocap_addon.set_up.gvhmr_checkout import GvhmrCheckout
from handmocap_addon.set_up.gvhmr_doctor import examine_gvhmr

PRINTS = "torch 2.3.0+cu121 / NVIDIA GeForce RTX 4090"
needs_shell = pytest.mark.skipif(sys.platform == "win32", reason="a script in place of a Python")


@pytest.fixture
def checkout(tmp_path: Path) -> GvhmrCheckout:
    """One with a Python that says what GVHMR's would."""
    checkout = write_checkout(tmp_path / "GVHMR")
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho '{PRINTS}'\n", encoding="utf-8")
    python.chmod(0o755)
    return replace(checkout, python=python)


@pytest.fixture
def small_checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the size that the double's have."""
    monkeypatch.setattr(gvhmr_doctor, "CHECKPOINTS", tuple(replace(one, size=len(b"weights")) for one in CHECKPOINTS))


def _lines(checkout: GvhmrCheckout) -> dict[str, list[DoctorLine]]:
    found: dict[str, list[DoctorLine]] = {}
    for line in examine_gvhmr(checkout.folder, checkout.python):
        found.setdefault(line.subject, []).append(line)
    return found


def test_without_a_name_nothing_is_missing(tmp_path: Path) -> None:
    (line,) = [line for line in examine(tmp_path, Wanted(), "") if line.subject.startswith("GVHMR")]
    assert (line.advice, line.needed) == ("", False)


def test_by_half_it_asks_for_the_rest(checkout: GvhmrCheckout) -> None:
    for folder, python in ((checkout.folder, None), (None, checkout.python)):
        (line,) = examine_gvhmr(folder, python)
        assert "--gvhmr-checkout and --gvhmr-python" in line.advice and line.needed


@needs_shell
def test_a_whole_one_is_well(checkout: GvhmrCheckout, small_checkpoints: None) -> None:
    lines = _lines(checkout)
    assert [line.text() for found in lines.values() for line in found if line.advice] == []
    assert lines["GVHMR"][0].found == str(checkout.folder)
    assert lines["GVHMR's Python"][0].found.endswith("torch 2.3.0+cu121, NVIDIA GeForce RTX 4090")
    assert lines["GVHMR's checkpoints"][0].found.startswith("4 of 4")
    assert lines["GVHMR's body model"][0].found.endswith("SMPLX_NEUTRAL.npz")


@needs_shell
def test_what_lacks_is_named_with_its_place(checkout: GvhmrCheckout, small_checkpoints: None) -> None:
    (checkout.checkpoints / "yolo" / "yolov8x.pt").unlink()
    (checkout.checkpoints / "gvhmr" / "gvhmr_siga24_release.ckpt").write_bytes(b"half")
    checkout.body_model.unlink()
    lines = _lines(checkout)
    cut, missing = lines["GVHMR's checkpoints"]
    assert missing.found == "yolov8x.pt is missing" and missing.needed
    assert missing.advice == f"put it at {checkout.checkpoints / 'yolo' / 'yolov8x.pt'}"
    assert cut.found == "gvhmr_siga24_release.ckpt has 4 bytes, its authors' 7"
    (model,) = lines["GVHMR's body model"]
    assert model.found == "SMPLX_NEUTRAL.npz is missing" and str(checkout.body_model) in model.advice


@needs_shell
def test_its_python_says_what_is_wrong_with_it(checkout: GvhmrCheckout) -> None:
    checkout.python.write_text("#!/bin/sh\necho 'torch 2.3.0 /'\n", encoding="utf-8")
    (line,) = _lines(checkout)["GVHMR's Python"]
    assert line.found.endswith("torch 2.3.0, no card that it can use")
    assert "--body-from mediapipe" in line.advice and not line.needed
    checkout.python.write_text("#!/bin/sh\necho 'No module named torch' >&2\nexit 1\n", encoding="utf-8")
    (line,) = _lines(checkout)["GVHMR's Python"]
    assert "does not load torch (No module named torch)" in line.found and line.needed


def test_another_folder_is_no_checkout(checkout: GvhmrCheckout) -> None:
    shutil.rmtree(checkout.folder / "tools")
    (line,) = examine_gvhmr(checkout.folder, checkout.python)
    assert line.found == f"{checkout.folder} is no checkout of GVHMR, it has no tools/demo/demo.py"
    assert "--gvhmr-checkout" in line.advice
