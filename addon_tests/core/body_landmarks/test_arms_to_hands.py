"""Arms of a known motion that were turned come back to the hands in the picture."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from handmocap_addon.core.body.model import BodyModel, PosedJoints, posed_joints
from handmocap_addon.core.body.motion import BodyMotion, BodyTrack, local_rotmat_of
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.body_landmarks.arms_to_hands import ArmsMoved, with_arms_to_hands
from handmocap_addon.core.cleanup.wrist import WristSettings
from handmocap_addon.core.clip.picture_cuts import apart_at_cuts
from handmocap_addon.core.errors import BadUsageError
from handmocap_addon.core.hands.hand_poses import HandTrack
from handmocap_addon.core.maths.rotations import (
    axis_angle_to_quat_wxyz,
    quat_wxyz_multiply,
    rotmat_to_axis_angle,
)
from handmocap_addon.core.skeleton import JOINT_INDEX, SIDES, WRIST, Side

Array = NDArray[Any]
FRAMES, FPS = 90, 30.0
TIME = np.arange(FRAMES) / FPS
SIZE = (1280, 720)
FOCAL = float(np.hypot(*SIZE))
SETTINGS = WristSettings(arms_to_hands=True)
ARM = ("shoulder", "elbow", "wrist")


@pytest.fixture(scope="module")
def model() -> BodyModel:
    return load_stand_in_body()


def gesturing(elbow: float = 1.2) -> BodyMotion:
    """Somebody who faces the camera 3 m away and waves both arms, elbows bent about `elbow` radians."""
    turn = np.zeros((FRAMES, 21, 3))
    phase = TIME * 3.0
    for side, sign in (("left", 1.0), ("right", -1.0)):
        turn[:, JOINT_INDEX[f"{side}_shoulder"] - 1, 2] = sign * (-0.9 + 0.3 * np.sin(phase))
        turn[:, JOINT_INDEX[f"{side}_shoulder"] - 1, 1] = sign * -0.5
        turn[:, JOINT_INDEX[f"{side}_elbow"] - 1, 1] = sign * -(elbow + 0.3 * elbow * np.cos(phase))
    # Facing the camera: its y points down and its z away.
    track = BodyTrack(
        axis_angle_to_quat_wxyz(np.tile((np.pi, 0.0, 0.0), (FRAMES, 1))), np.tile((0.1, 0.3, 3.0), (FRAMES, 1))
    )
    lens = np.array(((FOCAL, 0.0, SIZE[0] / 2.0), (0.0, FOCAL, SIZE[1] / 2.0), (0.0, 0.0, 1.0)))
    return BodyMotion(axis_angle_to_quat_wxyz(turn), track, track, np.zeros(10), np.tile(lens, (FRAMES, 1, 1)))


def turned(motion: BodyMotion, degrees: dict[str, tuple[float, float, float]]) -> BodyMotion:
    """With joints turned about their own axes, more and less over the clip."""
    quat, share = motion.body_quat_wxyz.copy(), (0.8 + 0.2 * np.sin(TIME))[:, None]
    for name, axis_angle in degrees.items():
        row = JOINT_INDEX[name] - 1
        quat[:, row] = quat_wxyz_multiply(quat[:, row], axis_angle_to_quat_wxyz(share * np.radians(axis_angle)))
    return replace(motion, body_quat_wxyz=quat)


OFF = {
    "left_shoulder": (0.0, 3.0, 8.0), "left_elbow": (0.0, 4.0, 0.0),
    "right_shoulder": (2.0, 2.0, -7.0), "right_elbow": (0.0, 6.0, 0.0),
}  # fmt: skip


def joints_of(motion: BodyMotion, model: BodyModel) -> PosedJoints:
    assert motion.camera is not None
    return posed_joints(model.rest_joints, local_rotmat_of(motion, motion.camera), motion.camera.translation)


def pixels(motion: BodyMotion, model: BodyModel, side: Side) -> Array:
    assert motion.intrinsics is not None
    seen = joints_of(motion, model).positions[:, WRIST[side]] @ motion.intrinsics[0].T
    in_picture: Array = seen[:, :2] / seen[:, 2:]
    return in_picture


def hands_of(motion: BodyMotion, model: BodyModel, palms: bool = False) -> dict[Side, HandTrack]:
    """Hands at the wrists of a body, seen straight on, with its palms where those are asked for."""
    tracks: dict[Side, HandTrack] = {}
    for side in SIDES:
        points = np.repeat(pixels(motion, model, side)[:, None], 21, axis=1)
        track = replace(HandTrack.empty(FRAMES), detected=np.ones(FRAMES, bool), score=np.ones(FRAMES), keypoints_2d=points)
        if palms:
            orient = rotmat_to_axis_angle(joints_of(motion, model).rotmat[:, WRIST[side]])
            middle = np.array((SIZE[0] / 2.0, SIZE[1] / 2.0))
            box = np.tile(np.concatenate((middle - 20.0, middle + 20.0)), (FRAMES, 1))
            track = replace(track, global_orient_axis_angle=orient, bbox=box)
        tracks[side] = track
    return tracks


def brought(motion: BodyMotion, tracks: dict[Side, HandTrack], model: BodyModel) -> tuple[BodyMotion, ArmsMoved]:
    return with_arms_to_hands(motion, tracks, TIME, model.rest_joints, SETTINGS)


def off(motion: BodyMotion, truth: BodyMotion, model: BodyModel) -> Array:
    """Pixels (2, N) between the wrists of two motions."""
    return np.stack([np.linalg.norm(pixels(motion, model, side) - pixels(truth, model, side), axis=1) for side in SIDES])


def test_turned_arms_come_back(model: BodyModel) -> None:
    truth = gesturing()
    wrong = turned(truth, OFF)
    after, moved = brought(wrong, hands_of(truth, model), model)
    assert off(wrong, truth, model).mean() > 15.0
    assert off(after, truth, model).mean() < 1.0
    assert off(after, truth, model).max() < 4.0
    assert moved.before_px == pytest.approx(off(wrong, truth, model).mean())
    assert moved.after_px == pytest.approx(off(after, truth, model).mean())
    places = [joints_of(motion, model).positions for motion in (truth, wrong, after)]
    wrists = [np.stack([place[:, WRIST[side]] for side in SIDES]) for place in places]
    steps = np.linalg.norm(wrists[2] - wrists[1], axis=-1)
    assert (moved.mean_m, moved.largest_m) == (pytest.approx(steps.mean()), pytest.approx(steps.max()))
    # Nearer in space too: nothing moved further than it had to.
    assert (
        np.linalg.norm(wrists[2] - wrists[0], axis=-1).mean() < 0.6 * np.linalg.norm(wrists[1] - wrists[0], axis=-1).mean()
    )
    for side in SIDES:
        for joint in ("elbow", "wrist"):
            index, above = JOINT_INDEX[f"{side}_{joint}"], JOINT_INDEX[f"{side}_{ARM[ARM.index(joint) - 1]}"]
            lengths = [np.linalg.norm(place[:, index] - place[:, above], axis=-1) for place in (places[1], places[2])]
            np.testing.assert_allclose(lengths[1], lengths[0], atol=1e-9)


def test_nothing_but_arms_moves(model: BodyModel) -> None:
    truth = gesturing()
    wrong = turned(truth, OFF)
    after, _ = brought(wrong, hands_of(truth, model), model)
    others = [
        row for row in range(21) if row + 1 not in [JOINT_INDEX[f"{side}_{name}"] for side in SIDES for name in ARM[:2]]
    ]
    np.testing.assert_array_equal(after.body_quat_wxyz[:, others], wrong.body_quat_wxyz[:, others])
    assert after.world is wrong.world and after.camera is wrong.camera


def test_arms_that_are_there_stay(model: BodyModel) -> None:
    truth = gesturing()
    after, moved = brought(truth, hands_of(truth, model), model)
    assert moved.largest_m is not None and moved.largest_m < 1e-4
    np.testing.assert_allclose(after.body_quat_wxyz, truth.body_quat_wxyz, atol=1e-4)


def test_a_hand_that_is_not_seen_leaves_its_arm(model: BodyModel) -> None:
    truth = gesturing()
    wrong, hands = turned(truth, OFF), hands_of(truth, model)
    gone = np.arange(FRAMES) >= 40
    hands["left"] = replace(hands["left"], detected=~gone)
    hands["right"] = replace(hands["right"], detected=np.zeros(FRAMES, bool))
    after, moved = brought(wrong, hands, model)
    assert moved.frames == 40
    left, right = ([JOINT_INDEX[f"{side}_{name}"] - 1 for name in ARM] for side in SIDES)
    np.testing.assert_array_equal(after.body_quat_wxyz[:, right], wrong.body_quat_wxyz[:, right])
    far = np.arange(FRAMES) > 39 + SETTINGS.ease * FPS
    np.testing.assert_array_equal(after.body_quat_wxyz[far][:, left], wrong.body_quat_wxyz[far][:, left])
    # It goes back over time: no step is larger than the whole way eased over the time that it takes.
    change = joints_of(after, model).positions[:, WRIST["left"]] - joints_of(wrong, model).positions[:, WRIST["left"]]
    way = np.linalg.norm(change, axis=-1).max()
    assert np.linalg.norm(np.diff(change, axis=0), axis=-1).max() < 2.0 * way / (SETTINGS.ease * FPS)


def test_a_short_gap_is_bridged(model: BodyModel) -> None:
    truth = gesturing()
    hands = hands_of(truth, model)
    seen = np.ones(FRAMES, bool)
    seen[40:50] = False
    points = np.where(seen[:, None, None], hands["left"].keypoints_2d, 0.0)
    hands["left"] = replace(hands["left"], detected=seen, keypoints_2d=points)
    after, _ = brought(turned(truth, OFF), hands, model)
    assert off(after, truth, model)[0].max() < 5.0


def test_one_wild_frame_moves_nothing_much(model: BodyModel) -> None:
    truth = gesturing()
    hands = hands_of(truth, model)
    hands["left"].keypoints_2d[45] += 150.0
    after, _ = brought(truth, hands, model)
    moved = joints_of(after, model).positions[:, WRIST["left"]] - joints_of(truth, model).positions[:, WRIST["left"]]
    assert np.linalg.norm(moved, axis=-1).max() < 0.03


@pytest.mark.parametrize("elbow", [0.03, 0.15])
def test_elbows_bend_to_no_other_side(elbow: float, model: BodyModel) -> None:
    """Hands that are asked to where only an elbow bent backwards, or an arm that is too short, would have them."""
    truth = gesturing(elbow)
    hands = hands_of(truth, model)
    for number, side in enumerate(SIDES):
        hands[side].keypoints_2d[:] += (60.0 - 120.0 * number, -60.0)
    after, _ = brought(truth, hands, model)
    for side, usual in (("left", -1.0), ("right", 1.0)):
        posed = joints_of(after, model)
        places = [posed.positions[:, JOINT_INDEX[f"{side}_{name}"]] for name in ARM]
        across = np.cross(places[1] - places[0], places[2] - places[1])
        axis = posed.rotmat[:, JOINT_INDEX[f"{side}_shoulder"], :, 1] * usual
        sine = np.sum(across * axis, axis=-1) / np.prod(
            [np.linalg.norm(b - a, axis=-1) for a, b in itertools.pairwise(places)], axis=0
        )
        assert np.degrees(np.arcsin(sine)).min() > -0.1


def test_forearms_turn_with_the_palms(model: BodyModel) -> None:
    truth = gesturing()
    wrong = turned(truth, {"left_elbow": (40.0, 0.0, 0.0), "right_elbow": (-30.0, 0.0, 0.0)})
    after, _ = brought(wrong, hands_of(truth, model, palms=True), model)

    def away(motion: BodyMotion) -> float:
        rotmat = [joints_of(one, model).rotmat[:, [WRIST[side] for side in SIDES]] for one in (motion, truth)]
        return float(
            np.degrees(np.linalg.norm(rotmat_to_axis_angle(np.swapaxes(rotmat[0], -1, -2) @ rotmat[1]), axis=-1)).mean()
        )

    assert away(wrong) > 25.0
    assert away(after) < 6.0


def test_nothing_is_carried_across_a_cut(model: BodyModel) -> None:
    truth = gesturing()
    time = apart_at_cuts(TIME, [45])
    wrong, hands = turned(truth, OFF), hands_of(truth, model)
    for side in SIDES:
        hands[side].keypoints_2d[45:] += 30.0
    both, _ = with_arms_to_hands(wrong, hands, time, model.rest_joints, SETTINGS)
    rows = np.arange(45)
    first = {
        side: HandTrack(**{name: values[rows] for name, values in vars(track).items()}) for side, track in hands.items()
    }
    alone, _ = with_arms_to_hands(
        wrong.taken(rows),
        first,
        TIME[rows],
        model.rest_joints,
        SETTINGS,
    )
    np.testing.assert_allclose(both.body_quat_wxyz[:45], alone.body_quat_wxyz, atol=1e-6)


def test_what_cannot_be_brought_is_said(model: BodyModel) -> None:
    truth = gesturing()
    after, moved = brought(truth, {side: HandTrack.empty(FRAMES) for side in SIDES}, model)
    assert after is truth and moved == ArmsMoved(0)
    assert "No hand was measured" in moved.sentence()
    with pytest.raises(BadUsageError):
        brought(replace(truth, camera=None, intrinsics=None), hands_of(truth, model), model)
