"""Brings the arrays of GVHMR's relatives into one form, as far as their shapes leave no doubt about what they are."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..maths.rotations import angle_between_rotmats, axis_angle_to_quat_wxyz, quat_wxyz_to_rotmat, rotmat_to_quat_wxyz

Array = NDArray[Any]
BODY_JOINT_COUNT: Final = 21
_SHAPE_COUNT: Final = 10
# Rows and columns of a rotation matrix in half precision are this far from being of length one.
_MATRIX_TOLERANCE: Final = 0.05
_SAME_ANGLE: Final = 0.02  # radians; half precision rounds by up to 0.008
# SMPL's 23 joints are SMPL-X's 21 and both hands, which are animated from the clip here.
_COUNTS: Final = {BODY_JOINT_COUNT: (0, 21), 22: (1, 22), 23: (0, 21), 24: (1, 22)}
# Numbers in lists, and lists within lists; a person's motion of an hour has less.
_MOST_IN_LISTS: Final = 2_000_000
_MOST_AXES: Final = 6
_TWO_CONVENTIONS: Final = {6: "the first two columns or rows of matrices", 4: "quaternions"}


class UnclearArrayError(Exception):
    """An array that may be more than one thing, or none; the text says what about it, after its name."""


class SeveralPeopleError(Exception):
    """An array of several people; the number is the only argument."""


def numbers(value: Any) -> Array | None:
    """An array of 64-bit numbers, or None where it is none; lists of numbers and of arrays count too."""
    if isinstance(value, list | tuple) and len(value) and not isinstance(value[0], str):
        if not _is_plain(value):
            return None
        try:
            value = np.array(value, dtype=np.float64)
        except (TypeError, ValueError):
            return None
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu" or value.ndim == 0:
        return None
    return value.astype(np.float64)


def _is_plain(value: Any) -> bool:
    """Whether lists hold no more than a motion: a few that hold each other twice are soon very much."""
    left, lists, depths, end = _MOST_IN_LISTS, [iter(value)], 1, object()
    while lists and left > 0:
        item = next(lists[-1], end)
        if isinstance(item, list | tuple):
            lists.append(iter(item))
            depths = max(depths, len(lists))
        elif item is end:
            lists.pop()
        left -= max(item.size, 1) if isinstance(item, np.ndarray) else 1
    return left > 0 and depths <= _MOST_AXES


def body_rotations(value: Array) -> Array:
    """Rotations (L, J, 4) of J joints, 21 to 24, from any of their forms; NaN where they are not finite.

    Raises:
        UnclearArrayError, SeveralPeopleError: it is none of them.
    """
    found = [form for count in _COUNTS for form in _forms(value.shape, count)]
    if not found:
        for width, convention in _TWO_CONVENTIONS.items():
            if value.shape[-1] == BODY_JOINT_COUNT * width or value.shape[-2:] == (BODY_JOINT_COUNT, width):
                raise UnclearArrayError(f"holds {convention}, of which there are two conventions")
        raise UnclearArrayError(f"has the shape {value.shape}")
    batch, frames, rest = min(found)
    if batch > 1:
        raise SeveralPeopleError(batch)
    return _quat_wxyz(value.reshape(frames, *rest))


def root_rotations(value: Array, frame_count: int) -> Array:
    """Rotations (L, 4) of one joint; as above."""
    found = [form for form in _forms(value.shape, 1) if form[1] == frame_count]
    if not found:
        raise UnclearArrayError(f"has the shape {value.shape} for {frame_count} frames")
    batch, frames, rest = min(found)
    if batch > 1:
        raise SeveralPeopleError(batch)
    return _quat_wxyz(value.reshape(frames, *rest))[:, 0]


def without_root(quat_wxyz: Array, roots: list[Array]) -> Array:
    """The 21 body joints (L, 21, 4) of all that are there; the pelvis comes first where it is as in one of `roots` (L, 4).

    Raises:
        UnclearArrayError: it cannot be told which they are.
    """
    count = quat_wxyz.shape[1]
    first, last = _COUNTS[count]
    if first:
        at_rest = [np.tile((1.0, 0.0, 0.0, 0.0), (len(quat_wxyz), 1))]
        if not any(_same(quat_wxyz[:, 0], root) for root in [*roots, *at_rest]):
            # SMPL-X goes on with the jaw after the 21.
            if count == BODY_JOINT_COUNT + 1 and _same(quat_wxyz[:, -1], at_rest[0]):
                return quat_wxyz[:, :BODY_JOINT_COUNT]
            raise UnclearArrayError(f"holds {count} joints, and the first is not the pelvis of global_orient")
    return quat_wxyz[:, first:last]


def places(value: Array, frame_count: int, *rest: int) -> Array:
    """Vectors or matrices (L, *rest); also with axes of one, or once for all frames where there are matrices.

    Raises:
        UnclearArrayError, SeveralPeopleError: it is none of them.
    """
    lead = value.shape[: max(value.ndim - len(rest), 0)]
    people, frames = _people_and_frames(lead)
    if value.shape[len(lead) :] != rest:
        raise UnclearArrayError(f"has the shape {value.shape}")
    if math.prod(lead) == 1 and len(rest) == 2:
        return np.broadcast_to(value.reshape(1, *rest), (frame_count, *rest)).copy()
    if frames != frame_count:
        raise UnclearArrayError(f"has the shape {value.shape} for {frame_count} frames")
    if people > 1:
        raise SeveralPeopleError(people)
    return value.reshape(frame_count, *rest)


def shape_parameters(value: Array, frame_count: int) -> Array:
    """Ten (10,) of however many there are, from a row for every frame or one for all; where fewer are there zeros follow.

    Raises:
        UnclearArrayError, SeveralPeopleError: it is none of them.
    """
    people, count = _people_and_frames(value.shape[:-1])
    if value.shape[-1] == 0 or count not in (1, frame_count):
        raise UnclearArrayError(f"has the shape {value.shape} for {frame_count} frames")
    if people > 1:
        raise SeveralPeopleError(people)
    rows = value.reshape(count, -1)[:, :_SHAPE_COUNT]
    rows = rows[np.isfinite(rows).all(axis=1)]
    if not len(rows):
        raise UnclearArrayError("holds numbers that are not finite")
    # One shape a person: GVHMR repeats it on every frame.
    betas = np.zeros(_SHAPE_COUNT)
    betas[: rows.shape[1]] = np.median(rows, axis=0)
    return betas


def _forms(shape: tuple[int, ...], joints: int) -> list[tuple[int, int, tuple[int, ...]]]:
    """How an array may hold the rotations of so many joints: people, frames, and the axes of a frame."""
    found = []
    trailing: dict[tuple[int, ...], tuple[int, ...]] = {(3 * joints,): (joints, 3), (joints, 3): (joints, 3)}
    trailing |= {(9 * joints,): (joints, 3, 3), (joints, 3, 3): (joints, 3, 3)}
    if joints == 1:
        trailing[3, 3] = (1, 3, 3)
    for tail, rest in trailing.items():
        lead = shape[: max(len(shape) - len(tail), 0)]
        if shape[len(lead) :] == tail:
            found.append((*_people_and_frames(lead), rest))
    return found


def _people_and_frames(lead: tuple[int, ...]) -> tuple[int, int]:
    """Of the axes before a frame's own; those of one are a batch's, or nobody's."""
    longer = [extent for extent in lead if extent != 1]
    return math.prod(longer[:-1]), longer[-1] if longer else 1


def _quat_wxyz(values: Array) -> Array:
    """Rotations (L, J, 4) of axis-angle (L, J, 3) or matrices (L, J, 3, 3)."""
    finite = np.isfinite(values).all(axis=tuple(range(2, values.ndim)))
    if values.ndim == 3:
        quat = axis_angle_to_quat_wxyz(np.where(finite[..., None], values, 0.0))
    else:
        matrices = np.where(finite[..., None, None], values, np.eye(3))
        off = np.abs(matrices @ np.swapaxes(matrices, -1, -2) - np.eye(3)).max(initial=0.0)
        if off > _MATRIX_TOLERANCE or (np.linalg.det(matrices) < 0).any():
            raise UnclearArrayError("holds matrices that are no rotations")
        quat = rotmat_to_quat_wxyz(matrices)
    return np.where(finite[..., None], quat, np.nan)


def _same(first: Array, second: Array) -> bool:
    finite = np.isfinite(first).all(axis=-1) & np.isfinite(second).all(axis=-1)
    rotmats = [quat_wxyz_to_rotmat(quat[finite]) for quat in (first, second)]
    return bool(finite.any() and angle_between_rotmats(*rotmats).max() < _SAME_ANGLE)
