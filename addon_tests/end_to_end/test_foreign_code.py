"""A shell of another program and a folder of delivered footage: what lies there is not run by anything that is started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from addon_tests.end_to_end.commands import FRONT_DOOR_HERE
from addon_tests.making.patience import COMMAND_PATIENCE

# What each of our children loads, and what Python itself or pip would load unasked.
NAMES = ("numpy", "av", "cv2", "bpy", "mediapipe", "alembic3d", "pxr", "pip", "json", "sitecustomize", "usercustomize")


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder and three folders of a shell, full of modules that note who ran them; the note."""
    note = tmp_path / "planted code ran"
    code = f"import sys\nopen({str(note)!r}, 'a').write(repr(sys.orig_argv) + __name__ + chr(10))\n"
    for folder in ("footage", "maya", "houdini/lib/python3.11/site-packages", "houdini/lib/python3.13/site-packages"):
        for name in NAMES:
            package = tmp_path / folder / name
            package.mkdir(parents=True)
            (package / "__init__.py").write_text(code, encoding="utf-8")
            (package / "__main__.py").write_text(code, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "maya"))
    monkeypatch.setenv("PYTHONUSERBASE", str(tmp_path / "houdini"))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "maya" / "av" / "__init__.py"))
    return note


def front_door_in(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The front door itself is a person's own Python; what it starts is looked at here."""
    command = [sys.executable, "-I", "-c", FRONT_DOOR_HERE, *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=COMMAND_PATIENCE)


def test_what_is_planted_would_run(planted: Path) -> None:
    subprocess.run([sys.executable, "-c", "import av"], cwd=planted.parent, capture_output=True, check=True)
    assert planted.exists()


@pytest.mark.parametrize("command", ["doctor", "estimate", "run", "bake"])
def test_nothing_of_a_shell_or_of_the_current_folder_is_run(
    command: str, planted: Path, demo: Path, demo_run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments: dict[str, list[str | Path]] = {
        "doctor": ["doctor"],
        "estimate": ["estimate", "--clip", demo / "clip.mp4", "--frames", "1-4", "--out", out / "hand_poses.npz"],
        # With the hands of before in place the worker is started and has little to do.
        "run": ["run", "--clip", demo / "clip.mp4", "--frames", "1-4", "--bake", "abc", "--no-preview", "--out", out],
        "bake": ["bake", "--blend", demo_run / "scene.blend", "--out", out / "body.abc"],
    }
    done = front_door_in(tmp_path / "footage", *arguments[command])
    assert not planted.exists(), planted.read_text(encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_the_set_up_s_pip_and_its_trial_are_our_own(planted: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1])\n"
        "from handmocap_addon.set_up.installers import connection_settings, pip_command\n"
        "from handmocap_addon.set_up.pythons import _base_python, version_of\n"
        "from handmocap_addon.set_up.trial import check_once\n"
        "pip = pip_command(_base_python()); connection_settings(pip); assert version_of(_base_python())\n"
        "check_once(Path(sys.argv[2]), Path(sys.executable), 'numpy', 'import numpy; numpy.zeros(1)')\n"
    )
    command = [sys.executable, "-I", "-c", code, str(Path(__file__).parents[2]), str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path / "footage", env={**os.environ}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not planted.exists(), planted.read_text(encoding="utf-8")
