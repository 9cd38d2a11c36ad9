from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from addon_tests.making.patience import PATIENCE

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

_PROGRAM = """
import sys, time
from handmocap_addon.core.process.ending import Ending
ending = Ending()
ending.last_words = lambda: print("last words", flush=True)
ending.watch(sys.stdin if "stdin" in sys.argv else None)
def work():
    print("at work", flush=True)
    time.sleep(600)
try:
    if "abandonable" in sys.argv:
        with ending.abandonable():
            work()
    elif "swallowing" in sys.argv:
        try:
            work()
        except KeyboardInterrupt:
            work()
    else:
        work()
except KeyboardInterrupt:
    print("unwound", flush=True)
    raise SystemExit(7)
"""


def _hear_every_signal() -> None:
    """A suite that runs in the background or under nohup hands on signals that are ignored, and they stay so."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def _end(repository: Path, how: str, number: int | None) -> tuple[int, str]:
    """Exit code and last line of a program that is ended while it works, by a signal or by the end of its stdin."""
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, how, *(["stdin"] if number is None else [])],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=repository,
        preexec_fn=_hear_every_signal,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "at work\n"
        if number is None:
            process.stdin.close()
        else:
            process.send_signal(number)
        code = process.wait(PATIENCE)
        return code, process.stdout.read().splitlines()[-1]
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_unwinds_the_program(repository: Path, number: int) -> None:
    assert _end(repository, "plain", number) == (7, "unwound")


@pytest.mark.parametrize("number", [signal.SIGINT, None], ids=["a signal", "the end of stdin"])
def test_what_can_be_abandoned_is_not_waited_for(repository: Path, number: int | None) -> None:
    assert _end(repository, "abandonable", number) == (130, "last words")


def test_an_end_that_nobody_takes_is_forced(repository: Path) -> None:
    assert _end(repository, "swallowing", signal.SIGINT) == (130, "last words")
