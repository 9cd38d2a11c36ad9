"""Some frames or one hand by themselves: only that is run, and the file keeps the rest."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from addon_tests.making.truth_seer import DEMO, N, TruthSeer, demo_truth, tell_pictures
from handmocap_addon.core.body.gvhmr_file import read_gvhmr_result
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.errors import BadUsageError, NoHandsError
from handmocap_addon.core.hands.hand_poses import HandPoses
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses, write_hand_poses
from handmocap_addon.core.skeleton import SIDES
from handmocap_addon.worker.commands import estimate
from handmocap_addon.worker.commands.estimate import Person, Request, estimate_clip
from handmocap_addon.worker.commands.frame_range import FrameRange
from handmocap_addon.worker.estimators.base import EstimatorInfo, HandObservation
from handmocap_addon.worker.events import Cancellation, EventWriter
from handmocap_addon.worker.video import probe_clip

MIDDLE = FrameRange(20, 59)
INSIDE = (np.arange(N) >= 20) & (np.arange(N) <= 59)
POSE = {"left": 0.25, "right": 0.5}


class PosedSeer(TruthSeer):
    """Another estimator than the first one: it gives poses."""

    info = EstimatorInfo("posed", "none", "licence of posed", {})

    def hand(self, side: str, frame: int, person: int, corner: np.ndarray | float = 0.0) -> HandObservation:
        seen = super().hand(side, frame, person, corner)
        return replace(seen, hand_pose=np.full(45, POSE[side]), global_orient=np.ones(3))


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Estimates the demo: the file's content, and the events."""
    tell_pictures(monkeypatch.setattr)
    motion = read_gvhmr_result(DEMO / "hmr4d_results.pt")

    def estimated(seer: TruthSeer, **asked: Any) -> tuple[HandPoses, list[dict[str, Any]]]:
        stdout, target = io.StringIO(), tmp_path / "hand_poses.npz"
        request = Request(probe_clip(DEMO / "clip.mp4"), load_stand_in_body(), [Person(motion, target)], **asked)
        estimate_clip(request, seer, EventWriter(stdout), Cancellation())
        return read_hand_poses(target), [json.loads(line) for line in stdout.getvalue().splitlines()]

    estimated.target = tmp_path / "hand_poses.npz"
    return estimated


@pytest.fixture
def whole(run) -> HandPoses:
    """A file that is there already."""
    return run(TruthSeer(demo_truth(), {"left": range(10, 25)}))[0]


def is_posed(poses: HandPoses, side: str) -> np.ndarray:
    return (poses.track(side).pose_axis_angle == np.float32(POSE[side])).all(axis=1)


def test_only_the_frames_that_are_asked_for_are_run(run, whole):
    seer = PosedSeer(demo_truth(), {"left": range(15, 30)})
    poses, events = run(seer, frames=MIDDLE)
    # And those that a tracker sees before them.
    assert sorted(set(seer.seen)) == list(range(17, 60))
    assert sorted(seer.looked_at) == list(range(20, 30))
    progress = [event for event in events if event["event"] == "progress"]
    assert [event["total"] for event in progress if event["stage"] == "Estimating"][-1] == 40
    assert progress[-1]["done"] == progress[-1]["total"] == 50
    for side in SIDES:
        assert is_posed(poses, side).tolist() == INSIDE.tolist()
        np.testing.assert_array_equal(poses.track(side).pose_axis_angle[~INSIDE], whole.track(side).pose_axis_angle[~INSIDE])
        assert poses.track(side).detected.all()


def test_the_notes_say_what_made_which_rows(run, whole):
    poses, _ = run(PosedSeer(demo_truth(), {"left": range(15, 30)}), frames=MIDDLE)
    before, after = poses.meta["parts"]
    assert (before["estimator"], before["frames"], before["sides"]) == ("truth", [0, N - 1], ["left", "right"])
    assert (after["estimator"], after["frames"], after["sides"]) == ("posed", [20, 59], ["left", "right"])
    assert poses.meta["licences"] == ["none", "licence of posed"]
    assert whole.meta["second_look"]["left"] == list(range(10, 25))
    assert poses.meta["second_look"] == {"left": list(range(10, 30)), "right": []}


