from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import bpy
import pytest

import handmocap_addon
from addon_tests.blender.processes import is_alive, processes_with, wait_until
from handmocap_addon.blender.bake.request import BakeJob, request_for
from handmocap_addon.ui.common import panel_jobs


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


_BAKING = """
import sys, time
from pathlib import Path
import bpy
from handmocap_addon.blender.rig.bodies import add_body
from handmocap_addon.blender.rig.armatures import deformed_meshes
from handmocap_addon.blender.bake.request import BakeJob, BakeRequest
from handmocap_addon.core.body.stand_in import load_stand_in_body
armature, folder = add_body(load_stand_in_body()), Path(sys.argv[1])
meshes = tuple(mesh.name for mesh in deformed_meshes(armature))
request = BakeRequest(armature.name, meshes, (folder / "body.usdc",), 1, 100_000)
bake = BakeJob(request, None, folder / "bake.log")
while bake.poll():
    time.sleep(0.02)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_blender_that_is_killed_takes_its_bake_along_and_nothing_is_left(tmp_path: Path, repository: Path) -> None:
    out, temporary = tmp_path / "out", tmp_path / "temporary"
    out.mkdir()
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary)}
    blender = subprocess.Popen([sys.executable, "-c", _BAKING, str(out)], cwd=repository, env=environment)
    try:
        assert wait_until(lambda: any(out.glob(".handmocap-*")))
        (bake,) = processes_with(f"{temporary}/")
    finally:
        blender.kill()
        blender.wait()
    assert wait_until(lambda: not is_alive(bake))
    assert [path.name for path in out.iterdir()] == ["bake.log"]
    assert not list(temporary.glob("handmocap-*"))
