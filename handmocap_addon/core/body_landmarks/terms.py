"""What a body is fitted to, as normal equations over its degrees of freedom, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..maths.rotations import rotmat_to_axis_angle
from .definition import LandmarksOnBody
from .freedom import DegreesOfFreedom, PosedBody

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class SeenBody:
    """The used landmarks of N posed frames and their derivatives."""

    posed: PosedBody
    points: Array  # (N, L, 3) metres, camera's axes
    moving: Array  # (N, L, 3, D)


@dataclass(eq=False)
class NormalEquations:
    """Sums of J'WJ (N, D, D) and J'Wr (N, D)."""

    matrix: Array
    gradient: Array

    def add(self, jacobian: Array, residual: Array) -> None:
        """Add weighted rows: jacobian (N, K, D) and residual (N, K)."""
        turned = np.swapaxes(jacobian, -1, -2)
        self.matrix += turned @ jacobian
        self.gradient += (turned @ residual[..., None])[..., 0]


class Term(Protocol):
    """One of the things that a body is fitted to."""

    def rows(self, rows: slice) -> Term:
        """Some of the frames."""
        ...

    def add_to(self, equations: NormalEquations, seen: SeenBody) -> None:
        """Add its part, linearized at the pose that is seen."""
        ...


def seen_body(freedom: DegreesOfFreedom, posed: PosedBody, where: LandmarksOnBody, derivatives: bool = True) -> SeenBody:
    """The landmarks of a posed body, their derivatives only where they are asked for."""
    joints = where.joints
    points = posed.positions[:, joints] + np.einsum("nlab,lb->nla", posed.rotmat[:, joints], where.offsets)
    if not derivatives:
        return SeenBody(posed, points, np.zeros((len(points), len(joints), 3, 0)))
    # A rotation turns a point about the joint that it belongs to.
    arms = points[:, :, None] - posed.positions[:, np.maximum(freedom.joints, 0)][:, None]
    moving = np.cross(np.broadcast_to(posed.axes[:, None], arms.shape), arms)
    is_place = freedom.joints < 0
    moving[:, :, is_place] = posed.axes[:, None, is_place]
    moving *= freedom.moves[joints][None, :, :, None]
    return SeenBody(posed, points, np.swapaxes(moving, -1, -2))


def robust(residual: Array, scale: Array | float = 3.0) -> Array:
    """Weights (square roots) of residuals in deviations: one near zero, ever less further out (Geman and McClure)."""
    weight: Array = 1.0 / (1.0 + (residual / scale) ** 2)
    return weight


@dataclass(frozen=True, eq=False)
class InPicture:
    """Points lie where they are seen in the picture, as exactly as `deviation` metres at the body's distance."""

    rows_of_landmarks: Array  # (K,) of the used ones
    pixels: Array  # (N, K, 2)
    deviation: Array  # (N, K) metres; infinite where nothing is known
    believed: Array  # (N, K) deviations up to which a point is believed against what else is known
    focal: float
    centre: Array  # (2,)

    def rows(self, rows: slice) -> InPicture:
        """See `Term`."""
        return replace(self, pixels=self.pixels[rows], deviation=self.deviation[rows], believed=self.believed[rows])

    def add_to(self, equations: NormalEquations, seen: SeenBody) -> None:
        """See `Term`."""
        points = seen.points[:, self.rows_of_landmarks]
        moving = seen.moving[:, self.rows_of_landmarks]
        depth = np.maximum(points[..., 2:], 0.1)
        weight = 1.0 / self.deviation[..., None]
        rays = np.where(weight > 0.0, (self.pixels - self.centre) / self.focal, 0.0)
        # In metres at the point's own distance, so that near and far points count alike.
        residual = points[..., :2] - rays * depth
        jacobian = moving[:, :, :2] - rays[..., None] * moving[:, :, 2:]
        weight = weight * robust(np.linalg.norm(residual, axis=-1, keepdims=True) * weight, self.believed[..., None])
        count = len(points)
        jacobian = (jacobian * weight[..., None]).reshape(count, -1, moving.shape[-1])
        equations.add(jacobian, (residual * weight).reshape(count, -1))


