from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import bpy
import pytest

import handmocap_addon
from addon_tests.blender.processes import processes_with
from handmocap_addon.blender.baking import BakeJob, request_for
from handmocap_addon.ui import panel_jobs


def test_switching_off_during_a_bake_leaves_no_process_and_no_copy_of_the_scene(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(copies))
    bpy.ops.handmocap.add_body()
    request = request_for(settings.armature, [tmp_path / "body.usdc"], bpy.context.scene)
    bake = BakeJob(request, None, tmp_path / "bake.log")
    # As the panel's own start does in a window; without one it would wait for the end.
    panel_jobs._running["bake"] = panel_jobs._Entry(bake, bake.job, lambda _result: "done")
    assert len(list(copies.iterdir())) == 1
    handmocap_addon.unregister()
    handmocap_addon.register()
    assert processes_with(f"{copies}/") == []
    assert list(copies.iterdir()) == []
