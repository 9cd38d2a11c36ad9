from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from handmocap_addon.core.errors import ExitCode, MissingSetupError, OutputError
from handmocap_addon.set_up import environments, lock, pythons, trial
from handmocap_addon.set_up.reporting import Listener

PYTHON = pythons.find_python([sys.version_info[:2]])


@pytest.fixture
def pins(tmp_path) -> Path:
    """A list of packages with nothing in it, so that making an environment needs no network."""
    path = tmp_path / "pins.txt"
    path.write_text("# nothing\n", encoding="utf-8")
    return path


@pytest.fixture
def of_this_version(monkeypatch) -> None:
    """Environments of made-up packages count as this version's."""
    monkeypatch.setattr(environments, "is_outdated", lambda _environment: False)


def make(folder: Path, pins: Path, said: list[str]) -> environments.Environment:
    """`said` gets what is said of environments being made."""

    def say(text: str) -> None:
        if text.startswith("Making"):
            said.append(text)

    return environments._ensure(folder, "worker", PYTHON, [pins], Listener(say))


@pytest.mark.installs
@pytest.mark.usefixtures("of_this_version")
def test_an_environment_is_made_once_and_used_again(tmp_path, pins):
    folder, said = tmp_path / "Umgebung für später", []
    made = make(folder, pins, said)
    assert len(said) == 1
    assert subprocess.run([str(made.python), "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True,
                          check=True).stdout.strip() == str(made.folder)  # fmt: skip
    (made.folder / "marker").touch()
    assert make(folder, pins, said) == made
    assert len(said) == 1
    assert (made.folder / "marker").exists()
    assert environments.find_worker(folder) == made


@pytest.mark.installs
def test_changed_pins_make_it_again(tmp_path, pins):
    said: list[str] = []
    made = make(tmp_path / "environments", pins, said)
    (made.folder / "marker").touch()
    pins.write_text("# nothing, but another nothing\n", encoding="utf-8")
    assert make(tmp_path / "environments", pins, said) == made
    assert len(said) == 2
    assert not (made.folder / "marker").exists()


@pytest.mark.installs
def test_an_environment_that_was_not_finished_is_made_again(tmp_path, pins):
    unfinished = tmp_path / f"worker-python{sys.version_info.major}.{sys.version_info.minor}"
    venv.create(unfinished, with_pip=False)
    (unfinished / "marker").touch()
    said: list[str] = []
    assert make(tmp_path, pins, said).folder == unfinished
    assert len(said) == 1
    assert not (unfinished / "marker").exists()


def test_find_worker_gives_nothing_where_nothing_is(tmp_path):
    assert environments.find_worker(tmp_path) is None
    assert environments.find_worker(tmp_path / "nowhere") is None


def test_find_worker_gives_nothing_for_an_unfinished_folder(tmp_path):
    venv.create(tmp_path / "worker-python3.11", with_pip=False)
    assert environments.find_worker(tmp_path) is None


def test_find_worker_gives_nothing_where_the_python_is_gone(tmp_path):
    folder = tmp_path / "worker-python3.11"
    folder.mkdir()
    (folder / "handmocap-environment.json").write_text(json.dumps({"pins": "x"}), encoding="utf-8")
    assert environments.find_worker(tmp_path) is None


@pytest.mark.installs
@pytest.mark.usefixtures("of_this_version")
def test_the_two_kinds_of_environment_are_not_mixed_up(tmp_path, pins):
    environments._ensure(tmp_path, "blender", PYTHON, [pins], Listener(print))
    assert environments.find_worker(tmp_path) is None
    found = environments.find_blender_module(tmp_path)
    assert found is not None
    assert found.python.exists()


def test_no_python_of_these_versions_says_which_and_what_this_is():
    with pytest.raises(MissingSetupError) as caught:
        pythons.find_python([(2, 9), (2, 8)])
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert caught.value.message == f"Python 2.9 or 2.8 is needed and this is {here}"
    assert "2.9" in caught.value.hint
    assert caught.value.exit_code == ExitCode.MISSING_SETUP == 4


def test_the_running_python_is_taken_if_it_fits():
    found = pythons.find_python([sys.version_info[:2]])
    shown = subprocess.run([str(found), "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True, check=True)
    # Inside an environment that is the Python it was made from, which has pip.
    assert Path(shown.stdout.strip()) == Path(sys.base_prefix)


@pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")
def test_an_environment_s_note_says_which_python_it_came_from(tmp_path, monkeypatch):
    """A program there may be of another version by now, as a system's `python3` after its update."""
    home, version = tmp_path / "home", sys.version_info[:2]
    home.mkdir()
    for name, said in {"python3": "2 9", "python": "{} {}".format(*version)}.items():
        (home / name).write_text(f"#!/bin/sh\necho {said}\n")
        (home / name).chmod(0o755)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "base_prefix", str(home))
    for note in (None, "", f"home = {tmp_path / 'nowhere'}\n"):
        if note is not None:
            (tmp_path / "pyvenv.cfg").write_text(note)
        assert pythons.find_python([version]) == Path(sys.executable)
    (tmp_path / "pyvenv.cfg").write_text(f"include-system-site-packages = false\nhome = {home}\n")
    assert pythons.find_python([version]) == home / "python"


@pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")
def test_a_python_that_only_says_that_it_is_not_chosen_is_passed_over(tmp_path, monkeypatch):
    for version in ("2.9", "2.8"):
        program = tmp_path / f"python{version}"
        program.write_text(f"#!/bin/sh\n{'echo 2 8' if version == '2.8' else 'echo not chosen >&2; exit 1'}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert pythons.find_python([(2, 9), (2, 8)]) == tmp_path / "python2.8"


def test_the_folder_can_be_named_by_a_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("HANDMOCAP_ENV", str(tmp_path))
    assert environments.default_folder() == tmp_path


def test_the_default_folder_is_the_user_s_own(monkeypatch):
    monkeypatch.delenv("HANDMOCAP_ENV", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    assert Path.home() in environments.default_folder().parents


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError) as caught:
        environments.ensure_stand_in_packages(tmp_path / "file" / "environments", print)
    assert str(tmp_path / "file" / "environments") in caught.value.message


def test_a_missing_system_library_is_named_with_the_line_that_brings_it():
    text = "Traceback …\nImportError: libXfixes.so.3: cannot open shared object file: No such file or directory"
    error = trial.missing_library(text, "Blender's module")
    assert error is not None
    assert "libXfixes.so.3" in error.message
    assert "sudo apt install" in error.hint
    assert "libxfixes3" in error.hint


def test_another_message_names_no_library():
    assert trial.missing_library("ModuleNotFoundError: No module named 'bpy'", "Blender's module") is None


@pytest.mark.parametrize(
    "name",
    ["worker.txt", "stand_in.txt", "blender-python3.11.txt", "blender-python3.13.txt", "test.txt", "wilor.txt", "uv.txt"],
)
def test_every_package_is_pinned_to_one_version(name):
    lines = (environments.REQUIREMENTS / name).read_text(encoding="utf-8").splitlines()
    packages = [line for line in lines if line.strip() and not line.startswith("#")]
    assert packages
    assert [line for line in packages if "==" not in line] == []


def test_waiting_for_another_set_up_is_said_once(tmp_path):
    holder = (
        "import sys; from pathlib import Path; from handmocap_addon.set_up import lock\n"
        "with lock.locked(Path(sys.argv[1]), print): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holder, str(tmp_path)]
    other = subprocess.Popen(
        command, cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        other.communicate()

    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with lock.locked(tmp_path, say):
            assert said == [f"Waiting for another set-up in {tmp_path} to end"]
    finally:
        other.kill()
        other.wait()
    with lock.locked(tmp_path, say):
        assert len(said) == 1


def test_a_finished_environment_is_used_from_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    """A farm shares one that its administrator made."""
    place = tmp_path / f"readers-python{sys.version_info.major}.{sys.version_info.minor}"
    environment = environments.Environment(place)
    environment.python.parent.mkdir(parents=True)
    environment.python.touch()
    pins = environments.pins_hash([environments.REQUIREMENTS / "readers.txt"])
    environments.write_stamp(place, pins)
    (place / "handmocap-checked").touch()

    def refuses(*_):
        raise AssertionError("nothing is to be locked")

    monkeypatch.setattr(environments, "locked", refuses)
    monkeypatch.setattr(environments, "find_python", lambda _versions: PYTHON)
    assert environments.ensure_readers(tmp_path, print) == environment
    assert not environments.is_outdated(environment)
    environments.write_stamp(place, "of before")
    assert environments.is_outdated(environment)


def test_an_environment_of_other_packages_is_named_by_doctor(tmp_path):
    from handmocap_addon.set_up.doctor import Wanted, examine

    place = tmp_path / "worker-python3.11"
    environments.Environment(place).python.parent.mkdir(parents=True)
    environments.Environment(place).python.symlink_to(sys.executable)
    environments.write_stamp(place, "of before")
    lines = {line.subject: line for line in examine(tmp_path, Wanted(), "a blender")}
    assert lines["worker's packages"].found == "of another version of handmocap"
    assert "handmocap.py setup" in lines["worker's packages"].advice
    assert lines["worker"].found == "missing"


def test_an_environment_of_another_version_is_not_used_and_said(tmp_path):
    pins = environments.pins_hash([environments.REQUIREMENTS / name for name in ("worker.txt", "stand_in.txt")])

    def make(version: str, stamp: str) -> environments.Environment:
        environment = environments.Environment(tmp_path / f"worker-python{version}")
        environment.python.parent.mkdir(parents=True)
        environment.python.symlink_to(sys.executable)
        environments.write_stamp(environment.folder, stamp)
        return environment

    old = make("3.13", "of before")
    assert environments.find_worker(tmp_path) is None
    assert environments.find_outdated(tmp_path, "worker") == old
    assert "by another version" in environments.not_set_up(tmp_path).message
    # One of this version beside it is taken, although the other one's Python is newer.
    new = make("3.11", pins)
    assert environments.find_worker(tmp_path) == new
    assert environments.find_outdated(tmp_path, "worker") is None