@dataclass(frozen=True, eq=False)
class BoneDirections:
    """Lines between points run as they do in the world landmarks, whatever their length."""

    starts: Array  # (K,) rows of used landmarks
    ends: Array  # (K,)
    directions: Array  # (N, K, 3) unit, camera's axes
    deviation: Array  # (N, K) radians; infinite where nothing is known

    def rows(self, rows: slice) -> BoneDirections:
        """See `Term`."""
        return BoneDirections(self.starts, self.ends, self.directions[rows], self.deviation[rows])

    def add_to(self, equations: NormalEquations, seen: SeenBody) -> None:
        """See `Term`."""
        bones = seen.points[:, self.ends] - seen.points[:, self.starts]
        moving = seen.moving[:, self.ends] - seen.moving[:, self.starts]
        length = np.maximum(np.linalg.norm(bones, axis=-1, keepdims=True), 1e-6)
        direction = bones / length
        across = (np.eye(3) - direction[..., :, None] * direction[..., None, :]) / length[..., None]
        weight = 1.0 / self.deviation[..., None]
        residual = np.where(weight > 0.0, direction - self.directions, 0.0)
        weight = weight * robust(np.linalg.norm(residual, axis=-1, keepdims=True) * weight)
        count = len(bones)
        jacobian = ((across @ moving) * weight[..., None]).reshape(count, -1, moving.shape[-1])
        equations.add(jacobian, (residual * weight).reshape(count, -1))


@dataclass(frozen=True, eq=False)
class TurnedJoint:
    """A joint is turned as it is seen elsewhere, in the camera's axes."""

    joint: int
    rotmat: Array  # (N, 3, 3)
    deviation: Array  # (N,) radians; infinite where nothing is known
    moves: Array  # (D,) bool, the degrees of freedom that turn the joint

    def rows(self, rows: slice) -> TurnedJoint:
        """See `Term`."""
        return TurnedJoint(self.joint, self.rotmat[rows], self.deviation[rows], self.moves)

    def add_to(self, equations: NormalEquations, seen: SeenBody) -> None:
        """See `Term`."""
        here = seen.posed.rotmat[:, self.joint]
        off = rotmat_to_axis_angle(here @ np.swapaxes(self.rotmat, -1, -2))
        weight = 1.0 / self.deviation[:, None]
        weight = weight * robust(np.linalg.norm(off, axis=-1, keepdims=True) * weight)
        jacobian = np.swapaxes(seen.posed.axes, -1, -2) * self.moves
        equations.add(jacobian * weight[..., None], off * weight)


@dataclass(frozen=True, eq=False)
class UprightTrunk:
    """The trunk stands upright before a level camera, as people's do where nothing else is seen of it."""

    joint: int
    deviation: Array  # (N,) radians
    moves: Array  # (D,) bool, the degrees of freedom that turn the joint

    def rows(self, rows: slice) -> UprightTrunk:
        """See `Term`."""
        return UprightTrunk(self.joint, self.deviation[rows], self.moves)

    def add_to(self, equations: NormalEquations, seen: SeenBody) -> None:
        """See `Term`."""
        up = seen.posed.rotmat[:, self.joint, :, 1]
        weight = 1.0 / self.deviation[:, None]
        residual = up - np.array((0.0, -1.0, 0.0))
        turning = np.cross(seen.posed.axes, up[:, None]) * self.moves[:, None]
        equations.add(np.swapaxes(turning, -1, -2) * weight[..., None], residual * weight)


@dataclass(frozen=True, eq=False)
class StillPoints:
    """Points stay where they are, as those of a foot that stands do."""

    rows_of_landmarks: Array  # (K,) of the used ones
    places: Array  # (N, K, 3) metres, camera's axes
    deviation: Array  # (N, K) metres; infinite where they move
    moves: Array  # (K, D) bool, what may give way so that they stay

    def rows(self, rows: slice) -> StillPoints:
        """See `Term`."""
        return replace(self, places=self.places[rows], deviation=self.deviation[rows])

    def add_to(self, equations: NormalEquations, seen: SeenBody) -> None:
        """See `Term`."""
        moving = seen.moving[:, self.rows_of_landmarks] * self.moves[:, None]
        weight = 1.0 / self.deviation[..., None]
        residual = (seen.points[:, self.rows_of_landmarks] - self.places) * weight
        count = len(residual)
        jacobian = (moving * weight[..., None]).reshape(count, -1, moving.shape[-1])
        equations.add(jacobian, residual.reshape(count, -1))
