"""Made-up hands and bodies, and where `core` says their joints and skin are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from addon_tests.making.formulas import random_axis_angle, rodrigues
from handmocap_addon.core.body.model import BodyModel, posed_joints, skinned_vertices
from handmocap_addon.core.body.motion import BodyMotion, BodyTrack
from handmocap_addon.core.cleanup.clean_hands import CleanHand, Provenance
from handmocap_addon.core.hands.hand_poses import HandTrack
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz
from handmocap_addon.core.skeleton import FIRST_HAND_JOINT, JOINT_NAMES, SIDES, Side

Array = NDArray[Any]


class MadeUpShot:
    """Random fingers and a random body over some frames, by the same numbers for every armature."""

    def __init__(self, frame_count: int, seed: int = 3, betas: Array | None = None) -> None:
        random = np.random.default_rng(seed)
        self.frame_count = frame_count
        self.hand_axis_angle: dict[Side, Array] = {
            side: random_axis_angle(random, frame_count, 15, largest=1.2) for side in SIDES
        }
        self.body_axis_angle = random_axis_angle(random, frame_count, 21, largest=0.5)
        # Small leans about a turn of any size: feet stay below the head.
        turn = np.linspace(0.0, 2.0, frame_count)
        self.orient_axis_angle = np.stack((np.full(frame_count, 0.1), turn, np.full(frame_count, -0.05)), axis=-1)
        self.translation = random.normal(size=(frame_count, 3)) * 0.2 + (0.0, 0.3, 0.0)
        self.betas = np.zeros(10) if betas is None else betas

    def hands(self, provenance: Array | None = None) -> dict[Side, CleanHand]:
        kinds = np.full(self.frame_count, Provenance.MEASURED) if provenance is None else provenance
        return {side: CleanHand(axis_angle_to_quat_wxyz(self.hand_axis_angle[side]), kinds) for side in SIDES}

    def tracks(self) -> dict[Side, HandTrack]:
        """Raw tracks whose scores rise from 0.25 (left) or 0.5 (right)."""
        tracks = {}
        for side, lowest in (("left", 0.25), ("right", 0.5)):
            track = HandTrack.empty(self.frame_count)
            track.detected[:] = True
            track.score[:] = track.detector_score[:] = np.linspace(lowest, 1.0, self.frame_count)
            tracks[side] = track
        return tracks

    def motion(self) -> BodyMotion:
        track = BodyTrack(axis_angle_to_quat_wxyz(self.orient_axis_angle), self.translation)
        intrinsics = np.repeat([[[800.0, 0.0, 320.0], [0.0, 800.0, 240.0], [0.0, 0.0, 1.0]]], self.frame_count, axis=0)
        return BodyMotion(axis_angle_to_quat_wxyz(self.body_axis_angle), track, track, self.betas, intrinsics)

    def local_rotmat(self) -> Array:
        local = np.zeros((self.frame_count, len(JOINT_NAMES), 3))
        local[:, 0] = self.orient_axis_angle
        local[:, 1:22] = self.body_axis_angle
        for side in SIDES:
            first = FIRST_HAND_JOINT[side]
            local[:, first : first + 15] = self.hand_axis_angle[side]
        return rodrigues(local)

    def expected(self, model: BodyModel, frame: int, lift: float) -> tuple[Array, Array]:
        """Joints (55, 3) and vertices (V, 3) of one frame, metres, y up."""
        posed = posed_joints(model.rest_joints, self.local_rotmat(), self.translation + np.array((0.0, lift, 0.0)))
        return posed.positions[frame], skinned_vertices(model, posed, frame)
