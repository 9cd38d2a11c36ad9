"""From landmarks of a known body back to its motion."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from handmocap_addon.core.body.model import BodyModel, PosedJoints, posed_joints
from handmocap_addon.core.body.motion import BodyMotion, BodyTrack, local_rotmat_of
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.body_landmarks.definition import landmarks_on
from handmocap_addon.core.body_landmarks.fit import FittedBody, fit_body
from handmocap_addon.core.body_landmarks.landmarks import LANDMARK_COUNT, LANDMARK_INDEX, BodyLandmarks
from handmocap_addon.core.errors import NoBodyError
from handmocap_addon.core.hands.hand_poses import HandTrack
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz, normalized
from handmocap_addon.core.skeleton import JOINT_INDEX, SIDES, Side

Array = NDArray[Any]

_SIZE = (1280, 720)
_FOCAL = float(np.hypot(*_SIZE))
_FPS = 30.0
_FRAMES = 45
_LIMBS = (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))


@pytest.fixture(scope="module")
def model() -> BodyModel:
    return load_stand_in_body()


def gesturing() -> BodyMotion:
    """Somebody who faces the camera, waves both arms with bent elbows, and bends the knees, five metres away."""
    turn = np.zeros((_FRAMES, 21, 3))
    phase = np.linspace(0.0, 2.0 * np.pi, _FRAMES)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        turn[:, JOINT_INDEX[f"{side}_shoulder"] - 1, 2] = sign * (-0.9 + 0.4 * np.sin(phase))
        turn[:, JOINT_INDEX[f"{side}_shoulder"] - 1, 1] = sign * -0.5
        turn[:, JOINT_INDEX[f"{side}_elbow"] - 1, 1] = sign * (-1.0 - 0.4 * np.cos(phase))
        turn[:, JOINT_INDEX[f"{side}_hip"] - 1, 0] = -0.3 - 0.1 * np.sin(phase)
        turn[:, JOINT_INDEX[f"{side}_knee"] - 1, 0] = 0.5 + 0.2 * np.sin(phase)
    # Facing the camera: its y points down and its z away.
    orient = axis_angle_to_quat_wxyz(np.tile((np.pi, 0.0, 0.0), (_FRAMES, 1)))
    track = BodyTrack(orient, np.tile((0.1, 0.3, 5.0), (_FRAMES, 1)))
    lens = np.array(((_FOCAL, 0.0, _SIZE[0] / 2.0), (0.0, _FOCAL, _SIZE[1] / 2.0), (0.0, 0.0, 1.0)))
    return BodyMotion(axis_angle_to_quat_wxyz(turn), track, track, np.zeros(10), np.tile(lens, (_FRAMES, 1, 1)))


def joints_of(motion: BodyMotion, model: BodyModel) -> PosedJoints:
    return posed_joints(model.rest_joints, local_rotmat_of(motion, motion.camera), motion.camera.translation)


def landmarks_of(motion: BodyMotion, model: BodyModel, noise: float = 0.0) -> BodyLandmarks:
    """What a detector that knows the body's points would see; noise in metres."""
    joints, where = joints_of(motion, model), landmarks_on(model.rest_joints)
    world = np.zeros((_FRAMES, LANDMARK_COUNT, 3))
    world[:, where.landmarks] = joints.positions[:, where.joints] + np.einsum(
        "nlab,lb->nla", joints.rotmat[:, where.joints], where.offsets
    )
    world += np.random.default_rng(5).normal(0.0, noise, world.shape) if noise else 0.0
    projected = world @ motion.intrinsics[0].T
    visible = np.zeros((_FRAMES, LANDMARK_COUNT))
    visible[:, where.landmarks] = 0.99
    with np.errstate(divide="ignore", invalid="ignore"):
        picture = np.nan_to_num(projected[..., :2] / projected[..., 2:])
    hips = world[:, [LANDMARK_INDEX["left_hip"], LANDMARK_INDEX["right_hip"]]].mean(axis=1, keepdims=True)
    return BodyLandmarks(picture, world - hips, visible, visible, np.ones(_FRAMES, bool))


