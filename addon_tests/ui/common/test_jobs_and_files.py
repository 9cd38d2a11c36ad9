"""A job of the panel while the artist opens other files, takes steps back, or leaves: real files, real children."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import bpy
import pytest

import handmocap_addon
from addon_tests.blender.processes import is_alive, processes_with, wait_until
from addon_tests.making.patience import COMMAND_PATIENCE, PATIENCE
from handmocap_addon.ui.common import panel_jobs
from handmocap_addon.ui.hands import operators as hands

# Says what it found once it is told to by a file, as a long estimate would.
_CHILD = """
import json, pathlib, sys, time
go, result = pathlib.Path(sys.argv[1]), sys.argv[2]
print(json.dumps({"event": "progress", "stage": "Estimating", "done": 3, "total": 10, "fps": 5, "eta_s": 1.4}), flush=True)
while not go.exists():
    time.sleep(0.01)
print(json.dumps({"event": "result", **json.loads(result)}), flush=True)
"""


class Estimate:
    """An estimate that was pressed in a window and ends when the test says so."""

    def __init__(self, folder: Path, used_clip: str) -> None:
        self._go = folder / "go"
        result = {"clip": used_clip, "frames": 10, "reused": False, "detected": {"left": 10, "right": 9}}
        self.command = [sys.executable, "-c", _CHILD, str(self._go), json.dumps(result)]

    def ends(self) -> None:
        self._go.touch()
        assert wait_until(lambda: panel_jobs._tick() is None)


@pytest.fixture
def estimate(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worker_python: Path) -> Estimate:
    """Pressed for clip.mp4 as in a window: the operator returns while its child works, and the test is the timer."""
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"")
    settings.clip = str(clip)
    job = Estimate(tmp_path, str(clip))
    _press_estimate(job, monkeypatch)
    assert wait_until(lambda: panel_jobs.progress("hands") is not None)
    return job


def _press_estimate(job: Estimate, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(stage: str, watched: Any, child: Any, finish: Any, scene: Any, fill_in: Any) -> None:
        panel_jobs._running[stage] = panel_jobs._Entry(watched, child, finish, panel_jobs.JobOwner.of(scene), fill_in)

    with monkeypatch.context() as patched:
        patched.setattr(panel_jobs, "start", start)
        patched.setattr(hands, "worker_command", lambda *_: job.command)
        assert bpy.ops.handmocap.estimate() == {"FINISHED"}


def _fields() -> Any:
    return bpy.context.scene.handmocap


def _target(tmp_path: Path) -> str:
    return str(tmp_path / "mocap" / "clip" / "hand_poses.npz")


def _sentence() -> str:
    status = panel_jobs.status("hands")
    assert status is not None
    return status.sentence_for(bpy.context.scene)


def test_the_result_is_filled_in_and_said(estimate: Estimate, tmp_path: Path) -> None:
    estimate.ends()
    assert str(_fields().hand_poses_path()) == _target(tmp_path)
    assert _sentence() == "10 frames: left hand seen on 10, right hand on 9"


def test_a_job_of_a_file_that_was_left_changes_nothing_in_the_next(estimate: Estimate, tmp_path: Path) -> None:
    first = tmp_path / "shot 1.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(first))
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.context.scene.name = "Scene"
    _fields().clip = str(tmp_path / "clip.mp4")
    assert panel_jobs.is_running("hands")
    assert panel_jobs.whose("hands", bpy.context.scene) == "another file, never saved"
    estimate.ends()
    assert _fields().hand_poses == ""
    assert _sentence().startswith("another file, never saved: 10 frames")


def test_the_panel_names_the_file_that_a_job_is_for_and_the_file_gets_its_result_later(
    estimate: Estimate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    estimate.ends()
    first = tmp_path / "shot 1.blend"
    _fields().hand_poses = ""
    bpy.ops.wm.save_as_mainfile(filepath=str(first))
    (tmp_path / "go").unlink()
    _press_estimate(estimate, monkeypatch)
    bpy.ops.wm.read_homefile(use_empty=True)
    assert panel_jobs.whose("hands", bpy.context.scene) == "shot 1.blend"
    with pytest.raises(RuntimeError, match=r"Estimate is running for shot 1\.blend; cancel it first"):
        bpy.ops.handmocap.estimate()
    estimate.ends()
    assert _sentence().startswith("shot 1.blend: 10 frames")
    assert _fields().hand_poses == ""
    bpy.ops.wm.open_mainfile(filepath=str(first))
    assert str(_fields().hand_poses_path()) == _target(tmp_path)


def test_what_was_said_about_a_file_is_not_said_about_the_next(estimate: Estimate) -> None:
    estimate.ends()
    bpy.ops.wm.read_homefile(use_empty=True)
    assert panel_jobs.status("hands") is None


def test_revert_during_a_job_keeps_the_job_and_its_result(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worker_python: Path
) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"")
    settings.clip = str(clip)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    job = Estimate(tmp_path, str(clip))
    _press_estimate(job, monkeypatch)
    bpy.ops.wm.revert_mainfile()
    assert panel_jobs.whose("hands", bpy.context.scene) == ""
    job.ends()
    assert str(_fields().hand_poses_path()) == _target(tmp_path)
    bpy.ops.wm.revert_mainfile()
    assert str(_fields().hand_poses_path()) == _target(tmp_path)


def test_save_as_and_a_new_name_of_the_scene_do_not_lose_the_job(estimate: Estimate, tmp_path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved meanwhile.blend"))
    bpy.context.scene.name = "Another name"
    assert panel_jobs.whose("hands", bpy.context.scene) == ""
    estimate.ends()
    assert str(_fields().hand_poses_path()) == _target(tmp_path)


def test_another_scene_sees_whose_job_it_is_and_is_left_alone(estimate: Estimate, tmp_path: Path) -> None:
    first = bpy.context.scene
    other = bpy.data.scenes.new("Other")
    other.handmocap.clip = str(tmp_path / "clip.mp4")
    assert panel_jobs.whose("hands", other) == first.name
    estimate.ends()
    assert other.handmocap.hand_poses == ""
    assert first.handmocap.hand_poses == _target(tmp_path)


def test_a_scene_that_was_deleted_meanwhile_is_no_failure(estimate: Estimate) -> None:
    first = bpy.context.scene
    bpy.data.scenes.new("Other")
    bpy.data.scenes.remove(first)
    estimate.ends()
    assert panel_jobs.status("hands").ok


def test_a_clip_that_was_changed_meanwhile_does_not_get_the_hands_of_the_other(estimate: Estimate, tmp_path: Path) -> None:
    (tmp_path / "second.mp4").write_bytes(b"")
    _fields().clip = str(tmp_path / "second.mp4")
    estimate.ends()
    assert _fields().hand_poses == ""


def test_undo_and_redo_during_and_after_a_job(estimate: Estimate, tmp_path: Path) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.data.objects.new("Cube", None)
    bpy.ops.ed.undo_push(message="a cube")
    bpy.ops.ed.undo()
    assert panel_jobs.is_running("hands")
    bpy.ops.ed.redo()
    estimate.ends()
    assert str(_fields().hand_poses_path()) == _target(tmp_path)
    # The step back is to a time before the result; the file is there all the same.
    bpy.ops.ed.undo()
    assert "Cube" not in bpy.data.objects
    assert str(_fields().hand_poses_path()) == _target(tmp_path)
    bpy.ops.ed.redo()
    assert str(_fields().hand_poses_path()) == _target(tmp_path)


def test_an_undo_leaves_hands_that_the_artist_chose(estimate: Estimate) -> None:
    estimate.ends()
    _fields().hand_poses = "/mine/hand_poses.npz"
    bpy.ops.ed.undo_push(message="chosen")
    bpy.data.objects.new("Cube", None)
    bpy.ops.ed.undo_push(message="a cube")
    bpy.ops.ed.undo()
    assert _fields().hand_poses == "/mine/hand_poses.npz"


def test_a_result_that_makes_no_sense_is_a_sentence_and_other_jobs_go_on(estimate: Estimate, settings: Any) -> None:
    entry = panel_jobs._running["hands"]
    panel_jobs._running["bake"] = panel_jobs._Entry(entry.watched, entry.child, lambda result: result["nothing"])
    estimate.ends()
    assert panel_jobs.status("hands").ok
    assert "The result cannot be used (KeyError" in panel_jobs.status("bake").sentence


def test_switching_the_extension_off_ends_an_estimate(estimate: Estimate) -> None:
    process = panel_jobs._running["hands"].child.process_id
    handmocap_addon.unregister()
    assert not is_alive(process)
    handmocap_addon.register()
    assert not panel_jobs.is_running("hands")


# A script that has registered the extension and presses a button, as `blender --background --python` runs one.
_SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import bpy, handmocap_addon
bpy.ops.wm.read_factory_settings(use_empty=True)
handmocap_addon.register()
bpy.context.scene.handmocap.clip = sys.argv[2]
{before}
try:
    print(bpy.ops.handmocap.estimate(output=sys.argv[3]), flush=True)
except RuntimeError as error:
    print("said:", str(error).strip(), flush=True)
handmocap_addon.unregister()
"""


