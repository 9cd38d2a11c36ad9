from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from addon_tests.blender.processes import is_alive, wait_until
from addon_tests.making.patience import Stopwatch
from handmocap_addon.blender.jobs.child_job import ChildJob, ReportedError
from handmocap_addon.core.errors import CancelledError, WorkerFailedError
from handmocap_addon.core.files.partial_folder import partial_folder
from handmocap_addon.core.job_protocol import Progress

DONE = 'print(\'{"event": "result", "answer": 42}\', flush=True)\n'


def _child(tmp_path: Path, code: str) -> ChildJob:
    return ChildJob([sys.executable, "-c", code], tmp_path / "logs" / "job.log")


def _wait(job: ChildJob, **options: Any) -> dict[str, Any]:
    """The outcome, with a limit, so that a deadlock fails instead of hanging the suite."""
    try:
        assert wait_until(lambda: not job.poll()), "the job does not end"
        return job.outcome()
    finally:
        job.cancel()


def _pids(job: ChildJob, path: Path, count: int) -> list[int]:
    def written() -> bool:
        job.poll()
        return path.is_file() and len(path.read_text(encoding="utf-8").split()) == count

    assert wait_until(written)
    return [int(pid) for pid in path.read_text(encoding="utf-8").split()]


def test_a_result_comes_back(tmp_path: Path) -> None:
    assert _wait(_child(tmp_path, DONE)) == {"answer": 42}


def test_a_megabyte_on_both_pipes_does_not_stall(tmp_path: Path) -> None:
    code = f"""
import sys
for _ in range(1024):
    sys.stderr.write("e" * 1023 + "\\n")
    sys.stdout.write("o" * 1023 + "\\n")
sys.stdout.flush()
{DONE}"""
    job = _child(tmp_path, code)
    assert _wait(job) == {"answer": 42}
    log = job.log_path.read_text(encoding="utf-8")
    assert log.count("e" * 1023) == 1024
    assert log.count("o" * 1023) == 1024


def test_a_megabyte_without_a_line_end_does_not_stall(tmp_path: Path) -> None:
    code = f"import sys\nsys.stderr.write('e' * 1048576)\nsys.stdout.write('o' * 1048576 + '\\n')\n{DONE}"
    assert _wait(_child(tmp_path, code)) == {"answer": 42}


def test_bytes_that_are_no_text_do_not_end_the_reading(tmp_path: Path) -> None:
    code = f"import os\nos.write(1, b'\\xff\\xfe\\n')\nos.write(2, b'\\xff\\n')\n{DONE}"
    assert _wait(_child(tmp_path, code)) == {"answer": 42}


def test_progress_is_the_latest_one_and_a_true_fraction(tmp_path: Path) -> None:
    code = f"""
import json
for done in range(1, 4):
    print(json.dumps({{"event": "progress", "stage": "Counting", "done": done, "total": 4, "fps": 2.0, "eta_s": 0.5}}))
{DONE}"""
    job = _child(tmp_path, code)
    _wait(job)
    assert job.progress == Progress("Counting", 3, 4, 2.0, 0.5)
    assert job.progress.fraction == 0.75


def test_looking_at_a_job_never_waits(tmp_path: Path) -> None:
    job = _child(tmp_path, "import time; time.sleep(600)")
    with Stopwatch() as watch:
        assert all(job.poll() for _ in range(200))
    assert watch.seconds < 0.5
    job.cancel()
    with pytest.raises(CancelledError):
        _wait(job)


def test_a_polite_child_ends_when_its_stdin_closes(tmp_path: Path) -> None:
    marker = tmp_path / "cleaned up"
    code = f"import sys, pathlib\nsys.stdin.read()\npathlib.Path({str(marker)!r}).write_text('yes')\n"
    job = _child(tmp_path, code)
    assert job.poll()
    job.cancel()
    with pytest.raises(CancelledError, match="nothing was changed"):
        _wait(job)
    assert marker.is_file()


_STUBBORN = """
import os, pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"])
path = pathlib.Path(sys.argv[1])
path.with_suffix(".part").write_text(f"{os.getpid()} {grandchild.pid}")
path.with_suffix(".part").rename(path)
time.sleep(600)
"""


def test_a_stubborn_child_and_its_own_child_are_gone_within_three_seconds(tmp_path: Path) -> None:
    pids_path = tmp_path / "pids"
    job = ChildJob([sys.executable, "-c", _STUBBORN, str(pids_path)], tmp_path / "job.log")
    pids = _pids(job, pids_path, 2)
    assert all(is_alive(pid) for pid in pids)
    with Stopwatch() as watch:
        job.cancel()
        assert wait_until(lambda: not job.poll() and not any(is_alive(pid) for pid in pids))
    assert watch.seconds < 3.0
    with pytest.raises(CancelledError):
        job.outcome()


