"""Random people with both hands raised before a random camera, and everything that is known of their hands.

World: metres, y up, the person facing +z. Camera: OpenCV (x right, y down, z forward). Numpy and the stand-in body only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handmocap_addon.core.body.model import BodyModel, PosedJoints, local_rotmat, posed_joints
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.maths.rotations import normalized, rotmat_to_axis_angle
from handmocap_addon.core.skeleton import BODY_JOINTS, SIDES, WRIST, Side
from tools.truth_clips.arms import frames_from
from tools.truth_clips.body_motion import about, mirrored_rotmat
from tools.truth_clips.finger_gestures import hand_pose, mirrored_hand_pose
from tools.truth_clips.hand_geometry import hand_landmarks, measure_rest_hand
from tools.truth_clips.truth import intrinsics_of

from .hand_proportions import reshaped_hands
from .random_gestures import random_gesture

Array = NDArray[Any]

# People as the betas make them, and others whose hands have proportions of their own.
PLAIN_BODIES, RESHAPED_BODIES = 40, 300
_RESHAPED_SHARE = 0.65  # of the pictures
PICTURE_SIZE = (576, 432)  # pixels, width and height
_MARGIN = 22.0  # pixels between the hands and the picture's edge, at least
_X, _Y, _Z = np.eye(3)


@dataclass(frozen=True)
class Camera:
    """Points (3,) of the world are at `rotmat @ point + translation` in the camera."""

    intrinsics: Array  # (3, 3) pixels
    rotmat: Array  # (3, 3)
    translation: Array  # (3,) metres

    @property
    def position(self) -> Array:
        """(3,) in the world."""
        return -self.rotmat.T @ self.translation


@dataclass(frozen=True)
class TrueHand:
    """What a detector and the network should find."""

    pose_axis_angle: Array  # (45,)
    wrist_rotmat: Array  # (3, 3) from the wrist's frame at rest to the camera's axes
    keypoints_2d: Array  # (21, 2) pixels, OpenPose order
    keypoints_3d: Array  # (21, 3) metres, camera axes, relative to the wrist
    wrist_in_camera: Array  # (3,) metres


@dataclass(frozen=True)
class RandomHands:
    """One person in one view."""

    posed: PosedJoints  # one frame
    camera: Camera
    hands: dict[Side, TrueHand]

    @property
    def middle(self) -> Array:
        """(3,) in the world: half-way between the wrists."""
        in_camera = 0.5 * (self.hands["left"].wrist_in_camera + self.hands["right"].wrist_in_camera)
        return self.camera.rotmat.T @ (in_camera - self.camera.translation)


def random_body(number: int) -> BodyModel:
    """One of the people: the plain ones first, then those with reshaped hands."""
    reshaped = number >= PLAIN_BODIES
    kind = number - PLAIN_BODIES if reshaped else number
    betas = np.round(np.random.default_rng(1000 + kind).normal(0.0, 0.9, 10), 2).clip(-2.0, 2.0)
    betas[4:] *= 0.5
    model = load_stand_in_body(betas)
    return reshaped_hands(model, np.random.default_rng(9000 + kind)) if reshaped else model


def random_body_number(random: np.random.Generator) -> int:
    """Who is in a picture."""
    if random.random() < _RESHAPED_SHARE:
        return PLAIN_BODIES + int(random.integers(RESHAPED_BODIES))
    return int(random.integers(PLAIN_BODIES))


def random_hands(random: np.random.Generator, model: BodyModel) -> RandomHands:
    """Any gestures, the forearms up before the chest, any turn of the wrists, a camera that has both hands in view."""
    rest = {side: measure_rest_hand(model, side) for side in SIDES}
    poses = {
        "left": hand_pose(rest["left"], random_gesture(random)[None]),
        "right": mirrored_hand_pose(hand_pose(rest["left"], random_gesture(random)[None])),
    }
    body_pose = np.zeros((1, 21, 3))
    for side in SIDES:
        for joint, rotmat in _random_left_arm(random).items():
            turned = rotmat if side == "left" else mirrored_rotmat(rotmat)
            body_pose[0, BODY_JOINTS.index(f"{side}_{joint}") - 1] = rotmat_to_axis_angle(turned)
    local = local_rotmat(body_pose.reshape(1, 63), np.zeros((1, 3)), dict(poses))
    posed = posed_joints(model.rest_joints, local, np.zeros((1, 3)))
    landmarks = {side: hand_landmarks(rest[side], posed)[0] for side in SIDES}
    camera = _random_camera(random, landmarks)
    hands = {side: _true_hand(side, poses[side][0], posed, landmarks[side], camera) for side in SIDES}
    return RandomHands(posed, camera, hands)


def _random_left_arm(random: np.random.Generator) -> dict[str, Array]:
    """Local rotations (3, 3) of shoulder, elbow and wrist."""
    upper = normalized(np.array((0.52, -0.72, 0.46)) + random.normal(0.0, 0.12, 3))
    fore = normalized(np.array((0.13, 0.97, 0.20)) + random.normal(0.0, 0.35, 3))
    shoulder = frames_from(upper, -np.cross(upper, fore))
    elbow = shoulder.T @ frames_from(fore, -_Z)
    # The forearm's turn is put at the wrist: the hand is the same, and only it is looked at.
    forearm_turn, flexion, ulnar = (
        about(axis, np.radians([random.normal(0.0, degrees)]))[0] for axis, degrees in ((_X, 55.0), (_Z, 22.0), (_Y, 10.0))
    )
    return {"shoulder": shoulder, "elbow": elbow, "wrist": forearm_turn @ flexion @ ulnar}


def _random_camera(random: np.random.Generator, landmarks: dict[Side, Array]) -> Camera:
    """In front of the person, a little rolled, 0.75 to 2.6 m away, zoomed so that the hands fill the picture."""
    middle = 0.5 * (landmarks["left"].mean(axis=0) + landmarks["right"].mean(axis=0))
    azimuth, elevation = np.radians(random.normal(0.0, 28.0)), np.radians(random.normal(3.0, 16.0))
    metres = np.exp(random.uniform(np.log(0.75), np.log(2.6)))
    direction = np.array((np.sin(azimuth) * np.cos(elevation), np.sin(elevation), np.cos(azimuth) * np.cos(elevation)))
    position = middle + direction * metres
    forward = normalized(middle + random.normal(0.0, 0.03, 3) - position)
    right = normalized(np.cross(forward, _Y))
    roll = about(_Z, np.radians([random.normal(0.0, 8.0)]))[0]
    rotmat = roll @ np.stack((right, np.cross(forward, right), forward))
    translation = -rotmat @ position
    points = np.concatenate(list(landmarks.values())) @ rotmat.T + translation
    reach = np.abs(points[:, :2] / points[:, 2:]).max(axis=0)
    focal = float(np.min((np.array(PICTURE_SIZE) / 2.0 - _MARGIN) / reach)) * random.uniform(0.75, 1.0)
    return Camera(intrinsics_of(PICTURE_SIZE, focal), rotmat, translation)


def _true_hand(side: Side, pose: Array, posed: PosedJoints, landmarks: Array, camera: Camera) -> TrueHand:
    in_camera = landmarks @ camera.rotmat.T + camera.translation
    projected = in_camera @ camera.intrinsics.T
    return TrueHand(
        pose_axis_angle=pose,
        wrist_rotmat=camera.rotmat @ posed.rotmat[0, WRIST[side]],
        keypoints_2d=projected[:, :2] / projected[:, 2:],
        keypoints_3d=in_camera - in_camera[0],
        wrist_in_camera=in_camera[0],
    )