def _script(
    repository: Path, clip: Path, target: Path, before: str = "", stderr: int | IO[str] = subprocess.PIPE
) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _SCRIPT.format(before=before), repository, clip, target]
    return subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=stderr, text=True)


def test_a_script_waits_for_the_result(repository: Path, demo: Path, tmp_path: Path, worker_python: Path) -> None:
    target = tmp_path / "hand_poses.npz"
    out, err = _script(repository, demo / "clip.mp4", target).communicate(timeout=COMMAND_PATIENCE)
    assert out.splitlines()[-1] == "{'FINISHED'}", err
    assert target.is_file()
    assert "Estimating 96 of 96" in err


def test_a_script_gets_the_sentence_of_a_failure_and_may_go_on(settings: Any, tmp_path: Path, worker_python: Path) -> None:
    (tmp_path / "notes.mp4").write_text("not a video", encoding="utf-8")
    settings.clip = str(tmp_path / "notes.mp4")
    for _ in range(2):  # the first failure does not count as a job that runs
        with pytest.raises(RuntimeError, match=r"notes\.mp4"):
            bpy.ops.handmocap.estimate()
    assert not panel_jobs.is_running("hands")
    assert panel_jobs.status("hands").log_path is not None


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_cancels_what_a_script_waits_for(repository: Path, demo: Path, tmp_path: Path, worker_python: Path) -> None:
    target = tmp_path / "hand_poses.npz"
    before = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    said = tmp_path / "stderr.txt"
    with said.open("w", encoding="utf-8") as stderr:
        process = _script(repository, demo / "clip.mp4", target, before, stderr)
    assert wait_until(lambda: "Estimating" in said.read_text(encoding="utf-8"))
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE)
    assert "said: Error: Cancelled; nothing was changed" in out
    assert processes_with(str(target)) == []
    assert not target.exists()
    assert process.returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_blender_that_is_killed_takes_its_estimate_along(
    repository: Path, demo: Path, tmp_path: Path, worker_python: Path
) -> None:
    target = tmp_path / "hand_poses.npz"
    process = _script(repository, demo / "clip.mp4", target)
    assert wait_until(lambda: bool(processes_with(f"--out\0{target}")))  # the worker
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert wait_until(lambda: not processes_with(str(target)))
    assert not target.exists()
