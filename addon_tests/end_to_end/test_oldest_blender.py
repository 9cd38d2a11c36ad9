"""The oldest Blender that is used is the manifest's."""

from __future__ import annotations

import os
import shutil
import tomllib
from pathlib import Path

import pytest

from addon_tests.end_to_end.commands import REPOSITORY
from handmocap_addon.core.files.extension_manifest import oldest_blender
from scripts import handmocap

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a script stands for Blender")


def put_on_path(folder: Path, version: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that says of itself what a Blender says."""
    blender = folder / "blender"
    blender.write_text(f"#!{shutil.which('sh')}\necho 'Blender {'.'.join(map(str, version))} LTS'\n")
    blender.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return blender


def test_the_manifest_says_which_blender_is_the_oldest() -> None:
    manifest = tomllib.loads((REPOSITORY / "blender_manifest.toml").read_text(encoding="utf-8"))
    assert ".".join(map(str, oldest_blender())) == manifest["blender_version_min"]


def test_a_blender_as_old_as_the_manifest_asks_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blender = put_on_path(tmp_path, oldest_blender(), monkeypatch)
    assert handmocap._blender_on_path() == str(blender)


def test_an_older_one_is_not_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    major, minor, _ = oldest_blender()
    blender = put_on_path(tmp_path, (major, minor - 1, 9), monkeypatch)
    assert handmocap._blender_on_path() is None
    assert f"{blender} is older than Blender {major}.{minor} and is not used" in capsys.readouterr().err
