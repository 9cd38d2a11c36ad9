"""What a cancelled bake must leave, whatever it bakes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from addon_tests.blender.processes import processes_with, wait_until
from handmocap_addon.blender.baking import BakeJob
from handmocap_addon.core.errors import CancelledError


def cancel_in(stage: str, job: BakeJob, target: Path, old: bytes, copies: Path) -> None:
    """Cancel a bake in a stage: it is gone within three seconds, and nothing is left but the target with its `old` bytes."""

    def reached() -> bool:
        return not job.poll() or (job.job.progress is not None and job.job.progress.stage.startswith(stage))

    assert wait_until(reached, 60.0)
    asked = time.monotonic()
    job.job.cancel()
    with pytest.raises(CancelledError):
        job.wait()
    assert time.monotonic() - asked < 3.0
    assert processes_with(f"{copies}/") == []
    assert target.read_bytes() == old
    assert [path.name for path in target.parent.iterdir() if path.name.startswith(".handmocap")] == []
    assert list(copies.iterdir()) == []
