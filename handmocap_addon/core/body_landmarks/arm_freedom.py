"""The degrees of freedom of arms about the pose that another estimator gave them: what it says of the rest stays.

Shoulders and wrists turn as balls. An elbow bends about the axis that it is bent about already, in its range and to no other
side, and the forearm twists.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..maths.rotations import axis_angle_to_rotmat, normalized, rotmat_to_axis_angle
from ..skeleton import JOINT_INDEX, SIDES, WRIST, Side
from .freedom import BodyState, moved_by

Array = NDArray[Any]

# Degrees by which joints are turned away from what was given, and by how much that changes in a second. On two real clips
# with GVHMR results wrists then tremble little more than GVHMR's, some 3 pixels off hands that tremble by twice that.
_SHOULDER, _SHOULDER_PACE = (25.0, 25.0, 25.0), 6.0
_FLEXION, _FLEXION_PACE = 40.0, 8.0
_TWIST, _TWIST_PACE = 40.0, 10.0
_HAND, _HAND_PACE = (8.0, 25.0, 35.0), 12.0
_RANGE: Final = np.radians((1.0, 150.0))
_MOST_TWIST: Final = np.radians(95.0)
_LIMIT_DEVIATION: Final = np.radians(2.0)
_STRAIGHT: Final = 0.2  # sine of an angle below which an elbow hardly shows about which axis it bends
_EACH: Final = 8  # of a side: shoulder, flexion, twist, wrist
_FLEX, _TURN, _WRIST = 3, 4, 5


class ArmFreedom:
    """What of both arms can move. `bending` (N, 4) of its states is by how much: a side's flexion, then its twist."""

    def __init__(self, given_rotmat: Array, rest_joints: Array) -> None:
        """Of N frames of local rotations (N, 22, 3, 3) of a body with these rest joints (22 or more, 3)."""
        deviations, paces, joints = [], [], []
        for side in SIDES:
            joints += [JOINT_INDEX[f"{side}_shoulder"]] * 3 + [JOINT_INDEX[f"{side}_elbow"]] * 2 + [WRIST[side]] * 3
            deviations += [*_SHOULDER, _FLEXION, _TWIST, *_HAND]
            paces += [_SHOULDER_PACE] * 3 + [_FLEXION_PACE, _TWIST_PACE] + [_HAND_PACE] * 3
        self.joints, self.count = np.array(joints), len(joints)
        self.moves = moved_by(self.joints)
        self.pace = np.radians(paces)
        self._weight = 1.0 / np.radians(deviations) ** 2
        self._given, self._rest = given_rotmat, rest_joints
        bones = [_bones(rest_joints, side) for side in SIDES]
        self._forearms = [forearm for _, forearm in bones]
        self._axes = [
            _bending_axis(upper, given_rotmat[:, JOINT_INDEX[f"{side}_elbow"]] @ forearm, side)
            for side, (upper, forearm) in zip(SIDES, bones, strict=True)
        ]
        self._lowest, self._highest = self._ranges([upper for upper, _ in bones])

    def _ranges(self, uppers: list[Array]) -> tuple[Array, Array]:
        """By how much (N, 4) each hinge may turn; what was beyond its range when it was given may stay there."""
        lowest, highest = np.empty((2, len(self._given), 4))
        for number, (side, upper) in enumerate(zip(SIDES, uppers, strict=True)):
            forearm = self._given[:, JOINT_INDEX[f"{side}_elbow"]] @ self._forearms[number]
            around = np.sum(np.cross(upper, forearm) * self._axes[number], axis=-1)
            flexion = np.arctan2(around, forearm @ upper)
            lowest[:, 2 * number] = np.minimum(_RANGE[0] - flexion, 0.0)
            highest[:, 2 * number] = np.maximum(_RANGE[1] - flexion, 0.0)
            lowest[:, 2 * number + 1], highest[:, 2 * number + 1] = -_MOST_TWIST, _MOST_TWIST
        return lowest, highest

    @property
    def start(self) -> Array:
        """The local rotations (N, 22, 3, 3) that were given."""
        return self._given

    def rows(self, rows: slice) -> ArmFreedom:
        """See `DegreesOfFreedom`."""
        return ArmFreedom(self._given[rows], self._rest)

    def twist_and_wrist(self, side: Side) -> Array:
        """The degrees of freedom (D,) bool that turn a hand and leave its wrist where it is."""
        first = SIDES.index(side) * _EACH
        return np.isin(np.arange(self.count), np.arange(first + _TURN, first + _EACH))

    def scaled(self, state: BodyState, share: Array) -> BodyState:
        """The state with a share (N, 2) of each side's change; without any it is what was given, to the bit."""
        local = state.local_rotmat.copy()
        for joint, first in self._balls():
            part = share[:, first // _EACH, None]
            turn = rotmat_to_axis_angle(self._turned(state, joint)) * part
            local[:, joint] = np.where(
                part[..., None] > 0.0, self._given[:, joint] @ axis_angle_to_rotmat(turn), self._given[:, joint]
            )
        bent = self._bent(BodyState(state.place, local, state.bending * np.repeat(share, 2, axis=1)))
        for number, side in enumerate(SIDES):
            elbow = JOINT_INDEX[f"{side}_elbow"]
            bent.local_rotmat[share[:, number] == 0.0, elbow] = self._given[share[:, number] == 0.0, elbow]
        return bent

    def stepped(self, state: BodyState, step: Array) -> BodyState:
        """See `DegreesOfFreedom`: shoulders and wrists about their own axes."""
        local = state.local_rotmat.copy()
        for joint, first in self._balls():
            local[:, joint] = local[:, joint] @ axis_angle_to_rotmat(step[:, first : first + 3])
        bending = np.clip(state.bending + step[:, self._hinges()], self._lowest - 0.1, self._highest + 0.1)
        return self._bent(BodyState(state.place, local, bending))

    def within_limits(self, state: BodyState) -> BodyState:
        """See `DegreesOfFreedom`."""
        bending = np.clip(state.bending, self._lowest, self._highest)
        return self._bent(BodyState(state.place, state.local_rotmat, bending))

    def away_from_usual(self, state: BodyState) -> tuple[Array, Array]:
        """See `DegreesOfFreedom`; usual is what was given."""
        residual = np.empty((len(state.place), self.count))
        for joint, first in self._balls():
            residual[:, first : first + 3] = rotmat_to_axis_angle(self._turned(state, joint))
        hinges = self._hinges()
        residual[:, hinges] = state.bending
        residual *= self._weight
        weight = np.broadcast_to(self._weight, residual.shape).copy()
        outside = state.bending - np.clip(state.bending, self._lowest, self._highest)
        residual[:, hinges] += outside / _LIMIT_DEVIATION**2
        weight[:, hinges] += (outside != 0.0) / _LIMIT_DEVIATION**2
        return residual, weight

    def change(self, state: BodyState) -> Array:
        """See `DegreesOfFreedom`: of what lies between the state and what was given."""
        between = np.empty((max(len(state.place) - 1, 0), self.count))
        for joint, first in self._balls():
            turned = self._turned(state, joint)
            turn = np.swapaxes(turned[:-1], -1, -2) @ turned[1:]
            between[:, first : first + 3] = rotmat_to_axis_angle(turn)
        between[:, self._hinges()] = np.diff(state.bending, axis=0)
        return between

    def axes(self, state: BodyState, rotmat: Array) -> Array:
        """See `DegreesOfFreedom`."""
        axes = np.empty((len(rotmat), self.count, 3))
        for joint, first in self._balls():
            axes[:, first : first + 3] = np.swapaxes(rotmat[:, joint], -1, -2)
        for number, side in enumerate(SIDES):
            first = number * _EACH
            shoulder, elbow = (rotmat[:, JOINT_INDEX[f"{side}_{name}"]] for name in ("shoulder", "elbow"))
            axes[:, first + _FLEX] = (shoulder @ self._axes[number][..., None])[..., 0]
            axes[:, first + _TURN] = elbow @ self._forearms[number]
        return axes

    def _balls(self) -> list[tuple[int, int]]:
        """Joints that turn as balls, and the first degree of freedom of each."""
        balls = []
        for number, side in enumerate(SIDES):
            balls += [(JOINT_INDEX[f"{side}_shoulder"], number * _EACH), (WRIST[side], number * _EACH + _WRIST)]
        return balls

    def _hinges(self) -> list[int]:
        return [number * _EACH + row for number in range(len(SIDES)) for row in (_FLEX, _TURN)]

    def _turned(self, state: BodyState, joint: int) -> Array:
        return np.swapaxes(self._given[:, joint], -1, -2) @ state.local_rotmat[:, joint]

    def _bent(self, state: BodyState) -> BodyState:
        """The same with the elbows' matrices made of their angles."""
        local = state.local_rotmat.copy()
        for number, side in enumerate(SIDES):
            elbow = JOINT_INDEX[f"{side}_elbow"]
            flexion = axis_angle_to_rotmat(state.bending[:, 2 * number, None] * self._axes[number])
            twist = axis_angle_to_rotmat(state.bending[:, 2 * number + 1, None] * self._forearms[number])
            local[:, elbow] = flexion @ self._given[:, elbow] @ twist
        return BodyState(state.place, local, state.bending)


def _bones(rest_joints: Array, side: Side) -> tuple[Array, Array]:
    """Directions (3,) of upper arm and forearm at rest."""
    places = [rest_joints[JOINT_INDEX[f"{side}_{name}"]] for name in ("shoulder", "elbow", "wrist")]
    return normalized(places[1] - places[0]), normalized(places[2] - places[1])


def _bending_axis(upper: Array, forearm: Array, side: Side) -> Array:
    """About what (N, 3), in the upper arm's axes, forearms (N, 3) are bent; the usual axis where they hardly are."""
    usual = np.array((0.0, -1.0 if side == "left" else 1.0, 0.0))
    usual = normalized(usual - (usual @ upper) * upper)
    across = np.cross(upper, forearm)
    clear = np.clip(np.linalg.norm(across, axis=-1, keepdims=True) / _STRAIGHT, 0.0, 1.0)
    mixed = normalized(across) * clear + usual * (1.0 - clear)
    far = np.linalg.norm(mixed, axis=-1, keepdims=True) > 1e-3
    return np.where(far, normalized(np.where(far, mixed, usual)), usual)
