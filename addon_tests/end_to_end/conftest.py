from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from addon_tests.end_to_end.commands import batch


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory, demo: Path, worker_python: Path) -> Path:
    """The folder of one whole run on the demo clip."""
    out = tmp_path_factory.mktemp("demo run")
    arguments = ["--clip", demo / "clip.mp4", "--gvhmr", demo / "hmr4d_results.pt", "--truth", demo / "truth.npz"]
    done = batch("run", *arguments, "--motion", "glb,hands", "--out", out)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="session")
def report(demo_run: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((demo_run / "report.json").read_text(encoding="utf-8"))
    return content
