"""A clip that is cut: found in the one pass over its frames, kept with the hands, and said."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from addon_tests.making.truth_seer import N, TruthSeer, demo_truth
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.hands.hand_poses import HandPoses
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses
from handmocap_addon.worker.commands.estimate import Person, Request, estimate_clip
from handmocap_addon.worker.commands.frame_range import FrameRange
from handmocap_addon.worker.events import Cancellation, EventWriter
from handmocap_addon.worker.video import probe_clip

SAID = "The clip is cut at frame 51; no hand is carried from one shot to the next"


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """As many frames as the demo has, of two rooms."""
    random = np.random.default_rng(4)
    rooms = [np.kron(random.integers(20, 235, (6, 8, 3)), np.ones((20, 20, 1))).astype(np.uint8) for _ in range(2)]
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(24))
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(N):
            frame = av.VideoFrame.from_ndarray(rooms[number >= 50], format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _run(clip: Path, frames: FrameRange | None = None) -> HandPoses:
    target = clip.with_name("hand_poses.npz")
    request = Request(probe_clip(clip), load_stand_in_body(), [Person(None, target)], frames=frames)
    estimate_clip(request, TruthSeer(demo_truth()), EventWriter(io.StringIO()), Cancellation())
    return read_hand_poses(target)


def test_a_cut_is_kept_with_the_hands_and_said(clip: Path) -> None:
    poses = _run(clip)
    assert poses.clip_notes().cut_frames == (50,)
    assert SAID in poses.warnings()


def test_a_run_of_some_frames_keeps_the_others_cuts(clip: Path) -> None:
    _run(clip)
    for frames in (FrameRange(10, 30), FrameRange(40, 70)):
        poses = _run(clip, frames)
        assert poses.clip_notes().cut_frames == (50,)
        assert poses.warnings().count(SAID) == 1
