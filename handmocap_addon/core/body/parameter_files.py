"""SMPL-X parameters as other programs read them: AMASS, Meshcapade's .smpl, and plain npz of 66 or 156 values a frame.

Field names are those that AMASS's SMPL-X files have (amass.is.tue.mpg.de), which the SMPL-X add-ons of MPI and Meshcapade
read, and those of `smplcodec` 2 (MIT), which reads and writes .smpl. Fingers are absolute in the flat convention
(`flat_hand_mean=True`) in all of them; none holds a pickled object.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..files.atomic_files import replacing
from ..skeleton import BODY_JOINTS, FIRST_HAND_JOINT, HAND_JOINT_COUNT
from .parameters import BodyParameters
from .shape import GENDERS, BodyShape

_BODY: Final = slice(0, len(BODY_JOINTS))
_FACE: Final = slice(len(BODY_JOINTS), FIRST_HAND_JOINT["left"])
_LEFT: Final = slice(FIRST_HAND_JOINT["left"], FIRST_HAND_JOINT["left"] + HAND_JOINT_COUNT)
_RIGHT: Final = slice(FIRST_HAND_JOINT["right"], FIRST_HAND_JOINT["right"] + HAND_JOINT_COUNT)
_SMPL_CODEC_VERSION: Final = 2
_SMPLX: Final = 2


def write_amass(path: Path, parameters: BodyParameters, shape: BodyShape, fps: Fraction | float) -> None:
    """Write an AMASS-style npz, z up: `poses` (N, 165), `trans` (N, 3) metres, `betas`, `gender`, and the parts of `poses`.

    Raises:
        OutputError: it cannot be written.
    """
    upright = parameters.with_up("z")
    pose = upright.pose_axis_angle
    count = upright.frame_count
    _save(
        path,
        poses=pose.reshape(count, -1),
        trans=upright.translation,
        betas=np.asarray(shape.betas, np.float64),
        num_betas=np.array(len(shape.betas)),
        gender=np.array(shape.gender),
        surface_model_type=np.array("smplx"),
        mocap_frame_rate=np.array(float(fps)),
        # AMASS's older files have this name, and some readers know no other.
        mocap_framerate=np.array(float(fps)),
        mocap_time_length=np.array(count / float(fps)),
        root_orient=pose[:, 0],
        pose_body=pose[:, 1 : len(BODY_JOINTS)].reshape(count, -1),
        pose_jaw=pose[:, _FACE.start],
        pose_eye=pose[:, _FACE.start + 1 : _FACE.stop].reshape(count, -1),
        pose_hand=pose[:, _LEFT.start : _RIGHT.stop].reshape(count, -1),
    )


def write_smpl(path: Path, parameters: BodyParameters, shape: BodyShape, fps: Fraction | float) -> None:
    """Write a .smpl, y up: an npz of int32 and float32 alone.

    Raises:
        OutputError: it cannot be written.
    """
    upright = parameters.with_up("y")
    pose = upright.pose_axis_angle.astype("f4")
    _save(
        path,
        codecVersion=np.array(_SMPL_CODEC_VERSION, "i4"),
        smplVersion=np.array(_SMPLX, "i4"),
        gender=np.array(GENDERS.index(shape.gender), "i4"),
        shapeParameters=np.asarray(shape.betas, "f4"),
        frameCount=np.array(upright.frame_count, "i4"),
        frameRate=np.array(float(fps), "f4"),
        bodyTranslation=upright.translation.astype("f4"),
        bodyPose=pose[:, _BODY],
        headPose=pose[:, _FACE],
        leftHandPose=pose[:, _LEFT],
        rightHandPose=pose[:, _RIGHT],
    )


def write_plain_poses(
    path: Path, parameters: BodyParameters, shape: BodyShape, fps: Fraction | float, with_hands: bool
) -> None:
    """Write `poses`: (N, 66) the pelvis and 21 joints, or (N, 156) with 15 joints of the left and of the right hand.

    Beside it `trans` (N, 3) metres, `fps`, `betas`, `gender` and `up_axis`, which is that of the parameters.

    Raises:
        OutputError: it cannot be written.
    """
    pose = parameters.pose_axis_angle
    parts = [pose[:, _BODY], pose[:, _LEFT], pose[:, _RIGHT]] if with_hands else [pose[:, _BODY]]
    _save(
        path,
        poses=np.concatenate(parts, axis=1).reshape(parameters.frame_count, -1),
        trans=parameters.translation,
        fps=np.array(float(fps)),
        betas=np.asarray(shape.betas, np.float64),
        gender=np.array(shape.gender),
        up_axis=np.array(parameters.up_axis),
    )


def _save(path: Path, **arrays: Any) -> None:
    with replacing(path) as temporary, temporary.open("wb") as file:
        # By the open file: given a path, numpy would add a suffix to a .smpl.
        np.savez_compressed(file, **arrays)
