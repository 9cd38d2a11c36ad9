"""What a shell, a farm and a file system can do to a command line: one sentence, the right exit code, an end."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from addon_tests.end_to_end.commands import BATCH, FRONT_DOOR, FRONT_DOOR_HERE, REPOSITORY, batch, front_door, sentence_of
from addon_tests.making.patience import COMMAND_PATIENCE

# As the program itself begins.
_STREAMS = "import handmocap\nhandmocap.ready_streams()\n"


@pytest.mark.parametrize("option", ["--estim", "--ou", "--bak", "--outt=x"])
@pytest.mark.parametrize("command", ["run", "estimate", "apply", "bake", "export"])
def test_an_abbreviation_is_refused_by_the_front_door_before_any_set_up(command: str, option: str, tmp_path: Path) -> None:
    done = front_door("--env", tmp_path / "environments", command, option, "wilor")
    assert done.returncode == 2
    assert f"unrecognized arguments: {option.partition('=')[0]}" in sentence_of(done)
    assert not (tmp_path / "environments").exists()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("estimate --clip a.mp4 --out hands", "hands does not end in .npz"),
        ("apply --hands a.npz --save shot", "shot does not end in .blend"),
        ("apply --hands a.npz --save shot.blend1", "shot.blend1 does not end in .blend"),
        ("retarget --save rig.fbx", "rig.fbx does not end in .blend"),
        ("bake --out body.abc body.obj", "body.obj does not end in .abc or .usdc or .usda or .usd"),
        ("export --format fbx --out body.glb", "body.glb is no name for FBX: end it with .fbx"),
        ("export --format hands --out hands", "hands is no name for Hand Poses: end it with .npz"),
        ("benchmark accuracy --json figures.txt", "figures.txt does not end in .json"),
    ],
)
def test_a_file_of_another_ending_is_refused_by_the_front_door_before_any_set_up(
    command: str, said: str, tmp_path: Path
) -> None:
    done = front_door("--env", tmp_path / "environments", *command.split())
    assert done.returncode == 2
    assert said in sentence_of(done)
    assert not (tmp_path / "environments").exists()


@pytest.mark.parametrize(
    "command",
    [
        "demo", "run", "estimate", "apply", "retarget", "bake", "export", "doctor", "setup", "benchmark", "benchmark accuracy",
        "run --clip a.mp4", "estimate --estimator wilor", "setup --estimator wilor",
    ],
)  # fmt: skip
@pytest.mark.parametrize("help_option", ["--help", "-h"])
def test_help_is_printed_without_any_set_up(command: str, help_option: str, tmp_path: Path) -> None:
    named = [word for word in command.split() if word.isalpha() and word != "wilor"]
    bare = [sys.executable, "-I", "-S", FRONT_DOOR, "--env", tmp_path / "environments", *command.split(), help_option]
    done = subprocess.run(bare, capture_output=True, text=True, check=False, timeout=COMMAND_PATIENCE)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.startswith(f"usage: handmocap.py {' '.join(named)} ")
    assert list(tmp_path.iterdir()) == []


def test_an_abbreviation_is_refused_inside_blender_too(tmp_path: Path) -> None:
    done = batch("run", "--clip", "a.mp4", "--out", tmp_path / "out", "--estim", "wilor")
    assert done.returncode == 2
    assert "--estim" in sentence_of(done)


@pytest.mark.parametrize("command", ["run", "estimate"])
def test_an_animated_webp_is_refused_before_anything_is_started_for_it(command: str, tmp_path: Path) -> None:
    clip = tmp_path / "clip.webp"
    clip.write_bytes(b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\x02" + bytes(32))
    target = tmp_path / "out" / "hands.npz"
    done = front_door("--env", tmp_path / "environments", command, "--clip", clip, "--out", target)
    assert done.returncode == 3
    assert sentence_of(done).startswith("clip.webp is an animated WebP, which is not read: write it as an mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["clip.webp"]


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_program_with_closed_streams_ends(closed: str, demo: Path, demo_run: Path, tmp_path: Path) -> None:
    blend = tmp_path / "shot.blend"
    command = [sys.executable, BATCH, "apply", "--hands", demo_run / "hand_poses.npz", "--save", blend]
    line = " ".join(f"'{part}'" for part in command) + f" {closed}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, check=False, timeout=COMMAND_PATIENCE)
    assert done.returncode == 0, done.stderr
    assert blend.is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="a shell that closes streams")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_what_the_front_door_starts_has_streams_where_its_own_are_closed(closed: str, demo: Path, tmp_path: Path) -> None:
    hands = tmp_path / "hand_poses.npz"
    options = ["estimate", "--clip", str(demo / "clip.mp4"), "--frames", "1-2", "--out", str(hands)]
    command = [sys.executable, "-c", FRONT_DOOR_HERE.replace("import handmocap\n", _STREAMS), *options]
    line = f"{shlex.join(command)} {closed}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, check=False, timeout=COMMAND_PATIENCE)
    assert done.returncode == 0, done.stderr
    assert hands.is_file()


def test_a_reader_that_has_gone_is_no_failure(demo_run: Path, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, BATCH, "apply", "--hands", demo_run / "hand_poses.npz", "--save", tmp_path / "shot.blend"]
    done = subprocess.run(
        list(map(str, command)), stdout=writing, stderr=subprocess.PIPE, text=True, check=False, timeout=COMMAND_PATIENCE
    )
    os.close(writing)
    assert (tmp_path / "shot.blend").is_file()
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform == "win32" or sys.platform == "darwin", reason="a file system that takes any bytes")
def test_a_clip_whose_name_is_no_text_goes_the_whole_way(demo: Path, tmp_path: Path) -> None:
    clip = os.fsencode(tmp_path) + b"/Zo\xeb.mp4"
    Path(os.fsdecode(clip)).write_bytes((demo / "clip.mp4").read_bytes())
    out = tmp_path / "out"
    done = batch("run", "--clip", os.fsdecode(clip), "--frames", "1-12", "--bake", "", "--no-preview", "--out", out)
    assert done.returncode == 0, done.stderr
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["ok"] is True
    assert (out / "scene.blend").is_file()


def test_what_nobody_foresaw_is_a_sentence_with_a_log_and_no_trace(tmp_path: Path) -> None:
    """For both programs: the failure is planted in what they call."""
    inside = (
        f"import sys; sys.path.insert(0, {str(REPOSITORY / 'scripts')!r})\nimport batch\nbatch._load_package()\n"
        "import handmocap_addon.blender.shot.command_line as line\nline.read_arguments = lambda _: 1 / 0\n"
        "sys.exit(batch.main(['bake']))"
    )
    before = (
        f"import sys; sys.path.insert(0, {str(REPOSITORY / 'scripts')!r})\nimport handmocap\n"
        "handmocap._doctor = lambda *_: 1 / 0\nsys.exit(handmocap.main(['doctor']))"
    )
    for code in (inside, before):
        environment = {**os.environ, "TMPDIR": str(tmp_path)}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 5
        said = sentence_of(subprocess.CompletedProcess([], 5, "", done.stderr))
        assert said.startswith("failed (ZeroDivisionError: division by zero): report this with ")
        assert "ZeroDivisionError" in Path(said.rpartition(" ")[2]).read_text(encoding="utf-8")


@pytest.mark.parametrize("program", ["worker", "set_up"])
def test_what_nobody_foresaw_in_a_job_is_a_sentence_with_a_log_and_no_trace(program: str, tmp_path: Path) -> None:
    code = {
        "worker": "import handmocap_addon.worker.command_line as line\nline._doctor = lambda *_: 1 / 0\nline.main(['doctor'])",
        "set_up": "import handmocap_addon.set_up.command_line as job\njob._do = lambda *_: 1 / 0\njob.main(['doctor'])",
    }[program]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(REPOSITORY)}
    # A job ends when its stdin closes, so that stays open until it has said all.
    with (tmp_path / "stderr.txt").open("w") as stderr:
        child = subprocess.Popen(
            [sys.executable, "-c", code],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        assert child.stdout is not None
        said = child.stdout.read()
        child.communicate(timeout=COMMAND_PATIENCE)
    assert "Traceback" not in (tmp_path / "stderr.txt").read_text(encoding="utf-8")
    error = json.loads(said.splitlines()[-1])
    assert "(ZeroDivisionError: division by zero)" in error["message"]
    assert "ZeroDivisionError" in Path(error["hint"].removeprefix("report this with ")).read_text(encoding="utf-8")


@pytest.mark.parametrize("program", ["handmocap.py", "test.py", "build_extension.py"])
@pytest.mark.parametrize("safe_path", ["", "1"])
def test_modules_of_a_shell_do_not_take_the_place_of_pythons_own(program: str, safe_path: str, tmp_path: Path) -> None:
    for name in ("argparse", "json", "tempfile", "handmocap_addon", "own_modules", "scripts"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('planted')\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONSAFEPATH": safe_path}
    command = [sys.executable, str(REPOSITORY / "scripts" / program), "--help"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout


def test_the_builder_of_the_zip_says_what_it_lacks_in_a_sentence(tmp_path: Path) -> None:
    build = [sys.executable, str(REPOSITORY / "scripts" / "build_extension.py"), "--out", str(tmp_path / "dist")]
    done = subprocess.run([*build, "--wheels", str(tmp_path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith(f"build_extension.py: {tmp_path} has no ") and done.stderr.count("\n") == 1


def test_the_front_door_is_there() -> None:
    assert FRONT_DOOR.is_file()
