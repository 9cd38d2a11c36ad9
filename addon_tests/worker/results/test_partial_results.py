from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from addon_tests.making.worker_process import REPOSITORY
from handmocap_addon.core.errors import CancelledError, OutputError
from handmocap_addon.worker.results import partial_results as partial_results_module
from handmocap_addon.worker.results.partial_results import partial_results

HOLD = """
import sys
from pathlib import Path
from handmocap_addon.worker.results.partial_results import partial_results
with partial_results(Path(sys.argv[1]), print, lambda: None):
    print("held", flush=True)
    sys.stdin.read()
"""
ARRAYS = {"values": np.arange(3)}


@pytest.fixture
def target(tmp_path):
    return tmp_path / "Würfel 手" / "hand_poses.npz"


@pytest.fixture
def opened(target):
    """Opens the target's partial results."""
    return lambda say=print, check=lambda: None: partial_results(target, say, check)


@pytest.fixture
def holder(target):
    """Another process that has them."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    )
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_what_was_written_is_there_the_next_time(opened, target):
    with opened() as partial:
        partial.write("first", "key", ARRAYS)
    with opened() as partial:
        found = partial.read("first", "key")
        assert found is not None and found["values"].tolist() == [0, 1, 2]
        assert partial.read("first", "other") is None
        assert partial.read("second", "key") is None


def test_nothing_is_left_where_nothing_was_finished_or_all_is_done(opened, target):
    with opened():
        pass
    assert list(target.parent.iterdir()) == []
    with opened() as partial:
        partial.write("first", "key", ARRAYS)
        partial.remove()
    assert list(target.parent.iterdir()) == []


def test_what_a_killed_process_was_writing_goes(opened, target):
    with opened() as partial:
        partial.write("first", "key", ARRAYS)
    folder = target.with_name("hand_poses.npz.partial")
    (folder / ".handmocap-1-first.part.slice").write_bytes(b"half")
    with opened():
        pass
    assert sorted(path.name for path in folder.iterdir()) == ["first.slice", "lock"]


def test_another_process_is_waited_for(opened, holder):
    said = []

    def check():
        if said:
            holder.terminate()

    with opened(said.append, check):
        holder.wait(10)
    assert len(said) == 1
    assert "Another run works on hand_poses.npz" in said[0]


def test_a_process_that_is_killed_holds_up_nobody(opened, holder):
    holder.kill()
    holder.wait(10)
    said = []
    with opened(said.append):
        pass
    assert said == []


def test_waiting_can_be_ended(opened, holder):
    def check():
        raise CancelledError("Cancelled")

    with pytest.raises(CancelledError), opened(check=check):
        pass


def test_many_at_once_have_it_one_after_the_other(opened, target):
    inside, most, failures = [], [], []

    def work():
        try:
            with opened(lambda _message: None) as partial:
                inside.append(None)
                most.append(len(inside))
                time.sleep(0.01)
                partial.write("first", "key", ARRAYS)
                partial.remove()
                inside.pop()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert most == [1] * 6
    assert list(target.parent.iterdir()) == []


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError), partial_results(tmp_path / "file" / "hand_poses.npz", print, lambda: None):
        pass


def test_a_drive_that_is_gone_is_a_sentence_and_can_be_cancelled(tmp_path, monkeypatch):
    def gone(*_arguments, **_options):
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(Path, "mkdir", gone)
    monkeypatch.setattr(partial_results_module, "_PATIENCE_SECONDS", 0.3)
    checks = []
    with (
        pytest.raises(OutputError, match="cannot be made"),
        partial_results(tmp_path / "hand_poses.npz", print, lambda: checks.append(1)),
    ):
        pass
    assert len(checks) > 1


def test_a_drive_without_locks_is_said_once_and_the_work_goes_on(opened, target, monkeypatch):
    def no_locks(_handle):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(partial_results_module, "try_to_lock", no_locks)
    said: list[str] = []
    with opened(said.append) as partial:
        partial.write("first", "key", ARRAYS)
        assert partial.read("first", "key") is not None
        partial.remove()
    assert said == [
        f"{target.parent} is on a drive that knows no locks ({os.strerror(errno.ENOLCK)}): start no other run of "
        "hand_poses.npz meanwhile"
    ]
    assert list(target.parent.iterdir()) == []
