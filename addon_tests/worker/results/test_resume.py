"""Runs that were killed go on, finished ones are used again, and neither where anything is different."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from addon_tests.making.patience import COMMAND_PATIENCE
from addon_tests.making.truth_seer import DEMO, N, TruthSeer, beside, demo_truth, tell_pictures
from addon_tests.making.worker_process import REPOSITORY
from handmocap_addon.core.body.gvhmr_file import read_gvhmr_result
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.errors import CancelledError, NoHandsError, OutputError
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses, write_hand_poses
from handmocap_addon.core.landmarks.fit import FittedHand
from handmocap_addon.core.rig.hand_skeleton import HandSkeleton
from handmocap_addon.worker.commands import estimate
from handmocap_addon.worker.commands.estimate import EstimateResult, Person, Request, estimate_clip
from handmocap_addon.worker.estimators.base import EstimatorInfo, Slicing
from handmocap_addon.worker.events import Cancellation, EventWriter
from handmocap_addon.worker.results.fingerprint import fingerprint
from handmocap_addon.worker.video import probe_clip

ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join((str(REPOSITORY), os.environ.get("PYTHONPATH", "")))}
LENGTH = TruthSeer.slicing.length
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


def started(target: Path, *killed_at: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "addon_tests.making.truth_seer", str(target), *killed_at]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)


def events_of(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    stdout, stderr = process.communicate(timeout=COMMAND_PATIENCE)
    assert process.returncode == 0, stderr
    return [json.loads(line) for line in stdout.splitlines()]


def names_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory) -> bytes:
    target = tmp_path_factory.mktemp("whole") / "hand_poses.npz"
    events_of(started(target))
    assert names_in(target.parent) == ["hand_poses.npz"]
    return target.read_bytes()


@posix
@pytest.mark.parametrize("killed_at", ["frame 0", "frame 47", "frame 95", "look 3", "look 19"])
def test_after_a_kill_the_next_run_gives_the_same_bytes(tmp_path, uninterrupted, killed_at):
    target = tmp_path / "hand_poses.npz"
    process = started(target, killed_at)
    process.communicate(timeout=COMMAND_PATIENCE)
    assert process.returncode == -signal.SIGKILL
    assert not target.exists()
    events = events_of(started(target))
    assert target.read_bytes() == uninterrupted
    assert names_in(tmp_path) == ["hand_poses.npz"]
    # What the first run had finished is counted from the start.
    progress = [event for event in events if event["event"] == "progress"]
    assert all(event["done"] <= event["total"] for event in progress)
    if killed_at.startswith("look"):
        assert [event for event in progress if event["stage"] == "Estimating"][-1]["done"] == N
        assert not [event for event in progress if event["stage"] == "Estimating" and 0 < event["done"] < N]


@posix
def test_two_runs_at_once_do_the_work_once(tmp_path, uninterrupted):
    target = tmp_path / "hand_poses.npz"
    both = [events_of(process) for process in [started(target), started(target)]]
    assert sorted(events[-1]["reused"] for events in both) == [False, True]
    assert target.read_bytes() == uninterrupted
    assert names_in(tmp_path) == ["hand_poses.npz"]
    (waiting,) = [events for events in both if events[-1]["reused"]]
    assert not [event for event in waiting if event["event"] == "progress"]


class QuickSeer(TruthSeer):
    def fit(self, world: np.ndarray, image: np.ndarray, skeleton: HandSkeleton) -> FittedHand:
        return FittedHand(image.reshape(len(image), 42)[:, [*range(42), 0, 0, 0]] * 1e-3, world[:, 9])


class Runs:
    """Estimates the demo in this process, as often as is asked for."""

    def __init__(self, folder: Path) -> None:
        self.target = folder / "hand_poses.npz"
        self.motion = read_gvhmr_result(DEMO / "hmr4d_results.pt")
        self.people = [Person(self.motion, self.target)]
        self.seer = QuickSeer(demo_truth(), {"left": range(30, 50)})
        self.events: list[dict[str, Any]] = []

    def __call__(self, cancelled_at: int | None = None, seer: TruthSeer | None = None, **request: Any) -> EstimateResult:
        """`cancelled_at` so many frames and looks."""
        stdout, cancellation = io.StringIO(), Cancellation()
        if cancelled_at is not None:
            steps = iter(range(cancelled_at))
            cancellation.check = lambda: _cancel_unless(next(steps, None) is not None)  # type: ignore[method-assign]
        asked = Request(probe_clip(DEMO / "clip.mp4"), load_stand_in_body(), self.people, **request)
        self.seer.seen, self.seer.looked_at = [], []
        try:
            return estimate_clip(asked, seer or self.seer, EventWriter(stdout), cancellation)
        finally:
            self.events = [json.loads(line) for line in stdout.getvalue().splitlines()]

    @property
    def slices(self) -> list[Path]:
        return sorted(self.target.parent.rglob("*.slice"))


def _cancel_unless(goes_on: bool) -> None:
    if not goes_on:
        raise CancelledError("Cancelled")


@pytest.fixture
def run(tmp_path, monkeypatch) -> Runs:
    tell_pictures(monkeypatch.setattr)
    runs = Runs(tmp_path)
    # One thread, so that it is known what is finished when.
    monkeypatch.setattr(TruthSeer, "slicing", replace(TruthSeer.slicing, at_once=1))
    return runs


def test_slices_that_are_finished_are_not_run_again(run):
    with pytest.raises(CancelledError):
        run(cancelled_at=LENGTH + 20)
    assert [path.stem for path in run.slices] == ["first-000000"]
    run()
    assert run.seer.seen == [*range(LENGTH - 3, 2 * LENGTH), *range(2 * LENGTH - 3, N)]
    progress = [event["done"] for event in run.events if event["event"] == "progress"]
    assert progress[0] == LENGTH
    # The speed is that of this run alone: there is none yet.
    assert next(event for event in run.events if event["event"] == "progress")["eta_s"] is None


def test_looks_that_are_finished_are_not_taken_again(run):
    # Ten of the twenty looks lie in the first slice.
    with pytest.raises(CancelledError):
        run(cancelled_at=N + 15)
    assert [path.stem for path in run.slices if path.stem.startswith("second")] == ["second-000000"]
    run()
    assert not run.seer.seen
    assert run.seer.looked_at == list(range(40, 50))
    again = [event["done"] for event in run.events if event["event"] == "progress" and event["stage"] == "Looking again"]
    assert again[0] == N + 10
    assert again[-1] == N + 20


def test_looks_elsewhere_are_taken_again(run):
    with pytest.raises(CancelledError):
        run(cancelled_at=N + 15)
    moved = run.motion.camera.translation + (0.01, 0.0, 0.0)
    run.people = [Person(replace(run.motion, camera=replace(run.motion.camera, translation=moved)), run.target)]
    run()
    assert not run.seer.seen
    assert run.seer.looked_at == list(range(30, 50))


def _other_settings(run: Runs, _patch: pytest.MonkeyPatch) -> None:
    run.seer.info = EstimatorInfo("truth", "none", "none", {"confidence": 0.5})


def _another_model(run: Runs, _patch: pytest.MonkeyPatch) -> None:
    run.seer.info = EstimatorInfo("truth", "another", "none", {})


def _other_slices(run: Runs, _patch: pytest.MonkeyPatch) -> None:
    run.seer.slicing = Slicing(LENGTH, 4, 1)


def _other_versions(_run: Runs, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(estimate, "made_with", lambda: {"numpy": "0"})


def _another_clip(_run: Runs, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(estimate, "clip_sha256", lambda _path: "another clip")


CHANGES = [_other_settings, _another_model, _other_slices, _other_versions, _another_clip]


@pytest.mark.parametrize("change", CHANGES)
def test_anything_different_starts_afresh(run, monkeypatch, change):
    with pytest.raises(CancelledError):
        run(cancelled_at=LENGTH + 20)
    assert len(run.slices) == 1
    change(run, monkeypatch)
    run()
    assert run.seer.seen[:LENGTH] == list(range(LENGTH))
    assert not run.slices


@pytest.mark.parametrize("change", CHANGES)
def test_a_finished_result_of_anything_different_is_made_again(run, monkeypatch, change):
    run()
    change(run, monkeypatch)
    assert not run().reused
    assert run.seer.seen


@pytest.mark.parametrize("damage", [b"", b"no slice", None], ids=["empty", "garbage", "cut short"])
def test_a_damaged_slice_is_run_again(run, damage):
    run()
    whole = run.target.read_bytes()
    run.target.unlink()
    with pytest.raises(CancelledError):
        run(cancelled_at=LENGTH + 20)
    (part,) = run.slices
    part.write_bytes(part.read_bytes()[:-100] if damage is None else damage)
    run()
    assert run.seer.seen[:LENGTH] == list(range(LENGTH))
    assert run.target.read_bytes() == whole


def test_what_cannot_be_written_keeps_what_is_finished(run, monkeypatch):
    def full(*_arguments: object) -> None:
        raise OutputError("The disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(estimate, "write_hand_poses", full)
        with pytest.raises(OutputError):
            run()
    run()
    assert not run.seer.seen and not run.seer.looked_at
    assert names_in(run.target.parent) == ["hand_poses.npz"]


def test_a_clip_without_hands_leaves_nothing(run):
    run.seer = QuickSeer(demo_truth(), {"left": range(N), "right": range(N)})
    run.seer.blind_again = True
    with pytest.raises(NoHandsError):
        run()
    assert names_in(run.target.parent) == []


def test_a_finished_result_is_used_again(run):
    first = run()
    whole, written = run.target.read_bytes(), run.target.stat().st_mtime_ns
    again = run()
    assert not run.seer.seen
    assert again == replace(first, reused=True)
    assert (run.target.read_bytes(), run.target.stat().st_mtime_ns) == (whole, written)
    assert any(event["event"] == "log" and "used again" in event["message"] for event in run.events)


def test_a_finished_result_is_made_again_where_that_is_asked_for(run):
    run()
    whole = run.target.read_bytes()
    assert not run(afresh=True).reused
    assert len(run.seer.seen) >= N
    assert run.target.read_bytes() == whole


def _another_body(run: Runs) -> None:
    run.people = [Person(beside(run.motion), run.target), Person(run.motion, None)]


def _edited(run: Runs) -> None:
    poses = read_hand_poses(run.target)
    poses.left.pose_axis_angle[5] += 0.1
    meta = {key: value for key, value in poses.meta.items() if key != "schema_version"}
    write_hand_poses(run.target, replace(poses, meta=meta))


def _cut_short(run: Runs) -> None:
    run.target.write_bytes(run.target.read_bytes()[:-500])


@pytest.mark.parametrize("change", [_another_body, _edited, _cut_short])
def test_a_result_that_is_another_one_is_made_again(run, change):
    run()
    run.seer = QuickSeer(demo_truth(), {"left": range(30, 50)}, people=2)
    change(run)
    assert not run().reused
    assert len(run.seer.seen) >= N


def test_a_result_of_one_body_is_not_that_of_another(run):
    run()
    other = replace(run.motion, betas=run.motion.betas + 0.1)
    run.people = [Person(other, run.target)]
    assert not run().reused
    assert run().reused
    run.people = [Person(replace(other, source="elsewhere/hmr4d_results.pt"), run.target)]
    assert run().reused


def test_a_file_of_two_people_that_is_missing_makes_both_again(run):
    second = run.target.with_name("second.npz")
    run.people = [*run.people, Person(beside(run.motion), second)]
    run.seer = QuickSeer(demo_truth(), people=2)
    run()
    both = run.target.read_bytes(), second.read_bytes()
    assert run().reused
    second.unlink()
    assert not run().reused
    assert (run.target.read_bytes(), second.read_bytes()) == both
    np.testing.assert_array_equal(read_hand_poses(second).left.detected, np.ones(N, bool))


def test_a_body_model_from_another_folder_is_the_same(tmp_path: Path) -> None:
    bodies = [replace(load_stand_in_body(), file=tmp_path / name / "SMPLX_NEUTRAL.npz") for name in ("here", "there")]
    assert fingerprint(bodies[0]) == fingerprint(bodies[1])
    assert fingerprint(bodies[0]) != fingerprint(load_stand_in_body(np.ones(10)))
