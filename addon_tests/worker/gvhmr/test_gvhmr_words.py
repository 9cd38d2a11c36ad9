"""GVHMR's words: bars of both kinds, and the sentence for each of its traces."""

from __future__ import annotations

import pytest

from handmocap_addon.core.errors import HandmocapError
from handmocap_addon.worker.gvhmr.words import StageProgress, failure, plain_line, progress_of


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("YoloV8 Tracking:  45%|████▌     | 43/96 [00:01<00:01, 31.00it/s]", ("GVHMR finds the person", 43, 96)),
        ("Copy: 100%|##########| 96/96 [00:01<00:00]", ("GVHMR copies the clip", 96, 96)),
        ("ViTPose:   0%|          | 0/7 [00:00<?, ?it/s]", ("GVHMR finds the joints", 0, 7)),
        ("HMR2 Feature:  14%|█▍        | 1/7 [00:00<00:03]", ("GVHMR looks at the person", 1, 7)),
        ("DPVO:  14%|█▍        | 1/7 [00:00<00:03]", ("GVHMR follows the camera", 1, 7)),
        ("A new stage:  14%|█▍        | 1/7 [00:00<00:03]", ("GVHMR: A new stage", 1, 7)),
        ("⠋ Tracking (yolov8x) ━━━━━╸━━━━━━  45% 43/96 0:00:01 0:00:01", ("GVHMR finds the person", 43, 96)),
        ("[11/29 00:59:00][INFO] [HMR4D] Predicting", ("GVHMR recovers the motion", 0, 1)),
        ("[11/29 00:59:00][INFO] (L, W, H) = (96, 1280, 720)", None),
        ("DPVO: 12it [00:03,  3.90it/s]", None),
        ("nothing:   0%|          | 0/0 [00:00<?, ?it/s]", None),
    ],
)
def test_bars_are_read(line: str, told: tuple[str, int, int] | None) -> None:
    assert progress_of(line) == (None if told is None else StageProgress(*told))


def test_a_line_loses_its_colours() -> None:
    assert plain_line("\x1b[36m[11/29]\x1b[0m[\x1b[32mINFO\x1b[0m] Start!\x1b[K \n") == "[11/29][INFO] Start!"


@pytest.mark.parametrize(
    ("said", "exit_code", "code", "message", "hint"),
    [
        (
            "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 8 GiB",
            1, "worker_failed", "GVHMR ran out of the graphics card's memory", "close other programs",
        ),
        ("RuntimeError: CUDA error: out of memory", 1, "worker_failed", "ran out of the graphics card's memory", "shorter"),
        ("ViTPose:  14%|█▍        | 1/7", 247, "worker_failed", "ended for want of memory", "close other programs"),
        (
            "RuntimeError: [enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory: you tried …",
            1, "worker_failed", "want of memory", "shorter",
        ),
        (
            "FileNotFoundError: [Errno 2] No such file or directory: 'inputs/checkpoints/vitpose/vitpose-h-multi-coco.pth'",
            1, "missing_setup", "GVHMR lacks inputs/checkpoints/vitpose/vitpose-h-multi-coco.pth", "put it there",
        ),
        (
            "AssertionError: Path inputs/checkpoints/body_models/smplx/SMPLX_NEUTRAL.npz does not exist!",
            1, "missing_setup", "GVHMR lacks inputs/checkpoints/body_models/smplx/SMPLX_NEUTRAL.npz", "put it there",
        ),
        (
            "RuntimeError: PytorchStreamReader failed reading zip archive: failed finding central directory",
            1, "missing_setup", "damaged or cut short", "copy or download",
        ),
        (
            "    track_id = id_sorted[0]\nIndexError: list index out of range",
            1, "no_body", "GVHMR finds nobody in walk.mp4", "one person is seen whole",
        ),
        (
            "FileNotFoundError: [Errno 2] No such file or directory: 'ffmpeg'",
            1, "missing_setup", "GVHMR finds no ffmpeg", "install ffmpeg",
        ),
        (
            "ModuleNotFoundError: No module named 'hydra'",
            1, "missing_setup", "/envs/base/bin/python lacks hydra, which GVHMR needs", "--gvhmr-python",
        ),
        ("AssertionError: Torch not compiled with CUDA enabled", 1, "missing_setup", "no NVIDIA card", "--body-from mediapipe"),
        (
            "demo.py: error: unrecognized arguments: --f_mm 24", 2, "missing_setup", "does not know --f_mm", "leave that option",
        ),
        ("OSError: [Errno 28] No space left on device", 1, "output", "The disk is full at /tmp/place", "free some space"),
        ("ValueError: cannot reshape", 1, "failed", "GVHMR failed (ValueError: cannot reshape)", "its log"),
        ("nothing at all", 3, "failed", "GVHMR failed (exit 3)", "its log"),
    ],
)  # fmt: skip
def test_each_failure_is_one_sentence(said: str, exit_code: int, code: str, message: str, hint: str) -> None:
    error = failure(said.splitlines(), exit_code, "walk.mp4", "/envs/base/bin/python", "/tmp/place")
    assert isinstance(error, HandmocapError)
    assert error.code == code
    assert message in error.message
    assert hint in error.hint
    assert "\n" not in error.sentence()


def test_a_word_of_the_first_trace_is_no_reason_of_another() -> None:
    lines = ["    track_id = id_sorted[0]", "RuntimeError: CUDNN_STATUS_EXECUTION_FAILED"]
    assert failure(lines, 1, "walk.mp4", "python", "/tmp").code == "failed"
