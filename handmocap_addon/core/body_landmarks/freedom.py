"""The degrees of freedom of a body, what each of them usually does, and its range.

The pelvis moves and turns freely. Elbows and knees are hinges, and the forearm twists; the other joints are balls that are
held to a usual rotation. The ranges are a healthy adult's (Kapandji, The Physiology of the Joints), rounded up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ..maths.rotations import axis_angle_to_rotmat, rotmat_to_axis_angle
from ..skeleton import BODY_JOINTS, BODY_PARENTS

Array = NDArray[Any]

JOINT_COUNT: Final = len(BODY_JOINTS)


@dataclass(frozen=True)
class _Ball:
    deviation: tuple[float, float, float]  # degrees about the axes of the rest pose, left side
    usual: tuple[float, float, float] = (0.0, 0.0, 0.0)  # axis-angle in degrees, left side
    pace: float = 30.0  # degrees by which it wanders in a second, unless it is seen to move further


@dataclass(frozen=True)
class _Hinge:
    axis: tuple[float, float, float]  # about which the left side's bends
    usual: float
    deviation: float
    limits: tuple[float, float]
    pace: float = 40.0


# Flexion first, then the twist of what hangs on it.
_HINGES: Final = {
    "elbow": (_Hinge((0, -1, 0), 25.0, 60.0, (1.0, 150.0)), _Hinge((1, 0, 0), 0.0, 40.0, (-95.0, 95.0))),
    "knee": (_Hinge((1, 0, 0), 8.0, 80.0, (1.0, 150.0)),),
}
_BALLS: Final = {
    "spine1": _Ball((8, 6, 6), pace=8.0),
    "spine2": _Ball((8, 6, 6), pace=8.0),
    "spine3": _Ball((8, 6, 6), pace=8.0),
    "neck": _Ball((12, 15, 8), pace=15.0),
    "head": _Ball((12, 15, 8), pace=15.0),
    "collar": _Ball((3, 7, 7), pace=10.0),
    "shoulder": _Ball((40, 50, 50), (0.0, 0.0, -65.0)),
    "wrist": _Ball((8, 25, 35)),
    "hip": _Ball((60, 30, 25)),
    "ankle": _Ball((15, 8, 10), pace=20.0),
    "foot": _Ball((2, 1, 1), pace=5.0),
}
_ROOT_PACE: Final = 15.0  # degrees
# Metres. How far away a body is comes from its size in the picture alone, and is the noisiest of all.
_PLACE_PACE: Final = (0.05, 0.05, 0.03)
_LIMIT_DEVIATION: Final = np.radians(2.0)
_MIRROR: Final = np.array((1.0, -1.0, -1.0))  # of an axis of rotation across x


@dataclass(frozen=True, eq=False)
class BodyState:
    """N frames of a body in front of the camera."""

    place: Array  # (N, 3) metres, of the pelvis
    local_rotmat: Array  # (N, 22, 3, 3); the pelvis' is in the camera's axes
    bending: Array  # (N, H) radians, the angles of the hinges, of which their joints' matrices are made

    def rows(self, rows: slice) -> BodyState:
        """Some of the frames."""
        return BodyState(self.place[rows], self.local_rotmat[rows], self.bending[rows])


class DegreesOfFreedom(Protocol):
    """What of a body can move, and how. All arrays are by degree of freedom."""

    count: int
    joints: Array  # (D,) the joint that each turns; -1 for those that move the body's place
    moves: Array  # (22, D) bool, whether a joint's frame is moved by it
    pace: Array  # (D,) of a second's random walk

    def rows(self, rows: slice) -> DegreesOfFreedom:
        """Of some of the frames."""
        ...

    def stepped(self, state: BodyState, step: Array) -> BodyState:
        """The state after a step (N, D)."""
        ...

    def within_limits(self, state: BodyState) -> BodyState:
        """The state with every hinge in its range."""
        ...

    def away_from_usual(self, state: BodyState) -> tuple[Array, Array]:
        """Residuals (N, D) of what is usual and of the ranges, in deviations, and their weights (N, D) on the diagonal."""
        ...

    def change(self, state: BodyState) -> Array:
        """What lies (N-1, D) between each frame and the next, in the axes of the steps."""
        ...

    def axes(self, state: BodyState, rotmat: Array) -> Array:
        """The axis (N, D, 3) of each rotation in the camera's axes, of joints turned to `rotmat` (N, 22, 3, 3)."""
        ...


