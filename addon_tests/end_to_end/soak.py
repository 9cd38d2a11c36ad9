"""Kills and cancels at random moments: `python -m addon_tests.end_to_end.soak --kills 100 --cancels 50 --seed 1`.

Needs a Python with `bpy`, the readers and the worker's environment, from the top of the checkout; POSIX, with /proc. An estimate of the demo
clip is started by itself, by the panel's operator in a headless Blender, and by the front door's `run`, which bakes as well. SIGKILL goes to
one of its processes (front door, Blender, worker, bake, prover, each as often as the others) at a moment between its start and its usual end. Then:
every process must be gone, its target must be absent, the one before, or whole; and the next run, which is killed as well or left to its end, must
end with the very hands of an undisturbed run and the same content of its Alembic file, and leave nothing beside them, and nothing at all in the folder
for temporary files, which is one of the soak's own. A cancel goes to a running estimate or bake, as from the panel.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import bpy
import numpy as np

from addon_tests.blender.processes import is_alive, processes_with, tree_of, wait_until
from addon_tests.blender.readers import BakedMesh, read_alembic
from addon_tests.end_to_end.commands import FRONT_DOOR_HERE, REPOSITORY
from handmocap_addon.blender.bake.request import BakeJob, BakeRequest
from handmocap_addon.blender.jobs.child_job import ChildJob
from handmocap_addon.blender.rig.bodies import add_body
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.errors import CancelledError, HandmocapError
from handmocap_addon.core.hands.hand_poses import HandPoses, HandTrack
from handmocap_addon.core.hands.hand_poses_file import write_hand_poses
from handmocap_addon.set_up import environments

LIMIT_SECONDS = 3.0
_PATIENCE = 20.0  # for a process to be seen as gone at all
_LONGEST_RUN = 600.0
_LOOK_SECONDS = 0.02
_NAME = "hand_poses.npz"
_BAKED = "body.abc"

_PANEL = """
import sys
sys.path.insert(0, sys.argv[1])
import bpy, handmocap_addon
bpy.ops.wm.read_factory_settings(use_empty=True)
handmocap_addon.register()
print("registered", flush=True)
try:
    bpy.context.scene.handmocap.clip = sys.argv[2]
    bpy.context.scene.handmocap.gvhmr = sys.argv[3]
    bpy.ops.handmocap.estimate(output=sys.argv[4])
finally:
    handmocap_addon.unregister()
"""


def _result_of_another_clip(folder: Path) -> bytes:
    """A whole file, since one that is damaged would be put aside and said in the new one."""
    path = folder / "earlier" / _NAME
    path.parent.mkdir(parents=True)
    frames = np.arange(3)
    write_hand_poses(path, HandPoses(HandTrack.empty(3), HandTrack.empty(3), frames, frames / 24.0))
    return path.read_bytes()


@dataclass(frozen=True)
class Door:
    """A way to start an estimate into a folder, and what its processes are, the first one first."""

    name: str
    command: Callable[[Path], list[str | Path]]
    processes: tuple[str, ...]
    says_first: str = ""  # what comes before that is not of this program

    def processes_of(self, tree: list[int]) -> dict[str, int]:
        """The processes of a tree that are there, by what they are."""
        found = {self.processes[0]: tree[0]} if tree else {}
        for process in tree[1:]:
            command = _command_of(process)
            found |= {name: process for name in self.processes[1:] if all(part in command for part in _MARKS[name])}
        return found


_MARKS = {
    "Blender": ("batch.py",),
    "worker": (f"handmocap_addon{os.sep}worker", "estimate"),
    "bake": (f"background{os.sep}__main__.py",),
    "prover": (f"handmocap_addon{os.sep}worker", "prove"),
}


def _command_of(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""


# The first frames of a clip, in the worker's environment.
_CUT = """
import sys, av
with av.open(sys.argv[1]) as clip, av.open(sys.argv[2], "w") as short:
    source = clip.streams.video[0]
    stream = short.add_stream_from_template(source)
    for packet in list(clip.demux(source))[: int(sys.argv[3])]:
        packet.stream = stream
        short.mux(packet)
