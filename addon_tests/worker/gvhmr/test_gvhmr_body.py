"""GVHMR run by the worker: its progress, its result taken again or not, cancelled and killed, and each way to fail."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from pathlib import Path, PurePosixPath

import pytest

from addon_tests.making import clips
from addon_tests.making.gvhmr_checkout import behave, processes_of, runs_of, write_checkout
from addon_tests.making.gvhmr_results import made_up_motion, write_gvhmr_result
from addon_tests.making.patience import PATIENCE
from addon_tests.making.worker_process import REPOSITORY, Finished, Worker
from handmocap_addon.core.body.gvhmr_file import read_gvhmr_result
from handmocap_addon.core.body.gvhmr_record import RECORD_NAME, is_own_result
from handmocap_addon.core.errors import ExitCode
from handmocap_addon.set_up.gvhmr_checkout import GvhmrCheckout

needs_proc = pytest.mark.skipif(not Path("/proc").is_dir(), reason="the processes of this system cannot be looked through")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a name that Hydra would take for a formula."""
    path = tmp_path_factory.mktemp("clips") / "tänzer (1), take=2.mp4"
    clips.write_clip(path, 12)
    return path


@pytest.fixture
def checkout(tmp_path: Path) -> GvhmrCheckout:
    return write_checkout(tmp_path / "GVHMR")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "shot 1" / "hmr4d_results.pt"


def started(checkout: GvhmrCheckout, clip: Path, out: Path, *more: str) -> Worker:
    arguments = ("gvhmr", "--clip", clip, "--out", out, "--checkout", checkout.folder, "--python", checkout.python, *more)
    place = out.parent.parent / f"process {len(list(out.parent.parent.glob('process *')))}"
    return Worker(REPOSITORY / "handmocap_addon", arguments, place)


def run(checkout: GvhmrCheckout, clip: Path, out: Path, *more: str) -> Finished:
    return started(checkout, clip, out, *more).finished()


def wait_until_none_runs(checkout: GvhmrCheckout) -> None:
    deadline = time.monotonic() + PATIENCE
    while processes_of(checkout.folder):
        assert time.monotonic() < deadline, processes_of(checkout.folder)
        time.sleep(0.02)


