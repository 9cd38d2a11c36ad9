from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon_tests.making.property_tests import examples
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.hands.hand_poses import HandTrack
from handmocap_addon.core.landmarks.finger_trust import finger_trust
from handmocap_addon.core.maths.rotations import axis_angle_to_rotmat, rotmat_to_axis_angle
from handmocap_addon.core.rig.hand_hinges import hand_hinges, hinge_pose
from handmocap_addon.core.rig.hand_skeleton import hand_skeleton
from handmocap_addon.core.skeleton import SIDES, Side

N = 24
FPS = 30.0
LOOK = 0.6  # below it a range is worth looking at
DOWN_THE_LENS, ACROSS = 0.0, np.pi / 2


def skeleton_of(side: Side):
    return hand_skeleton(load_stand_in_body(), side)


def bent(side: Side, share: np.ndarray) -> np.ndarray:
    """Poses (N, 45) whose every joint has gone so far (N,) of its way from straight to bent, from 0 to 1."""
    hinges = hand_hinges(skeleton_of(side))
    limits = np.array([hinge.limits for hinge in hinges])
    most = np.maximum(limits[:, 1], 0.0) * (limits[:, 1] > np.radians(60.0))
    return hinge_pose(hinges, share[:, None] * most)


def upright(side: Side, turn: float) -> np.ndarray:
    """Axis-angle (3,) of a hand whose fingers point up in the picture and bend towards the camera, turned about its length."""
    skeleton = skeleton_of(side)
    rest = skeleton.landmarks()
    along = (rest[9] - rest[0]) / np.linalg.norm(rest[9] - rest[0])
    curled = skeleton.posed_landmarks(bent(side, np.array([0.6])))[0]
    inwards = curled[12] - rest[12]
    inwards = inwards - along * (inwards @ along)
    inwards /= np.linalg.norm(inwards)
    hand = np.stack((along, inwards, np.cross(along, inwards)), axis=1)
    camera = np.stack(((0.0, -1.0, 0.0), (0.0, 0.0, -1.0), np.cross((0.0, -1.0, 0.0), (0.0, 0.0, -1.0))), axis=1)
    about = axis_angle_to_rotmat(np.array([[0.0, turn, 0.0]]))[0]
    return rotmat_to_axis_angle((about @ camera @ hand.T)[None])[0]


def track_of(side: Side, share: np.ndarray, turn: float, noise: float = 0.0, seed: int = 0) -> HandTrack:
    """A detected hand that bends its fingers, its joints off by `noise` radians on every frame for itself."""
    count = len(share)
    pose = bent(side, share) + np.random.default_rng(seed).normal(0.0, noise, (count, 45))
    orient = np.broadcast_to(upright(side, turn), (count, 3)).astype(np.float32)
    return replace(
        HandTrack.empty(count),
        detected=np.ones(count, bool),
        score=np.full(count, 0.98, np.float32),
        pose_axis_angle=pose.astype(np.float32),
        global_orient_axis_angle=orient,
    )


def trust_of(side: Side, track: HandTrack, time: np.ndarray | None = None) -> np.ndarray:
    rows = np.flatnonzero(track.detected)
    return finger_trust(track, rows, skeleton_of(side), np.arange(len(track.detected)) / FPS if time is None else time)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("turn", [DOWN_THE_LENS, ACROSS])
def test_a_steady_open_hand_is_trusted_however_it_is_turned(side, turn):
    assert trust_of(side, track_of(side, np.full(N, 0.1), turn)).min() > 0.97


@pytest.mark.parametrize("side", SIDES)
def test_a_fist_that_is_read_anew_on_every_frame_is_doubtful_and_a_steady_one_is_not(side):
    unsteady = trust_of(side, track_of(side, np.full(N, 0.7), DOWN_THE_LENS, noise=0.25))
    steady = trust_of(side, track_of(side, np.full(N, 0.7), DOWN_THE_LENS))
    assert unsteady.max() < LOOK
    assert steady[3:-3].min() > 0.8


def test_a_fist_seen_from_the_side_is_doubted_less():
    front, aside = (
        trust_of("right", track_of("right", np.full(N, 0.6), turn, noise=0.12)) for turn in (DOWN_THE_LENS, ACROSS)
    )
    assert np.median(aside) > np.median(front) + 0.1


def test_a_hand_that_closes_and_opens_steadily_is_not_doubtful():
    closing = 0.35 - 0.35 * np.cos(np.linspace(0.0, 2.0 * np.pi, N))
    assert trust_of("left", track_of("left", closing, DOWN_THE_LENS)).min() > LOOK


def test_only_where_the_fingers_are_unsteady_they_are_doubtful():
    share = np.full(60, 0.7)
    calm, wild = track_of("right", share, DOWN_THE_LENS), track_of("right", share, DOWN_THE_LENS, noise=0.3)
    doubtful = (np.arange(60) >= 20) & (np.arange(60) < 35)
    pose = np.where(doubtful[:, None], wild.pose_axis_angle, calm.pose_axis_angle)
    trust = trust_of("right", replace(calm, pose_axis_angle=pose))
    assert trust[doubtful][2:-2].max() < LOOK
    assert trust[:16][3:].min() > 0.8 and trust[40:57].min() > 0.8


@pytest.mark.parametrize("fps", [24.0, 25.0, 50.0, 60.0, 120.0])
def test_the_frame_rate_changes_little(fps):
    def median(rate: float) -> float:
        count = int(2.0 * rate)
        time = np.arange(count) / rate
        share = 0.35 - 0.3 * np.cos(2.0 * np.pi * 1.5 * time)
        return float(np.median(trust_of("right", track_of("right", share, DOWN_THE_LENS, 0.03), time)))

    assert median(fps) == pytest.approx(median(FPS), abs=0.12)


@examples(20)
@given(st.integers(0, 10**6), st.sampled_from(SIDES))
def test_a_clip_reversed_or_cut_short_of_hands_gives_the_same(seed, side):
    random = np.random.default_rng(seed)
    track = track_of(side, random.uniform(0.0, 1.0, N), DOWN_THE_LENS, 0.1, seed)
    track = replace(track, detected=random.random(N) < 0.7)
    forward = np.full(N, np.nan)
    forward[track.detected] = trust_of(side, track)
    backward = np.full(N, np.nan)
    turned = replace(
        track, detected=track.detected[::-1], pose_axis_angle=track.pose_axis_angle[::-1],
        global_orient_axis_angle=track.global_orient_axis_angle[::-1],
    )  # fmt: skip
    backward[turned.detected] = trust_of(side, turned, 5.0 + np.arange(N) / FPS)
    np.testing.assert_allclose(forward, backward[::-1], atol=1e-9)
    assert ((forward > 0.0) & (forward < 1.0))[track.detected].all()


def test_frames_far_apart_say_nothing_of_each_other():
    track = track_of("right", np.full(N, 0.1), DOWN_THE_LENS, noise=0.3)
    assert trust_of("right", track, np.arange(N) / 5.0).min() > LOOK


def test_no_hands_no_trust():
    assert trust_of("left", HandTrack.empty(5)).tolist() == []