"""


def doors(folder: Path, frames: int | None) -> list[Door]:
    """The worker as a job starts it, the panel's operator, and a whole `run`; of the demo, or of its first frames alone."""
    worker = environments.find_worker(environments.default_folder())
    assert worker is not None, "set up the worker first: scripts/test.py"
    clip, gvhmr = REPOSITORY / "demo" / "clip.mp4", str(REPOSITORY / "demo" / "hmr4d_results.pt")
    if frames is not None:
        short = folder / "short.mp4"
        subprocess.run([worker.python, "-c", _CUT, clip, short, str(frames)], check=True)
        clip, gvhmr = short, ""
    job: list[str | Path] = [worker.python, REPOSITORY / "handmocap_addon" / "worker", "estimate"]
    inputs: list[str | Path] = ["--clip", clip, *(["--gvhmr", gvhmr] if gvhmr else [])]
    return [
        Door("worker", lambda out: [*job, *inputs, "--out", out / _NAME], ("worker",)),
        Door(
            "panel",
            lambda out: [sys.executable, "-c", _PANEL, REPOSITORY, clip, gvhmr, out / _NAME],
            ("Blender", "worker"),
            "registered",
        ),
        Door(
            "run",
            lambda out: [
                sys.executable,
                "-c",
                FRONT_DOOR_HERE,
                "run",
                *inputs,
                "--bake",
                "abc",
                "--no-preview",
                "--out",
                out,
            ],
            ("front door", "Blender", "worker", "bake", "prover"),
        ),
    ]


@dataclass
class Tally:
    """What was seen."""

    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    resumed: int = 0
    faults: list[str] = field(default_factory=list)

    def count(self, what: str, seconds: float) -> None:
        if sum(self.counts.values()) % 10 == 9:
            print(f"{sum(self.counts.values()) + 1} so far, {len(self.faults)} faults", flush=True)
        self.counts[what] = self.counts.get(what, 0) + 1
        self.seconds.setdefault(what, []).append(seconds)

    def fault(self, sentence: str) -> None:
        print(sentence, flush=True)
        self.faults.append(sentence)

    def show(self) -> None:
        print("| what | times | gone after, median s | worst s |\n|---|---|---|---|")
        for what in sorted(self.counts):
            times = sorted(self.seconds[what])
            print(f"| {what} | {len(times)} | {times[len(times) // 2]:.2f} | {times[-1]:.2f} |")
        print(f"{self.resumed} results of runs that had been stopped, each compared with an undisturbed one's")
        print("\n".join(self.faults) or "nothing at fault", flush=True)


