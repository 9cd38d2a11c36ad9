"""What makes an estimate another one: a change in the rooms that it is made by, and none elsewhere."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from handmocap_addon.worker.results.fingerprint import ROOMS, program_digest

REPOSITORY = Path(__file__).parents[3]
PACKAGE = REPOSITORY / "handmocap_addon"
# Loaded by an estimate without a say in what hands it finds.
_NO_SAY = (
    "core/process/", "set_up/", "core/errors.py", "core/job_protocol.py", "core/plain_text.py", "core/audience.py",
    "worker/events.py",
)  # fmt: skip


@pytest.fixture
def package(tmp_path: Path) -> Path:
    copy = tmp_path / "package"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.mark.parametrize(
    "name", ["worker/video.py", "core/landmarks/fit.py", "core/landmarks/mediapipe_reading.npz", "core/skeleton.py"]
)
def test_a_change_in_what_finds_hands_makes_another_estimate(name, package):
    before = program_digest(package)
    with (package / name).open("ab") as file:
        file.write(b"\n")
    assert program_digest(package) != before


@pytest.mark.parametrize(
    "name", ["core/cleanup/smoothing.py", "worker/proof/comparison.py", "ui/settings.py", "set_up/cache.py"]
)
def test_a_change_elsewhere_keeps_estimates(name, package):
    before = program_digest(package)
    with (package / name).open("ab") as file:
        file.write(b"\n")
    assert program_digest(package) == before


def test_another_name_keeps_estimates(package):
    before = program_digest(package)
    (package / "core/maths/rotations.py").rename(package / "core/maths/turns.py")
    assert program_digest(package) == before


def test_all_that_an_estimate_loads_is_in_these_rooms():
    code = (
        "import sys\nfrom handmocap_addon.worker.commands import estimate, gvhmr_clip\n"
        "from handmocap_addon.worker.estimators import mediapipe, wilor\n"
        "names = [name for name in sys.modules if name.startswith('handmocap_addon')]\n"
        "print(*(sys.modules[name].__file__ for name in names), sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    loaded = {Path(line).relative_to(PACKAGE).as_posix() for line in done.stdout.splitlines()}
    of_rooms = tuple(room if room.endswith(".py") else f"{room}/" for room in ROOMS)
    others = {name for name in loaded if not name.startswith((*of_rooms, *_NO_SAY))}
    assert {name for name in others if not name.endswith("__init__.py")} == set()
    assert "core/landmarks/fit.py" in loaded
