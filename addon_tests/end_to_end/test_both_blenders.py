"""The check of a submission: both Blenders are tested, and a machine that lacks one is told so at once."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from addon_tests.end_to_end.commands import REPOSITORY
from addon_tests.making.patience import PATIENCE


def checked(folder: Path, minors: tuple[int, ...]) -> subprocess.CompletedProcess[str]:
    """Run the check on a machine that has these Pythons alone; they write down what they are asked to run."""
    for name in ("bash", "dirname", "id", "mktemp", "rm"):
        found = shutil.which(name)
        assert found is not None, name
        (folder / name).symlink_to(found)
    for minor in minors:
        python = folder / f"python3.{minor}"
        python.write_text(
            f'#!{shutil.which("bash")}\nif [ "$1" = -c ]; then echo {minor}; else echo "{minor}: $1 $2" >>{folder}/asked; fi\n'
        )
        python.chmod(0o755)
    variables = {**os.environ, "PATH": str(folder), "PYENV_ROOT": str(folder / "none")}
    command = [str(folder / "bash"), str(REPOSITORY / ".ci" / "run")]
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=PATIENCE)


def test_the_suite_runs_with_the_python_of_each_blender(tmp_path: Path) -> None:
    done = checked(tmp_path, (11, 13))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "asked").read_text().splitlines() == ["11: scripts/test.py --env", "13: scripts/test.py --env"]


@pytest.mark.parametrize(("there", "blender"), [((11,), "5.2"), ((13,), "4.5"), ((11, 12), "5.2")])
def test_a_machine_without_one_of_them_fails_and_says_so(there: tuple[int, ...], blender: str, tmp_path: Path) -> None:
    done = checked(tmp_path, there)
    assert done.returncode != 0
    assert f"Blender {blender}" in done.stderr
    assert not (tmp_path / "asked").exists()