_POLITE_WITH_CHILD = """
import pathlib, subprocess, sys, time
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
path = pathlib.Path(sys.argv[1])
path.with_suffix(".part").write_text(str(grandchild.pid))
path.with_suffix(".part").rename(path)
sys.stdin.read()
"""


def test_a_grandchild_does_not_outlive_a_child_that_ends_politely(tmp_path: Path) -> None:
    pids_path = tmp_path / "pids"
    job = ChildJob([sys.executable, "-c", _POLITE_WITH_CHILD, str(pids_path)], tmp_path / "job.log")
    (grandchild,) = _pids(job, pids_path, 1)
    with Stopwatch() as watch:
        job.cancel()
        assert wait_until(lambda: not is_alive(grandchild) and not job.poll())
    assert watch.seconds < 3.0


def test_cancelling_twice_or_after_the_end_is_harmless(tmp_path: Path) -> None:
    job = _child(tmp_path, DONE)
    _wait(job)
    job.cancel()
    job.cancel()
    assert not job.poll()


_DONE_WITH_CHILD = """
import pathlib, subprocess, sys
options = {{"start_new_session": True}} if {leaves_group} else {{}}
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], **options)
path = pathlib.Path(sys.argv[1])
path.with_suffix(".part").write_text(str(grandchild.pid))
path.with_suffix(".part").rename(path)
"""


@pytest.mark.parametrize("leaves_group", [False, True])
def test_what_a_child_leaves_behind_with_its_pipes_does_not_hold_the_job_up(tmp_path: Path, leaves_group: bool) -> None:
    pids_path = tmp_path / "pids"
    code = _DONE_WITH_CHILD.format(leaves_group=leaves_group) + DONE
    job = ChildJob([sys.executable, "-c", code, str(pids_path)], tmp_path / "job.log")
    (grandchild,) = _pids(job, pids_path, 1)
    try:
        assert _wait(job) == {"answer": 42}
        # Nothing can be done about one that has left on purpose.
        assert is_alive(grandchild) == leaves_group
    finally:
        if is_alive(grandchild):
            os.kill(grandchild, signal.SIGKILL)


def test_a_cancel_after_the_work_was_done_is_no_cancel(tmp_path: Path) -> None:
    marker = tmp_path / "done"
    job = _child(tmp_path, f"import pathlib, sys\n{DONE}pathlib.Path({str(marker)!r}).touch()\nsys.stdin.read()")
    assert wait_until(marker.is_file)
    job.cancel()
    assert _wait(job) == {"answer": 42}


def test_a_cancelled_estimate_says_that_its_finished_part_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "hand_poses.npz"
    slices = partial_folder(target)
    slices.mkdir()
    job = ChildJob([sys.executable, "-c", "import sys; sys.stdin.read()"], tmp_path / "job.log", targets=[target])
    (slices / "first-000000.slice").touch()
    job.cancel()
    with pytest.raises(CancelledError, match="nothing was changed, and the next run goes on from what is estimated already"):
        _wait(job)


def test_progress_that_makes_no_sense_is_passed_over(tmp_path: Path) -> None:
    lines = ["{'event': 'progress', 'done': 'many'}", "{'event': 'progress', 'stage': 'Counting', 'done': 1, 'total': 2}"]
    job = _child(tmp_path, "\n".join(f"print({line!r}.replace(chr(39), chr(34)))" for line in lines) + f"\n{DONE}")
    _wait(job)
    assert job.progress == Progress("Counting", 1, 2, 0.0, None)


def test_what_a_child_says_to_people_is_kept(tmp_path: Path) -> None:
    job = _child(tmp_path, f'print(\'{{"event": "log", "message": "waiting"}}\')\n{DONE}')
    _wait(job)
    assert job.note == "waiting"


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_whatever_interrupts_the_waiting_ends_the_child(tmp_path: Path, error: type[BaseException]) -> None:
    code = 'print(\'{"event": "progress", "done": 1, "total": 2}\', flush=True)\nimport time; time.sleep(600)'
    job = _child(tmp_path, code)

    def interrupt(_progress: Progress) -> None:
        raise error

    with pytest.raises(CancelledError if error is KeyboardInterrupt else error):
        job.wait(interrupt)
    assert not is_alive(job.process_id)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_is_heard_where_python_knows_of_no_handler_and_the_handler_is_put_back(repository: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _LIKE_BLENDER], cwd=repository, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["interrupted", "True", "True"], done.stderr