def moved_by(joints: Array) -> Array:
    """Whether (22, D) a joint's frame is moved by what turns each of these joints (D,), or moves the place where -1."""
    moves = np.zeros((JOINT_COUNT, len(joints)), bool)
    for joint in range(JOINT_COUNT):
        above = joint
        while above >= 0:
            moves[joint, joints == above] = True
            above = BODY_PARENTS[above]
    moves[:, joints < 0] = True
    return moves


class Freedom:
    """What can move: 3 values for the place, 3 for the pelvis, then joint by joint. All arrays are by degree of freedom."""

    def __init__(self) -> None:
        joints, deviations, paces = [-1] * 3 + [0] * 3, [np.inf] * 6, [*_PLACE_PACE, *[np.radians(_ROOT_PACE)] * 3]
        self.usual_rotmat = np.tile(np.eye(3), (JOINT_COUNT, 1, 1))
        self.first_of_ball: dict[int, int] = {0: 3}
        self.hinges: list[tuple[int, int]] = []  # joint and degree of freedom, in the order of `bending`
        axes, usual, limits = [], [], []
        for joint, name in enumerate(BODY_JOINTS[1:], start=1):
            side, _, kind = name.rpartition("_")
            mirror = _MIRROR if side == "right" else np.ones(3)
            if kind in _HINGES:
                for hinge in _HINGES[kind]:
                    self.hinges.append((joint, len(joints)))
                    axes.append(mirror * hinge.axis)
                    joints.append(joint)
                    deviations.append(np.radians(hinge.deviation))
                    paces.append(np.radians(hinge.pace))
                    usual.append(np.radians(hinge.usual))
                    limits.append(np.radians(hinge.limits))
            else:
                ball = _BALLS[kind]
                self.first_of_ball[joint] = len(joints)
                self.usual_rotmat[joint] = axis_angle_to_rotmat(mirror * np.radians(ball.usual))
                joints += [joint] * 3
                deviations += list(np.radians(ball.deviation))
                paces += [np.radians(ball.pace)] * 3
        self.joints = np.array(joints)
        self.count = len(joints)
        self.deviation = np.array(deviations, dtype=np.float64)
        self.pace = np.array(paces, dtype=np.float64)  # of a second's random walk
        self.hinge_axes, self.hinge_usual, self.hinge_limits = np.array(axes), np.array(usual), np.array(limits)
        self.hinge_rows = np.array([row for _, row in self.hinges])
        self.moves = moved_by(self.joints)

    def rows(self, rows: slice) -> Freedom:
        """The same on every frame."""
        return self

    def bent(self, state: BodyState) -> BodyState:
        """The same with the hinges' matrices made of their angles."""
        local = state.local_rotmat.copy()
        for joint in dict.fromkeys(joint for joint, _ in self.hinges):
            turn = np.eye(3)
            for number, (other, _) in enumerate(self.hinges):
                if other == joint:
                    turn = turn @ axis_angle_to_rotmat(state.bending[:, number, None] * self.hinge_axes[number])
            local[:, joint] = turn
        return BodyState(state.place, local, state.bending)

    def stepped(self, state: BodyState, step: Array) -> BodyState:
        """The state after a step (N, D): of the place, about the joints' own axes, of the hinges."""
        local = state.local_rotmat.copy()
        for joint, first in self.first_of_ball.items():
            local[:, joint] = local[:, joint] @ axis_angle_to_rotmat(step[:, first : first + 3])
        bending = np.clip(
            state.bending + step[:, self.hinge_rows], self.hinge_limits[:, 0] - 0.1, self.hinge_limits[:, 1] + 0.1
        )
        return self.bent(BodyState(state.place + step[:, :3], local, bending))

    def within_limits(self, state: BodyState) -> BodyState:
        """The state with every hinge in its range."""
        bending = np.clip(state.bending, self.hinge_limits[:, 0], self.hinge_limits[:, 1])
        return self.bent(BodyState(state.place, state.local_rotmat, bending))

    def usual_state(self, frame_count: int) -> BodyState:
        """A body that stands at ease at the origin."""
        local = np.broadcast_to(self.usual_rotmat, (frame_count, JOINT_COUNT, 3, 3)).copy()
        bending = np.broadcast_to(self.hinge_usual, (frame_count, len(self.hinges))).copy()
        return self.bent(BodyState(np.zeros((frame_count, 3)), local, bending))

    def away_from_usual(self, state: BodyState) -> tuple[Array, Array]:
        """Residuals (N, D) of what is usual and of the ranges, in deviations, and their weights (N, D) on the diagonal."""
        residual = np.zeros((len(state.place), self.count))
        weight = np.zeros_like(residual)
        for joint, first in self.first_of_ball.items():
            if joint == 0:
                continue
            rows = slice(first, first + 3)
            residual[:, rows] = rotmat_to_axis_angle(self.usual_rotmat[joint].T @ state.local_rotmat[:, joint])
        residual[:, self.hinge_rows] = state.bending - self.hinge_usual
        weight[:] = np.where(np.isfinite(self.deviation), 1.0 / self.deviation**2, 0.0)
        residual *= weight
        outside = state.bending - np.clip(state.bending, self.hinge_limits[:, 0], self.hinge_limits[:, 1])
        residual[:, self.hinge_rows] += outside / _LIMIT_DEVIATION**2
        weight[:, self.hinge_rows] += (outside != 0.0) / _LIMIT_DEVIATION**2
        return residual, weight

    def change(self, state: BodyState) -> Array:
        """What lies (N-1, D) between each frame and the next, in the axes of the steps."""
        between = np.zeros((max(len(state.place) - 1, 0), self.count))
        between[:, :3] = np.diff(state.place, axis=0)
        for joint, first in self.first_of_ball.items():
            turn = np.swapaxes(state.local_rotmat[:-1, joint], -1, -2) @ state.local_rotmat[1:, joint]
            between[:, first : first + 3] = rotmat_to_axis_angle(turn)
        between[:, self.hinge_rows] = np.diff(state.bending, axis=0)
        return between

    def axes(self, state: BodyState, rotmat: Array) -> Array:
        """See `DegreesOfFreedom`; the place's rows are unit vectors."""
        axes = np.empty((len(rotmat), self.count, 3))
        axes[:, :3] = np.eye(3)
        for joint, first in self.first_of_ball.items():
            axes[:, first : first + 3] = np.swapaxes(rotmat[:, joint], -1, -2)
        turned: dict[int, Array] = {}
        for number, (joint, row) in enumerate(self.hinges):
            frame = turned.get(joint, rotmat[:, BODY_PARENTS[joint]])
            axes[:, row] = frame @ self.hinge_axes[number]
            turned[joint] = frame @ axis_angle_to_rotmat(state.bending[:, number, None] * self.hinge_axes[number])
        return axes


@dataclass(frozen=True, eq=False)
class PosedBody:
    """The joints of N frames and how the degrees of freedom turn them."""

    rotmat: Array  # (N, 22, 3, 3) in the camera's axes
    positions: Array  # (N, 22, 3) metres
    axes: Array  # (N, D, 3) of each rotation in the camera's axes; the place's rows are unit vectors


def posed(freedom: DegreesOfFreedom, state: BodyState, rest_joints: Array) -> PosedBody:
    """Forward kinematics of the 22 body joints, with the pelvis at the state's place."""
    local = state.local_rotmat
    rotmat, positions = np.empty_like(local), np.empty((len(local), JOINT_COUNT, 3))
    rotmat[:, 0], positions[:, 0] = local[:, 0], state.place
    for joint in range(1, JOINT_COUNT):
        parent = BODY_PARENTS[joint]
        rotmat[:, joint] = rotmat[:, parent] @ local[:, joint]
        positions[:, joint] = positions[:, parent] + rotmat[:, parent] @ (rest_joints[joint] - rest_joints[parent])
    return PosedBody(rotmat, positions, freedom.axes(state, rotmat))
