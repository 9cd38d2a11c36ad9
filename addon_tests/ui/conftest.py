from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

import handmocap_addon


@pytest.fixture
def settings(empty_scene: Any) -> Iterator[Any]:
    """The panel's fields in an empty scene, with the extension registered as Blender does it."""
    handmocap_addon.register()
    yield bpy.context.scene.handmocap
    handmocap_addon.unregister()


@pytest.fixture
def shot_folder(tmp_path: Path, demo: Path) -> Path:
    """A folder as artists name theirs, with the demo's clip in it."""
    folder = tmp_path / "Aufnahme 1 für Zoë 手"
    folder.mkdir()
    shutil.copy(demo / "clip.mp4", folder / "clip.mp4")
    return folder


@pytest.fixture
def hand_poses_file(tmp_path: Path) -> Path:
    """The least that a hand_poses.npz must hold: five frames of straight fingers."""
    path = tmp_path / "hand_poses.npz"
    hands = {f"{side}_{key}": value for side in ("left", "right") for key, value in _minimal_hand().items()}
    np.savez(path, **hands)
    return path


def _minimal_hand() -> dict[str, Any]:
    return {"hand_pose": np.zeros((5, 45), np.float32), "detected": np.ones(5, bool)}
