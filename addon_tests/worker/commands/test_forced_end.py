"""A library call that does not let itself be interrupted is left in the middle, and nothing of it stays behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from addon_tests.making.patience import PATIENCE
from handmocap_addon.core.errors import ExitCode
from handmocap_addon.core.files.partial_folder import partial_folder

_HANGS_WHILE_IT_WRITES = """
import sys, time
from pathlib import Path
from handmocap_addon.core.files.atomic_files import replacing
from handmocap_addon.core.files.partial_folder import partial_folder
from handmocap_addon.worker.events import Cancellation

target = Path(sys.argv[1])
Cancellation([target]).watch(sys.stdin)
with replacing(target) as temporary, replacing(partial_folder(target) / "0.slice") as part:
    for unfinished in (temporary, part):
        unfinished.write_bytes(b"half")
    print("writes", flush=True)
    time.sleep(3600)
"""


def test_what_is_left_in_the_middle_is_removed(tmp_path: Path, repository: Path) -> None:
    target = tmp_path / "hand_poses.npz"
    target.write_bytes(b"old")
    command = [sys.executable, "-c", _HANGS_WHILE_IT_WRITES, str(target)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=repository, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "writes\n"
    assert any(path.name.startswith(".handmocap-") for path in tmp_path.iterdir())
    child.communicate(timeout=PATIENCE)  # closes its stdin
    assert child.returncode == ExitCode.CANCELLED
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir() if path != partial_folder(target)] == ["hand_poses.npz"]
    assert not list(partial_folder(target).iterdir())
