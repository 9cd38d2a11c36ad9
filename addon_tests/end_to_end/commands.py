"""The command line as a person or a farm starts it: child processes, their exit codes, and the sentence on stderr."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from addon_tests.making.patience import COMMAND_PATIENCE

REPOSITORY = Path(__file__).resolve().parents[2]
BATCH = REPOSITORY / "scripts" / "batch.py"
FRONT_DOOR = REPOSITORY / "scripts" / "handmocap.py"

# The front door with the environments that the tests have.
FRONT_DOOR_HERE = f"""
import sys
sys.path.insert(0, {str(REPOSITORY / "scripts")!r})
import ends_at_once
import handmocap
from types import SimpleNamespace
handmocap._blender_on_path = lambda: None
handmocap.environments.ensure_worker = lambda folder, _say: handmocap.environments.find_worker(folder)
handmocap.environments.ensure_blender_module = lambda *_: SimpleNamespace(python=sys.executable)
handmocap.leave(handmocap.main(sys.argv[1:]))
"""


def run(command: Sequence[str | Path], seconds: float = COMMAND_PATIENCE) -> subprocess.CompletedProcess[str]:
    """Run to the end with a pipe as stdin that stays open, since the worker takes a closed one for a cancellation."""
    process = subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", cwd=REPOSITORY,
    )  # fmt: skip
    keeps_open = process.stdin
    process.stdin = None
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    finally:
        if keeps_open is not None:
            keeps_open.close()
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def batch(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return run([sys.executable, BATCH, *arguments])


def batch_in_file(blend: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """As `blender -b FILE --python scripts/batch.py -- …`; the module has no such options."""
    code = (
        "import runpy, sys, bpy; bpy.ops.wm.open_mainfile(filepath=sys.argv[1]); "
        "sys.argv = sys.argv[2:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    return run([sys.executable, "-c", code, blend, BATCH, "--", *arguments])


def front_door(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return run([sys.executable, FRONT_DOOR, *arguments])


def sentence_of(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that is meant for people."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("handmocap:")]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return lines[0].removeprefix("handmocap: ")


def contents(folder: Path) -> dict[str, str]:
    """Every file of a folder but the logs, by its hash."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "logs" not in path.relative_to(folder).parts
    }
