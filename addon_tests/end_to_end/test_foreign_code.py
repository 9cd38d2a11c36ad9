"""A shell of another program and a folder of delivered footage: what lies there is not run by anything that is started."""

from __future__ import annotations

import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import bpy
import pytest

from addon_tests.blender.other_rigs import mixamo_double
from addon_tests.end_to_end.commands import FRONT_DOOR_HERE, REPOSITORY, front_door
from addon_tests.making.patience import COMMAND_PATIENCE
from handmocap_addon.blender.rig.bodies import add_body
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.ui.registration import CLASSES

_PRESSING = Path(__file__).with_name("pressing_every_button.py")

# What each of our children loads, and what Python itself or pip would load unasked.
NAMES = (
    "numpy", "av", "cv2", "bpy", "mediapipe", "mannequin", "alembic3d", "pxr", "torch", "wilor_mini", "pip", "venv", "ensurepip",
    "json", "encodings", "os", "site", "runpy", "tempfile", "zipfile", "typing", "logging", "ctypes", "ssl", "signal",
    "sitecustomize", "usercustomize", "handmocap_addon", "load_package", "own_modules", "ends_at_once", "tools", "scripts",
)  # fmt: skip
# Of these the ones that Python itself, or a -c of the tests, has before the program can say anything.
_BEFORE_ANY_PROGRAM = ("sitecustomize", "usercustomize", "encodings", "os", "site", "runpy")
# How each of our own endings is asked for; 2 where what is asked for cannot be, which the child finds out.
_CODES = {"benchmark": 2}
_COMMANDS = re.findall(r"{([a-z,]+)}", front_door("--help").stdout)[0].split(",")
_PROGRAMS = sorted(
    path.name for path in (REPOSITORY / "scripts").glob("*.py") if 'if __name__ == "__main__":\n' in path.read_text()
)


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
            (package.parent / f"{name}.pth").write_text(f"import {name}\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "maya"))
    monkeypatch.setenv("PYTHONUSERBASE", str(tmp_path / "houdini"))
    monkeypatch.setenv("PYTHONHOME", str(tmp_path / "houdini"))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "maya" / "av" / "__init__.py"))
    return note


def front_door_in(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The front door itself is a person's own Python; what it starts is looked at here."""
    command = [sys.executable, "-I", "-c", FRONT_DOOR_HERE, *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=COMMAND_PATIENCE)


def test_what_is_planted_would_run(planted: Path) -> None:
    # With the shell's `encodings` no Python would come so far as to import anything.
    variables = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    subprocess.run(
        [sys.executable, "-c", "import av"], cwd=planted.parent / "footage", env=variables, capture_output=True, check=True
    )
    assert planted.exists()


@pytest.mark.parametrize("command", _COMMANDS)
def test_nothing_of_a_shell_or_of_the_current_folder_is_run(
    command: str, planted: Path, demo: Path, demo_run: Path, tmp_path: Path, empty_scene: Any
) -> None:
    """The commands are those that --help lists: a new one needs its line here."""
    out = tmp_path / "out"
    blend, hands = demo_run / "scene.blend", demo_run / "hand_poses.npz"
    if command == "demo":
        out.mkdir()
        shutil.copy(hands, out)  # so that the clip is not looked at again
    if command == "retarget":
        blend = tmp_path / "both.blend"
        add_body(load_stand_in_body(), "Hero")
        mixamo_double("any:")
        bpy.context.scene.frame_end = 3
        bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    arguments: dict[str, list[str | Path]] = {
        "demo": ["demo", "--out", out],
        "doctor": ["doctor"],
        "setup": ["setup", "--only", "readers"],
        "estimate": ["estimate", "--clip", demo / "clip.mp4", "--frames", "1-4", "--out", out / "hand_poses.npz"],
        # With the hands of before in place the worker is started and has little to do.
        "run": ["run", "--clip", demo / "clip.mp4", "--frames", "1-4", "--bake", "abc", "--no-preview", "--out", out],
        "retarget": ["retarget", "--blend", blend, "--save", out / "keyed.blend"],
        "apply": ["apply", "--hands", hands, "--save", out / "shot.blend"],
        "bake": ["bake", "--blend", blend, "--out", out / "body.abc"],
        "export": ["export", "--blend", blend, "--format", "smpl", "--out", out / "motion.smpl"],
        "benchmark": ["benchmark", "accuracy", "--clip", "a clip that is not in it"],
    }
    done = front_door_in(tmp_path / "footage", *arguments[command])
    assert not planted.exists(), planted.read_text(encoding="utf-8")
    assert done.returncode == _CODES.get(command, 0), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("program", _PROGRAMS)
def test_no_program_of_the_repository_takes_modules_of_a_shell(program: str, planted: Path, tmp_path: Path) -> None:
    """As a person starts it, with a Python that is not told to leave the shell's folders alone."""
    for name in _BEFORE_ANY_PROGRAM:
        shutil.rmtree(tmp_path / "maya" / name)
    variables = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONUSERBASE")}
    command = [sys.executable, str(REPOSITORY / "scripts" / program), "--help"]
    done = subprocess.run(
        command,
        cwd=tmp_path / "footage",
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not planted.exists(), planted.read_text(encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout


def test_no_button_runs_what_lies_in_the_current_folder_or_in_a_shell_s(
    planted: Path, demo: Path, demo_run: Path, tmp_path: Path
) -> None:
    """The buttons are those that are registered: a new one is pressed as well."""
    shot, work = tmp_path / "shot", tmp_path / "work"
    shutil.copytree(demo, shot)
    work.mkdir()
    command = [sys.executable, "-I", _PRESSING, REPOSITORY, shot, demo_run / "hand_poses.npz", work]
    done = subprocess.run(
        list(map(str, command)),
        cwd=tmp_path / "footage",
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_PATIENCE,
    )
    assert not planted.exists(), planted.read_text(encoding="utf-8")
    assert done.returncode == 0, done.stderr
    found: dict[str, tuple[str, int]] = json.loads(done.stdout.splitlines()[-1])
    operators = [cls for cls in CLASSES if issubclass(cls, bpy.types.Operator)]
    assert set(found) == {cls.bl_idname for cls in operators}
    # Those of which the source says that they start something have done so, or nothing was looked at.
    starting = {cls.bl_idname for cls in operators if re.search(r"_start\(|Job\(", inspect.getsource(cls))}
    assert len(starting) >= 7
    assert {name for name in starting if found[name][1] == 0} == set()
    # Without a window there are no preferences to open.
    unforeseen = {name: ended for name, (ended, _) in found.items() if " failed (" in ended}
    assert set(unforeseen) <= {"handmocap.open_system_preferences"}, unforeseen


def test_the_set_up_s_pip_and_its_trial_are_our_own(planted: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1])\n"
        "from handmocap_addon.set_up.installers import pip_command\n"
        "from handmocap_addon.set_up.pythons import _base_python, version_of\n"
        "from handmocap_addon.set_up.trial import check_once\n"
        "assert pip_command(_base_python()); assert version_of(_base_python())\n"
        "check_once(Path(sys.argv[2]), Path(sys.executable), 'numpy', 'import numpy; numpy.zeros(1)')\n"
    )
    command = [sys.executable, "-I", "-c", code, str(Path(__file__).parents[2]), str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path / "footage", env={**os.environ}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not planted.exists(), planted.read_text(encoding="utf-8")
