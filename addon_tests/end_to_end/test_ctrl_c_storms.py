"""Somebody leans on Ctrl-C: at every stage of every command the end is the one of a single one."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from addon_tests.blender.processes import processes_with, wait_until
from addon_tests.end_to_end.commands import FRONT_DOOR_HERE, REPOSITORY, front_door
from handmocap_addon.set_up.environments import default_folder
from handmocap_addon.set_up.uv import TOOLS, find_uv

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
    pytest.mark.usefixtures("hears_ctrl_c"),
]
CANCELLED = 130
# What comes before is Python's own.
_LOADING = "import ends_at_once\n"
_DOOR = FRONT_DOOR_HERE.replace(_LOADING, f"{_LOADING}print('loading', flush=True)\n")
_BETWEEN_SECONDS = 0.002
Reached = Callable[[], bool]


class Storm:
    """A folder for results, and one for temporary files that is to be empty after each storm."""

    def __init__(self, folder: Path) -> None:
        self.out = folder / "result"
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self.stdout, self.stderr = folder / "stdout.txt", folder / "stderr.txt"
        self.out.mkdir()

    def strikes(self, command: list[str | Path], reached: Reached, variables: dict[str, str] | None = None) -> None:
        """Start a command of the front door, and send Ctrl-C to its group from a stage on until it has ended."""
        with self._started(command, variables or {}) as door:
            assert wait_until(lambda: reached() or door.poll() is not None), self.stderr.read_text()
            assert door.poll() is None, self.stderr.read_text()
            while door.poll() is None:
                os.killpg(door.pid, signal.SIGINT)
                time.sleep(_BETWEEN_SECONDS)
            code = door.wait()
        said = self.stdout.read_text() + self.stderr.read_text()
        assert code == CANCELLED, said
        assert "Traceback" not in said
        assert "ignored" not in said  # as Python calls exceptions that it cannot hand on
        # A child that has only just been started sees by its stdin that its parent has gone.
        assert wait_until(lambda: not processes_with(str(self.out)))
        assert list(self.temporary.iterdir()) == []
        assert list(self.out.rglob(".handmocap-*")) == []

    def says(self, path: Path, text: str) -> Reached:
        return lambda: path.is_file() and text in path.read_text(encoding="utf-8", errors="replace")

    @contextmanager
    def _started(self, command: list[str | Path], variables: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
        with self.stdout.open("wb") as out, self.stderr.open("wb") as err:
            process = subprocess.Popen(
                [sys.executable, "-c", _DOOR, *map(str, command)], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                start_new_session=True, cwd=REPOSITORY, env={**os.environ, "TMPDIR": str(self.temporary), **variables},
            )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def storm(tmp_path: Path) -> Storm:
    return Storm(tmp_path)


@pytest.mark.parametrize("command", ["run", "demo", "estimate", "bake", "doctor", "setup"])
def test_while_the_program_loads(command: str, storm: Storm) -> None:
    storm.strikes([command], storm.says(storm.stdout, "loading"))
    assert storm.stderr.read_text() == ""


def test_while_it_estimates_and_while_it_bakes_and_the_next_run_works(storm: Storm, demo: Path, worker_python: Path) -> None:
    out = storm.out
    run: list[str | Path] = [
        "run",
        "--clip",
        demo / "clip.mp4",
        "--frames",
        "1-24",
        "--bake",
        "abc",
        "--no-preview",
        "--out",
        out,
    ]
    storm.strikes(run, storm.says(out / "logs" / "estimate.log", "started"))
    assert {path.name for path in out.iterdir()} - {"logs", "report.json"} <= {"hand_poses.npz.partial"}
    storm.strikes(run, storm.says(out / "logs" / "bake.log", "started"))
    assert {path.name for path in out.iterdir()} == {"logs", "report.json", "hand_poses.npz", "scene.blend"}
    done = subprocess.run(
        [sys.executable, "-c", _DOOR, *map(str, run)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (out / "body.abc").is_file()
    bake: list[str | Path] = ["bake", "--blend", out / "scene.blend", "--out", out / "baked" / "body.usdc"]
    storm.strikes(bake, storm.says(out / "baked" / "logs" / "bake.log", "started"))
    assert [path.name for path in (out / "baked").iterdir()] == ["logs"]


def test_while_estimate_and_the_demo_look_at_the_clip(storm: Storm, demo: Path, worker_python: Path) -> None:
    hands = storm.out / "hands.npz"
    storm.strikes(["estimate", "--clip", demo / "clip.mp4", "--out", hands], storm.says(storm.stdout, '"started"'))
    assert not hands.exists()
    storm.strikes(["demo", "--out", storm.out / "demo"], storm.says(storm.out / "demo" / "logs" / "estimate.log", "started"))


@pytest.mark.parametrize("stage", ["uv is brought", "packages are brought"])
def test_while_the_set_up_waits_for_an_index(stage: str, storm: Storm) -> None:
    """An index that never answers."""
    environments = storm.out / "environments"
    if stage == "packages are brought":
        if find_uv(default_folder()) is None:
            pytest.skip("there is no uv in the environments of the tests")
        shutil.copytree(default_folder() / TOOLS, environments / TOOLS)
    with socket.create_server(("127.0.0.1", 0)) as index:
        index.setblocking(False)
        asked: list[socket.socket] = []

        def is_asked() -> bool:
            try:
                asked.append(index.accept()[0])
            except BlockingIOError:
                return False
            return True

        address = f"http://127.0.0.1:{index.getsockname()[1]}/simple"
        variables = {"PIP_INDEX_URL": address, "PIP_CONFIG_FILE": os.devnull}
        storm.strikes(["setup", "--only", "readers", "--env", environments], is_asked, variables)
        for connection in asked:
            connection.close()
    # Nothing half made is taken for an environment, and the folder's lock is free.
    done = front_door("--env", environments, "doctor")
    assert done.returncode == 4, done.stderr
    assert "Traceback" not in done.stderr
