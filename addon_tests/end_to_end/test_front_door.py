from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from addon_tests.end_to_end.commands import FRONT_DOOR, batch, front_door, sentence_of
from addon_tests.making.patience import COMMAND_PATIENCE


def test_help_names_every_command() -> None:
    done = front_door("--help")
    assert done.returncode == 0
    for command in ("demo", "run", "estimate", "apply", "bake", "doctor", "setup"):
        assert f"{command}:" in done.stdout


def test_an_unknown_command_is_bad_usage() -> None:
    done = front_door("dance")
    assert done.returncode == 2
    assert "dance" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_command_at_all_is_bad_usage() -> None:
    assert front_door().returncode == 2


def test_doctor_says_what_an_empty_folder_lacks_and_what_to_do(tmp_path: Path) -> None:
    done = front_door("doctor", "--env", tmp_path / "empty")
    assert done.returncode == 4
    assert "worker: missing - run handmocap.py setup" in done.stderr
    assert "blender module: missing - run handmocap.py setup" in done.stderr
    assert not (tmp_path / "empty").exists()


@pytest.mark.parametrize(
    "command",
    [("run", "--clip", "a.mp4", "--out"), ("demo", "--out"), ("estimate", "--clip", "a.mp4", "--out"),
     ("apply", "--hands", "a.npz", "--save"), ("bake", "--out")],
    ids=lambda command: command[0],
)  # fmt: skip
def test_a_place_that_cannot_be_written_is_told_before_any_set_up(command: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    names = {"estimate": "result.npz", "apply": "result.blend"}
    place = tmp_path / "file" / "deeper" / names.get(command[0], "result.abc")
    done = front_door(*command, place, "--env", tmp_path / "environments")
    assert done.returncode == 5
    assert str(tmp_path / "file") in sentence_of(done)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_environments_may_be_named_before_the_command(tmp_path: Path) -> None:
    done = front_door("--env", tmp_path / "empty", "doctor")
    assert done.returncode == 4
    assert f"environments: {tmp_path / 'empty'}" in done.stderr


@pytest.mark.parametrize(
    "arguments", [("--only", "worker", "setup"), ("--env",), ("--env", "somewhere", "--json", "doctor")]
)
def test_an_option_in_the_wrong_place_is_one_sentence(arguments: tuple[str, ...]) -> None:
    done = front_door(*arguments)
    assert done.returncode == 2
    assert next(option for option in reversed(arguments) if option.startswith("--")) in sentence_of(done)


def test_doctor_as_json_is_one_object_on_stdout(tmp_path: Path, worker_python: Path) -> None:
    done = front_door("doctor", "--json")
    answer = json.loads(done.stdout)
    lines = {line["subject"]: line for line in answer["lines"]}
    assert {"environments", "free disk", "blender", "blender module", "worker", "hand landmarker", "GPU"} <= set(lines)
    assert lines["hand landmarker"]["advice"] == ""
    assert done.stderr == ""
    assert answer["ok"] == (done.returncode == 0) == (not any(line["advice"] and line["needed"] for line in answer["lines"]))
    empty = front_door("--env", tmp_path / "empty", "doctor", "--json")
    assert empty.returncode == 4
    assert {
        "subject": "worker",
        "found": "missing",
        "advice": "run handmocap.py setup",
        "needed": True,
    } in json.loads(empty.stdout)["lines"]


def test_the_front_door_needs_no_package_at_all() -> None:
    command = [sys.executable, "-I", "-S", str(FRONT_DOOR), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=COMMAND_PATIENCE)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", ["run", "apply", "bake"])
def test_each_commands_help_names_its_options(command: str) -> None:
    done = batch(command, "--help")
    assert done.returncode == 0
    assert "--armature" in done.stdout
    assert "--env" in done.stdout


def test_an_unknown_option_is_bad_usage() -> None:
    done = batch("run", "--clip", "x.mp4", "--out", "y", "--flux")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("handmocap: ")
    assert "--flux" in done.stderr


@pytest.mark.parametrize(
    ("option", "value"),
    [("--frames", "9-3"), ("--frames", "0-3"), ("--frames", "a-b"), ("--side", "both"), ("--batch", "0")],
)
def test_a_run_of_frames_or_a_side_that_cannot_be_is_bad_usage(option: str, value: str, tmp_path: Path) -> None:
    done = batch("run", "--clip", "a.mp4", "--out", tmp_path / "out", option, value)
    assert done.returncode == 2
    assert option in sentence_of(done)


def test_wilor_is_not_set_up_before_somebody_agrees(tmp_path: Path) -> None:
    done = front_door("--env", tmp_path / "empty", "setup", "--estimator", "wilor", "--device", "cpu")
    assert done.returncode == 4
    assert sentence_of(done).endswith("read them, then run it again with --accept-licences")
    assert "CC BY-NC-ND" in done.stderr
    assert "mano.is.tue.mpg.de" in done.stderr
    assert not (tmp_path / "empty").exists()


def test_a_consent_is_given_once_and_a_folder_without_wheels_named(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    (tmp_path / "weights").mkdir()
    options = ("setup", "--estimator", "wilor", "--device", "cpu", "--wheels", tmp_path / "wheels")
    first = front_door("--env", tmp_path / "environments", *options, "--accept-licences")
    assert first.returncode == 4
    assert "lacks a wheel of absl-py" in first.stderr
    again = front_door("--env", tmp_path / "environments", *options, "--weights", tmp_path / "weights")
    assert again.returncode == 4
    assert "CC BY-NC-ND" not in again.stderr
    assert "holds no mano_mean_params.npz, MANO_RIGHT.pkl" in sentence_of(again)


@pytest.mark.parametrize(
    "options",
    [("--offline",), ("--wheels", "nowhere"), ("--only", "worker"), ("--device", "abacus"), ("--package", "nowhere")],
)
def test_a_set_up_that_cannot_be_followed_is_bad_usage(options: tuple[str, ...], tmp_path: Path) -> None:
    done = front_door("--env", tmp_path / "empty", "setup", "--estimator", "wilor", *options)
    assert done.returncode == 2
    assert options[0] in sentence_of(done) or options[1] in sentence_of(done)
    assert not (tmp_path / "empty").exists()


@pytest.mark.parametrize("command", ["estimate", "run"])
def test_wilor_is_never_installed_unasked(command: str, tmp_path: Path) -> None:
    target = tmp_path / "out" / ("hand_poses.npz" if command == "estimate" else "")
    done = front_door("--env", tmp_path / "empty", command, "--clip", "a.mp4", "--estimator", "wilor", "--out", target)
    assert done.returncode == 4
    assert sentence_of(done) == "WiLoR is not set up yet: run handmocap.py setup --estimator wilor"
    assert not (tmp_path / "empty").exists()