# A background Blender sets its own handler, past Python, which then says that it knows none.
_LIKE_BLENDER = """
import ctypes, os, signal, time
from handmocap_addon.blender.jobs.interruptible import ctrl_c_interrupts
read, write = ctypes.pythonapi.PyOS_getsig, ctypes.pythonapi.PyOS_setsig
read.restype = write.restype = ctypes.c_void_p
read.argtypes, write.argtypes = [ctypes.c_int], [ctypes.c_int, ctypes.c_void_p]
handler = ctypes.CFUNCTYPE(None, ctypes.c_int)(lambda _: None)
blender = ctypes.cast(handler, ctypes.c_void_p).value
write(signal.SIGINT, blender)
signal.getsignal = lambda _: None
try:
    with ctrl_c_interrupts():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(600)
except KeyboardInterrupt:
    print("interrupted")
print(read(signal.SIGINT) == blender)
with ctrl_c_interrupts():
    pass
print(read(signal.SIGINT) == blender)
"""


def test_a_child_killed_by_the_system_is_told_with_its_log(tmp_path: Path) -> None:
    job = _child(tmp_path, "import os, sys; print('last words', file=sys.stderr, flush=True); os.kill(os.getpid(), 9)")
    with pytest.raises(WorkerFailedError) as caught:
        _wait(job)
    assert caught.value.message.endswith("stopped from outside (SIGKILL)")
    assert str(job.log_path) in caught.value.hint
    assert "last words" in job.log_path.read_text(encoding="utf-8")


def test_a_child_that_ends_well_without_a_result_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(WorkerFailedError, match=r"without a result \(exit 0\)"):
        _wait(_child(tmp_path, "pass"))


def test_a_result_followed_by_a_bad_exit_code_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(WorkerFailedError, match="exit 7"):
        _wait(_child(tmp_path, DONE + "raise SystemExit(7)"))


def _reporting(code: str, hint: str, exit_code: int) -> str:
    event = {"event": "error", "code": code, "message": "The clip is not a video", "hint": hint}
    return f"import json\nprint(json.dumps({event!r}), flush=True)\nraise SystemExit({exit_code})"


def test_a_reported_error_keeps_its_code_sentence_and_exit_code(tmp_path: Path) -> None:
    with pytest.raises(ReportedError) as caught:
        _wait(_child(tmp_path, _reporting("bad_clip", "choose another", 3)))
    assert caught.value.code == "bad_clip"
    assert caught.value.exit_code == 3
    assert caught.value.sentence() == "The clip is not a video: choose another"


def test_an_unforeseen_error_points_to_the_log(tmp_path: Path) -> None:
    job = _child(tmp_path, _reporting("failed", "see the log", 5))
    with pytest.raises(ReportedError) as caught:
        _wait(job)
    assert caught.value.hint == f"see {job.log_path}"


def test_a_program_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(WorkerFailedError, match="cannot be started"):
        ChildJob([str(tmp_path / "no such program")], tmp_path / "job.log")


_PARENT = """
import sys, time
from pathlib import Path
from handmocap_addon.blender.jobs.child_job import ChildJob
job = ChildJob([sys.executable, "-c", sys.argv[1]], Path(sys.argv[2]) / "job.log")
time.sleep(600)
"""
_CHILD_OF_PARENT = """
import os, pathlib, sys
path = pathlib.Path({path!r})
path.with_suffix(".part").write_text(str(os.getpid()))
path.with_suffix(".part").rename(path)
sys.stdin.read()
"""


def test_a_child_ends_when_its_parent_was_killed(tmp_path: Path, repository: Path) -> None:
    pid_path = tmp_path / "pid"
    command = [sys.executable, "-c", _PARENT, _CHILD_OF_PARENT.format(path=str(pid_path)), str(tmp_path)]
    parent = subprocess.Popen(command, cwd=repository)
    try:
        assert wait_until(pid_path.is_file)
        child = int(pid_path.read_text(encoding="utf-8"))
        assert is_alive(child)
    finally:
        watch = Stopwatch()
        parent.kill()
        parent.wait()
    with watch:
        assert wait_until(lambda: not is_alive(child))
    assert watch.seconds < 3.0


def test_a_child_that_aborts_itself_is_not_said_to_be_stopped_from_outside(tmp_path: Path) -> None:
    code = "import os, sys; print('cannot open /sys/devices', file=sys.stderr, flush=True); os.abort()"
    with pytest.raises(WorkerFailedError) as caught:
        _wait(_child(tmp_path, code))
    assert caught.value.message == "The background process broke off by itself (SIGABRT: cannot open /sys/devices)"
    assert "memory" not in caught.value.sentence()