class Soak:
    """Runs in a folder of its own, with the folder for temporary files that this process has, which must be of its own too."""

    def __init__(
        self,
        folder: Path,
        seed: int,
        limit: float = LIMIT_SECONDS,
        names: tuple[str, ...] = ("worker", "panel", "run"),
        frames: int | None = None,
    ) -> None:
        self._folder = folder
        self._random = random.Random(seed)
        self._limit = limit
        self._out = folder / "shot"
        self._doors = [door for door in doors(folder, frames) if door.name in names]
        self._temporary = Path(tempfile.gettempdir())
        assert list(self._temporary.iterdir()) == []
        self._usual: dict[str, float] = {}
        self._seconds: dict[tuple[str, str], float] = {}  # that a process of a door usually takes
        self._reference: dict[str, bytes] = {}
        self._baked: BakedMesh | None = None
        self._names: set[str] = {_NAME, "logs"}
        self._earlier = _result_of_another_clip(folder)
        self.tally = Tally()

    def prepare(self) -> None:
        """One undisturbed run through every door: its bytes, and how long it takes."""
        for door in self._doors:
            self._clear()
            began = time.monotonic()
            self._finish(door, self._note)
            self._usual[door.name] = time.monotonic() - began
            self._reference[door.name] = self._target.read_bytes()
            self._names |= {path.name for path in self._out.iterdir()}
            if (self._out / _BAKED).is_file():
                self._baked = read_alembic(self._out / _BAKED)
            missing = [name for name in door.processes if (door.name, name) not in self._seconds]
            assert not missing, f"{door.name} had no {missing}"
        self._clear()

    def kill(self, count: int) -> None:
        kinds = [(door, name) for door in self._doors for name in door.processes]
        order: list[tuple[Door, str]] = []
        while sum(self.tally.counts.values()) < count:
            order = order or self._random.sample(kinds, len(kinds))
            self._kill_one(*order.pop())
            if self._random.random() < 0.5:
                self._resume(self._random.choice(self._doors))
        self._resume(self._doors[0])

    def cancel_estimates(self, count: int) -> None:
        """As the panel's Cancel does."""
        door = self._doors[0]
        what = "cancel of an estimate"
        while self.tally.counts.get(what, 0) < count:
            command = [str(part) for part in door.command(self._out)]
            job = ChildJob(command, self._folder / "logs" / "estimate.log", targets=[self._target])
            self._cancel(job, job.poll, self._random.uniform(0.0, self._usual[door.name]), what)
            if self._random.random() < 0.3:
                self._resume(door)
        self._resume(door)

    def cancel_bakes(self, count: int, frames: int = 1000) -> None:
        """The same of a bake."""
        body = add_body(load_stand_in_body(), "Stand-in")
        meshes = tuple(thing.name for thing in body.children if thing.type == "MESH")
        what = "cancel of a bake"
        while self.tally.counts.get(what, 0) < count:
            targets = (self._out / "body.abc", self._out / "body.usdc")
            bake = BakeJob(BakeRequest(body.name, meshes, targets, 1, frames), None, self._folder / "logs" / "bake.log")
            self._cancel(bake.job, bake.poll, self._random.uniform(0.0, 6.0), what)
            self._expect_nothing_beside("bake")
            self._clear()
        self._expect_no_temporary_files("cancelled bakes")

    @property
    def _target(self) -> Path:
        return self._out / _NAME

    def _clear(self) -> None:
        shutil.rmtree(self._out, ignore_errors=True)
        self._out.mkdir(parents=True)

    def _start(self, door: Door) -> subprocess.Popen[bytes]:
        log = self._log_of(door).open("wb")
        with log:
            return subprocess.Popen(
                [str(part) for part in door.command(self._out)],
                stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, cwd=REPOSITORY,
            )  # fmt: skip

    def _note(self, door: Door, process: subprocess.Popen[bytes]) -> None:
        """Follow an undisturbed run, for how long each of its processes takes."""
        first: dict[str, float] = {}
        while process.poll() is None:
            now = time.monotonic()
            for name in door.processes_of(tree_of(process.pid)):
                first.setdefault(name, now)
                self._seconds[door.name, name] = now - first[name]
            time.sleep(_LOOK_SECONDS)

    def _victim(self, door: Door, name: str, process: subprocess.Popen[bytes]) -> int | None:
        """Wait for a process of a door, and for a random moment of its usual time; None where it has ended before."""

        def found() -> int | None:
            return door.processes_of(tree_of(process.pid)).get(name)

        log = self._log_of(door)
        begun = wait_until(
            lambda: process.poll() is not None or door.says_first in log.read_text(errors="replace"), _PATIENCE
        )
        assert begun, log.read_text(errors="replace")
        wait_until(lambda: found() is not None or process.poll() is not None, 6 * _PATIENCE)
        time.sleep(self._random.uniform(0.0, self._seconds[door.name, name]))
        return found()

    def _kill_one(self, door: Door, name: str) -> None:
        had_earlier = not self._target.exists() and self._random.random() < 0.3
        if had_earlier:
            self._target.write_bytes(self._earlier)
        process = self._start(door)
        victim = self._victim(door, name, process)
        tree = tree_of(process.pid)
        if victim is None:  # a fast one has ended before
            self._collect(process)
            return
        what = f"kill of {door.name}: {name}"
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
        killed = time.monotonic()
        gone = wait_until(lambda: not any(is_alive(pid) for pid in tree) and not self._alive(), _PATIENCE)
        seconds = time.monotonic() - killed
        self._collect(process)
        self.tally.count(what, seconds)
        if not gone or seconds > self._limit:
            self.tally.fault(f"{what}: {'gone' if gone else 'NOT gone'} after {seconds:.1f} s")
        if self._target.exists() and self._target.read_bytes() not in (self._earlier, *self._reference.values()):
            self.tally.fault(f"{what}: {_NAME} is neither the one before nor a whole one")
        # A script gets a failed operator's sentence as an exception.
        if door.name == "run":
            said = self._log_of(door).read_text(errors="replace")
            if "Traceback" in said:
                self.tally.fault(f"{what}: {said[said.index('Traceback') :]}")
            if victim != process.pid and process.returncode not in (0, 5):
                self.tally.fault(f"{what}: exit {process.returncode}")

    def _cancel(self, job: ChildJob, poll: Callable[[], bool], after: float, what: str) -> None:
        until = time.monotonic() + after
        while poll() and time.monotonic() < until:
            time.sleep(0.01)
        tree = tree_of(job.process_id)
        asked = time.monotonic()
        job.cancel()
        gone = wait_until(lambda: not poll() and not any(is_alive(pid) for pid in tree), _PATIENCE)
        seconds = time.monotonic() - asked
        if not tree:
            return
        self.tally.count(what, seconds)
        if not gone or seconds > self._limit:
            self.tally.fault(f"{what}: {'gone' if gone else 'NOT gone'} after {seconds:.1f} s")
        try:
            job.outcome()
        except CancelledError:
            pass
        except HandmocapError as error:
            self.tally.fault(f"{what}: {error.sentence()}")

    def _resume(self, door: Door) -> None:
        """The next run, to its end: the hands and the Alembic file of an undisturbed one, and nothing beside them."""
        self._finish(door)
        self.tally.resumed += 1
        if self._target.read_bytes() != self._reference[door.name]:
            self.tally.fault(f"{door.name}: the result differs from an undisturbed one's")
        if self._baked is not None and (self._out / _BAKED).is_file():
            baked = read_alembic(self._out / _BAKED)
            if not (np.array_equal(baked.times, self._baked.times) and np.array_equal(baked.points, self._baked.points)):
                self.tally.fault(f"{door.name}: {_BAKED} differs from an undisturbed one")
        elif door.name == "run":
            self.tally.fault(f"{door.name}: no {_BAKED}")
        self._expect_nothing_beside(door.name)
        self._expect_no_temporary_files(door.name)
        self._clear()

    def _expect_nothing_beside(self, what: str) -> None:
        left = sorted(path.name for path in self._out.iterdir() if path.name not in self._names)
        if left:
            self.tally.fault(f"{what}: left beside the result: {', '.join(left)}")

    def _expect_no_temporary_files(self, what: str) -> None:
        left = sorted(str(path.relative_to(self._temporary)) for path in self._temporary.rglob("*"))
        if left:
            self.tally.fault(f"{what}: temporary files are left: {', '.join(left)}")

    def _finish(self, door: Door, meanwhile: Callable[[Door, subprocess.Popen[bytes]], None] | None = None) -> None:
        process = self._start(door)
        if meanwhile is not None:
            meanwhile(door, process)
        code = process.wait(_LONGEST_RUN)
        self._collect(process)
        assert code == 0, self._log_of(door).read_text(errors="replace")

    def _log_of(self, door: Door) -> Path:
        return self._folder / f"{door.name}.txt"

    def _alive(self) -> list[int]:
        return [pid for pid in processes_with(str(self._out)) if pid != os.getpid()]

    def _collect(self, process: subprocess.Popen[bytes]) -> None:
        for pid in [process.pid, *self._alive()]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        assert process.stdin is not None
        with suppress(OSError):
            process.stdin.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--cancels", type=int, default=50, help="a third of them of bakes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--frames", type=int, help="of the demo clip, without its bodies; without this all, with them")
    options = parser.parse_args()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with tempfile.TemporaryDirectory(prefix="handmocap-soak-") as folder:
        temporary = Path(folder) / "temporary"
        temporary.mkdir()
        os.environ["TMPDIR"], tempfile.tempdir = str(temporary), None
        soak = Soak(Path(folder), options.seed, frames=options.frames)
        soak.prepare()
        soak.kill(options.kills)
        soak.cancel_estimates(options.cancels - options.cancels // 3)
        soak.cancel_bakes(options.cancels // 3)
        soak.tally.show()
    return 1 if soak.tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
