"""What a cancelled bake must leave, whatever it bakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from addon_tests.blender.processes import processes_with, wait_until
from addon_tests.making.patience import Stopwatch
from handmocap_addon.blender.bake.request import BakeJob
from handmocap_addon.core.errors import CancelledError


def cancel_in(stage: str, job: BakeJob, target: Path, old: bytes, copies: Path) -> None:
    """Cancel a bake in a stage: it is gone within three seconds, and nothing is left but the target with its `old` bytes."""

    def reached() -> bool:
        return not job.poll() or (job.job.progress is not None and job.job.progress.stage.startswith(stage))

    assert wait_until(reached)
    with Stopwatch() as watch:
        job.job.cancel()
        with pytest.raises(CancelledError):
            job.wait()
    assert watch.seconds < 3.0
    assert processes_with(f"{copies}/") == []
    assert target.read_bytes() == old
    assert [path.name for path in target.parent.iterdir() if path.name.startswith(".handmocap")] == []
    assert list(copies.iterdir()) == []
