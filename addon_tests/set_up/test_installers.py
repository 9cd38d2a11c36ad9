from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from addon_tests.making.file_server import serving
from addon_tests.making.patience import PATIENCE
from handmocap_addon.core.errors import ExitCode, MissingSetupError, NotBroughtError, OutputError
from handmocap_addon.set_up.index_settings import IndexSettings
from handmocap_addon.set_up.installers import failure, run_installer

REPOSITORY = Path(__file__).parents[2]
FOLDER = Path("environments")


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
         OutputError, "The disk is full"),
        ("error: failed to write to file `x`: No space left on device (os error 28)", OutputError, "The disk is full"),
        ("ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/opt/there'",
         OutputError, "/opt/there cannot be written"),
        ("error: failed to create directory `/opt/there`: Permission denied (os error 13)",
         OutputError, "/opt/there cannot be written"),
        ("ERROR: Could not find a version\nERROR: No matching distribution found for smplx==0.1.28", MissingSetupError,
         "There is no reviewed smplx==0.1.28 for this Python and system"),
        ("error: No solution found when resolving dependencies\n  cause: Because smplx has no wheels", MissingSetupError,
         "There is no reviewed file of a package for this Python and system (Because smplx has no wheels)"),
        ("WARNING: this\nsomething else", NotBroughtError, "The packages could not be installed (something else)"),
        ("", NotBroughtError, "The packages could not be installed (no word)"),
    ],
)  # fmt: skip
def test_what_an_installer_says_becomes_one_sentence(said, kind, words):
    error = failure(said.splitlines(), FOLDER)
    assert type(error) is kind
    assert words in error.message
    assert error.hint
    assert "\n" not in error.sentence()


def test_that_the_network_is_gone_is_tried_and_not_read():
    """pip says in the end that there is no such package, whatever was wrong."""
    said = ["ERROR: No matching distribution found for torch"]
    with serving({}) as server:
        here = IndexSettings(server.address("simple"))
        assert "There is no reviewed torch" in failure(said, FOLDER, here).message
        server.status = 503
        assert "could not be downloaded (No matching" in failure(said, FOLDER, here).message
    assert "could not be downloaded (No matching" in failure(said, FOLDER, here).message
    assert "There is no reviewed torch" in failure(said, FOLDER, IndexSettings(None)).message


def test_packages_that_a_person_has_elsewhere_are_not_taken_for_installed_ones(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    run_installer([sys.executable, "-c", "import os; print(os.environ.get('PYTHONPATH'))"], tmp_path)
    assert capsys.readouterr().err == "None\n"


def test_every_line_is_told_and_the_end_awaited(tmp_path, capsys):
    run_installer([sys.executable, "-c", "print('one'); print('two')"], tmp_path)
    assert capsys.readouterr().err == "one\ntwo\n"


def test_variables_reach_the_installer(tmp_path, capsys):
    command = [sys.executable, "-c", "import os; print(os.environ['WHERE'])"]
    run_installer(command, tmp_path, {**os.environ, "WHERE": "über hier"})
    assert capsys.readouterr().err == "über hier\n"


def test_a_failed_installer_is_its_sentence(tmp_path):
    with pytest.raises(OutputError) as caught:
        run_installer([sys.executable, "-c", "print('(os error 28)'); raise SystemExit(1)"], tmp_path)
    assert str(tmp_path) in caught.value.message
    assert caught.value.exit_code == ExitCode.FAILED


# An installer that starts another process, as pip does, and writes both ids where they can be read.
_SLOW = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open(sys.argv[1] + ".new", "w") as file:
    file.write(f"{os.getpid()} {child.pid}")
os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(600)
"""
_SET_UP = """
import sys
from pathlib import Path
from handmocap_addon.set_up.installers import end_when_stdin_closes, run_installer
end_when_stdin_closes()
run_installer([sys.executable, "-c", sys.argv[1], sys.argv[2]], Path("."))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("end", ["kill", "terminate", "interrupt", "close stdin"])
def test_no_installer_outlives_a_set_up_that_ends_in_any_way(tmp_path, end, hears_ctrl_c):
    note = tmp_path / "ids"
    process = subprocess.Popen(
        [sys.executable, "-c", _SET_UP, _SLOW, str(note)], cwd=REPOSITORY, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        _wait_until(note.exists)
        ids = [int(word) for word in note.read_text().split()]
        if end == "close stdin":
            assert process.stdin is not None
            process.stdin.close()
        else:
            signals = {"kill": signal.SIGKILL, "terminate": signal.SIGTERM, "interrupt": signal.SIGINT}
            process.send_signal(signals[end])
        process.wait(PATIENCE)
        _wait_until(lambda: not any(_runs(number) for number in ids))
    finally:
        process.kill()
        process.wait()


def _runs(number: int) -> bool:
    stat = Path(f"/proc/{number}/stat")
    if Path("/proc/self/stat").exists():
        # Without a reaper in the container an ended orphan stays as a zombie.
        try:
            return stat.read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_until(is_so) -> None:
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)
