"""The bodies of the clips: they stand, sway a little, and their arms go where the choreography wants the wrists.

Frames as in SMPL-X: y up, facing +z, left hand towards +x. All angles are in radians unless a name says degrees.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handmocap_addon.core.body.model import BodyModel
from handmocap_addon.core.maths.rotations import axis_angle_to_rotmat, rotmat_to_axis_angle
from handmocap_addon.core.skeleton import BODY_JOINTS, JOINT_INDEX, SIDES

Array = NDArray[Any]

_X, _Y, _Z = np.eye(3)


def wave(frames: Array, degrees: float, period: float, phase: float) -> Array:
    """(N,) radians of a sine with the amplitude in degrees and the period in frames; the phase is in turns."""
    return np.radians(degrees) * np.sin(2.0 * np.pi * (frames / period + phase))


def about(axis: Array, angles: Array) -> Array:
    """(N, 3, 3) rotations about one axis by (N,) radians."""
    return axis_angle_to_rotmat(np.asarray(angles)[..., None] * axis)


def mirrored_rotmat(rotmat: Array) -> Array:
    """Rotations (…, 3, 3) seen in a mirror across x."""
    mirror = np.diag((-1.0, 1.0, 1.0))
    return mirror @ rotmat @ mirror


def swaying_body(model: BodyModel, frames: Array, arms: Mapping[str, Array], yaw: float = 0.0) -> tuple[Array, Array, Array]:
    """Body pose (N, 63), pelvis orientation (N, 3) and translation (N, 3) in metres, with the feet where they stand.

    `arms` holds local rotations (N, 3, 3) by joint name; the whole body is turned about y by `yaw`.
    """
    count = len(frames)
    pelvis = about(_Y, wave(frames, 1.5, 96.0, 0.1))
    lean = about(_Z, wave(frames, 1.1, 74.0, 0.0)) @ about(_X, wave(frames, 0.5, 58.0, 0.3))
    rotations = {
        "spine1": about(_Y, wave(frames, 2.0, 96.0, 0.15)) @ about(_X, wave(frames, 1.5, 77.0, 0.5)),
        "spine2": about(_Z, wave(frames, 1.2, 69.0, 0.25)),
        "spine3": about(_Y, wave(frames, 1.5, 64.0, 0.4)),
        "neck": about(_Y, wave(frames, 5.0, 88.0, 0.55)),
        "head": about(_X, wave(frames, 3.0, 52.0, 0.0)),
        **arms,
    }
    legs = np.zeros((count, 3))
    for side in SIDES:
        # Both legs lean alike and the feet stay level, so the pelvis moves and the feet do not.
        rotations[f"{side}_hip"] = np.swapaxes(pelvis, -1, -2) @ lean
        rotations[f"{side}_ankle"] = np.swapaxes(lean, -1, -2)
        leg = model.rest_joints[JOINT_INDEX[f"{side}_ankle"]] - model.rest_joints[JOINT_INDEX[f"{side}_hip"]]
        legs += 0.5 * (leg - lean @ leg)

    pose = np.zeros((count, 21, 3))
    for joint, rotmat in rotations.items():
        pose[:, BODY_JOINTS.index(joint) - 1] = rotmat_to_axis_angle(rotmat)
    turned = about(_Y, np.array(yaw))
    return pose.reshape(count, 63), rotmat_to_axis_angle(turned @ pelvis), legs @ turned.T
