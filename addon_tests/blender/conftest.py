from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from handmocap_addon.core.body.model import BodyModel
from handmocap_addon.core.body.stand_in import load_stand_in_body


@pytest.fixture
def scene(empty_scene: Any) -> Any:
    return empty_scene


@pytest.fixture(autouse=True)
def _starts_empty(empty_scene: Any) -> None:
    """No test sees what another one left in the scene."""


@pytest.fixture(scope="session")
def stand_in() -> BodyModel:
    return load_stand_in_body()


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place of its own for copies of the scene and whatever else is temporary: other bakes may run on this machine."""
    folder = tmp_path / "copies"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(folder))
    return folder
