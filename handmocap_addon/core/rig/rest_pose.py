"""How an armature rests against SMPL-X's T-pose: arms lowered, elbows bent, hands turned, fingers curled.

Bodies differ in shape, and so their joints lie a few degrees apart although all rest in the T-pose. The shape is found
first, from the distances between joints, which no pose changes. Where ten betas explain them to a fraction of a millimetre
the armature is a shape of the model, and half a degree of difference is a pose. Else the shape is known only roughly (other
models, other genders), and less than about ten degrees counts as shape: within one standard deviation of the betas single
bones lean up to seven degrees, short ones up to fifteen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..body.stand_in import smplx_rest_response
from ..maths.rotations import angle_between_rotmats, fitted_rotation, normalized, quat_wxyz_to_rotmat, rotation_between
from ..skeleton import FIRST_HAND_JOINT, JOINT_NAMES, PARENTS, WRIST

Array = NDArray[Any]

_COUNT: Final = len(JOINT_NAMES)
_CHILDREN: Final = tuple(tuple(child for child in range(1, _COUNT) if PARENTS[child] == joint) for joint in range(_COUNT))
# Distances between joints are this near, in the mean, where the shape is one of the model's.
_EXACT_LENGTHS: Final = 3e-4  # metres
_EXACT_ANGLE: Final = np.radians(0.5)
_SHAPE_ANGLE: Final = np.radians(10.0)
# Joints are means of a surface: shape moves them by a centimetre, in a hand by two millimetres; that leans short bones far.
_SHAPE_DISTANCE, _SHAPE_DISTANCE_IN_HAND = 0.01, 0.002  # metres
_SAME_AXES: Final = np.radians(0.05)
# How far, in metres, joints of a limb may be from where they are if it is turned as one piece, and how broad it must be.
_STIFF, _STIFF_SHAPE, _LEAST_BREADTH = 1e-3, 0.03, 1e-3
# Betas are about one; how far, in metres, a body that is no shape of the model is explained by one more of them.
_LOOSE_BETAS, _FREE_BETAS = 1e-3, 1e-7


@dataclass(frozen=True, eq=False)
class RestPose:
    """`turns` (55, 3, 3) are the global rotations, model's axes, that take SMPL-X's T-pose to the armature's rest.

    `joints` (55, 3) is the armature's skeleton put into the T-pose, metres, NaN where it has none. `unsure` names joints
    that were turned and of which positions do not say all: how far they are twisted, or how the last of a chain stands.
    """

    turns: Array
    joints: Array
    unsure: tuple[str, ...]

    @property
    def is_t_pose(self) -> bool:
        return bool((self.turns == np.eye(3)).all())

    @property
    def turned(self) -> tuple[str, ...]:
        """The joints that rest otherwise than their parents do."""
        angles = angle_between_rotmats(self.turns[[max(parent, 0) for parent in PARENTS]], self.turns)
        angles[0] = angle_between_rotmats(np.eye(3), self.turns[0])
        return tuple(name for name, angle in zip(JOINT_NAMES, angles, strict=True) if angle > _SAME_AXES)


def rest_pose(joints: Array, axes: Array) -> RestPose:
    """Compare a skeleton with SMPL-X's T-pose.

    Args:
        joints: (55, 3) heads of the bones at rest, metres, in the model's axes as far as they are known; NaN where none is.
        axes: (55, 3, 3) the bones' own axes, in the same axes. They say how a joint is turned where they turned with it.
    """
    reference, is_exact = _reference(joints)
    reader = _Reader(joints, axes, reference, is_exact)
    turns = np.tile(np.eye(3), (_COUNT, 1, 1))
    for joint in range(_COUNT):
        before = turns[PARENTS[joint]] if joint > 0 else np.eye(3)
        turns[joint] = reader.turn(joint, before)
    straight = joints.copy()
    for joint in range(1, _COUNT):
        parent = PARENTS[joint]
        if not (turns == np.eye(3)).all() and not np.isnan(joints[[joint, parent]]).any():
            straight[joint] = straight[parent] + turns[parent].T @ (joints[joint] - joints[parent])
    return RestPose(turns, straight, tuple(JOINT_NAMES[joint] for joint in sorted(reader.unsure)))


class _Reader:
    """Reads the turn of one joint after the other, parents first."""

    def __init__(self, joints: Array, axes: Array, reference: Array, is_exact: bool) -> None:
        self.joints, self.axes, self.reference, self.is_exact = joints, axes, reference, is_exact
        self.unsure: set[int] = set()
        self._by_axes: set[int] = set()  # joints that are turned as their axes are

    def turn(self, joint: int, before: Array) -> Array:
        """The global turn (3, 3) of a joint whose parent is turned by `before`."""
        children = [
            child
            for child in _CHILDREN[joint]
            if not np.isnan(self.joints[[child, joint]] + self.reference[[child, joint]]).any()
        ]
        by_axes = self._turn_by_axes(joint, before)
        own_axes = 0.0 if by_axes is None else float(angle_between_rotmats(before, by_axes))
        if not children:
            return self._turn_of_last(joint, before, by_axes, own_axes)
        wanted = normalized(self.joints[children] - self.joints[joint])
        shape = self.reference[children] - self.reference[joint]
        off = _angles(normalized(shape) @ before.T, wanted)
        tolerance = self._tolerance(joint, np.linalg.norm(shape, axis=-1))
        if by_axes is not None and own_axes > _SAME_AXES:
            turned_off = _angles(normalized(shape) @ by_axes.T, wanted)
            if (turned_off < tolerance).all() and turned_off.mean() < off.mean() - 0.3 * own_axes:
                self._by_axes.add(joint)
                return by_axes
        elif by_axes is not None and not self.is_exact:
            # All axes are alike, as the makers of these armatures have them, so nothing speaks for a pose.
            tolerance = 2.0 * tolerance
        if (off < tolerance).all():
            return before
        return self._turn_by_children(joint, children, before, shape, wanted)

    def _tolerance(self, joint: int, lengths: Array) -> Array:
        if self.is_exact:
            return np.full(len(lengths), _EXACT_ANGLE)
        is_hand = joint >= FIRST_HAND_JOINT["left"] or joint in WRIST.values()
        moved = _SHAPE_DISTANCE_IN_HAND if is_hand else _SHAPE_DISTANCE
        tolerance: Array = _SHAPE_ANGLE + np.arcsin(np.minimum(moved / lengths, 1.0))
        return tolerance

    def _turn_by_axes(self, joint: int, before: Array) -> Array | None:
        parent = PARENTS[joint]
        if joint == 0 or np.isnan(self.axes[[joint, parent]]).any():
            return None
        turn: Array = self.axes[joint] @ self.axes[parent].T @ before
        return turn

    def _turn_of_last(self, joint: int, before: Array, by_axes: Array | None, own_axes: float) -> Array:
        parent = PARENTS[joint]
        if parent in self._by_axes and by_axes is not None and own_axes > _SAME_AXES:
            self._by_axes.add(joint)
            return by_axes
        if parent in self.unsure and not np.isnan(self.joints[joint]).any():
            self.unsure.add(joint)
        return before

    def _turn_by_children(self, joint: int, children: list[int], before: Array, shape: Array, wanted: Array) -> Array:
        if len(children) > 1:
            return fitted_rotation(normalized(shape), wanted)
        # One child says where the bone points; what hangs on it and turned as a whole says how far it is twisted.
        roughly = self._turn_of_limb(joint)
        if roughly is None or not self.is_exact:
            self.unsure.add(joint)
        roughly = before if roughly is None else roughly
        onto = quat_wxyz_to_rotmat(rotation_between(normalized(shape) @ roughly.T, wanted))[0]
        turn: Array = onto @ roughly
        return turn

    def _turn_of_limb(self, joint: int) -> Array | None:
        """The turn (3, 3) of the largest part of a limb, from a joint on, that rests as one piece; None where none does."""
        is_finger = joint >= FIRST_HAND_JOINT["left"]
        if is_finger and not self.is_exact:
            return None
        levels = _levels_below(joint)
        for depth in range(len(levels), 1, -1):
            below = [one for level in levels[:depth] for one in level]
            below = [one for one in below if not np.isnan(self.joints[one] + self.reference[one]).any()]
            away, rest = self.joints[below] - self.joints[joint], self.reference[below] - self.reference[joint]
            if len(below) < 2 or np.linalg.svd(rest, compute_uv=False)[1] < _LEAST_BREADTH:
                continue
            turn = fitted_rotation(rest, away)
            if np.linalg.norm(rest @ turn.T - away, axis=-1).max() < (_STIFF if self.is_exact else _STIFF_SHAPE):
                return turn
        return None


def _levels_below(joint: int) -> list[tuple[int, ...]]:
    """What hangs on a joint, its children first, then theirs."""
    levels = []
    level = _CHILDREN[joint]
    while level:
        levels.append(level)
        level = tuple(child for one in level for child in _CHILDREN[one])
    return levels


def _angles(first: Array, second: Array) -> Array:
    cosine = np.clip(np.sum(first * second, axis=-1), -1.0, 1.0)
    # The sine tells small angles, of which the cosine says nothing.
    return np.arctan2(np.linalg.norm(np.cross(first, second), axis=-1), cosine)


def _reference(joints: Array) -> tuple[Array, bool]:
    """T-pose joints (55, 3) of the shape that has the skeleton's lengths, and whether it has them to a fraction of a mm."""
    ends = [joint for joint in range(1, _COUNT) if not np.isnan(joints[[joint, PARENTS[joint]]]).any()]
    neutral, response = smplx_rest_response()
    ends = [joint for joint in ends if not np.isnan(neutral[[joint, PARENTS[joint]]]).any()]
    lengths = np.linalg.norm(joints[ends] - joints[[PARENTS[joint] for joint in ends]], axis=-1)
    offsets = neutral[ends] - neutral[[PARENTS[joint] for joint in ends]]
    responses = response[ends] - response[[PARENTS[joint] for joint in ends]]
    if len(ends) <= 11:
        return neutral, False
    betas, error = _fitted_betas(lengths, offsets, responses, _FREE_BETAS)
    is_exact = error < _EXACT_LENGTHS and bool(np.abs(betas[:10]).max() < 10.0)
    if not is_exact:
        betas, _error = _fitted_betas(lengths, offsets, responses, _LOOSE_BETAS)
    return neutral + response @ betas[:10], is_exact


def _fitted_betas(lengths: Array, offsets: Array, responses: Array, weight: float) -> tuple[Array, float]:
    """Betas (10,) and a scale's logarithm after them, and the lengths' root mean square error in metres (Gauss-Newton)."""
    found = np.zeros(11)
    ridge = np.diag(np.full(11, weight))
    for _ in range(12):
        vectors = offsets + responses @ found[:10]
        shaped, scale = np.linalg.norm(vectors, axis=-1), np.exp(found[10])
        slopes = np.einsum("ja,jab->jb", vectors / shaped[:, None], responses) * scale
        jacobian = np.column_stack((slopes, shaped * scale))
        step = np.linalg.lstsq(
            np.vstack((jacobian, ridge)), np.concatenate((lengths - shaped * scale, -weight * found)), rcond=None
        )[0]
        found = found + np.clip(step, -3.0, 3.0)
    error = np.linalg.norm(offsets + responses @ found[:10], axis=-1) * np.exp(found[10]) - lengths
    return found, float(np.sqrt(np.mean(error**2)))
