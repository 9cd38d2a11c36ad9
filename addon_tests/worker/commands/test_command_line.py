"""The worker as a real child process, started by path from a copy of the package with another name."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from addon_tests.making import clips
from addon_tests.making.gvhmr_results import made_up_motion, write_gvhmr_result
from addon_tests.making.patience import COMMAND_PATIENCE
from addon_tests.making.smplx_models import write_smplx_model
from addon_tests.making.worker_process import REPOSITORY, Finished, Worker, copy_package
from handmocap_addon.core.errors import ExitCode
from handmocap_addon.core.files.partial_folder import PART_SUFFIX, partial_folder
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses
from handmocap_addon.core.skeleton import SIDES
from handmocap_addon.worker.estimators import mediapipe

DEMO_CLIP = REPOSITORY / "demo" / "clip.mp4"
EVENT_KEYS = {
    "started": {"command", "pid"},
    "progress": {"stage", "done", "total", "fps", "eta_s"},
    "log": {"message"},
    "result": set(),
    "error": {"code", "message", "hint"},
}

needs_model = pytest.mark.skipif(not mediapipe.default_model().is_file(), reason="the hand model is not in this environment")


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    return copy_package(tmp_path_factory.mktemp("installed") / "mein Würfel" / "handmocap_2 手")


@pytest.fixture
def run(package, tmp_path):
    """Runs a command to its end."""

    def start_and_wait(*arguments: str | Path) -> Finished:
        return Worker(package, arguments, tmp_path / "process").finished()

    return start_and_wait


@pytest.fixture
def target(tmp_path) -> Path:
    return tmp_path / "mocap für später" / "person 1" / "hand_poses.npz"


@pytest.fixture
def handless(tmp_path) -> Path:
    path = tmp_path / "Würfel ohne Hände.mp4"
    clips.write_clip(path, 8)
    return path


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory) -> Path:
    """Takes the estimator far longer than a test is patient."""
    path = tmp_path_factory.mktemp("clips") / "long.mp4"
    clips.write_clip(path, 3000, bf="0", preset="ultrafast")
    return path


@pytest.fixture(scope="module")
def demo_result(package, tmp_path_factory) -> tuple[Finished, Path]:
    """The demo clip estimated once."""
    if not DEMO_CLIP.is_file():
        pytest.skip("the demo's clip is not there")
    folder = tmp_path_factory.mktemp("demo")
    target = folder / "hand_poses.npz"
    arguments = ("estimate", "--clip", DEMO_CLIP, "--out", target, "--expect-frames", "96")
    return Worker(package, arguments, folder / "process").finished(), target


def check_protocol(finished: Finished) -> None:
    """Every line is an event of the contract with the keys of its kind."""
    for event in finished.events:
        assert event["event"] in EVENT_KEYS
        assert set(event) >= EVENT_KEYS[event["event"]] | {"event"}


def check_failure(finished: Finished, code: ExitCode) -> dict[str, str]:
    """The failure is one error event, and the same sentence is on stderr."""
    assert finished.exit_code == code, finished.stderr
    check_protocol(finished)
    error = finished.last("error")
    assert error["message"] in finished.stderr.replace(".:", ":") or error["message"].rstrip(".") in finished.stderr
    assert "Traceback" not in finished.stderr
    return error


def check_nothing_written(target: Path) -> None:
    left = list(target.parent.rglob("*")) if target.parent.exists() else []
    assert left == []


@needs_model
def test_a_good_run_ends_with_its_result(demo_result):
    finished, target = demo_result
    assert finished.exit_code == 0, finished.stderr
    check_protocol(finished)
    result = finished.last("result")
    assert result["path"] == str(target)
    assert result["frames"] == 96
    assert result["fps"] == [30, 1] or Fraction(*result["fps"]) > 0
    poses = read_hand_poses(target)
    assert result["detected"] == {side: int(poses.track(side).detected.sum()) for side in SIDES}
    assert sorted(path.name for path in target.parent.iterdir()) == ["hand_poses.npz", "process"]


@needs_model
def test_events_come_in_order_with_true_fractions(demo_result):
    events = demo_result[0].events
    assert events[0]["event"] == "started"
    assert events[0]["command"] == "estimate"
    progress = [event for event in events if event["event"] == "progress" and event["stage"] == "Estimating"]
    done = [event["done"] for event in progress]
    assert done == sorted(set(done))
    assert {event["total"] for event in progress} == {96}
    assert done[-1] == 96
    assert progress[-1]["eta_s"] == 0.0
    # The first frame has no speed yet.
    assert progress[0]["eta_s"] is None
    assert all(event["fps"] > 0 for event in progress[1:])


@needs_model
def test_the_result_says_what_made_it(demo_result):
    meta = read_hand_poses(demo_result[1]).meta
    assert meta["schema_version"] == 1
    assert meta["clip"]["name"] == "clip.mp4"
    assert meta["clip"]["frames"] == 96
    assert len(meta["clip"]["sha256"]) == 64
    assert meta["estimator"] == "mediapipe"
    assert "sha256" in meta["model"]
    assert any("Apache-2.0" in licence for licence in meta["licences"])
    assert meta["settings"]["detection_confidence"] == 0.3


@needs_model
def test_a_folder_of_images_and_an_smplx_body(run, target, tmp_path):
    # The demo's own pictures, so that there are hands in them.
    from handmocap_addon.worker.video import probe_clip, read_frames

    folder = tmp_path / "Bilder 手"
    folder.mkdir()
    for frame in read_frames(probe_clip(DEMO_CLIP), "rgb"):
        if frame.index == 12:
            break
        clips.write_image(folder / f"frame{frame.index + 1}.png", frame.pixels)
    write_smplx_model(tmp_path / "SMPLX_NEUTRAL.npz")
    finished = run("estimate", "--clip", folder, "--out", target, "--image-fps", "30000/1001", "--body",
                   tmp_path / "SMPLX_NEUTRAL.npz")  # fmt: skip
    assert finished.exit_code == 0, finished.stderr
    poses = read_hand_poses(target)
    assert poses.frames_per_second() == Fraction(30000, 1001)
    assert poses.frame_count == 12
    assert poses.meta["fitted_on"] == "SMPLX_NEUTRAL"
    np.testing.assert_allclose(poses.frame_time, np.arange(12) * 1001 / 30000, atol=1e-9)


@needs_model
def test_the_old_result_stays_until_the_new_one_is_whole(run, target, handless):
    target.parent.mkdir(parents=True)
    target.write_bytes(b"the old result")
    check_failure(run("estimate", "--clip", handless, "--out", target), ExitCode.BAD_INPUT)
    assert target.read_bytes() == b"the old result"
    assert [path.name for path in target.parent.iterdir()] == ["hand_poses.npz"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "command"),
        (("dance",), "dance"),
        (("estimate",), "--clip"),
        (("estimate", "--clip", "a.mp4"), "--out"),
        (("estimate", "--clip", "a.mp4", "--out", "b.npz", "--image-fps", "fast"), "fast"),
        (("estimate", "--clip", "a.mp4", "--out", "b.npz", "--image-fps", "0"), "0"),
        (("estimate", "--clip", "a.mp4", "--out", "b.npz", "--confidence", "high"), "--confidence"),
        (("estimate", "--clip", "a.mp4", "--out", "b.npz", "--batch", "0"), "--batch"),
        (("estimate", "--clip", "a.mp4", "--out", "b.npz", "--detector-size", "-640"), "--detector-size"),
        (("estimate", "--clip", "a.mp4", "--out", "b.npz", "--nonsense"), "--nonsense"),
        (("estimate", "--clip", "a.mp4", "--out", "b.npz", "--out", "c.npz"), "2 files"),
        (
            ("estimate", "--clip", "a.mp4", "--out", "b.npz", "--gvhmr", "a.pt", "--gvhmr", "b.pt"),
            "2 GVHMR results for 1 files",
        ),
        (("estimate", "--clip", "a.mp4", "--out", "b.npz", "--other-gvhmr", "a.pt"), "--other-gvhmr"),
        (
            ("estimate", "--clip", "a.mp4", "--out", "b.npz", "--gvhmr", "a.pt", "--out", "c/../b.npz", "--gvhmr", "b.pt"),
            "--out is given twice",
        ),
    ],
)
def test_bad_usage_is_2(run, arguments, said):
    error = check_failure(run(*arguments), ExitCode.BAD_USAGE)
    assert error["code"] == "bad_usage"
    assert said in error["message"]


@pytest.mark.parametrize("confidence", ["-1", "2", "nan"])
@needs_model
def test_a_confidence_that_is_no_share_is_bad_usage(run, target, handless, confidence):
    error = check_failure(
        run("estimate", "--clip", handless, "--out", target, "--confidence", confidence), ExitCode.BAD_USAGE
    )
    assert "confidence" in error["message"]


def test_an_unknown_estimator_is_2_and_names_the_known_ones(run, target, handless):
    finished = run("estimate", "--clip", handless, "--out", target, "--estimator", "magic")
    error = check_failure(finished, ExitCode.BAD_USAGE)
    assert "magic" in error["message"]
    assert "mediapipe" in error["hint"]
    check_nothing_written(target)


def test_a_missing_clip_is_3(run, target, tmp_path):
    error = check_failure(run("estimate", "--clip", tmp_path / "nowhere.mp4", "--out", target), ExitCode.BAD_INPUT)
    assert error["code"] == "bad_clip"
    assert "nowhere.mp4" in error["message"]
    check_nothing_written(target)


def test_a_text_named_mp4_is_3(run, target, tmp_path):
    (tmp_path / "text.mp4").write_text("This is a text.")
    error = check_failure(run("estimate", "--clip", tmp_path / "text.mp4", "--out", target), ExitCode.BAD_INPUT)
    assert "text.mp4" in error["message"]
    check_nothing_written(target)


@needs_model
def test_a_clip_without_hands_is_3_and_says_so(run, target, handless):
    error = check_failure(run("estimate", "--clip", handless, "--out", target), ExitCode.BAD_INPUT)
    assert error["code"] == "no_hands"
    assert "any of the 8 frames" in error["message"]
    check_nothing_written(target)


@needs_model
def test_another_number_of_frames_than_the_body_s_is_3(run, target, handless):
    finished = run("estimate", "--clip", handless, "--out", target, "--expect-frames", "9")
    error = check_failure(finished, ExitCode.BAD_INPUT)
    assert error["code"] == "frame_count"
    assert "9 frames" in error["message"]
    assert "0_input_video.mp4" in error["hint"]
    check_nothing_written(target)


@pytest.mark.parametrize("option", ["--gvhmr", "--other-gvhmr"])
@needs_model
def test_a_gvhmr_result_of_another_length_is_3(run, target, tmp_path, option):
    write_gvhmr_result(tmp_path / "short.pt", made_up_motion(50, size=(640, 480)))
    good, short = REPOSITORY / "demo" / "hmr4d_results.pt", tmp_path / "short.pt"
    results = ("--gvhmr", short) if option == "--gvhmr" else ("--gvhmr", good, option, short)
    error = check_failure(run("estimate", "--clip", DEMO_CLIP, "--out", target, *results), ExitCode.BAD_INPUT)
    assert error["code"] == "frame_count"
    assert "50 frames" in error["message"]
    check_nothing_written(target)


@pytest.mark.parametrize("option", ["--gvhmr", "--other-gvhmr"])
def test_one_person_named_as_two_is_2(run, target, handless, option):
    result = REPOSITORY / "demo" / "hmr4d_results.pt"
    more = ("--out", target.with_name("b.npz")) if option == "--gvhmr" else ()
    arguments = ("estimate", "--clip", handless, "--out", target, "--gvhmr", result, option, result, *more)
    assert "same person's" in check_failure(run(*arguments), ExitCode.BAD_USAGE)["message"]
    check_nothing_written(target)


@needs_model
def test_gvhmr_s_copy_is_used_where_the_clip_has_another_length(run, target, handless, tmp_path):
    folder = tmp_path / "GVHMR für später"
    folder.mkdir()
    shutil.copy(REPOSITORY / "demo" / "hmr4d_results.pt", folder)
    shutil.copy(DEMO_CLIP, folder / "0_input_video.mp4")
    finished = run("estimate", "--clip", handless, "--out", target, "--gvhmr", folder / "hmr4d_results.pt")
    assert finished.exit_code == 0, finished.stderr
    assert finished.last("result")["clip"] == str(folder / "0_input_video.mp4")
    (note,) = [event["message"] for event in finished.events if event["event"] == "log"]
    assert "0_input_video.mp4" in note
    assert handless.name in note
    assert note in finished.stderr
    clip = read_hand_poses(target).meta["clip"]
    assert (clip["name"], clip["frames"], clip["instead_of"]) == ("0_input_video.mp4", 96, handless.name)


@needs_model
def test_gvhmr_s_copy_is_left_alone_where_it_does_not_help(run, target, handless, tmp_path):
    shutil.copy(REPOSITORY / "demo" / "hmr4d_results.pt", tmp_path)
    clips.write_clip(tmp_path / "0_input_video.mp4", 9)
    results = ("--gvhmr", tmp_path / "hmr4d_results.pt")
    error = check_failure(run("estimate", "--clip", handless, "--out", target, *results), ExitCode.BAD_INPUT)
    assert (error["code"], handless.name in error["message"]) == ("frame_count", True)
    finished = run("estimate", "--clip", DEMO_CLIP, "--out", target, *results)
    assert finished.last("result")["clip"] == str(DEMO_CLIP)
    assert "instead_of" not in read_hand_poses(target).meta["clip"]


def test_a_gvhmr_result_that_is_none_is_3(run, target, handless, tmp_path):
    error = check_failure(run("estimate", "--clip", handless, "--out", target, "--gvhmr", handless), ExitCode.BAD_INPUT)
    assert error["code"] == "bad_body_motion"
    check_nothing_written(target)


@needs_model
def test_two_people_get_a_file_each_in_one_pass(run, tmp_path):
    # The second body stands where nobody is, so that both of the clip's hands are the first one's.
    elsewhere = made_up_motion(96, size=(640, 480))
    write_gvhmr_result(tmp_path / "elsewhere.pt", elsewhere)
    first, second = tmp_path / "a" / "hand_poses.npz", tmp_path / "b" / "hand_poses.npz"
    finished = run("estimate", "--clip", DEMO_CLIP, "--gvhmr", REPOSITORY / "demo" / "hmr4d_results.pt", "--out", first,
                   "--gvhmr", tmp_path / "elsewhere.pt", "--out", second)  # fmt: skip
    assert finished.exit_code == 0, finished.stderr
    result = finished.last("result")
    assert [person["path"] for person in result["people"]] == [str(first), str(second)]
    assert result["detected"] == result["people"][0]["detected"] == {"left": 96, "right": 96}
    assert result["people"][1]["detected"] == {"left": 0, "right": 0}
    poses = read_hand_poses(first)
    assert poses.meta["bodies"] == 2
    assert poses.meta["settings"]["most_hands"] == 6
    assert [(track["side"], track["detections"]) for track in poses.meta["tracks"]] == [("left", 96), ("right", 96)]
    assert not read_hand_poses(second).left.detected.any()


def test_a_body_that_is_no_model_is_3(run, target, handless, tmp_path):
    (tmp_path / "SMPLX_NEUTRAL.npz").write_text("no model")
    finished = run("estimate", "--clip", handless, "--out", target, "--body", tmp_path / "SMPLX_NEUTRAL.npz")
    assert check_failure(finished, ExitCode.BAD_INPUT)["code"] == "bad_body_model"
    check_nothing_written(target)


def test_a_missing_model_is_4(run, target, handless, tmp_path):
    finished = run("estimate", "--clip", handless, "--out", target, "--model", tmp_path / "nowhere.task")
    error = check_failure(finished, ExitCode.MISSING_SETUP)
    assert "nowhere.task" in error["message"]
    check_nothing_written(target)


@pytest.mark.parametrize("content", [b"", b"not a model"])
def test_a_model_file_that_is_none_is_4(run, target, handless, tmp_path, content):
    (tmp_path / "broken.task").write_bytes(content)
    finished = run("estimate", "--clip", handless, "--out", target, "--model", tmp_path / "broken.task")
    error = check_failure(finished, ExitCode.MISSING_SETUP)
    assert "broken.task" in error["message"]


def test_wilor_without_its_package_is_4(run, target, handless, tmp_path):
    finished = run("estimate", "--clip", handless, "--out", target, "--estimator", "wilor", "--model", tmp_path)
    check_failure(finished, ExitCode.MISSING_SETUP)
    check_nothing_written(target)


@needs_model
def test_a_place_that_cannot_be_written_is_5_before_any_work(run, handless, tmp_path):
    (tmp_path / "file").write_text("in the way")
    finished = run("estimate", "--clip", handless, "--out", tmp_path / "file" / "hand_poses.npz")
    error = check_failure(finished, ExitCode.FAILED)
    assert error["code"] == "output"
    assert not [event for event in finished.events if event["event"] == "progress"]


@pytest.mark.parametrize("name", ["hands", "plain/hands", "s.mp4"])
def test_a_name_with_another_ending_is_2_before_any_work(run, handless, tmp_path, name):
    finished = run("estimate", "--clip", handless, "--out", tmp_path / "out" / name)
    error = check_failure(finished, ExitCode.BAD_USAGE)
    assert f"{name} does not end in .npz" in error["message"]
    assert error["hint"] == "see handmocap.py estimate --help"
    assert not [event for event in finished.events if event["event"] == "progress"]
    check_nothing_written(tmp_path / "out" / name)


def test_help_is_no_failure_and_leaves_stdout_to_the_events(run):
    finished = run("--help")
    assert finished.exit_code == 0
    assert finished.stdout == ""
    assert "estimate" in finished.stderr


def ended_in_time(finished: Finished, target: Path) -> None:
    assert finished.exit_code == ExitCode.CANCELLED == 130, finished.stderr
    assert finished.seconds_to_end < 3.0
    assert "Traceback" not in finished.stderr
    # Forced ends leave no time for an event; whatever was printed is whole all the same.
    check_protocol(finished)
    assert "result" not in [event["event"] for event in finished.events]
    # Slices that were finished before the end was asked for stay for the next run.
    left = list(target.parent.rglob("*")) if target.parent.exists() else []
    assert [path for path in left if path != partial_folder(target) and path.suffix != PART_SUFFIX] == []
    assert not [path for path in left if path.name.startswith(".")]


@needs_model
def test_closing_stdin_ends_it_within_three_seconds(package, target, tmp_path, long_clip):
    worker = Worker(package, ("estimate", "--clip", long_clip, "--out", target), tmp_path / "process")
    worker.wait_for("progress")
    worker.close_stdin()
    ended_in_time(worker.finished(), target)


@needs_model
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_within_three_seconds(package, target, tmp_path, long_clip, number):
    worker = Worker(package, ("estimate", "--clip", long_clip, "--out", target), tmp_path / "process")
    worker.wait_for("progress")
    worker.send_signal(number)
    finished = worker.finished()
    ended_in_time(finished, target)
    assert finished.last("error")["code"] == "cancelled"


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_signal_while_it_loads_ends_it_as_well(package, target, tmp_path, long_clip):
    worker = Worker(package, ("estimate", "--clip", long_clip, "--out", target), tmp_path / "process")
    worker.wait_for("started")
    worker.send_signal(signal.SIGINT)
    ended_in_time(worker.finished(), target)


def test_without_any_stdin_an_estimate_ends_at_once(package, target, tmp_path, long_clip):
    worker = Worker(package, ("estimate", "--clip", long_clip, "--out", target), tmp_path / "process", subprocess.DEVNULL)
    finished = worker.finished()
    assert finished.exit_code == ExitCode.CANCELLED
    check_nothing_written(target)


def test_a_reader_that_is_gone_does_not_hang_it(package, tmp_path):
    process = subprocess.Popen(
        [sys.executable, str(package / "worker"), "doctor"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate(timeout=COMMAND_PATIENCE)
    assert b"Traceback" not in errors


def test_doctor_says_what_is_there(run):
    finished = run("doctor")
    assert finished.exit_code == 0, finished.stderr
    check_protocol(finished)
    lines = {line["subject"]: line for line in finished.last("result")["lines"]}
    assert {"python", "numpy", "av", "mediapipe", "mannequin-x", "hand model"} <= set(lines)
    assert all(set(line) == {"subject", "found", "advice", "needed"} for line in lines.values())
    assert lines["numpy"]["found"] == np.__version__
    assert lines["numpy"]["advice"] == ""
    assert f"numpy: {np.__version__}" in finished.stderr


def test_doctor_says_what_to_do_about_what_is_missing(run, tmp_path):
    finished = run("doctor", "--estimator", "wilor", "--body", tmp_path)
    assert finished.exit_code == 0, finished.stderr
    lines = {line["subject"]: line for line in finished.last("result")["lines"]}
    for subject in ("wilor_mini", "ultralytics", "chumpy-fixed"):
        assert lines[subject]["found"] != "missing" or "setup --estimator wilor" in lines[subject]["advice"]
    assert str(tmp_path) in lines["body model"]["found"]
    assert lines["body model"]["advice"]


def test_as_a_module_from_the_checkout(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "handmocap_addon.worker", "doctor"], cwd=REPOSITORY, capture_output=True, text=True,
        check=False, input="", env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["event"] for line in done.stdout.splitlines()] == ["started", "result"]


@pytest.mark.skipif(sys.platform == "win32", reason="locales of POSIX")
def test_letters_survive_a_bare_locale(package, target, tmp_path):
    done = missing_clip(package, target, os.fsencode(tmp_path) + "/手.mp4".encode(), {"LC_ALL": "C"})
    assert done.returncode == ExitCode.BAD_INPUT, done.stderr
    assert "手.mp4" in json.loads(done.stdout.decode("utf-8").splitlines()[-1])["message"]


@pytest.mark.skipif(sys.platform != "linux", reason="file names of other systems are always text")
def test_a_name_that_is_no_text_is_still_a_sentence(package, target, tmp_path):
    # As old archives unpack: Latin-1 letters on a disk that says UTF-8.
    done = missing_clip(package, target, os.fsencode(tmp_path) + b"/T\xe4nzer.mp4", {})
    assert done.returncode == ExitCode.BAD_INPUT, done.stderr
    assert json.loads(done.stdout.decode("utf-8").splitlines()[-1])["code"] == "bad_clip"


def missing_clip(package: Path, target: Path, clip: bytes, variables: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, package / "worker", "estimate", "--clip", clip, "--out", target]
    environment = {**os.environ, **variables}
    # Open until it has ended by itself: a closed stdin is a wish to stop, which a busy machine may see first.
    reading, writing = os.pipe()
    try:
        return subprocess.run(command, stdin=reading, capture_output=True, check=False, env=environment)
    finally:
        os.close(reading)
        os.close(writing)
