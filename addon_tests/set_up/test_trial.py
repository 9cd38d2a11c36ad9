from __future__ import annotations

import sys
import venv
from pathlib import Path

import pytest

from handmocap_addon.core.errors import MissingSetupError
from handmocap_addon.set_up import environments, trial
from handmocap_addon.set_up.stamps import pins_hash, write_stamp

_LACKS_A_LIBRARY = "import sys; sys.exit('libEGL.so.1: cannot open shared object file: No such file or directory')"

_PINS = pins_hash([environments.REQUIREMENTS / name for name in ("worker.txt", "stand_in.txt")])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A whole environment that was never tried."""
    made = tmp_path / "worker-python3.11"
    venv.create(made, with_pip=False)
    write_stamp(made, _PINS)
    return made


def test_an_environment_whose_trial_failed_is_not_ready_until_one_passes(folder: Path) -> None:
    assert environments.find_worker(folder.parent) is not None
    with pytest.raises(MissingSetupError, match=r"libEGL\.so\.1"):
        trial.check_once(folder, Path(sys.executable), "MediaPipe", _LACKS_A_LIBRARY)
    assert environments.find_worker(folder.parent) is None
    assert "libEGL.so.1" in (folder / trial.FAILED_NAME).read_text(encoding="utf-8")
    with pytest.raises(MissingSetupError):
        trial.check_once(folder, Path(sys.executable), "MediaPipe", _LACKS_A_LIBRARY)
    trial.check_once(folder, Path(sys.executable), "MediaPipe", "pass")
    assert environments.find_worker(folder.parent) is not None
    assert not (folder / trial.FAILED_NAME).exists()


def test_a_trial_that_passed_is_not_run_again(folder: Path) -> None:
    trial.check_once(folder, Path(sys.executable), "MediaPipe", "pass")
    trial.check_once(folder, Path(sys.executable), "MediaPipe", _LACKS_A_LIBRARY)
    assert environments.find_worker(folder.parent) is not None


def test_what_is_ready_of_another_python_is_used_where_the_newer_one_failed(folder: Path) -> None:
    newer = folder.with_name("worker-python3.13")
    venv.create(newer, with_pip=False)
    write_stamp(newer, _PINS)
    with pytest.raises(MissingSetupError):
        trial.check_once(newer, Path(sys.executable), "MediaPipe", _LACKS_A_LIBRARY)
    found = environments.find_worker(folder.parent)
    assert found is not None and found.folder == folder
