"""Blender puts the reason for which a button is grey into the error of calling it all the same."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import bpy
import pytest

import handmocap_addon
from handmocap_addon.blender.jobs.child_job import ChildJob
from handmocap_addon.ui.common import panel_jobs


def _reason(name: str) -> str:
    with pytest.raises(RuntimeError) as caught:
        getattr(bpy.ops.handmocap, name)()
    return str(caught.value)


def _an_armature(settings: Any) -> None:
    armature = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    bpy.context.scene.collection.objects.link(armature)
    settings.armature = armature


@pytest.mark.parametrize("name", ["apply_body", "apply_hands", "bake"])
def test_without_an_armature(name: str, settings: Any) -> None:
    assert not getattr(bpy.ops.handmocap, name).poll()
    assert "Add a body or choose an SMPL-X armature first" in _reason(name)


def test_the_exact_surface_waits_for_a_model_file(settings: Any) -> None:
    bpy.ops.handmocap.add_body(body="stand-in")
    assert bpy.ops.handmocap.bake.poll()
    settings.bake.geometry = "EXACT"
    assert not bpy.ops.handmocap.bake.poll()
    assert "No SMPL-X model file is known for mannequin: choose the SMPLX_*.npz that it was made from" in _reason("bake")


def test_applying_a_body_waits_for_a_gvhmr_result(settings: Any) -> None:
    _an_armature(settings)
    assert "Choose GVHMR's hmr4d_results.pt in Source first" in _reason("apply_body")
    settings.gvhmr = "some.pt"
    assert bpy.ops.handmocap.apply_body.poll()


def test_applying_a_body_with_the_hands_wrists_waits_for_hands(settings: Any) -> None:
    _an_armature(settings)
    settings.gvhmr, settings.wrist = "some.pt", "HAND"
    assert "Run Estimate for the hands' wrists, or choose the body's" in _reason("apply_body")
    settings.hand_poses = "some.npz"
    assert bpy.ops.handmocap.apply_body.poll()
    settings.wrist, settings.hand_poses = "BODY", ""
    assert bpy.ops.handmocap.apply_body.poll()


def test_arms_go_to_hands_that_are_there(settings: Any) -> None:
    _an_armature(settings)
    settings.gvhmr, settings.arms_to_hands = "some.pt", True
    assert "Run Estimate for the hands that the arms go to" in _reason("apply_body")
    settings.hand_poses = "some.npz"
    assert bpy.ops.handmocap.apply_body.poll()


def test_applying_fingers_waits_for_hands(settings: Any) -> None:
    _an_armature(settings)
    assert "Run Estimate or choose a hand_poses.npz first" in _reason("apply_hands")
    settings.hand_poses = "some.npz"
    assert bpy.ops.handmocap.apply_hands.poll()


def test_baking_waits_for_a_format(settings: Any) -> None:
    _an_armature(settings)
    assert bpy.ops.handmocap.bake.poll()
    settings.bake_alembic = settings.bake_usd = False
    assert "Choose Alembic, USD or both" in _reason("bake")


def test_adding_ones_own_body_waits_for_its_file(settings: Any) -> None:
    assert bpy.ops.handmocap.add_body.poll()
    settings.body = "FILE"
    assert "Choose your SMPLX_NEUTRAL.npz first, its folder in the preferences, or the stand-in" in _reason("add_body")


def test_estimating_waits_for_a_clip(settings: Any, worker_python: Path) -> None:
    assert "Choose a clip in Source first" in _reason("estimate")


def test_estimating_waits_for_the_set_up(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.clip = str(tmp_path / "clip.mp4")
    monkeypatch.setenv("HANDMOCAP_ENV", str(tmp_path / "nothing here"))
    assert "not set up yet: press Set Up Hand Estimator" in _reason("estimate")


def test_setting_up_waits_for_leave_to_go_online(settings: Any) -> None:
    bpy.context.preferences.system.use_online_access = False
    assert not bpy.app.online_access
    assert "Allow Online Access" in _reason("set_up")


@pytest.mark.parametrize(
    ("name", "stage", "reason"),
    [
        ("estimate", "hands", "Estimate is running; cancel it first"),
        ("bake", "bake", "A bake is running; cancel it first"),
        ("set_up", "setup", "A set-up is running; cancel it first"),
    ],
)
def test_a_stage_that_runs_cannot_be_started_again(
    name: str, stage: str, reason: str, settings: Any, running_job: Any, worker_python: Path
) -> None:
    _an_armature(settings)
    settings.clip = "some.mp4"
    running_job(stage)
    assert reason in _reason(name)
    bpy.ops.handmocap.cancel_job(stage=stage)
    assert panel_jobs._running[stage].child.poll() in (True, False)


def test_switching_the_extension_off_ends_a_running_job(settings: Any, running_job: Any) -> None:
    job = running_job("hands")
    handmocap_addon.unregister()
    assert not job.poll()
    assert not panel_jobs.is_running("hands")
    handmocap_addon.register()


@pytest.fixture
def running_job(tmp_path: Path) -> Any:
    """Starts a real child as a window's job: without a window the panel's own start would wait for its end."""

    def start(stage: str) -> ChildJob:
        job = ChildJob([sys.executable, "-c", "import sys; sys.stdin.read()"], tmp_path / "job.log")
        panel_jobs._running[stage] = panel_jobs._Entry(job, job, lambda _result: "done")
        return job

    return start
