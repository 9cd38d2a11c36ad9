"""The body of the demo clip: it stands facing the camera, hands raised, and sways a little.

Frames as in SMPL-X: y up, facing +z, left hand towards +x. All angles are in radians unless a name says degrees.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from handmocap_addon.core.body_model import BodyModel
from handmocap_addon.core.rotations import axis_angle_to_rotmat, normalized, rotmat_to_axis_angle
from handmocap_addon.core.skeleton import BODY_JOINTS, JOINT_INDEX, SIDES, Side

Array = NDArray[Any]

_X, _Y, _Z = np.eye(3)
# Of the left arm, in the chest's frame: the elbow hangs forward of the shoulder, the forearm stands upright.
_LEFT_UPPER_ARM = np.array((0.52, -0.72, 0.46))
_LEFT_FOREARM = np.array((0.13, 0.97, 0.20))


def wave(frames: Array, degrees: float, period: float, phase: float) -> Array:
    """(N,) radians of a sine with the amplitude in degrees and the period in frames; the phase is in turns."""
    return np.radians(degrees) * np.sin(2.0 * np.pi * (frames / period + phase))


def about(axis: Array, angles: Array) -> Array:
    """(N, 3, 3) rotations about one axis by (N,) radians."""
    return axis_angle_to_rotmat(np.asarray(angles)[..., None] * axis)


def frame_from(x_direction: Array, y_direction: Array) -> Array:
    """The rotation whose first column is `x_direction` and whose second is as near to `y_direction` as that allows."""
    x_axis = normalized(x_direction)
    y_axis = normalized(y_direction - (y_direction @ x_axis) * x_axis)
    return np.stack((x_axis, y_axis, np.cross(x_axis, y_axis)), axis=-1)


def mirrored_rotmat(rotmat: Array) -> Array:
    """Rotations (…, 3, 3) seen in a mirror across x."""
    mirror = np.diag((-1.0, 1.0, 1.0))
    return mirror @ rotmat @ mirror


def _arm(side: Side, frames: Array) -> dict[str, Array]:
    """Local rotations (N, 3, 3) of shoulder, elbow and wrist."""
    phase = 0.0 if side == "left" else 0.37
    upper_arm, forearm = normalized(_LEFT_UPPER_ARM), normalized(_LEFT_FOREARM)
    # The elbow is a hinge about -y at rest; this turns the upper arm so that the hinge moves the forearm upwards.
    shoulder = frame_from(upper_arm, -np.cross(upper_arm, forearm))
    elbow = shoulder.T @ frame_from(forearm, -_Z)
    shoulder_sway = about(_Z, wave(frames, 3.0, 83.0, phase)) @ about(_X, wave(frames, 3.5, 61.0, phase + 0.2))
    moving_elbow = elbow @ about(_Y, wave(frames, 4.0, 71.0, phase + 0.45))
    wrist = (
        about(_X, wave(frames, 16.0, 58.0, phase + 0.1))
        @ about(_Z, wave(frames, 9.0, 47.0, phase + 0.3))
        @ about(_Y, wave(frames, 6.0, 66.0, phase + 0.6))
    )
    arm = {"shoulder": shoulder_sway @ shoulder, "elbow": moving_elbow, "wrist": wrist}
    return {f"{side}_{joint}": rotmat if side == "left" else mirrored_rotmat(rotmat) for joint, rotmat in arm.items()}


def swaying_body(model: BodyModel, frames: Array) -> tuple[Array, Array, Array]:
    """Body pose (N, 63), pelvis orientation (N, 3) and translation (N, 3) in metres, with the feet where they stand."""
    count = len(frames)
    pelvis = about(_Y, wave(frames, 1.5, 96.0, 0.1))
    lean = about(_Z, wave(frames, 1.1, 74.0, 0.0)) @ about(_X, wave(frames, 0.5, 58.0, 0.3))
    rotations = {
        "spine1": about(_Y, wave(frames, 2.0, 96.0, 0.15)) @ about(_X, wave(frames, 1.5, 77.0, 0.5)),
        "spine2": about(_Z, wave(frames, 1.2, 69.0, 0.25)),
        "spine3": about(_Y, wave(frames, 1.5, 64.0, 0.4)),
        "neck": about(_Y, wave(frames, 5.0, 88.0, 0.55)),
        "head": about(_X, wave(frames, 3.0, 52.0, 0.0)),
    }
    legs = np.zeros((count, 3))
    for side in SIDES:
        rotations |= _arm(side, frames)
        # Both legs lean alike and the feet stay level, so the pelvis moves and the feet do not.
        rotations[f"{side}_hip"] = np.swapaxes(pelvis, -1, -2) @ lean
        rotations[f"{side}_ankle"] = np.swapaxes(lean, -1, -2)
        leg = model.rest_joints[JOINT_INDEX[f"{side}_ankle"]] - model.rest_joints[JOINT_INDEX[f"{side}_hip"]]
        legs += 0.5 * (leg - lean @ leg)

    pose = np.zeros((count, 21, 3))
    for joint, rotmat in rotations.items():
        pose[:, BODY_JOINTS.index(joint) - 1] = rotmat_to_axis_angle(rotmat)
    return pose.reshape(count, 63), rotmat_to_axis_angle(pelvis), legs
