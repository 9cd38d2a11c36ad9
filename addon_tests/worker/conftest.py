"""The real WiLoR package, for the tests that compare with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from addon_tests.making.wilor_random_weights import missing_package, write_random_weights
from handmocap_addon.worker.estimators import wilor
from handmocap_addon.worker.estimators.wilor_engine import WilorEstimator


@pytest.fixture(autouse=True)
def _goes_before_nobody() -> Iterator[None]:
    """No test, nor a library in it, takes a real-time priority: whatever runs beside the suite would stand still."""
    yield
    if hasattr(os, "sched_getscheduler"):
        assert os.sched_getscheduler(0) not in (os.SCHED_FIFO, os.SCHED_RR)


@pytest.fixture(scope="session")
def real_estimator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WilorEstimator]:
    """The estimator on the real package, on the CPU.

    With the weights in HANDMOCAP_WILOR_DIR, a folder that holds pretrained_models/; without it with random ones, which keep the
    contract too.
    """
    missing = missing_package()
    if missing is not None:
        pytest.skip(f"the package {missing} is not installed, so the real wilor_mini is not compared with")
    folder = os.environ.get("HANDMOCAP_WILOR_DIR")
    model_dir = Path(folder) if folder else write_random_weights(tmp_path_factory.mktemp("wilor"))
    estimator = wilor.create(wilor.WilorSettings(model_dir, device="cpu", verify_weights=False))
    yield estimator
    estimator.close()
