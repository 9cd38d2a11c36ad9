"""The worker where the addresses that it may have are used up in one place or another, in processes of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = """
import sys
from handmocap_addon.worker import command_line
from handmocap_addon.worker.clip import stored

def fails(*_, **__):
    raise KIND

if WHERE == "loading":
    command_line._doctor = fails
else:
    class Frame:
        to_ndarray = fails
    stored._is_float = lambda _frame: False
    command_line._doctor = lambda *_: stored.upright_pixels(Frame(), stored.StoredPicture.__new__(stored.StoredPicture), "rgb")
    stored.StoredPicture.view = "srgb"
sys.exit(command_line.main(["doctor"]))
"""
_LOADER = "ImportError('libopenblas.so: failed to map segment from shared object')"


@pytest.mark.parametrize(
    ("where", "kind", "code"),
    [
        ("loading", _LOADER, "out_of_memory"),
        ("loading", "ImportError('libGL.so: cannot open shared object file')", "failed"),
        ("converting", "BlockingIOError(11, 'Resource temporarily unavailable')", "out_of_memory"),
    ],
)
def test_the_sentence_is_about_memory_where_that_is_what_lacks(where: str, kind: str, code: str) -> None:
    program = _PROGRAM.replace("KIND", kind).replace("WHERE", repr(where))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 5, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["code"] == code
    assert "Traceback" not in done.stderr