def wait_until_it_hangs(worker: Worker, checkout: GvhmrCheckout, count: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while len(processes_of(checkout.folder)) < count:
        assert worker.process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_run_leaves_the_result_the_copy_and_a_record(checkout: GvhmrCheckout, clip: Path, out: Path) -> None:
    done = run(checkout, clip, out, "--static-camera", "--focal-mm", "28")
    assert done.exit_code == 0, done.stderr
    assert done.last("result") == {"event": "result", "path": str(out), "reused": False}
    assert sorted(path.name for path in out.parent.iterdir()) == ["0_input_video.mp4", RECORD_NAME, "hmr4d_results.pt"]
    assert out.read_bytes() == (checkout.folder / "double" / "result.pt").read_bytes()
    assert (out.parent / "0_input_video.mp4").read_bytes() == clip.read_bytes()
    assert read_gvhmr_result(out).frame_count == 12
    (arguments,) = runs_of(checkout.folder)
    assert arguments[-3:] == ["-s", "--f_mm", "28"]
    assert Path(arguments[1]).name == "clip.mp4"
    assert not (checkout.folder / "double" / "rendered.txt").exists()  # nobody asked for its movies
    assert not list((checkout.folder).rglob("outputs"))


def test_its_stages_are_told_with_true_fractions(checkout: GvhmrCheckout, clip: Path, out: Path) -> None:
    behave(checkout.folder, step_seconds=0.12)  # more than a tenth of a second, below which progress is not told
    done = run(checkout, clip, out)
    told = [event for event in done.events if event["event"] == "progress"]
    stages = list(dict.fromkeys(event["stage"] for event in told))
    assert stages == [
        "GVHMR copies the clip", "GVHMR finds the person", "GVHMR finds the joints", "GVHMR looks at the person",
        "GVHMR follows the camera", "GVHMR recovers the motion",
    ]  # fmt: skip
    for stage in stages[:-1]:
        steps = [(event["done"], event["total"]) for event in told if event["stage"] == stage]
        assert steps == sorted(set(steps))
        assert steps[-1] == (8, 8)
        assert len(steps) > 2
    assert "[HMR4D] Predicting" in done.stderr
    assert "\x1b" not in done.stderr
    assert done.stderr.count("ViTPose:") == 1


def test_the_same_again_is_not_run_again(checkout: GvhmrCheckout, clip: Path, out: Path) -> None:
    run(checkout, clip, out)
    before = out.stat().st_mtime_ns
    again = run(checkout, clip, out)
    assert again.last("result")["reused"] is True
    assert out.stat().st_mtime_ns == before
    assert len(runs_of(checkout.folder)) == 1


@pytest.mark.parametrize("what", ["static", "focal", "clip", "program", "checkpoint", "afresh", "truncated", "changed"])
def test_another_clip_option_or_program_is_run(
    checkout: GvhmrCheckout, clip: Path, out: Path, tmp_path: Path, what: str
) -> None:
    run(checkout, clip, out)
    whole = out.read_bytes()
    more: list[str] = {"static": ["--static-camera"], "focal": ["--focal-mm", "35"], "afresh": ["--afresh"]}.get(what, [])
    if what == "clip":
        other = tmp_path / clip.name
        clips.write_clip(other, 13)
        clip = other
    elif what == "program":
        (checkout.folder / "hmr4d" / "__init__.py").write_text("VERSION = 2\n")
    elif what == "checkpoint":
        (checkout.folder / "inputs" / "checkpoints" / "gvhmr" / "gvhmr_siga24_release.ckpt").write_bytes(b"other weights")
    elif what == "truncated":
        out.write_bytes(whole[: len(whole) // 2])
    elif what == "changed":
        write_gvhmr_result(out, made_up_motion(seed=5))
    done = run(checkout, clip, out, *more)
    assert done.last("result")["reused"] is False
    assert len(runs_of(checkout.folder)) == 2
    assert out.read_bytes() == whole


def test_a_person_s_own_result_is_put_aside(checkout: GvhmrCheckout, clip: Path, out: Path) -> None:
    out.parent.mkdir(parents=True)
    write_gvhmr_result(out, made_up_motion(seed=3))
    own = out.read_bytes()
    assert not is_own_result(out.parent)
    done = run(checkout, clip, out)
    assert done.exit_code == 0, done.stderr
    assert (out.parent / "hmr4d_results.own.pt").read_bytes() == own
    assert is_own_result(out.parent)
    assert any("was somebody's own" in event.get("message", "") for event in done.events)


@pytest.mark.parametrize("where", ["saving bbx.pt", "saving hmr4d_results.pt"])
@needs_proc
def test_what_a_killed_run_left_is_never_taken(checkout: GvhmrCheckout, clip: Path, out: Path, where: str) -> None:
    behave(checkout.folder, hangs_at=where)
    worker = started(checkout, clip, out, "--static-camera")
    wait_until_it_hangs(worker, checkout, 1)
    worker.wait_for("progress")
    worker.process.send_signal(signal.SIGKILL)
    worker.finished()
    wait_until_none_runs(checkout)
    assert not out.exists()
    behave(checkout.folder)
    done = run(checkout, clip, out, "--static-camera")
    assert done.exit_code == 0, done.stderr
    assert out.read_bytes() == (checkout.folder / "double" / "result.pt").read_bytes()


@needs_proc
@pytest.mark.parametrize("is_stubborn", [False, True])
@pytest.mark.parametrize("way", ["stdin", "term", "kill"])
def test_ended_with_all_that_it_started(checkout: GvhmrCheckout, clip: Path, out: Path, way: str, is_stubborn: bool) -> None:
    """GVHMR and the camera's reader, which hears no SIGTERM, are gone in three seconds."""
    behave(checkout.folder, hangs_at="DPVO", is_stubborn=is_stubborn)
    worker = started(checkout, clip, out)
    wait_until_it_hangs(worker, checkout, 2)
    if way == "stdin":
        worker.close_stdin()
    else:
        worker.send_signal(signal.SIGTERM if way == "term" else signal.SIGKILL)
    done = worker.finished()
    wait_until_none_runs(checkout)
    assert done.seconds_to_end < 3.0
    assert done.exit_code == (-signal.SIGKILL if way == "kill" else ExitCode.CANCELLED)
    assert not out.parent.exists() or list(out.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("behaviour", "code", "said"),
    [
        ({"fails_at": "ViTPose", "error": "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB"},
         ExitCode.FAILED, "GVHMR ran out of the graphics card's memory"),
        ({"fails_at": "predicting", "exit": 9}, ExitCode.FAILED, "GVHMR was ended for want of memory"),
        ({"nobody": True}, ExitCode.BAD_INPUT, "GVHMR finds nobody in tänzer (1), take=2.mp4"),
        ({"fails_at": "start", "error": "FileNotFoundError: [Errno 2] No such file or directory: 'ffmpeg'"},
         ExitCode.MISSING_SETUP, "GVHMR finds no ffmpeg"),
        ({"fails_at": "start", "error": "ModuleNotFoundError: No module named 'pytorch3d'"},
         ExitCode.MISSING_SETUP, "lacks pytorch3d, which GVHMR needs"),
        ({"fails_at": "start", "error": "AssertionError: Torch not compiled with CUDA enabled"},
         ExitCode.MISSING_SETUP, "no NVIDIA card"),
        ({"writes_nothing": True}, ExitCode.FAILED, "GVHMR ended without a result"),
        ({"half_a_result": True}, ExitCode.BAD_INPUT, "hmr4d_results.pt is cut short or damaged"),
        ({"fails_at": "tracking", "error": "RuntimeError: something new"}, ExitCode.FAILED, "RuntimeError: something new"),
    ],
)  # fmt: skip
def test_each_failure_is_one_sentence(
    checkout: GvhmrCheckout, clip: Path, out: Path, behaviour: dict[str, object], code: ExitCode, said: str
) -> None:
    behave(checkout.folder, **behaviour)
    done = run(checkout, clip, out)
    error = done.last("error")
    assert done.exit_code == code, done.stderr
    assert said in error["message"]
    assert error["hint"]
    assert list(out.parent.iterdir()) == []


def test_a_failure_after_the_result_is_none(checkout: GvhmrCheckout, clip: Path, out: Path) -> None:
    behave(checkout.folder, fails_at="merging", error="FileNotFoundError: [Errno 2] No such file or directory: 'ffmpeg'")
    done = run(checkout, clip, out)
    assert done.exit_code == 0, done.stderr
    assert read_gvhmr_result(out).frame_count == 12
    assert any("result is whole, and after it: GVHMR finds no ffmpeg" in event.get("message", "") for event in done.events)


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda folder: shutil.rmtree(folder / "tools"), "is no checkout of GVHMR, it has no tools/demo/demo.py"),
        (lambda folder: (folder / "inputs/checkpoints/yolo/yolov8x.pt").unlink(), "GVHMR lacks yolov8x.pt"),
        (
            lambda folder: (folder / "inputs/checkpoints/body_models/smplx/SMPLX_NEUTRAL.npz").unlink(),
            "GVHMR lacks SMPLX_NEUTRAL.npz",
        ),
    ],
)
def test_what_lacks_is_said_before_anything_runs(checkout, clip, out, break_it, said):
    break_it(checkout.folder)
    done = run(checkout, clip, out)
    assert done.exit_code == ExitCode.MISSING_SETUP
    assert said in done.last("error")["message"]
    assert runs_of(checkout.folder) == []