def test_only_the_side_that_is_asked_for_is_looked_for_and_written(run, whole):
    seer = PosedSeer(demo_truth(), {"left": range(15, 30), "right": range(40, 45)})
    poses, _ = run(seer, side="right")
    assert sorted(seer.looked_at) == list(range(40, 45))
    assert is_posed(poses, "right").all()
    assert not is_posed(poses, "left").any()
    np.testing.assert_array_equal(poses.left.pose_axis_angle, whole.left.pose_axis_angle)
    assert poses.meta["second_look"] == {"left": list(range(10, 25)), "right": list(range(40, 45))}
    assert [part["sides"] for part in poses.meta["parts"]] == [["left", "right"], ["right"]]


def test_frames_and_side_together(run, whole):
    poses, _ = run(PosedSeer(demo_truth()), side="left", frames=MIDDLE)
    assert is_posed(poses, "left").tolist() == INSIDE.tolist()
    assert not is_posed(poses, "right").any()


def test_without_a_file_the_rest_is_not_detected(run):
    poses, _ = run(TruthSeer(demo_truth()), frames=MIDDLE, side="left")
    assert poses.frame_count == N
    assert poses.left.detected.tolist() == INSIDE.tolist()
    assert not poses.left.keypoints_2d[~INSIDE].any()
    assert not poses.right.detected.any()
    np.testing.assert_allclose(poses.frame_time, np.arange(N) * 1001 / 24000)
    assert poses.meta["clip"]["frames"] == N


def test_another_clip_s_rows_are_not_kept(run, whole, monkeypatch):
    monkeypatch.setattr(estimate, "clip_sha256", lambda _path: "another clip")
    poses, events = run(TruthSeer(demo_truth()), frames=MIDDLE)
    assert poses.left.detected.tolist() == INSIDE.tolist()
    assert any(event["event"] == "log" and "another clip" in event["message"] for event in events)


def test_a_file_of_another_pipeline_keeps_its_rows_where_it_says_its_clip(run, whole):
    clip = whole.meta["clip"]
    write_hand_poses(run.target, replace(whole, meta={"clip": clip, "estimator": "theirs"}))
    poses, _ = run(PosedSeer(demo_truth()), frames=MIDDLE)
    assert is_posed(poses, "left").tolist() == INSIDE.tolist()
    assert poses.left.detected.all()
    assert [part["estimator"] for part in poses.meta["parts"]] == ["theirs", "posed"]


def test_the_same_part_again_is_used_again_and_another_is_not(run, whole):
    run(PosedSeer(demo_truth()), frames=MIDDLE)
    content = run.target.read_bytes()
    again = PosedSeer(demo_truth())
    run(again, frames=MIDDLE)
    assert not again.seen
    assert run.target.read_bytes() == content
    run(again, frames=MIDDLE, afresh=True)
    assert again.seen
    assert run.target.read_bytes() == content
    other = PosedSeer(demo_truth())
    run(other, frames=FrameRange(20, 60))
    assert other.seen


def test_a_whole_run_after_a_part_is_not_taken_for_done(run):
    run(TruthSeer(demo_truth()), frames=MIDDLE)
    poses, _ = run(TruthSeer(demo_truth()))
    assert poses.left.detected.all()
    assert len(poses.meta["parts"]) == 1


def test_a_side_without_hands_is_a_sentence_and_changes_nothing(run, whole):
    content = run.target.read_bytes()
    seer = TruthSeer(demo_truth(), {"left": range(N)})
    seer.blind_again = True
    with pytest.raises(NoHandsError, match="No left hand was found in any of the 40 frames"):
        run(seer, frames=MIDDLE, side="left")
    assert run.target.read_bytes() == content


def test_frames_that_the_clip_has_not_are_bad_usage(run):
    seer = TruthSeer(demo_truth())
    with pytest.raises(BadUsageError, match="96 frames"):
        run(seer, frames=FrameRange(20, N))
    assert not seer.seen
