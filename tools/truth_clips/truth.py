"""The truth of a clip: every rotation, position and landmark, made with numpy from a body model.

World: metres, y up, as GVHMR's global frame (first frame at x = z = 0, the lowest body joint at y = 0). A second person
shares the first one's world. Camera: OpenCV (x right, y down, z forward), standing still. Hand poses are SMPL-X's:
absolute axis-angle from a flat hand, joints in the order index, middle, pinky, ring, thumb.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handmocap_addon.core.body.model import BodyModel, PosedJoints, local_rotmat, posed_joints
from handmocap_addon.core.maths.rotations import axis_angle_to_rotmat, rotmat_to_axis_angle
from handmocap_addon.core.skeleton import BODY_JOINTS, SIDES, WRIST

from .clip import Camera, Motion, Person, TruthClip
from .hand_geometry import hand_landmarks, measure_rest_hand

Array = NDArray[Any]

# One file a person, in the order of the clip's people.
FILE_NAMES: Final = ("truth.npz", "second_truth.npz")
# A hand is in view when at least this many of its 21 landmarks are inside the picture.
MOST_LANDMARKS: Final = 16


@dataclass(frozen=True)
class PersonTruth:
    """One person on N frames; float32 unless said otherwise. Radians, metres; image positions in pixels."""

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
    left_in_view: Array  # (N,) bool: at least MOST_LANDMARKS landmarks inside the picture, hidden or not
    right_in_view: Array  # (N,) bool
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


def load_truth(path: Path) -> PersonTruth:
    """A saved truth; one written before there were in-view flags gets them from its landmarks."""
    with np.load(path, allow_pickle=False) as content:
        arrays = {field.name: content[field.name] for field in fields(PersonTruth) if field.name in content}
    for side in SIDES:
        arrays.setdefault(f"{side}_in_view", in_view(arrays[f"{side}_keypoints_2d"], arrays["frame_size"]))
    return PersonTruth(**arrays)


def in_view(keypoints_2d: Array, frame_size: ArrayLike) -> Array:
    """(N,) bool from landmarks (N, 21, 2) in pixels: most of them are inside a picture of width and height."""
    inside = np.all((keypoints_2d >= 0.0) & (keypoints_2d <= np.asarray(frame_size)), axis=-1)
    return inside.sum(axis=-1) >= MOST_LANDMARKS


def intrinsics_of(frame_size: tuple[int, int], focal: float) -> Array:
    """(3, 3) camera matrix with the centre in the middle."""
    width, height = frame_size
    return np.array(((focal, 0.0, width / 2.0), (0.0, focal, height / 2.0), (0.0, 0.0, 1.0)))


def _world_to_camera(camera: Camera) -> tuple[Array, Array]:
    """Rotation (3, 3) and translation (3,): looks from its position at its target, level."""
    position, target = np.array(camera.position), np.array(camera.target)
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross(forward, (0.0, 1.0, 0.0))
    right /= np.linalg.norm(right)
    rotmat = np.stack((right, np.cross(forward, right), forward))
    return rotmat, -rotmat @ position


def _on_the_ground(model: BodyModel, motion: Motion, start: tuple[float, float]) -> Array:
    """Translation (N, 3) moved as GVHMR moves it: x and z begin at `start`, the lowest body joint of all is at y = 0."""
    body_pose, orient = (values.astype(np.float32) for values in (motion.body_pose, motion.global_orient))
    transl = motion.transl.astype(np.float32)
    transl = transl - transl[0] * (1.0, 0.0, 1.0) + (start[0], 0.0, start[1])
    posed = posed_joints(model.rest_joints, local_rotmat(body_pose, orient, {}), transl)
    return transl - (0.0, posed.positions[:, : len(BODY_JOINTS), 1].min(), 0.0)


def make_truth(clip: TruthClip, person: Person, model: BodyModel) -> PersonTruth:
    """The whole clip for one person, whose betas shaped the body model.

    Poses are rounded to float32 before anything is derived from them, so that the stored values agree with each other.
    """
    frames = np.arange(clip.frame_count, dtype=np.float64)
    motion = person.motion(model, frames)
    left_pose, right_pose, body_pose, orient = (
        values.astype(np.float32)
        for values in (motion.left_hand_pose, motion.right_hand_pose, motion.body_pose, motion.global_orient)
    )
    transl = _on_the_ground(model, motion, person.start).astype(np.float32)

    local = local_rotmat(body_pose, orient, {"left": left_pose, "right": right_pose})
    posed = posed_joints(model.rest_joints, local, transl)
    camera_rotmat, camera_translation = _world_to_camera(clip.camera)
    intrinsics = intrinsics_of(clip.frame_size, clip.camera.focal)
    pelvis_rest = model.rest_joints[0]
    derived: dict[str, Array] = {
        "global_orient_incam": rotmat_to_axis_angle(camera_rotmat @ axis_angle_to_rotmat(orient)),
        # The orientation turns the body about its pelvis, not about the origin: hence the pelvis there and back.
        "transl_incam": (pelvis_rest + transl) @ camera_rotmat.T + camera_translation - pelvis_rest,
    }
    flags: dict[str, Array] = {}
    for side in SIDES:
        in_camera = hand_landmarks(measure_rest_hand(model, side), posed) @ camera_rotmat.T + camera_translation
        projected = in_camera @ intrinsics.T
        derived[f"{side}_wrist_world"] = posed.positions[:, WRIST[side]]
        derived[f"{side}_wrist_rotmat_world"] = posed.rotmat[:, WRIST[side]]
        derived[f"{side}_keypoints_2d"] = projected[..., :2] / projected[..., 2:]
        derived[f"{side}_keypoints_3d"] = in_camera - in_camera[:, :1]
        flags[f"{side}_in_view"] = in_view(derived[f"{side}_keypoints_2d"].astype(np.float32), clip.frame_size)
    return PersonTruth(
        left_hand_pose=left_pose,
        right_hand_pose=right_pose,
        body_pose=body_pose,
        global_orient=orient,
        transl=transl,
        betas=np.array(person.betas, dtype=np.float32),
        intrinsics=intrinsics.astype(np.float32),
        world_to_camera_rotmat=camera_rotmat.astype(np.float32),
        world_to_camera_translation=camera_translation.astype(np.float32),
        frame_time=frames * clip.fps[1] / clip.fps[0],
        fps=np.array(clip.fps),
        frame_size=np.array(clip.frame_size),
        **{name: values.astype(np.float32) for name, values in derived.items()},
        **flags,
    )
