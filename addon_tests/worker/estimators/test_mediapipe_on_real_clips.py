"""MediaPipe on clips of a real person, where they lie beside the checkout: sign language, Intel sample-videos, CC BY 4.0."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from addon_tests.making.worker_process import REPOSITORY, Finished, Worker
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.cleanup.clean_hands import clean_hand
from handmocap_addon.core.cleanup.quality import hand_quality
from handmocap_addon.core.cleanup.settings import CleanupSettings
from handmocap_addon.core.cleanup.worth_looking_at import ranges_worth_looking_at
from handmocap_addon.core.hands.hand_poses import HandPoses
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses
from handmocap_addon.core.landmarks.finger_trust import finger_trust
from handmocap_addon.core.rig.hand_skeleton import hand_skeleton
from handmocap_addon.core.rig.relaxed_hand import relaxed_hand_pose
from handmocap_addon.core.skeleton import SIDES, finger_landmarks

CLIPS = REPOSITORY.parent / "shared" / "clips"
# Frames with no, one and two hands, as counted by MediaPipe 0.10.21 (README.md beside the clips).
COUNTED = {"asl_walk": (6, 25, 58), "asl_want": (7, 5, 35), "asl_again": (8, 15, 54), "asl_book": (23, 40, 46)}

pytestmark = pytest.mark.skipif(not CLIPS.is_dir(), reason=f"there are no clips in {CLIPS.name} beside the checkout")


@pytest.fixture(scope="module")
def estimated(tmp_path_factory):
    """Each clip estimated once."""
    done: dict[str, tuple[Finished, HandPoses]] = {}

    def estimate(name: str) -> tuple[Finished, HandPoses]:
        if name not in done:
            folder = tmp_path_factory.mktemp(name)
            arguments = ("estimate", "--clip", CLIPS / f"{name}.mkv", "--out", folder / "hand_poses.npz")
            finished = Worker(REPOSITORY / "handmocap_addon", arguments, folder / "process").finished()
            assert finished.exit_code == 0, finished.stderr
            done[name] = finished, read_hand_poses(folder / "hand_poses.npz")
        return done[name]

    return estimate


def horizontal(poses: HandPoses, side: str) -> np.ndarray:
    track = poses.track(side)
    return track.keypoints_2d[track.detected][:, 0, 0]


@pytest.mark.parametrize("name", COUNTED)
def test_hands_are_found_on_about_as_many_frames_as_counted(estimated, name):
    _, poses = estimated(name)
    hands = poses.left.detected.astype(int) + poses.right.detected
    found = [int((hands == count).sum()) for count in (0, 1, 2)]
    assert sum(found) == sum(COUNTED[name])
    # Another version of the library tracks a little differently.
    np.testing.assert_allclose(found, COUNTED[name], atol=0.12 * sum(COUNTED[name]))


@pytest.mark.parametrize("name", COUNTED)
def test_every_frame_has_its_time_and_its_number(estimated, name):
    _, poses = estimated(name)
    assert poses.frame_count == sum(COUNTED[name])
    assert poses.frame_index.tolist() == list(range(poses.frame_count))
    np.testing.assert_allclose(poses.frame_time, np.arange(poses.frame_count) / 30.0, atol=0.002)
    assert poses.frames_per_second() == 30
    assert poses.meta["clip"]["size"] == [640, 480]


@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize("side", SIDES)
def test_rows_without_a_hand_are_zero_and_rows_with_one_are_not(estimated, name, side):
    track = estimated(name)[1].track(side)
    empty = ~track.detected
    for values in (track.pose_axis_angle, track.score, track.bbox, track.keypoints_2d, track.keypoints_3d,
                   track.global_orient_axis_angle):  # fmt: skip
        assert not values[empty].any()
    assert (track.score[track.detected] > 0.0).all()
    assert np.abs(track.pose_axis_angle[track.detected]).sum(axis=1).min() > 0.1


@pytest.mark.parametrize("side", SIDES)
def test_landmarks_lie_in_their_box_in_the_picture(estimated, side):
    track = estimated("asl_walk")[1].track(side)
    low, high = track.bbox[track.detected][:, None, :2], track.bbox[track.detected][:, None, 2:]
    points = track.keypoints_2d[track.detected]
    assert (points >= low).all()
    assert (points <= high).all()
    size = (high - low)[:, 0]
    assert (np.median(size, axis=0) > 30).all()
    assert (np.median(size, axis=0) < 300).all()


@pytest.mark.parametrize("side", SIDES)
def test_landmarks_in_space_are_a_hand_in_metres_about_its_wrist(estimated, side):
    track = estimated("asl_walk")[1].track(side)
    points = track.keypoints_3d[track.detected]
    np.testing.assert_array_equal(points[:, 0], 0.0)
    palm = np.linalg.norm(points[:, finger_landmarks("middle")[0]], axis=1)
    assert 0.06 < np.median(palm) < 0.13


@pytest.mark.parametrize("name", ["asl_walk", "asl_want"])
def test_the_right_hand_of_a_person_who_faces_the_camera_is_on_the_picture_s_left(estimated, name):
    _, poses = estimated(name)
    assert np.median(horizontal(poses, "right")) < np.median(horizontal(poses, "left")) - 40.0


def test_the_right_hand_is_left_of_the_left_hand_on_nearly_every_frame_with_both(estimated):
    _, poses = estimated("asl_walk")
    both = poses.left.detected & poses.right.detected
    right, left = (track.keypoints_2d[both][:, 0, 0] for track in (poses.right, poses.left))
    assert np.mean(right < left) > 0.9


@pytest.mark.parametrize("name", COUNTED)
def test_no_hand_changes_its_side_or_place_from_one_frame_to_the_next(estimated, name):
    """All four people face the camera with their hands side by side: no wrist ever lies beyond the other one."""
    _, poses = estimated(name)
    both = poses.left.detected & poses.right.detected
    assert (poses.right.keypoints_2d[both][:, 0, 0] < poses.left.keypoints_2d[both][:, 0, 0]).all()
    for side in SIDES:
        track = poses.track(side)
        rows = np.flatnonzero(track.detected)
        steps = np.linalg.norm(np.diff(track.keypoints_2d[rows, 0], axis=0), axis=1)[np.diff(rows) == 1]
        assert steps.max() < 60.0


def test_sleeves_taken_for_hands_are_dropped_and_told_of(estimated):
    _, poses = estimated("asl_book")
    # On frame 12 a closer look for the left hand shows the right one, which lies against it.
    assert not poses.left.detected[[9, 12, 97]].any()
    ghosts = [track for track in poses.meta["tracks"] if track["side"] is None and not track["second_look"]]
    assert [track["frames"] for track in ghosts] == [[9, 9], [97, 97]]
    assert all("apart from where the hands are" in track["reason"] for track in ghosts)


def test_looking_again_finds_hands_that_were_missed(estimated):
    _, poses = estimated("asl_walk")
    again = poses.meta["second_look"]
    assert len(again["left"]) + len(again["right"]) >= 5
    for side in SIDES:
        assert poses.track(side).detected[again[side]].all()


@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize("side", SIDES)
def test_fingers_are_those_of_a_human_hand(estimated, name, side):
    track = estimated(name)[1].track(side)
    degrees = np.degrees(np.linalg.norm(track.pose_axis_angle[track.detected].reshape(-1, 15, 3), axis=-1))
    assert np.percentile(degrees, 99) < 125.0
    assert 5.0 < np.median(degrees[:, :12]) < 60.0


def test_the_same_clip_gives_the_same_hands_again(estimated, tmp_path):
    _, poses = estimated("asl_want")
    arguments = ("estimate", "--clip", CLIPS / "asl_want.mkv", "--out", tmp_path / "hand_poses.npz")
    assert Worker(REPOSITORY / "handmocap_addon", arguments, tmp_path / "process").finished().exit_code == 0
    again = read_hand_poses(Path(tmp_path / "hand_poses.npz"))
    for side in SIDES:
        np.testing.assert_array_equal(again.track(side).detected, poses.track(side).detected)
        np.testing.assert_allclose(again.track(side).keypoints_2d, poses.track(side).keypoints_2d, atol=0.5)


# Frames on which fists are clenched before the camera, by eye; the fingers come out half open.
FISTS = {"left": range(22, 30), "right": range(24, 30)}


@pytest.mark.parametrize("side", SIDES)
def test_clenched_fists_that_come_out_half_open_need_a_look(estimated, side):
    poses = estimated("asl_want")[1]
    track, skeleton = poses.track(side), hand_skeleton(load_stand_in_body(), side)
    clean = clean_hand(track, poses.frame_time, relaxed_hand_pose(side), CleanupSettings(), side)
    ranges = ranges_worth_looking_at({side: hand_quality(track, clean, skeleton, poses.frame_time)})
    named = {frame for item in ranges if "low score" in item.reason for frame in range(item.first, item.last + 1)}
    fists = {frame for frame in FISTS[side] if track.detected[frame]}
    assert len(fists) >= 5
    assert len(fists & named) >= 0.8 * len(fists)


@pytest.mark.parametrize("side", SIDES)
def test_hands_laid_together_steadily_need_none(estimated, side):
    # What the estimator itself is unsure of is left: here which of the two hands it is.
    poses = estimated("asl_book")[1]
    track = poses.track(side)
    rows = np.flatnonzero(track.detected)
    trust = finger_trust(track, rows, hand_skeleton(load_stand_in_body(), side), poses.frame_time)
    assert (trust < 0.6).mean() < 0.1
