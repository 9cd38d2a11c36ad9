"""The truth of the demo clip: every rotation, position and landmark, made with numpy from a body model.

World: metres, y up, as GVHMR's global frame (first frame at x = z = 0, the lowest body joint at y = 0). Camera: OpenCV
(x right, y down, z forward), standing still. Hand poses are SMPL-X's: absolute axis-angle from a flat hand, joints in
the order index, middle, pinky, ring, thumb.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handmocap_addon.core.body_model import BodyModel, PosedJoints, local_rotmat, posed_joints
from handmocap_addon.core.rotations import axis_angle_to_rotmat, rotmat_to_axis_angle
from handmocap_addon.core.skeleton import BODY_JOINTS, SIDES, WRIST

from .body_motion import swaying_body
from .finger_gestures import GestureMaker, animated, hand_pose, mirrored_hand_pose
from .hand_geometry import hand_landmarks, measure_rest_hand

Array = NDArray[Any]

FRAME_COUNT: Final = 96
FPS: Final = (24000, 1001)
FRAME_SIZE: Final = (640, 480)  # width, height
BETAS: Final = (0.5, -0.4, 0.3, 0.2, -0.1, 0.1, 0.0, 0.0, 0.0, 0.0)
# The left hand does everything a little later, so that swapped hands do not go unnoticed.
LEFT_HAND_LAG: Final = 3.0
_CAMERA_POSITION: Final = (0.04, 1.42, 1.50)
_CAMERA_TARGET: Final = (0.0, 1.38, 0.16)


@dataclass(frozen=True)
class DemoTruth:
    """N frames; float32 but for `frame_time`. Angles in radians, lengths in metres, image positions in pixels."""

    left_hand_pose: Array  # (N, 45)
    right_hand_pose: Array  # (N, 45)
    body_pose: Array  # (N, 63)
    global_orient: Array  # (N, 3) world
    transl: Array  # (N, 3) world
    betas: Array  # (10,)
    global_orient_incam: Array  # (N, 3)
    transl_incam: Array  # (N, 3)
    intrinsics: Array  # (3, 3)
    world_to_camera_rotmat: Array  # (3, 3)
    world_to_camera_translation: Array  # (3,)
    left_wrist_world: Array  # (N, 3)
    right_wrist_world: Array  # (N, 3)
    left_wrist_rotmat_world: Array  # (N, 3, 3)
    right_wrist_rotmat_world: Array  # (N, 3, 3)
    left_keypoints_2d: Array  # (N, 21, 2) pixels, OpenPose order; the centre of the top left pixel is (0.5, 0.5)
    right_keypoints_2d: Array  # (N, 21, 2)
    left_keypoints_3d: Array  # (N, 21, 3) camera axes, relative to the wrist
    right_keypoints_3d: Array  # (N, 21, 3)
    frame_time: Array  # (N,) float64, seconds
    fps: Array  # (2,) int, numerator and denominator
    frame_size: Array  # (2,) int, width and height in pixels

    def save(self, path: Path) -> None:
        """Write one compressed npz; all arrays are numbers, so it loads without pickles."""
        np.savez_compressed(path, **asdict(self))

    def posed(self, model: BodyModel) -> PosedJoints:
        """The body's joints in the world."""
        hands: dict[str, ArrayLike] = {"left": self.left_hand_pose, "right": self.right_hand_pose}
        return posed_joints(model.rest_joints, local_rotmat(self.body_pose, self.global_orient, hands), self.transl)


def hand_poses(model: BodyModel, frames: Array) -> tuple[Array, Array]:
    """Left and right hand poses (N, 45): open, fist, open, count one to five, pinch, open."""
    left_hand = measure_rest_hand(model, "left")
    maker = GestureMaker(model, left_hand)

    def keys(others_curled: bool) -> list[tuple[float, float, Array]]:
        return [
            (-10.0, 5.0, maker.open()),
            (13.0, 17.0, maker.fist()),
            (25.0, 27.0, maker.open()),
            (34.0, 34.5, maker.count(1)),
            (41.0, 41.5, maker.count(2)),
            (48.0, 48.5, maker.count(3)),
            (55.0, 55.5, maker.count(4)),
            (62.0, 64.0, maker.count(5)),
            (73.0, 77.0, maker.pinch(others_curled)),
            (86.0, 120.0, maker.open()),
        ]

    left = hand_pose(left_hand, animated(keys(others_curled=True), frames - LEFT_HAND_LAG))
    right = hand_pose(left_hand, animated(keys(others_curled=False), frames))
    return left, mirrored_hand_pose(right)


