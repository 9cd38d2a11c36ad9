"""Another estimator's body with its hands on the hands in the picture: wrists and elbows move as little as that takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..body.motion import BodyMotion, SeenBody, local_rotmat_of
from ..cleanup.wrist import WristSettings, bridged_and_presence, hand_quat_wxyz, has_orientation
from ..hands.hand_poses import HandTrack
from ..maths.rotations import quat_wxyz_to_rotmat, rotmat_to_quat_wxyz
from ..skeleton import JOINT_INDEX, LANDMARK_WRIST, SIDES, WRIST, Side
from .arm_freedom import ArmFreedom
from .definition import LandmarksOnBody
from .freedom import JOINT_COUNT, BodyState, posed
from .solver import solved
from .terms import InPicture, StillPoints, Term, TurnedJoint

Array = NDArray[Any]

_ITERATIONS: Final = 12
# Metres by which a hand's wrist is off in the picture, and by which an estimator's wrists and elbows are off in space.
_HAND_DEVIATION: Final = 0.012
_ARM_DEVIATION: Final = 0.10
_PALM_DEVIATION: Final = np.radians(12.0)
_BELIEVED: Final = 20.0  # deviations
_POINTS: Final = ("elbow", "wrist")


@dataclass(frozen=True)
class ArmsMoved:
    """How far wrists moved in metres, and how far they were from the hands in pixels, on the frames with hands.

    All are None where no hand was measured.
    """

    frames: int  # counted for each hand
    mean_m: float | None = None
    largest_m: float | None = None
    before_px: float | None = None
    after_px: float | None = None

    def sentence(self) -> str:
        """For people."""
        if self.mean_m is None or self.largest_m is None:
            return "No hand was measured, so the arms are where the body has them"
        moved = f"{100.0 * self.mean_m:.1f} cm on average and {100.0 * self.largest_m:.1f} cm at most"
        off = f"{self.before_px:.1f} pixels off the hands in the picture before and {self.after_px:.1f} after"
        return f"Arms to the hands: wrists moved by {moved}; they were {off}"


def with_arms_to_hands(
    motion: BodyMotion,
    tracks: Mapping[Side, HandTrack],
    frame_time: ArrayLike,
    rest_joints: ArrayLike,
    settings: WristSettings,
) -> tuple[BodyMotion, ArmsMoved]:
    """The motion with other shoulders and elbows, and how far that moved the wrists.

    Forearms turn with the palms. Where a hand is not measured for longer than is bridged, its arm eases back to where it was
    and stays so to the bit.

    Args:
        motion: N frames of a body that a camera saw.
        tracks: the raw hands of the same frames, by side.
        frame_time: (N,) seconds, those of different shots far apart.
        rest_joints: (55, 3) metres, y up, facing +z, of the body that moves.
        settings: which frames count, how long gaps are bridged, and how fast arms ease back.

    Raises:
        BadUsageError: no camera saw the motion.
    """
    seen, time = motion.seen(), np.asarray(frame_time, dtype=np.float64)
    rest = np.asarray(rest_joints, dtype=np.float64)
    measured = {side: _measured(tracks[side], settings) for side in SIDES if side in tracks}
    if not any(rows.any() for rows in measured.values()):
        return motion, ArmsMoved(0)
    given = local_rotmat_of(motion, seen.track)[:, :JOINT_COUNT]
    freedom = ArmFreedom(given, rest)
    start = BodyState(rest[0] + seen.track.translation, given, np.zeros((len(given), 2 * len(SIDES))))
    where = _elbows_and_wrists(rest)
    before = posed(freedom, start, rest)
    terms: list[Term] = []
    share = np.zeros((len(given), len(SIDES)))
    for number, side in enumerate(SIDES):
        if side not in measured or not measured[side].any():
            continue
        bridged, share[:, number] = bridged_and_presence(measured[side], time, settings.longest_gap, settings.ease)
        terms += _terms(side, tracks[side], measured[side], bridged, seen, freedom, before.positions)
    state = freedom.scaled(solved(freedom, start, terms, where, rest, np.diff(time), _ITERATIONS), share)
    # What turned the wrists is for the forearms' twist alone: whose the wrists are is another choice.
    for side in SIDES:
        state.local_rotmat[:, WRIST[side]] = given[:, WRIST[side]]
    after = posed(freedom, state, rest)
    moved = _moved(before.positions, after.positions, tracks, measured, seen.intrinsics)
    return replace(motion, body_quat_wxyz=_quats(motion, state, share)), moved


def _measured(track: HandTrack, settings: WristSettings) -> Array:
    return np.asarray(track.detected, bool) & (track.score >= settings.lowest_score)


def _elbows_and_wrists(rest: Array) -> LandmarksOnBody:
    """Elbows and wrists by side, as points on the bones above them."""
    joints = np.array([JOINT_INDEX[f"{side}_{name}"] for side in SIDES for name in _POINTS])
    above = np.array([JOINT_INDEX[f"{side}_{name}"] for side in SIDES for name in ("shoulder", "elbow")])
    return LandmarksOnBody(joints, above, rest[joints] - rest[above])


def _terms(
    side: Side, track: HandTrack, measured: Array, bridged: Array, seen: SeenBody, freedom: ArmFreedom, positions: Array
) -> list[Term]:
    rows = SIDES.index(side) * len(_POINTS) + np.arange(len(_POINTS))
    rays = _rays(np.asarray(track.keypoints_2d, dtype=np.float64)[:, LANDMARK_WRIST], seen.intrinsics)
    deviation = np.where(measured, _HAND_DEVIATION, np.inf)[:, None]
    terms: list[Term] = [
        InPicture(rows[1:], rays[:, None], deviation, np.full(deviation.shape, _BELIEVED), 1.0, np.zeros(2))
    ]
    # Over a short gap an arm goes on as it does beside it.
    still = np.repeat(np.where(bridged, np.inf, _ARM_DEVIATION)[:, None], len(rows), axis=1)
    places = positions[:, [JOINT_INDEX[f"{side}_{name}"] for name in _POINTS]]
    terms.append(StillPoints(rows, places, still, np.ones((len(rows), freedom.count), bool)))
    has_palm = measured & has_orientation(track)
    if has_palm.any():
        rotmat = quat_wxyz_to_rotmat(hand_quat_wxyz(track, seen.intrinsics))
        bound = np.where(has_palm, _PALM_DEVIATION, np.inf)
        terms.append(TurnedJoint(WRIST[side], rotmat, bound, freedom.twist_and_wrist(side)))
    return terms


def _rays(pixels: Array, intrinsics: Array) -> Array:
    """Where (N, 2) pixels lie at a distance of one metre."""
    focal, middle = intrinsics[:, (0, 1), (0, 1)], intrinsics[:, :2, 2]
    rays: Array = (pixels - middle) / focal
    return rays


def _quats(motion: BodyMotion, state: BodyState, share: Array) -> Array:
    quat = motion.body_quat_wxyz.copy()
    for number, side in enumerate(SIDES):
        for name in ("shoulder", "elbow"):
            joint = JOINT_INDEX[f"{side}_{name}"]
            turned = rotmat_to_quat_wxyz(state.local_rotmat[:, joint])
            # Of the two quaternions of a rotation the one that is near what it was.
            turned *= np.where(np.sum(turned * quat[:, joint - 1], axis=-1, keepdims=True) < 0.0, -1.0, 1.0)
            quat[:, joint - 1] = np.where(share[:, number, None] > 0.0, turned, quat[:, joint - 1])
    return quat


def _moved(
    before: Array, after: Array, tracks: Mapping[Side, HandTrack], measured: Mapping[Side, Array], intrinsics: Array
) -> ArmsMoved:
    metres, pixels = [], []
    for side, rows in measured.items():
        joint = WRIST[side]
        metres.append(np.linalg.norm(after[:, joint] - before[:, joint], axis=-1)[rows])
        hand = np.asarray(tracks[side].keypoints_2d, dtype=np.float64)[rows, LANDMARK_WRIST]
        pixels.append([_off(positions[rows, joint], hand, intrinsics[rows]) for positions in (before, after)])
    moved: Array = np.concatenate(metres)
    off: Array = np.concatenate(pixels, axis=1)
    return ArmsMoved(len(moved), float(moved.mean()), float(moved.max()), *(float(one.mean()) for one in off))


def _off(points: Array, pixels: Array, intrinsics: Array) -> Array:
    projected = (intrinsics @ points[..., None])[..., 0]
    off: Array = np.linalg.norm(projected[:, :2] / np.maximum(projected[:, 2:], 1e-3) - pixels, axis=-1)
    return off