def hands_of(motion: BodyMotion, model: BodyModel) -> dict[Side, HandTrack]:
    """Hands whose wrists are seen where the body has them."""
    positions = joints_of(motion, model).positions @ motion.intrinsics[0].T
    hands: dict[Side, HandTrack] = {}
    for side in SIDES:
        wrist = positions[:, JOINT_INDEX[f"{side}_wrist"]]
        points = np.repeat((wrist[:, :2] / wrist[:, 2:])[:, None], 21, axis=1)
        hands[side] = replace(HandTrack.empty(_FRAMES), detected=np.ones(_FRAMES, bool), keypoints_2d=points)
    return hands


def fitted(landmarks: BodyLandmarks, model: BodyModel, hands: dict[Side, HandTrack] | None = None) -> FittedBody:
    return fit_body(landmarks, np.arange(_FRAMES) / _FPS, _SIZE, None, model, hands or {})


def limb_angles(one: BodyMotion, other: BodyMotion, model: BodyModel) -> Array:
    """Degrees (N, 8) between the limbs of two motions in the camera's space."""
    first, second = (joints_of(motion, model).positions for motion in (one, other))
    angles = []
    for start, end in _LIMBS:
        for side in SIDES:
            a, b = JOINT_INDEX[f"{side}_{start}"], JOINT_INDEX[f"{side}_{end}"]
            cosine = np.sum(normalized(first[:, b] - first[:, a]) * normalized(second[:, b] - second[:, a]), axis=1)
            angles.append(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))
    return np.stack(angles, axis=1)


def test_a_known_motion_comes_back(model: BodyModel) -> None:
    truth = gesturing()
    result = fitted(landmarks_of(truth, model), model)
    angles = limb_angles(result.motion, truth, model)
    assert angles.mean() < 3.0
    assert angles.max() < 10.0
    off = np.linalg.norm(joints_of(result.motion, model).positions[:, 0] - joints_of(truth, model).positions[:, 0], axis=1)
    assert off.max() < 0.05
    assert result.measured.all()
    assert result.joints_measured[:, JOINT_INDEX["left_elbow"]].all()
    assert not result.motion.warnings


def test_noise_of_two_centimetres_is_averaged_away(model: BodyModel) -> None:
    truth = gesturing()
    angles = limb_angles(fitted(landmarks_of(truth, model, noise=0.02), model).motion, truth, model)
    assert angles.mean() < 4.0


def test_a_body_taken_for_one_that_turns_its_back_is_put_right_by_its_hands(model: BodyModel) -> None:
    truth = gesturing()
    seen = landmarks_of(truth, model)
    swapped = {name: name.replace("left", "?").replace("right", "left").replace("?", "right") for name in LANDMARK_INDEX}
    order = [LANDMARK_INDEX[swapped[name]] for name in LANDMARK_INDEX]
    mistaken = replace(seen, picture=seen.picture[:, order], world=seen.world[:, order] * (1.0, 1.0, -1.0))
    arms = slice(0, 4)  # what was seen of such a body below its arms is not believed
    with_hands = limb_angles(fitted(mistaken, model, hands_of(truth, model)).motion, truth, model)[:, arms]
    assert with_hands.mean() < 5.0
    # The landmarks alone say so.
    assert limb_angles(fitted(mistaken, model).motion, truth, model)[:, arms].mean() > 30.0


def test_wrists_lie_at_the_hands_in_the_picture(model: BodyModel) -> None:
    truth = gesturing()
    seen = landmarks_of(truth, model)
    picture = seen.picture.copy()
    for side in SIDES:
        picture[:, LANDMARK_INDEX[f"{side}_wrist"]] += (25.0, -20.0)
    hands = hands_of(truth, model)
    points = joints_of(fitted(replace(seen, picture=picture), model, hands).motion, model).positions
    projected = points @ truth.intrinsics[0].T
    for side in SIDES:
        wrist = projected[:, JOINT_INDEX[f"{side}_wrist"]]
        assert np.linalg.norm(wrist[:, :2] / wrist[:, 2:] - hands[side].keypoints_2d[:, 0], axis=1).max() < 6.0


