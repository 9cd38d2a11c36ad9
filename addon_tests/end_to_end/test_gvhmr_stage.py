"""GVHMR run as a stage of the whole shot: before the hands, its result in the scene and in the report, and cancelled."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from addon_tests.end_to_end.commands import BATCH, batch, sentence_of
from addon_tests.making.gvhmr_checkout import behave, processes_of, runs_of, write_checkout
from addon_tests.making.patience import PATIENCE
from handmocap_addon.blender.jobs.child_job import ChildJob
from handmocap_addon.blender.jobs.worker_command import worker_command
from handmocap_addon.blender.shot import run as run_module
from handmocap_addon.blender.shot.estimate_request import EstimateRequest
from handmocap_addon.blender.shot.gvhmr_stage import GvhmrStage
from handmocap_addon.blender.shot.run import RunOptions, run_shot
from handmocap_addon.core.body.gvhmr_file import GVHMR_LICENCE
from handmocap_addon.core.errors import CancelledError
from handmocap_addon.core.process.ending import Ending
from handmocap_addon.set_up import environments
from handmocap_addon.set_up.gvhmr_checkout import GvhmrCheckout

QUICK = ("--bake", "", "--no-preview", "--body-from", "gvhmr")


@pytest.fixture
def clip(tmp_path: Path, demo: Path) -> Path:
    """The demo's, without what lies beside it."""
    (tmp_path / "alone").mkdir()
    return Path(shutil.copy(demo / "clip.mp4", tmp_path / "alone" / "clip.mp4"))


@pytest.fixture
def checkout(tmp_path: Path, demo: Path) -> GvhmrCheckout:
    """One whose result is that of the demo's clip, as torch wrote it."""
    checkout = write_checkout(tmp_path / "GVHMR")
    shutil.copy(demo / "hmr4d_results.pt", checkout.folder / "double" / "result.pt")
    return checkout


def named(checkout: GvhmrCheckout) -> tuple[str | Path, ...]:
    return "--gvhmr-checkout", checkout.folder, "--gvhmr-python", checkout.python


def test_a_shot_with_gvhmr_run_is_a_shot_with_its_result(checkout: GvhmrCheckout, clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "shot"
    done = batch("run", "--clip", clip, *QUICK, *named(checkout), "--static-camera", "--focal-mm", "26", "--out", out)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["body_from"] == {"estimator": "gvhmr", "source": str(out / "hmr4d_results.pt")}
    assert GVHMR_LICENCE in report["licences"]
    assert list(report["seconds"]).index("GVHMR") < list(report["seconds"]).index("estimating")
    assert runs_of(checkout.folder)[0][-3:] == ["-s", "--f_mm", "26"]
    assert "[HMR4D] Predicting" in (out / "logs" / "gvhmr.log").read_text(encoding="utf-8")
    again = batch("run", "--clip", clip, *QUICK, *named(checkout), "--static-camera", "--focal-mm", "26", "--out", out)
    assert again.returncode == 0, again.stderr
    assert len(runs_of(checkout.folder)) == 1


def test_it_has_ended_before_the_hands_are_looked_for(
    checkout: GvhmrCheckout, clip: Path, tmp_path: Path, worker_python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The two never share the card."""
    seen: list[tuple[int, list[int]]] = []
    original = run_module.ChildJob

    def watched(*arguments: Any, **named_arguments: Any) -> Any:
        seen.append((len(runs_of(checkout.folder)), processes_of(checkout.folder)))
        return original(*arguments, **named_arguments)

    monkeypatch.setattr(run_module, "ChildJob", watched)
    options = RunOptions(
        clip, tmp_path / "shot", environments.default_folder(), body_from="gvhmr", bake=(), preview=False,
        stage=GvhmrStage(checkout.folder, checkout.python),
    )  # fmt: skip
    run_shot(options, lambda _progress: None, Ending())
    assert seen == [(1, [])]


def test_what_cannot_be_is_said_before_any_work(checkout: GvhmrCheckout, clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "shot"
    done = batch("run", "--clip", clip, *QUICK, "--out", out)
    assert done.returncode == 4
    assert sentence_of(done).startswith("GVHMR is not set up here: name GVHMR's folder and Python with --gvhmr-checkout")
    (checkout.folder / "inputs" / "checkpoints" / "yolo" / "yolov8x.pt").unlink()
    done = batch("run", "--clip", clip, *QUICK, *named(checkout), "--out", out)
    assert done.returncode == 4
    assert sentence_of(done).startswith("GVHMR lacks yolov8x.pt: put it at ")
    done = batch("run", "--clip", clip, "--focal-mm", "24", "--out", out)
    assert done.returncode == 2
    assert "--focal-mm is for a GVHMR that is run" in sentence_of(done)
    assert not out.exists()


def test_a_failure_is_the_same_sentence_in_the_report(checkout: GvhmrCheckout, clip: Path, tmp_path: Path) -> None:
    behave(checkout.folder, nobody=True)
    done = batch("run", "--clip", clip, *QUICK, *named(checkout), "--out", tmp_path / "shot")
    assert done.returncode == 3
    report = json.loads((tmp_path / "shot" / "report.json").read_text(encoding="utf-8"))
    assert report["ok"] is False
    assert sentence_of(done).startswith("GVHMR finds nobody in clip.mp4")
    assert "GVHMR finds nobody in clip.mp4" in json.dumps(report)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="the processes of this system cannot be looked through")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_runs_on(
    checkout: GvhmrCheckout, clip: Path, tmp_path: Path, number: signal.Signals, hears_ctrl_c: None
) -> None:
    """Ctrl-C, and the whole of Blender killed without a word."""
    behave(checkout.folder, hangs_at="DPVO", is_stubborn=True)
    command = [sys.executable, BATCH, "run", "--clip", clip, *QUICK, *named(checkout), "--out", tmp_path / "shot"]
    process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE
    while len(processes_of(checkout.folder)) < 2:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(process.pid, number)
    process.wait(PATIENCE)
    while processes_of(checkout.folder):
        assert time.monotonic() < deadline, processes_of(checkout.folder)
        time.sleep(0.05)
    assert process.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
    assert not (tmp_path / "shot" / "hmr4d_results.pt").exists()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="the processes of this system cannot be looked through")
def test_an_estimate_that_is_cancelled_in_gvhmr_leaves_nothing(
    checkout: GvhmrCheckout, clip: Path, tmp_path: Path, worker_python: Path
) -> None:
    """What the panel's Cancel does."""
    behave(checkout.folder, hangs_at="DPVO", is_stubborn=True)
    target = tmp_path / "shot" / "hand_poses.npz"
    target.parent.mkdir()
    request = EstimateRequest(
        clip, target, "mediapipe", body_from="gvhmr", stage=GvhmrStage(checkout.folder, checkout.python)
    )
    command = worker_command(environments.default_folder(), request.arguments(), "mediapipe")
    job = ChildJob(command, tmp_path / "estimate.log", [target])
    deadline = time.monotonic() + PATIENCE
    while len(processes_of(checkout.folder)) < 2:
        assert job.poll(), job.log_path.read_text(encoding="utf-8")
        assert time.monotonic() < deadline
        time.sleep(0.05)
    job.cancel()
    job.wait_for_the_end()
    with pytest.raises(CancelledError):
        job.outcome()
    while processes_of(checkout.folder):
        assert time.monotonic() < deadline, processes_of(checkout.folder)
        time.sleep(0.05)
    assert list(target.parent.iterdir()) == []
