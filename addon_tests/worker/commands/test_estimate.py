"""The way from an estimator's observations to files, with an estimator that sees what the demo's truth says."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest

from addon_tests.making.truth_seer import DEMO, N, TruthSeer, beside, demo_truth, tell_pictures
from handmocap_addon.core.body.gvhmr_file import read_gvhmr_result
from handmocap_addon.core.body.motion import BodyMotion
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.errors import BelongingError, NoHandsError
from handmocap_addon.core.hands.hand_poses import HandPoses
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses
from handmocap_addon.core.skeleton import SIDES
from handmocap_addon.worker.commands import estimate
from handmocap_addon.worker.commands.estimate import Person, Request
from handmocap_addon.worker.events import Cancellation, EventWriter
from handmocap_addon.worker.video import probe_clip


@pytest.fixture(scope="module")
def truth() -> dict[str, np.ndarray]:
    return demo_truth()


@pytest.fixture(scope="module")
def motion() -> BodyMotion:
    return read_gvhmr_result(DEMO / "hmr4d_results.pt")


@pytest.fixture(autouse=True)
def telling_pictures(monkeypatch) -> None:
    tell_pictures(monkeypatch.setattr)


@pytest.fixture
def run(tmp_path):
    """Runs an estimator for people given by their motions: the files' contents, and the events."""

    def estimated(seer: TruthSeer, *motions: BodyMotion | None, others: tuple[BodyMotion, ...] = ()):
        people = [Person(motion, tmp_path / str(number) / "hand_poses.npz") for number, motion in enumerate(motions)]
        people += [Person(motion, None) for motion in others]
        stdout = io.StringIO()
        request = Request(probe_clip(DEMO / "clip.mp4"), load_stand_in_body(), people)
        result = estimate.estimate_clip(request, seer, EventWriter(stdout), Cancellation())
        assert [hands.path for hands in result.people] == [person.target for person in people if person.target is not None]
        return [read_hand_poses(hands.path) for hands in result.people], [
            json.loads(line) for line in stdout.getvalue().splitlines()
        ]

    return estimated


def detected(poses: HandPoses, side: str) -> list[int]:
    return np.flatnonzero(poses.track(side).detected).tolist()


def test_a_hand_that_the_body_puts_in_view_is_found_by_looking_again(run, truth, motion):
    seer = TruthSeer(truth, {"left": range(30, 50)})
    [poses], events = run(seer, motion)
    assert sorted(seer.looked_at) == list(range(30, 50))
    assert detected(poses, "left") == detected(poses, "right") == list(range(N))
    assert poses.meta["second_look"] == {"left": list(range(30, 50)), "right": []}
    assert [(note["side"], note["second_look"]) for note in poses.meta["tracks"]] == [("left", 20), ("right", 0)]
    # The crop's pixels became the picture's.
    np.testing.assert_allclose(poses.left.keypoints_2d, truth["left_keypoints_2d"], atol=4.0)
    np.testing.assert_allclose(poses.left.bbox[30:50, :2] + 5.0, truth["left_keypoints_2d"][30:50].min(axis=1), atol=4.0)
    progress = [event for event in events if event["event"] == "progress"]
    again = [event for event in progress if event["stage"] == "Looking again"]
    assert again[-1]["done"] == again[-1]["total"] == N + 20
    assert all(event["total"] == N + 20 for event in again)
    assert [event["total"] for event in progress if event["stage"] == "Estimating"][-1] == N


def test_what_is_not_found_again_stays_a_gap(run, truth, motion):
    seer = TruthSeer(truth, {"left": range(30, 50)})
    seer.blind_again = True
    [poses], _ = run(seer, motion)
    assert detected(poses, "left") == [frame for frame in range(N) if not 30 <= frame < 50]
    assert not poses.left.keypoints_2d[30:50].any()
    assert not poses.left.pose_axis_angle[30:50].any()


def test_without_a_body_short_gaps_are_looked_into(run, truth):
    seer = TruthSeer(truth, {"left": range(30, 40), "right": range(80, N)})
    [poses], _ = run(seer, None)
    assert sorted(set(seer.looked_at)) == list(range(30, 40))
    assert detected(poses, "left") == list(range(N))
    assert detected(poses, "right") == list(range(80))