def test_a_wrong_python_is_said(checkout: GvhmrCheckout, clip: Path, out: Path) -> None:
    done = run(GvhmrCheckout(checkout.folder, checkout.folder / "python"), clip, out)
    assert done.exit_code == ExitCode.MISSING_SETUP
    assert "is no Python that can be started" in done.last("error")["message"]


def test_an_old_checkout_is_told_no_lens(checkout: GvhmrCheckout, clip: Path, out: Path) -> None:
    demo = checkout.folder / "tools" / "demo" / "demo.py"
    demo.write_text("".join(line for line in demo.read_text().splitlines(keepends=True) if "--f_mm" not in line))
    done = run(checkout, clip, out, "--focal-mm", "24")
    assert done.exit_code == ExitCode.BAD_USAGE
    assert "too old to be told a lens" in done.last("error")["message"]
    assert run(checkout, clip, out).exit_code == 0


def test_pictures_are_no_video(checkout: GvhmrCheckout, tmp_path: Path, out: Path) -> None:
    folder = tmp_path / "pictures"
    clips.write_image_folder(folder, [1, 2, 3])
    done = run(checkout, folder, out)
    assert done.exit_code == ExitCode.BAD_USAGE
    assert "GVHMR takes a video, and pictures is pictures" in done.last("error")["message"]


def test_places_with_signs_of_hydra_s_language(checkout: GvhmrCheckout) -> None:
    """As Hydra itself reads them: `python -c` with hydra-core 1.3 gave the same back."""
    plain = checkout.command(Path("/t/clip.mp4"), Path("/t/out"), False, None)
    assert plain[plain.index("--output_root") + 1] == str(Path("/t/out"))
    odd = checkout.command(Path("/t/clip.mp4"), Path("/t/it's (1), a=b"), False, None)
    assert odd[odd.index("--output_root") + 1] == f"'{Path('/t/it')}\\'s (1), a=b'"
    assert odd[0] == str(sys.executable)


@pytest.mark.parametrize(
    ("path", "quoted"),
    [
        ("C:\\Users\\Jane Doe\\x", "'C:\\Users\\Jane Doe\\x'"),
        ("C:\\Users\\o'x\\", "'C:\\Users\\o\\'x\\\\'"),
        ("/t/a\\'b", "'/t/a\\\\\\'b'"),
        ('/t/"x" ü', "'/t/\"x\" ü'"),
        ("C:\\Users\\x", "C:\\Users\\x"),
    ],
)
def test_backslashes_spaces_and_quotes_as_hydra_reads_them(checkout: GvhmrCheckout, path: str, quoted: str) -> None:
    """As the test before."""
    command = checkout.command(Path("clip.mp4"), PurePosixPath(path), False, None)
    assert command[command.index("--output_root") + 1] == quoted


def test_the_record_names_what_it_is_made_from(checkout: GvhmrCheckout, clip: Path, out: Path) -> None:
    run(checkout, clip, out, "--focal-mm", "24")
    record = json.loads((out.parent / RECORD_NAME).read_text(encoding="utf-8"))
    assert record["made_from"]["options"] == {"static_camera": False, "focal_mm": 24}
    assert len(record["made_from"]["clip"]) == len(record["sha256"]) == 64
    assert record["clip_name"] == clip.name