def test_legs_out_of_the_picture_stand_at_ease_and_are_named(model: BodyModel) -> None:
    truth = gesturing()
    seen = landmarks_of(truth, model)
    unseen = [row for name, row in LANDMARK_INDEX.items() if any(part in name for part in ("knee", "ankle", "heel", "foot"))]
    visibility = seen.visibility.copy()
    visibility[:, unseen] = 0.05
    result = fitted(replace(seen, visibility=visibility), model)
    assert result.motion.warnings == ("The legs are not in the picture and take a natural pose",)
    assert not result.joints_measured[:, JOINT_INDEX["left_knee"]].any()
    knee = result.motion.body_quat_wxyz[:, JOINT_INDEX["left_knee"] - 1]
    assert np.degrees(2.0 * np.arccos(np.abs(knee[:, 0]))).max() < 25.0
    arms = limb_angles(result.motion, truth, model)[:, :4]
    assert arms.mean() < 4.0


def test_frames_without_a_body_are_filled_and_named(model: BodyModel) -> None:
    truth = gesturing()
    seen = landmarks_of(truth, model)
    found = np.ones(_FRAMES, bool)
    found[20:24] = False
    blank = np.where(found[:, None, None], seen.picture, np.nan)
    gone = BodyLandmarks(
        blank, np.where(found[:, None, None], seen.world, np.nan), seen.visibility * found[:, None], seen.presence, found
    )
    result = fitted(gone, model)
    assert np.isfinite(result.motion.body_quat_wxyz).all()
    assert np.isfinite(result.motion.world.translation).all()
    assert limb_angles(result.motion, truth, model).mean() < 4.0
    assert (result.measured == found).all()
    assert not result.joints_measured[20:24].any()
    assert result.motion.warnings == (
        "Nobody was found on frames 21 to 24; the body there is filled from the frames beside",
    )


def test_nobody_is_a_sentence(model: BodyModel) -> None:
    with pytest.raises(NoBodyError, match="on 0 of 45 frames"):
        fitted(BodyLandmarks.empty(_FRAMES), model)


def test_feet_that_stand_do_not_slide_and_the_floor_is_level(model: BodyModel) -> None:
    truth = gesturing()
    still = replace(truth, body_quat_wxyz=np.repeat(truth.body_quat_wxyz[:1], _FRAMES, axis=0))
    motion = fitted(landmarks_of(still, model, noise=0.003), model).motion
    world = posed_joints(model.rest_joints, local_rotmat_of(motion, motion.world), motion.world.translation).positions
    feet = world[:, [JOINT_INDEX["left_foot"], JOINT_INDEX["right_foot"]]]
    assert 1000.0 * np.median(np.linalg.norm(np.diff(feet, axis=0), axis=-1)) < 1.0
    assert abs(world[..., 1].min()) < 0.05
    assert world[:, JOINT_INDEX["head"], 1].min() > 1.2


def test_a_long_clip_is_solved_in_windows_that_meet(model: BodyModel) -> None:
    truth = gesturing()
    seen = landmarks_of(truth, model)
    times = 15

    def repeated(values: Array) -> Array:
        return np.concatenate([values, values[::-1]] * times)[:1300]

    long = BodyLandmarks(
        *[repeated(getattr(seen, name)) for name in ("picture", "world", "visibility", "presence", "found")]
    )
    motion = fit_body(long, np.arange(1300) / _FPS, _SIZE, None, model, {}).motion
    steps = np.linalg.norm(np.diff(joints_of(motion, model).positions[:, :22], axis=0), axis=-1).max(axis=1)
    assert steps[595:605].max() < 1.5 * steps.max()
    assert steps.max() < 0.12
