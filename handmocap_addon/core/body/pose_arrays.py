"""The arrays of a body's pose as files of SMPL's family have them: one row a frame, the pelvis first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import BodyMotionFileError
from ..maths.rotations import axis_angle_to_quat_wxyz
from .gvhmr_arrays import SeveralPeopleError, UnclearArrayError, numbers, places, shape_parameters
from .makers import BodyMaker

Array = NDArray[Any]
# The pelvis and the 21 joints after it, which SMPL, SMPL-H and SMPL-X share.
BODY_JOINTS: Final = 22
_MOST_JOINTS: Final = 127
_LOWEST_RATE, _HIGHEST_RATE = 1, 10_000


class PoseFile:
    """A file of a maker's, for what its sentences say."""

    def __init__(self, path: Path, maker: BodyMaker) -> None:
        self.path, self.maker = path, maker

    def pose(self, value: Any, name: str) -> Array:
        """Rotations (N, J, 4) of J joints, 22 or more, from axis-angle (N, 3J) or (N, J, 3); NaN where it is not finite.

        Raises:
            BodyMotionFileError: it is none.
        """
        with self.about(name):
            pose = self.numbers(value)
            if pose.ndim == 2 and pose.shape[1] % 3 == 0:
                pose = pose.reshape(len(pose), pose.shape[1] // 3, 3)
            if pose.ndim != 3 or pose.shape[2] != 3 or not BODY_JOINTS <= pose.shape[1] <= _MOST_JOINTS:
                raise UnclearArrayError(f"has the shape {pose.shape}")
        if len(pose) == 0:
            raise BodyMotionFileError(f"{self.path.name} holds no frames", self.maker.again)
        finite = np.isfinite(pose).all(axis=-1, keepdims=True)
        quat: Array = np.where(finite, axis_angle_to_quat_wxyz(np.where(finite, pose, 0.0)), np.nan)
        return quat

    def fingers(self, value: Any, name: str) -> Array:
        """Rotations (…, 4) of any joints from axis-angle (…, 3).

        Raises:
            BodyMotionFileError: it is none.
        """
        with self.about(name):
            pose = self.numbers(value)
            if pose.shape[-1] % 3:
                raise UnclearArrayError(f"has the shape {pose.shape}")
        return axis_angle_to_quat_wxyz(np.nan_to_num(pose.reshape(-1, 3)))

    def vectors(self, value: Any, name: str, count: int, *rest: int) -> Array:
        """Vectors or matrices (count, *rest).

        Raises:
            BodyMotionFileError: they are none.
        """
        with self.about(name):
            return places(self.numbers(value), count, *rest)

    def betas(self, value: Any, name: str, count: int) -> Array:
        """Ten (10,), zeros where the file says nothing of the shape.

        Raises:
            BodyMotionFileError: they are none.
        """
        if value is None:
            return np.zeros(10)
        with self.about(name):
            return shape_parameters(self.numbers(value), count)

    @contextmanager
    def about(self, name: str) -> Iterator[None]:
        """What is unclear within is the array's of this name."""
        try:
            yield
        except UnclearArrayError as error:
            raise BodyMotionFileError(
                f"{self.path.name} cannot be read for certain: {name} {error}", self.maker.again
            ) from error
        except SeveralPeopleError as error:
            raise BodyMotionFileError(
                f"{self.path.name} has {name} of {error.args[0]} people, and one file is one person's here",
                "save one person's part by itself",
            ) from error

    @staticmethod
    def numbers(value: Any) -> Array:
        """An array of 64-bit numbers, of one where there is one alone.

        Raises:
            UnclearArrayError: it is none.
        """
        if isinstance(value, int | float | np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
            value = np.atleast_1d(np.asarray(value))
        array = numbers(value)
        if array is None:
            raise UnclearArrayError("is not there" if value is None else "holds no numbers")
        return array


def text_in(content: dict[Any, Any], *names: str) -> str:
    """The first of some entries that is a text, in lower case; "" where there is none."""
    for name in names:
        value = content.get(name)
        if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "US" and value.size == 1:
            value = value.item()
        value = value.decode("latin-1") if isinstance(value, bytes) else value
        if isinstance(value, str):
            return value.lower()
    return ""


def rate_in(content: dict[Any, Any], *names: str) -> Fraction | None:
    """The frames a second that the first of some entries says, where it can be one."""
    for name in names:
        if name in content:
            value = content[name]
            value = value.item() if isinstance(value, np.ndarray | np.generic) and value.size == 1 else value
            is_rate = isinstance(value, int | float) and _LOWEST_RATE <= value <= _HIGHEST_RATE
            return Fraction(value).limit_denominator(1001) if is_rate else None
    return None
