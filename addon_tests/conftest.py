"""What the tests of every ring share. The worker's environment has no bpy: nothing here imports it unasked."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from addon_tests.making import property_tests
from addon_tests.making.real_installs import OnlyMarkedTestsInstall
from handmocap_addon.set_up import environments

REPOSITORY = Path(__file__).resolve().parent.parent
_user_resources: str | None = None

property_tests.load_profiles()

if importlib.util.find_spec("bpy") is not None:
    # Blender reads this when it is first imported; without it the tests would see and change the person's own settings.
    _user_resources = tempfile.mkdtemp(prefix="handmocap-tests-")
    os.environ["BLENDER_USER_RESOURCES"] = _user_resources


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--core-properties-elsewhere",
        action="store_true",
        help="leave out the tests of properties in core, which a run in another environment has",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(OnlyMarkedTestsInstall())


@pytest.hookimpl(trylast=True)  # hypothesis marks its tests first
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--core-properties-elsewhere"):
        return
    core = REPOSITORY / "addon_tests" / "core"
    left_out = [item for item in items if core in item.path.parents and item.get_closest_marker("hypothesis")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def pytest_unconfigure() -> None:
    if _user_resources is not None:
        shutil.rmtree(_user_resources, ignore_errors=True)


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def demo(repository: Path) -> Path:
    """The folder of the demo clip."""
    return repository / "demo"


@pytest.fixture(scope="session")
def worker_python() -> Path:
    """The worker's Python; a test that needs it fails where it is not set up, since a skip would look like success."""
    worker = environments.find_worker(environments.default_folder())
    if worker is None:
        pytest.fail(f"there is no worker environment in {environments.default_folder()}; run scripts/test.py")
    return worker.python


@pytest.fixture
def hears_ctrl_c() -> Iterator[None]:
    """Children hear Ctrl-C: a suite that runs in the background hands on that it is ignored."""
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    if before is not None:
        signal.signal(signal.SIGINT, before)


@pytest.fixture
def empty_scene() -> Iterator[Any]:
    """A scene of factory settings without any object."""
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)
    yield bpy.context.scene
    bpy.ops.wm.read_factory_settings(use_empty=True)
