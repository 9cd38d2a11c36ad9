"""The stand-in: the wooden figure of the `mannequin-x` package (Apache-2.0), which needs no licensed file.

The package carries the SMPL-X rest joints and their response to betas, so rotations, betas and joint positions mean on it
what they mean on SMPL-X; only the surface differs. It leaves out jaw and eyes, which are placed inside its head.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..audience import way_out
from ..errors import BadInputError, MissingSetupError
from ..skeleton import FACE_JOINTS, JOINT_INDEX, JOINT_NAMES
from .model import BodyModel

Array = NDArray[Any]

STAND_IN = "stand-in"  # where a body is asked for by name
_SKIN_INFLUENCES = 4
# They count standard deviations of people; the arithmetic of a shape breaks down far above.
_LARGEST_BETA = 100.0
# Offsets from the head joint, metres: roughly where SMPL-X has them. Nothing is skinned to these joints.
_FACE_OFFSETS = {"jaw": (0.0, -0.01, 0.02), "left_eye_smplhf": (0.032, 0.05, 0.07), "right_eye_smplhf": (-0.032, 0.05, 0.07)}


def _smplx_name(mannequin_name: str) -> str:
    """`L_Index1` to `left_index1`; the package's extra `L_Hand` has no SMPL-X name of its own and folds into the wrist."""
    prefix, _, rest = mannequin_name.partition("_")
    name = {"L": f"left_{rest}", "R": f"right_{rest}"}.get(prefix, mannequin_name).lower()
    return {"left_hand": "left_wrist", "right_hand": "right_wrist"}.get(name, name)


def _not_installed() -> MissingSetupError:
    todo = way_out("install the extension from its zip", "run handmocap.py setup")
    return MissingSetupError("The stand-in body is not installed", todo)


def load_stand_in_body(betas: Array | None = None) -> BodyModel:
    """The stand-in shaped by up to ten betas.

    Raises:
        MissingSetupError: the `mannequin` module is not importable.
        BadInputError: nobody has such a shape.
    """
    try:
        from mannequin import Mannequin
    except ImportError as error:
        raise _not_installed() from error
    shape = np.zeros(10, dtype=np.float32)
    if betas is not None:
        given = np.asarray(betas, dtype=np.float64).ravel()[:10]
        if not (np.abs(given) <= _LARGEST_BETA).all():
            raise BadInputError(
                f"A body's shape has a coefficient of {np.abs(given).max():.3g}, and nobody has one above {_LARGEST_BETA:g}",
                "look at what wrote its betas",
            )
        shape[: len(given)] = given
    figure = Mannequin("wooden", shape=shape, flat_hand_mean=True)
    rest_pose = figure.rest_pose()
    positions = figure.joint_transforms(rest_pose)[:, :3, 3]
    to_smplx = np.array([JOINT_INDEX[_smplx_name(name)] for name in figure.joint_names])

    rest_joints = np.zeros((len(JOINT_NAMES), 3))
    rest_joints[to_smplx] = positions
    for name in FACE_JOINTS:
        rest_joints[JOINT_INDEX[name]] = rest_joints[JOINT_INDEX["head"]] + _FACE_OFFSETS[name]

    # The package has no public access to its skin; a test holds our skinning against its own `vertices()`.
    skin_joints, skin_weights = figure._skin_joint_indices, figure._skin_weights
    return BodyModel(
        name="mannequin",
        rest_joints=rest_joints,
        vertices=np.asarray(figure.vertices(rest_pose), dtype=np.float64),
        faces=np.asarray(figure.faces),
        skin_joints=to_smplx[skin_joints[:, :_SKIN_INFLUENCES]],
        skin_weights=np.asarray(skin_weights[:, :_SKIN_INFLUENCES], dtype=np.float64),
        betas=shape,
        licence="mannequin-x 0.3.0, Apache-2.0",
    )


@functools.cache
def smplx_rest_response() -> tuple[Array, Array]:
    """The SMPL-X rest joints (55, 3) of the neutral shape, metres, and how each of ten betas moves them (55, 3, 10).

    As `load_stand_in_body` has them, without its surface. NaN for jaw and eyes, which the package leaves out.

    Raises:
        MissingSetupError: the `mannequin` module is not importable.
    """
    try:
        from mannequin import Mannequin
        from mannequin._io import load_calibration
    except ImportError as error:
        raise _not_installed() from error
    calibration = load_calibration()
    to_smplx = np.array([JOINT_INDEX[_smplx_name(name)] for name in Mannequin("wooden").joint_names])
    joints, response = np.full((len(JOINT_NAMES), 3), np.nan), np.full((len(JOINT_NAMES), 3, 10), np.nan)
    joints[to_smplx], response[to_smplx] = calibration.joint_rest, calibration.joint_dirs
    return joints, response
