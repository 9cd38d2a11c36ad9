"""Who makes environments in these tests: pip, which needs no network where nothing is installed, or the reviewed uv."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from addon_tests.making import real_installs
from handmocap_addon.core.errors import NoUvError
from handmocap_addon.set_up import environments, installers, uv


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks who makes its environments has them made."""
    for item in items:
        if "maker" in getattr(item, "fixturenames", ()):
            item.add_marker(real_installs.MARK)


@pytest.fixture(autouse=True)
def _no_uv_is_brought(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test goes to the network's index for it."""

    def lacks(*_: object) -> Path:
        raise NoUvError("There is no uv in this test", "pip is used")

    monkeypatch.setattr(installers, "ensure_uv", lacks)


@pytest.fixture(scope="session")
def real_uv() -> Path:
    """The reviewed uv: that of the environments' folder, or one of its version on the path."""
    found = uv.find_uv(environments.default_folder())
    if found is not None:
        return found
    on_path = shutil.which("uv")
    wanted = uv.pinned()[0]
    if on_path is not None:
        said = subprocess.run([on_path, "--version"], capture_output=True, text=True).stdout
        if said.split()[1:2] == [wanted]:
            return Path(on_path)
    pytest.skip(f"there is no uv {wanted} in {environments.default_folder()} nor on the path")


@pytest.fixture(params=["pip", "uv"])
def maker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What makes the environments of a test, which keeps the same promises."""
    if request.param == "uv":
        real = request.getfixturevalue("real_uv")
        monkeypatch.setattr(installers, "ensure_uv", lambda *_: real)
        monkeypatch.setenv("UV_HTTP_RETRIES", "0")
        monkeypatch.setenv("UV_HTTP_TIMEOUT", "10")
    return str(request.param)
