"""Drives without locks, folders that cannot be written, and what nobody foresaw: each set-up ends with a word."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

from handmocap_addon.core.errors import MissingSetupError, OutputError
from handmocap_addon.core.process.child_processes import python_command
from handmocap_addon.set_up import lock, trial
from handmocap_addon.set_up.lock import locked

PACKAGE = Path(__file__).parents[2] / "handmocap_addon"


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_drive_that_knows_no_locks_is_said_and_the_set_up_goes_on(number, tmp_path, monkeypatch):
    def refuses(_handle):
        raise OSError(number, "No locks available")

    monkeypatch.setattr(lock, "try_to_lock", refuses)
    said: list[str] = []
    with locked(tmp_path, said.append):
        pass
    assert said == [
        f"{tmp_path} is on a drive that knows no locks (No locks available): start no other set-up in it meanwhile"
    ]


def set_up(*arguments: object, patch: str = "") -> list[dict]:
    """The events of a set-up as the panel starts it, with something broken in it."""
    code = (
        f"import sys; sys.path.insert(0, {str(PACKAGE)!r})\n"
        "from pathlib import Path\nfrom load_package import load_package\n"
        f"load_package(Path({str(PACKAGE)!r}))\n{patch}\n"
        "import handmocap_addon.set_up.command_line as set_up\nsys.exit(set_up.main(sys.argv[1:]))"
    )
    process = subprocess.Popen(
        python_command(sys.executable, "-c", code, *map(str, arguments)),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    events = [json.loads(line) for line in process.stdout]
    code_of_exit = process.wait(60)
    process.communicate()
    assert code_of_exit == 5
    return events


def test_a_failure_that_nobody_foresaw_is_an_error_event(tmp_path):
    patch = "from handmocap_addon.set_up import cache\ncache.sizes = lambda _folder: 1 / 0"
    *_, last = set_up("sizes", tmp_path, patch=patch)
    assert last["event"] == "error"
    assert last["message"] == "The set-up failed (ZeroDivisionError: division by zero)"


def test_a_folder_that_fails_meanwhile_is_an_error_event_too(tmp_path):
    patch = (
        "from handmocap_addon.set_up import cache\n"
        "def gone(_folder):\n    raise OSError(5, 'Input/output error', '/mnt/gone/worker')\ncache.sizes = gone"
    )
    *_, last = set_up("sizes", tmp_path, patch=patch)
    assert last["event"] == "error" and last["code"] == "output"
    assert last["message"] == "/mnt/gone/worker cannot be written (Input/output error)"


def test_a_set_up_in_a_file_s_place_is_the_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be written"), locked(tmp_path / "file" / "deeper", print):
        pass


def test_a_library_that_never_ends_is_a_sentence(tmp_path):
    with pytest.raises(MissingSetupError, match="MediaPipe was tried and did not end in 1 seconds"):
        trial.check_once(tmp_path, Path(sys.executable), "MediaPipe", "import time; time.sleep(60)", seconds=1.0)


def test_a_python_that_does_not_start_is_a_sentence(tmp_path):
    with pytest.raises(MissingSetupError, match="does not start"):
        trial.check_once(tmp_path, tmp_path / "bin" / "python", "MediaPipe", "pass")
