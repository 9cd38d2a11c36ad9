"""MediaPipe's tracker in slices: as good as in one go, whatever was killed and on however many threads."""

from __future__ import annotations

import io
import json
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from addon_tests.making.clips import put_behind_itself
from addon_tests.making.patience import PATIENCE
from addon_tests.making.worker_process import REPOSITORY, Worker
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.hands.hand_detections import HandDetections
from handmocap_addon.core.whose_hands.clip_slices import ClipSlice
from handmocap_addon.worker.commands.estimate import Person, Request, estimate_clip
from handmocap_addon.worker.commands.first_look import FirstLook
from handmocap_addon.worker.estimators import mediapipe
from handmocap_addon.worker.events import Cancellation, EventWriter
from handmocap_addon.worker.results.partial_results import partial_results
from handmocap_addon.worker.video import probe_clip

DEMO = REPOSITORY / "demo" / "clip.mp4"

pytestmark = pytest.mark.skipif(not mediapipe.default_model().is_file(), reason="the hand model is not in this environment")


@pytest.fixture
def estimator():
    made = mediapipe.create(mediapipe.MediapipeSettings())
    yield made
    made.close()


def seen(estimator: mediapipe.MediapipeEstimator, length: int, folder: Path) -> ClipSlice:
    estimator.slicing = replace(estimator.slicing, length=length)
    with partial_results(folder / "hand_poses.npz", print, lambda: None) as partial:
        return FirstLook(probe_clip(DEMO), estimator, None, partial, str(length)).finished(lambda _count: None)


def in_order(detections: HandDetections) -> HandDetections:
    """A tracker's own order on a frame is by which hand it saw first."""
    return detections.taken(np.lexsort((detections.is_right, detections.frame)))


def test_slices_see_what_one_go_sees(estimator, tmp_path):
    whole, sliced = (in_order(seen(estimator, length, tmp_path).detections) for length in (96, 24))
    assert sliced.frame.tolist() == whole.frame.tolist()
    assert sliced.is_right.tolist() == whole.is_right.tolist()
    away = np.linalg.norm(sliced.keypoints_2d - whole.keypoints_2d, axis=-1).mean(axis=1)
    # Hands of some 110 pixels.
    assert away.mean() < 0.3
    assert away.max() < 2.0


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_after_a_kill_two_threads_give_the_bytes_of_one_thread_that_was_left_alone(estimator, tmp_path):
    clip, alone, killed = tmp_path / "clip.mp4", tmp_path / "alone.npz", tmp_path / "killed.npz"
    put_behind_itself(DEMO, estimator.slicing.length + 1, clip)
    estimator.slicing = replace(estimator.slicing, at_once=1)
    request = Request(probe_clip(clip), load_stand_in_body(), [Person(None, alone)])
    estimate_clip(request, estimator, EventWriter(io.StringIO()), Cancellation())

    arguments = ("estimate", "--clip", clip, "--out", killed)
    worker = Worker(REPOSITORY / "handmocap_addon", arguments, tmp_path / "first")
    deadline = time.monotonic() + PATIENCE
    while not list(tmp_path.glob("killed.npz.partial/first-*.slice")):
        assert worker.process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    worker.send_signal(signal.SIGKILL)
    assert worker.finished().exit_code == -signal.SIGKILL
    assert not killed.exists()

    finished = Worker(REPOSITORY / "handmocap_addon", arguments, tmp_path / "second").finished()
    assert finished.exit_code == 0, finished.stderr
    assert killed.read_bytes() == alone.read_bytes()
    progress = [json.loads(line) for line in finished.stdout.splitlines() if '"Estimating"' in line]
    assert progress[0]["done"] >= 64
    assert not (tmp_path / "killed.npz.partial").exists()

    again = Worker(REPOSITORY / "handmocap_addon", arguments, tmp_path / "third").finished()
    assert again.last("result")["reused"] is True
    assert again.last("result")["detected"] == finished.last("result")["detected"]
    assert not [event for event in again.events if event["event"] == "progress"]
