"""The work ends when it is told to or when its parent is gone, at any stage, and says what stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from addon_tests.blender.processes import processes_with, wait_until
from addon_tests.end_to_end.commands import BATCH, FRONT_DOOR_HERE, REPOSITORY, batch
from addon_tests.making.patience import COMMAND_PATIENCE, PATIENCE

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
    pytest.mark.usefixtures("hears_ctrl_c"),
]
CANCELLED = 130

# A preview that would take hours, and a word when it has begun.
_SLOW_PREVIEW = """
import runpy, sys
sys.path.insert(0, sys.argv.pop(1))
import bpy
from handmocap_addon.blender.shot import preview
preview._SAMPLES = 1_000_000
bpy.app.handlers.render_init.append(lambda *_: print("rendering", file=sys.stderr, flush=True))
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@contextmanager
def _started(command: list[str | Path], stderr: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own, as a shell starts one, whose stdin stays open; temporary files go beside `stderr`."""
    temporary = stderr.parent / "temporary"
    temporary.mkdir()
    with stderr.open("wb") as errors:
        process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors,
            start_new_session=True, cwd=REPOSITORY, env={**os.environ, "TMPDIR": str(temporary)},
        )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdin is not None
        process.stdin.close()


def _says(path: Path, text: str) -> bool:
    return path.is_file() and text in path.read_text(encoding="utf-8", errors="replace")


def _results(out: Path) -> set[str]:
    return {path.name for path in out.iterdir()} - {"logs", "report.json"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_everything_ends_with_the_front_door(tmp_path: Path, demo: Path, worker_python: Path, number: int) -> None:
    out = tmp_path / "result"
    stderr = tmp_path / "stderr.txt"
    with _started([sys.executable, "-c", FRONT_DOOR_HERE, "run", "--clip", demo / "clip.mp4", "--out", out], stderr) as door:
        assert wait_until(lambda: _says(out / "logs" / "estimate.log", "started")), stderr.read_text()
        assert len(processes_with(str(out))) == 3
        door.send_signal(number)
        gone = wait_until(lambda: not processes_with(str(out)))
        left = processes_with(str(out))
        for process in left:
            os.kill(process, signal.SIGKILL)
        assert gone, left
        code = door.wait(PATIENCE)
    assert code == (CANCELLED if number != signal.SIGKILL else -signal.SIGKILL)
    assert _results(out) == set()
    assert "Traceback" not in stderr.read_text()
    assert "handmocap: Cancelled; nothing was changed" in stderr.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_benchmark_ends_with_the_front_door(tmp_path: Path, worker_python: Path, number: int) -> None:
    figures, stderr = tmp_path / "figures.json", tmp_path / "stderr.txt"
    command = [sys.executable, "-c", FRONT_DOOR_HERE, "benchmark", "accuracy", "--clip", "demo", "--json", figures]
    with _started(command, stderr) as door:
        # It has begun to estimate when its folder for the result is there.
        assert wait_until(lambda: any((tmp_path / "temporary").glob("handmocap-*/tmp*"))), stderr.read_text()
        door.send_signal(number)
        gone = wait_until(lambda: not processes_with(str(figures)))
        for process in processes_with(str(figures)):
            os.kill(process, signal.SIGKILL)
        assert gone
        code = door.wait(PATIENCE)
    assert code == (CANCELLED if number != signal.SIGKILL else -signal.SIGKILL)
    # On a busy machine it may be made to end while it still loads, and then says nothing.
    assert "Traceback" not in stderr.read_text()
    assert not figures.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_group_ends_a_preview_and_says_what_stays(
    tmp_path: Path, demo: Path, worker_python: Path, number: int
) -> None:
    out = tmp_path / "result"
    out.mkdir()
    (out / "preview.png").write_bytes(b"the earlier one")
    stderr = tmp_path / "stderr.txt"
    arguments = ["run", "--clip", demo / "clip.mp4", "--bake", "", "--out", out]
    with _started([sys.executable, "-c", _SLOW_PREVIEW, REPOSITORY, BATCH, *arguments], stderr) as process:
        assert wait_until(lambda: _says(stderr, "rendering")), stderr.read_text()
        assert list((tmp_path / "temporary").glob("blender_*"))
        time.sleep(0.3)  # past what comes before the first sample
        os.killpg(process.pid, number)
        assert process.wait(PATIENCE) == CANCELLED
    assert _results(out) == {"hand_poses.npz", "scene.blend", "preview.png"}
    assert (out / "preview.png").read_bytes() == b"the earlier one"
    sentence = "Cancelled; finished before that and kept: hand_poses.npz, scene.blend"
    assert f"handmocap: {sentence}" in stderr.read_text().splitlines()
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["error"] == {"code": "cancelled", "sentence": sentence, "exit_code": CANCELLED}
    assert list((tmp_path / "temporary").iterdir()) == []
    done = batch("apply", "--hands", out / "hand_poses.npz", "--save", tmp_path / "whole.blend")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("ends_with_stdin", "code"), [(None, 0), ("1", CANCELLED)])
def test_a_closed_stdin_is_looked_at_only_where_a_parent_asks_for_it(
    demo_run: Path, tmp_path: Path, ends_with_stdin: str | None, code: int
) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "HANDMOCAP_END_WITH_STDIN"}
    if ends_with_stdin is not None:
        environment["HANDMOCAP_END_WITH_STDIN"] = ends_with_stdin
    command = [sys.executable, BATCH, "apply", "--hands", demo_run / "hand_poses.npz", "--save", tmp_path / "a.blend"]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=environment, timeout=COMMAND_PATIENCE,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert (tmp_path / "a.blend").exists() == (code == 0)


@pytest.mark.parametrize(
    ("number", "said"),
    [(signal.SIGKILL, "was ended from outside (SIGKILL)"), (signal.SIGABRT, "broke off by itself, as libraries do that get no memory")],
)  # fmt: skip
def test_a_child_that_dies_of_a_signal_is_told_from_one_that_is_killed(number: int, said: str) -> None:
    work = f"import os; os.kill(os.getpid(), {int(number)})"
    code = FRONT_DOOR_HERE.replace(
        "handmocap.leave(", f"handmocap._do = lambda *_: handmocap._run([sys.executable, '-c', {work!r}])\nhandmocap.leave("
    )
    done = subprocess.run([sys.executable, "-c", code, "doctor"], capture_output=True, text=True, check=False)
    assert done.returncode == 5
    assert f"handmocap: the work {said}" in done.stderr
