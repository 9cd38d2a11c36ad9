"""A damaged file in the place of the result: put aside under a name that is said, and never in the way."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from addon_tests.making.truth_seer import DEMO, N, TruthSeer, demo_truth, tell_pictures
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.hands.hand_poses import HandPoses
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses, write_hand_poses
from handmocap_addon.worker.commands.estimate import Person, Request, estimate_clip
from handmocap_addon.worker.commands.frame_range import FrameRange
from handmocap_addon.worker.events import Cancellation, EventWriter
from handmocap_addon.worker.video import probe_clip


@pytest.fixture
def run(tmp_path, monkeypatch):
    tell_pictures(monkeypatch.setattr)

    def estimated(**asked: Any) -> tuple[HandPoses, list[dict[str, Any]]]:
        stdout, target = io.StringIO(), tmp_path / "hand_poses.npz"
        request = Request(probe_clip(DEMO / "clip.mp4"), load_stand_in_body(), [Person(None, target)], **asked)
        estimate_clip(request, TruthSeer(demo_truth()), EventWriter(stdout), Cancellation())
        return read_hand_poses(target), [json.loads(line) for line in stdout.getvalue().splitlines()]

    return estimated


def bit_rot(path: Path, poses: HandPoses) -> bytes:
    """What a failing disk makes of a whole file: zlib refuses it."""
    write_hand_poses(path, poses)
    content = bytearray(path.read_bytes())
    middle = content.index(b"left_keypoints_3d.npy") + 60
    content[middle : middle + 40] = b"\xff" * 40
    path.write_bytes(content)
    return bytes(content)


def test_a_damaged_file_is_put_aside_and_a_new_one_made(run, tmp_path):
    target = tmp_path / "hand_poses.npz"
    whole, _ = run()
    first = bit_rot(target, whole)
    poses, events = run()
    assert poses.left.detected.sum() == N
    assert (tmp_path / "hand_poses.damaged.npz").read_bytes() == first
    said = "hand_poses.npz could not be read and was put aside as hand_poses.damaged.npz; a new one was made"
    assert [event["message"] for event in events if event["event"] == "log"] == [said]
    assert poses.warnings() == (said,)
    # And once more: no name is taken twice.
    second = bit_rot(target, whole)
    poses, _ = run(frames=FrameRange(0, 9))
    assert (tmp_path / "hand_poses.damaged-2.npz").read_bytes() == second
    assert (tmp_path / "hand_poses.damaged.npz").read_bytes() == first
    assert np.flatnonzero(poses.left.detected).tolist() == list(range(10))


@pytest.mark.parametrize(
    "notes",
    [
        {},
        {"parts": [7, "x"], "licences": 5, "second_look": [1], "tracks": "none", "warnings": 3},
        {"parts": [{}], "licences": [1, None], "second_look": {"left": 4, "right": [999, "a", 3]},
         "tracks": [{}, 5, {"side": "up", "frames": [0, 1]}, {"side": "left", "frames": ["a", 2]}, {"side": "left", "frames": [0, 1]}]},
    ],
    ids=["none", "other kinds", "other content"],
)  # fmt: skip
def test_notes_of_an_older_file_or_of_another_program_are_taken_as_far_as_they_make_sense(run, tmp_path, notes):
    target = tmp_path / "hand_poses.npz"
    whole, _ = run()
    write_hand_poses(
        target, HandPoses(whole.left, whole.right, whole.frame_index, None, {"clip": whole.meta["clip"], **notes})
    )
    poses, _ = run(frames=FrameRange(20, 29))
    assert poses.left.detected.sum() == N
    assert poses.meta["parts"][-1]["frames"] == [20, 29]
    assert not list(tmp_path.glob("*damaged*"))
