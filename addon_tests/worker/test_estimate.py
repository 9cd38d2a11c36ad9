"""The way from an estimator's observations to files, with an estimator that sees what the demo's truth says."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from addon_tests.making.worker_process import REPOSITORY
from handmocap_addon.core.body_motion import BodyMotion, BodyTrack
from handmocap_addon.core.errors import NoHandsError
from handmocap_addon.core.gvhmr_file import read_gvhmr_result
from handmocap_addon.core.hand_poses import HandPoses
from handmocap_addon.core.hand_poses_file import read_hand_poses
from handmocap_addon.core.hand_skeleton import HandSkeleton
from handmocap_addon.core.landmark_definition import RIG_JOINTS
from handmocap_addon.core.landmark_fit import FittedHand, fit_landmarks
from handmocap_addon.core.skeleton import SIDES
from handmocap_addon.core.stand_in_body import load_stand_in_body
from handmocap_addon.worker import estimate, first_look, look_again
from handmocap_addon.worker.estimate import Person, Request
from handmocap_addon.worker.estimators.base import EstimatorInfo, HandObservation, Slicing, VideoFrame
from handmocap_addon.worker.events import Cancellation, EventWriter
from handmocap_addon.worker.video import probe_clip

DEMO = REPOSITORY / "demo"
N = 96
# The demo's person twice, the second one this far to the right of the picture.
SECOND_PERSON_METRES = 1.0


@pytest.fixture(scope="module")
def truth() -> dict[str, np.ndarray]:
    with np.load(DEMO / "truth.npz") as content:
        return dict(content)


@pytest.fixture(scope="module")
def motion() -> BodyMotion:
    return read_gvhmr_result(DEMO / "hmr4d_results.pt")


def beside(motion: BodyMotion) -> BodyMotion:
    moved = motion.camera.translation + (SECOND_PERSON_METRES, 0.0, 0.0)
    return replace(motion, camera=BodyTrack(motion.camera.orient_quat_wxyz, moved))


class TruthSeer:
    """Sees every hand of the truth but those that it is told to miss at first."""

    channel_order = "rgb"
    info = EstimatorInfo("truth", "none", "none", {})
    slicing = Slicing(length=40, warm_up=3, at_once=2)

    def __init__(self, truth: dict[str, np.ndarray], missed: dict[str, range] | None = None, people: int = 1) -> None:
        self._truth, self._missed, self._people = truth, missed or {}, people
        self.looked_at: list[int] = []
        self.blind_again = False

    def hand(self, side: str, frame: int, person: int, corner: np.ndarray | float = 0.0) -> HandObservation:
        points = self._truth[f"{side}_keypoints_2d"][frame].astype(float)
        depth = (self._truth[f"{side}_wrist_world"][frame] @ self._truth["world_to_camera_rotmat"].T)[2]
        depth += self._truth["world_to_camera_translation"][2]
        points = points + (person * SECOND_PERSON_METRES * self._truth["intrinsics"][0, 0] / depth, 0.0) - corner
        box = np.concatenate((points.min(axis=0) - 5.0, points.max(axis=0) + 5.0))
        return HandObservation(side, 0.9, box, points, self._truth[f"{side}_keypoints_3d"][frame])

    def observe(self, frames: Iterator[VideoFrame]) -> Iterator[tuple[VideoFrame, list[HandObservation]]]:
        for frame in frames:
            yield (
                frame,
                [
                    self.hand(side, frame.index, person)
                    for person in range(self._people)
                    for side in SIDES
                    if person > 0 or frame.index not in self._missed.get(side, ())
                ],
            )

    def look_again(self, pixels: np.ndarray) -> list[HandObservation]:
        """What is in the crop, of both hands: whose middles lie in it."""
        frame, left, top = (int(value) for value in pixels[0, 0] * np.array((1, 4, 4)))
        self.looked_at.append(frame)
        seen = [] if self.blind_again else [self.hand(side, frame, 0, np.array((left, top))) for side in SIDES]
        size = np.array(pixels.shape[1::-1])
        return [hand for hand in seen if ((hand.keypoints_2d[9] > 0.0) & (hand.keypoints_2d[9] < size)).all()]

    def fit(self, world: np.ndarray, image: np.ndarray, skeleton: HandSkeleton) -> FittedHand:
        return fit_landmarks(world, skeleton, image, RIG_JOINTS)

    def close(self) -> None: ...


@pytest.fixture(autouse=True)
def telling_pictures(monkeypatch) -> None:
    """Pictures whose pixels say their frame and, to four pixels, their place."""

    class TellingReader:
        def __init__(self, *_arguments, **_options) -> None: ...

        def frames(self, wanted: Iterable[int]) -> Iterator[VideoFrame]:
            y, x = np.mgrid[:480, :640] // 4
            for frame in wanted:
                if frame < N:
                    pixels = np.stack((np.full(x.shape, frame), x, y), axis=-1).astype(np.int64)
                    yield VideoFrame(frame, frame * 1001 / 24000, pixels)

        def times(self) -> np.ndarray:
            return np.arange(N) * 1001 / 24000

    for module in (estimate, first_look, look_again):
        monkeypatch.setattr(module, "ClipReader", TellingReader)


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