def test_two_people_get_their_own_hands(run, truth, motion):
    second = beside(motion)
    files, _ = run(TruthSeer(truth, people=2), motion, second)
    for person, poses in enumerate(files):
        for side in SIDES:
            assert detected(poses, side) == list(range(N))
            seen = poses.track(side).keypoints_2d[:, 0, 0] - truth[f"{side}_keypoints_2d"][:, 0, 0]
            assert (np.abs(seen) < 1.0).all() if person == 0 else (seen > 100.0).all()
        assert {note["side"] for note in poses.meta["tracks"]} == {"left", "right"}


def test_another_person_s_hands_are_not_taken_where_the_own_ones_are_missed(run, truth, motion):
    seer = TruthSeer(truth, {"left": range(N), "right": range(N)}, people=2)
    seer.blind_again = True
    files, _ = run(seer, motion, beside(motion))
    assert detected(files[0], "left") == detected(files[0], "right") == []
    assert detected(files[1], "left") == detected(files[1], "right") == list(range(N))


def test_a_person_whose_hands_are_not_wanted_keeps_them(run, truth, motion):
    files, _ = run(TruthSeer(truth, people=2), beside(motion), others=(motion,))
    assert len(files) == 1
    assert files[0].meta["bodies"] == 2
    assert (files[0].left.keypoints_2d[:, 0, 0] > truth["left_keypoints_2d"][:, 0, 0] + 100.0).all()


def test_an_estimator_is_told_where_the_wanted_person_s_hands_are(run, truth, motion):
    told = []

    class Listening(TruthSeer):
        leaves_out_unwanted = True

        def observe(self, frames):
            for frame, hands in super().observe(frames):
                told.append((frame.wanted_near, hands))
                yield frame, hands

    run(Listening(truth, people=2), beside(motion), others=(motion,))
    assert len(told) >= N
    for places, hands in told:
        middles = np.array([hand.keypoints_2d[0] for hand in hands])
        near = np.linalg.norm(middles[:, None] - places[None, :, :2], axis=-1) < places[None, :, 2]
        assert near.any(axis=1).tolist() == [False, False, True, True]
    told.clear()
    run(Listening(truth), None)
    assert all(places is None for places, _ in told)


def test_a_pose_estimated_for_the_other_side_is_fitted_again(run, truth, motion):
    """A rotation of a mirrored hand means nothing on this one."""

    class Posed(TruthSeer):
        def hand(self, side, frame, person, corner=0.0):
            named = "right" if frame % 8 == 0 else side
            return replace(
                super().hand(side, frame, person, corner), side=named, hand_pose=np.full(45, 0.25), global_orient=np.ones(3)
            )

    [poses], _ = run(Posed(truth), motion)
    assert detected(poses, "left") == list(range(N))
    as_given = (poses.left.pose_axis_angle == np.float32(0.25)).all(axis=1)
    assert as_given.tolist() == [frame % 8 != 0 for frame in range(N)]
    assert poses.left.pose_axis_angle[0].any()
    assert (poses.right.pose_axis_angle == np.float32(0.25)).all()


def test_nothing_seen_is_a_sentence_and_no_file(run, truth, motion, tmp_path):
    seer = TruthSeer(truth, {"left": range(N), "right": range(N)})
    seer.blind_again = True
    with pytest.raises(NoHandsError, match="any of the 96 frames"):
        run(seer, motion)
    assert not list(tmp_path.rglob("*.npz"))


def off(motion: BodyMotion, x: float) -> BodyMotion:
    """The body so many metres beside where the camera saw it."""
    return replace(motion, camera=replace(motion.camera, translation=motion.camera.translation + (x, 0.0, 0.0)))


@pytest.mark.parametrize("metres", [0.8, 5.0])
def test_a_body_that_is_not_where_the_hands_are_is_a_sentence_and_no_file(run, truth, motion, tmp_path, metres):
    with pytest.raises(BelongingError, match="Hands were seen on 96 of 96 frames of clip.mp4, ") as caught:
        run(TruthSeer(truth), off(motion, metres))
    assert "larger than" not in caught.value.sentence()
    assert not list(tmp_path.rglob("*.npz"))


def test_what_was_mended_in_a_body_is_in_the_file(run, truth, motion):
    [poses], _ = run(TruthSeer(truth), motion.with_warning("One frame was filled."))
    assert poses.warnings() == ("One frame was filled.",)
