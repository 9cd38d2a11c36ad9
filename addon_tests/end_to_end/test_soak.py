from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from addon_tests.end_to_end.soak import Soak


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_killed_and_cancelled_at_any_moment_nothing_is_lost(
    tmp_path: Path, empty_scene: Any, worker_python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The small version; `python -m addon_tests.end_to_end.soak` is the large one, which also looks at the time."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    soak = Soak(tmp_path, seed=3, limit=20.0, names=("worker", "panel"), frames=40)
    soak.prepare()
    soak.kill(6)
    soak.cancel_estimates(3)
    soak.cancel_bakes(1)
    assert soak.tally.faults == []
    assert sum(soak.tally.counts.values()) == 10
    assert soak.tally.resumed >= 2