def intrinsics_of(frame_size: tuple[int, int]) -> Array:
    """(3, 3) camera matrix as GVHMR assumes it: the focal length is the diagonal, the centre is in the middle."""
    width, height = frame_size
    focal = float(np.hypot(width, height))
    return np.array(((focal, 0.0, width / 2.0), (0.0, focal, height / 2.0), (0.0, 0.0, 1.0)))


def _camera() -> tuple[Array, Array]:
    """World-to-camera rotation (3, 3) and translation (3,): looks from its position at its target, level."""
    position, target = np.array(_CAMERA_POSITION), np.array(_CAMERA_TARGET)
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross(forward, (0.0, 1.0, 0.0))
    right /= np.linalg.norm(right)
    rotmat = np.stack((right, np.cross(forward, right), forward))
    return rotmat, -rotmat @ position


def _on_the_ground(model: BodyModel, body_pose: Array, orient: Array, transl: Array) -> Array:
    """Translation (N, 3) moved as GVHMR moves it: x and z start at 0, the lowest body joint of all is at y = 0."""
    transl = transl - transl[0] * (1.0, 0.0, 1.0)
    posed = posed_joints(model.rest_joints, local_rotmat(body_pose, orient, {}), transl)
    return transl - (0.0, posed.positions[:, : len(BODY_JOINTS), 1].min(), 0.0)


def make_truth(model: BodyModel) -> DemoTruth:
    """The whole clip for a body shaped by `BETAS`.

    Poses are rounded to float32 before anything is derived from them, so that the stored values agree with each other.
    """
    frames = np.arange(FRAME_COUNT, dtype=np.float64)
    left_pose, right_pose = (pose.astype(np.float32) for pose in hand_poses(model, frames))
    body_pose, orient, transl = (values.astype(np.float32) for values in swaying_body(model, frames))
    transl = _on_the_ground(model, body_pose, orient, transl).astype(np.float32)

    local = local_rotmat(body_pose, orient, {"left": left_pose, "right": right_pose})
    posed = posed_joints(model.rest_joints, local, transl)
    camera_rotmat, camera_translation = _camera()
    intrinsics = intrinsics_of(FRAME_SIZE)
    pelvis_rest = model.rest_joints[0]
    derived: dict[str, Array] = {
        "global_orient_incam": rotmat_to_axis_angle(camera_rotmat @ axis_angle_to_rotmat(orient)),
        # The orientation turns the body about its pelvis, not about the origin: hence the pelvis there and back.
        "transl_incam": (pelvis_rest + transl) @ camera_rotmat.T + camera_translation - pelvis_rest,
    }
    for side in SIDES:
        in_camera = hand_landmarks(measure_rest_hand(model, side), posed) @ camera_rotmat.T + camera_translation
        projected = in_camera @ intrinsics.T
        derived[f"{side}_wrist_world"] = posed.positions[:, WRIST[side]]
        derived[f"{side}_wrist_rotmat_world"] = posed.rotmat[:, WRIST[side]]
        derived[f"{side}_keypoints_2d"] = projected[..., :2] / projected[..., 2:]
        derived[f"{side}_keypoints_3d"] = in_camera - in_camera[:, :1]
    return DemoTruth(
        left_hand_pose=left_pose,
        right_hand_pose=right_pose,
        body_pose=body_pose,
        global_orient=orient,
        transl=transl,
        betas=np.array(BETAS, dtype=np.float32),
        intrinsics=intrinsics.astype(np.float32),
        world_to_camera_rotmat=camera_rotmat.astype(np.float32),
        world_to_camera_translation=camera_translation.astype(np.float32),
        frame_time=frames * FPS[1] / FPS[0],
        fps=np.array(FPS),
        frame_size=np.array(FRAME_SIZE),
        **{name: values.astype(np.float32) for name, values in derived.items()},
    )
