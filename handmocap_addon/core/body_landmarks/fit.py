"""From a clip's body landmarks to an SMPL-X body motion in front of its camera and in the world.

The joints' rotations of all frames are solved together: the landmarks in the picture hold the body where it is seen, the
world landmarks say which way limbs run in depth, the hand estimator's wrists and palms close the arms, and what is not seen
does what bodies usually do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..body.makers import BUILT_IN
from ..body.model import BodyModel
from ..body.motion import BodyMotion, BodyTrack
from ..cleanup.wrist import hand_quat_wxyz, has_orientation
from ..clip.picture_cuts import PictureCuts
from ..errors import NoBodyError
from ..hands.hand_poses import HandTrack
from ..maths.rotations import (
    normalized,
    quat_wxyz_to_rotmat,
    rotation_between,
    rotmat_to_quat_wxyz,
    sign_continuous_quat_wxyz,
)
from ..skeleton import JOINT_INDEX, LANDMARK_WRIST, SIDES, WRIST, Side
from .cuts import all_cuts, cuts_of, shots_of
from .definition import landmarks_on
from .facing import sides_exchanged, with_sides_exchanged, without_other_bodies
from .freedom import JOINT_COUNT, BodyState, Freedom, posed
from .landmarks import LANDMARK_INDEX, BodyLandmarks, about_their_middle, weight_of
from .made_up import without_made_up
from .sentences import sentences_of
from .solver import solved
from .standing import standing_feet
from .start import starting_state
from .steadying import steadied
from .terms import BoneDirections, InPicture, Term, TurnedJoint, UprightTrunk, seen_body
from .world_space import world_track

Array = NDArray[Any]

_ITERATIONS: Final = 14
_MORE_ITERATIONS: Final = 8
_FEWEST_FRAMES: Final = 3

# Metres on the body by which MediaPipe's points are off in the picture, and radians by which its world landmarks' lines are.
_PICTURE_DEVIATION: Final = 0.022
_FACE_DEVIATION: Final = 0.025
_LINE_DEVIATION: Final = np.radians(18.0)
_HAND_WRIST_DEVIATION: Final = 0.006
_PALM_DEVIATION: Final = np.radians(12.0)
# How far the trunk leans, where the legs are seen and where they are not.
_SEEN_LEANING: Final = np.radians(40.0)
_UNSEEN_LEANING: Final = np.radians(8.0)
# Deviations up to which a point in the picture is believed against what else is known; a hand's wrist nearly always.
_BELIEVED: Final = 3.0
_HAND_BELIEVED: Final = 40.0
# A hand this far from its arm's wrist, in breadths of the shoulders, says that the arm was not seen rightly.
_ELSEWHERE: Final = 0.35
_DOUBT: Final = 4.0
_VISIBLE: Final = 0.3  # below, MediaPipe guesses where a point is
_OFTEN: Final = 0.25  # of the frames
_GUESS: Final = 4.0  # how much less a guessed line counts

_LINES: Final = (
    ("right_shoulder", "left_shoulder"), ("right_hip", "left_hip"),
    ("left_hip", "left_shoulder"), ("right_hip", "right_shoulder"),
    ("left_shoulder", "left_elbow"), ("right_shoulder", "right_elbow"),
    ("left_elbow", "left_wrist"), ("right_elbow", "right_wrist"),
    ("left_wrist", "left_index"), ("right_wrist", "right_index"),
    ("left_wrist", "left_pinky"), ("right_wrist", "right_pinky"),
    ("left_hip", "left_knee"), ("right_hip", "right_knee"), ("left_knee", "left_ankle"), ("right_knee", "right_ankle"),
    ("left_heel", "left_foot_index"), ("right_heel", "right_foot_index"),
    ("right_ear", "left_ear"), ("left_ear", "nose"), ("right_ear", "nose"),
)  # fmt: skip
_LEG: Final = ("knee", "ankle", "foot_index")
_IS_BELOW: Final = np.array([any(word in name for word in ("hip", "heel", *_LEG)) for name in LANDMARK_INDEX])
_WHOLE: Final = ("left_hip", "right_hip", "left_knee", "right_knee")
_FACE: Final = ("nose", "ear", "eye", "mouth")


@dataclass(frozen=True, eq=False)
class FittedBody:
    """A body motion, and where it was seen."""

    motion: BodyMotion
    measured: Array  # (N,) bool, frames on which the body was found
    joints_measured: Array  # (N, 22) bool, joints that landmarks in the picture hold


def fit_body(
    landmarks: BodyLandmarks,
    frame_time: ArrayLike,
    picture_size: tuple[int, int],
    focal: float | None,
    model: BodyModel,
    hands: Mapping[Side, HandTrack],
    picture_cuts: PictureCuts | None = None,
) -> FittedBody:
    """Fit a body to N frames of landmarks.

    Args:
        landmarks: N frames of one person.
        frame_time: (N,) seconds.
        picture_size: width and height in pixels.
        focal: of the lens in pixels; None takes GVHMR's assumption, the picture's diagonal.
        model: the body that is to move; the motion has its betas.
        hands: the raw hands of the same frames and person, by side.
        picture_cuts: of the clip, where its pictures were looked at.

    Raises:
        NoBodyError: a body was found on too few frames.
    """
    time = np.asarray(frame_time, dtype=np.float64)
    landmarks = without_made_up(landmarks, time)
    count, seen = landmarks.frame_count, landmarks.found
    landmarks = without_other_bodies(landmarks, hands)
    found = landmarks.found
    if found.sum() < min(_FEWEST_FRAMES, count) or not found.any():
        raise NoBodyError(
            f"A body was found on {int(found.sum())} of {count} frames",
            "choose a clip in which head, shoulders and arms are seen",
        )
    cuts = cuts_of(landmarks, time)
    cuts = all_cuts(cuts, picture_cuts) if picture_cuts is not None else cuts
    shots = shots_of(cuts, count)
    exchanged = sides_exchanged(landmarks, hands, shots)
    landmarks = steadied(with_sides_exchanged(landmarks, exchanged), time, shots)
    width, height = picture_size
    focal = float(np.hypot(width, height)) if focal is None else float(focal)
    intrinsics = np.array(((focal, 0.0, width / 2.0), (0.0, focal, height / 2.0), (0.0, 0.0, 1.0)))
    rest = np.asarray(model.rest_joints, dtype=np.float64)
    fit = _Fit(landmarks, exchanged, time, shots, intrinsics, rest, hands, picture_size)
    state = fit.solved()
    measured = fit.joints_measured
    motion = _motion(state, intrinsics, rest, model.betas, measured)
    for sentence in sentences_of(measured, seen, found, exchanged, cuts):
        motion = motion.with_warning(sentence)
    return FittedBody(motion, found.copy(), measured)


class _Fit:
    """One fit, whose parts share what it is about."""

    def __init__(
        self,
        landmarks: BodyLandmarks,
        exchanged: Array,
        time: Array,
        shots: Array,
        intrinsics: Array,
        rest: Array,
        hands: Mapping[Side, HandTrack],
        picture_size: tuple[int, int],
    ) -> None:
        self._freedom = Freedom()
        self._where = landmarks_on(rest)
        self._rest, self._time, self._shots = rest, time, shots
        self._focal, self._centre = float(intrinsics[0, 0]), intrinsics[:2, 2]
        self._picture, self._found = landmarks.picture, landmarks.found
        self._trust = _trust(landmarks, picture_size)
        # Who was taken for one that turns the back was not understood: arms alone are used, which hands have put right.
        self._mistaken = exchanged
        self._trust[exchanged[:, None] & _IS_BELOW] = 0.0
        # Legs that flash up now and then in a clip of a person's upper half are made up.
        seldom = (self._trust > _VISIBLE).mean(axis=0) < _OFTEN
        self._trust[:, seldom & _IS_BELOW] = 0.0
        self._world = _in_camera_axes(landmarks, intrinsics)
        self._hands = {side: _Hand(track, intrinsics) for side, track in hands.items()}
        self._doubt = {side: self._doubt_of_arm(side, hand) for side, hand in self._hands.items()}

    def solved(self) -> BodyState:
        """All frames: first as they are seen, then with feet that stand held where they stand."""
        terms = self._terms()
        state = self._solved(self._start(), terms, _ITERATIONS)
        pose = posed(self._freedom, state, self._rest)
        points = seen_body(self._freedom, pose, self._where, derivatives=False).points
        feet = standing_feet(
            self._freedom, points, pose, self._picture, self._trust, self._time, self._shots,
            self._where, self._focal, self._rest,
        )  # fmt: skip
        if np.isinf(feet.deviation).all():
            return state
        return self._solved(state, [*terms, feet], _MORE_ITERATIONS)

    def _solved(self, start: BodyState, terms: list[Term], iterations: int) -> BodyState:
        seconds = np.where(np.diff(self._shots) > 0, np.inf, np.diff(self._time))
        return solved(self._freedom, start, terms, self._where, self._rest, seconds, iterations)

    @property
    def joints_measured(self) -> Array:
        """Joints (N, 22) that points in the picture hold: their own or one further out."""
        seen = self._trust > _VISIBLE
        measured = np.zeros((len(seen), JOINT_COUNT), bool)
        for joint, names in _HELD_BY.items():
            measured[:, JOINT_INDEX[joint]] = seen[:, [LANDMARK_INDEX[name] for name in names]].all(axis=1)
        for side, hand in self._hands.items():
            measured[:, WRIST[side]] |= hand.detected
        return measured & self._found[:, None]

    def _doubt_of_arm(self, side: Side, hand: _Hand) -> Array:
        """How much less (N,) an arm's landmarks count, since its hand is seen elsewhere."""
        shoulders = [self._picture[:, LANDMARK_INDEX[f"{one}_shoulder"]] for one in SIDES]
        breadth = np.nanpercentile(np.linalg.norm(shoulders[0] - shoulders[1], axis=1), 75.0)
        away = np.linalg.norm(hand.wrist - self._picture[:, LANDMARK_INDEX[f"{side}_wrist"]], axis=1)
        return np.where(hand.detected & (away > _ELSEWHERE * breadth), _DOUBT, 1.0)

    def _start(self) -> BodyState:
        found = np.flatnonzero(self._found)
        world = _filled(self._world, self._found, self._time)
        place = np.stack([np.interp(self._time, self._time[found], axis) for axis in self._places(found).T], axis=-1)
        return starting_state(self._freedom, world, place, self._where, self._rest)

    def _places(self, found: Array) -> Array:
        """Where the pelvis is (F, 3): so far that the world landmarks are as large in the picture as they are seen."""
        weight = weight_of(self._trust[found], _VISIBLE)
        middle, flat = about_their_middle(self._world[found][..., :2], weight)
        seen, spread = about_their_middle(self._picture[found], weight)
        size = np.sum(flat**2 * weight, axis=(1, 2))
        scale = np.maximum(np.sum(flat * spread * weight, axis=(1, 2)) / np.maximum(size, 1e-9), 1.0)  # pixels a metre
        depth = np.clip(self._focal / scale, 0.3, 100.0)
        at = (seen - self._centre) / self._focal * depth[:, None] - middle
        return np.concatenate((at, depth[:, None]), axis=1)

    def _terms(self) -> list[Term]:
        where = self._where
        trust = self._trust[:, where.landmarks]
        names = list(LANDMARK_INDEX)
        base = np.array(
            [
                _FACE_DEVIATION if any(word in names[index] for word in _FACE) else _PICTURE_DEVIATION
                for index in where.landmarks
            ]
        )
        with np.errstate(divide="ignore"):
            deviation = np.where(trust > _VISIBLE, base / np.sqrt(np.maximum(trust, 1e-6)), np.inf)
        pixels = np.nan_to_num(self._picture[:, where.landmarks])
        believed = np.full(deviation.shape, _BELIEVED)
        for side, hand in self._hands.items():
            for name in ("elbow", "index", "pinky", "thumb"):
                deviation[:, where.position(f"{side}_{name}")] *= self._doubt[side]
            row = where.position(f"{side}_wrist")
            pixels[:, row] = np.where(hand.detected[:, None], hand.wrist, pixels[:, row])
            deviation[:, row] = np.where(hand.detected, _HAND_WRIST_DEVIATION, deviation[:, row])
            believed[:, row] = np.where(hand.detected, _HAND_BELIEVED, _BELIEVED)
        used = np.arange(len(where.landmarks))
        terms: list[Term] = [InPicture(used, pixels, deviation, believed, self._focal, self._centre)]
        terms += [self._lines(), *self._upright()]
        for side, hand in self._hands.items():
            if hand.has_palm.any():
                bound = np.where(hand.has_palm, _PALM_DEVIATION, np.inf)
                terms.append(TurnedJoint(WRIST[side], hand.rotmat, bound, self._turning(f"{side}_wrist")))
        return terms

    def _upright(self) -> list[Term]:
        # Of a trunk alone, broad shoulders and shoulders that lean forward look the same.
        trust: Array = self._trust[:, [LANDMARK_INDEX[name] for name in _WHOLE]].min(axis=1)
        deviation = np.full(len(trust), _UNSEEN_LEANING)
        deviation[(trust > _VISIBLE) & ~self._mistaken] = _SEEN_LEANING
        return [UprightTrunk(JOINT_INDEX[joint], deviation, self._turning(joint)) for joint in ("pelvis", "spine3")]

    def _turning(self, joint: str) -> Array:
        moves = self._freedom.moves[JOINT_INDEX[joint]].copy()
        moves[:3] = False
        return moves

    def _lines(self) -> BoneDirections:
        ends = [[LANDMARK_INDEX[name] for name in line] for line in zip(*_LINES, strict=True)]
        vectors = np.nan_to_num(self._world[:, ends[1]] - self._world[:, ends[0]])
        trust = np.minimum(self._trust[:, ends[0]], self._trust[:, ends[1]])
        guessed = np.where(trust > _VISIBLE, 1.0, _GUESS)
        # Of legs out of the picture MediaPipe makes up another pose on every frame.
        of_leg = [any(word in line[1] for word in _LEG) for line in _LINES]
        guessed[:, of_leg] = np.where(trust[:, of_leg] > _VISIBLE, 1.0, np.inf)
        deviation = np.where(self._found[:, None], _LINE_DEVIATION * guessed, np.inf)
        for side, doubt in self._doubt.items():
            of_arm = [f"{side}_elbow" in line or f"{side}_wrist" in line for line in _LINES]
            deviation[:, of_arm] *= doubt[:, None]
        rows = [np.array([self._where.position(name) for name in line]) for line in zip(*_LINES, strict=True)]
        return BoneDirections(rows[0], rows[1], normalized(vectors), deviation)


class _Hand:
    """What a hand says of its arm."""

    def __init__(self, track: HandTrack, intrinsics: Array) -> None:
        count = len(track.detected)
        self.detected = np.asarray(track.detected, bool)
        self.wrist = np.asarray(track.keypoints_2d, dtype=np.float64)[:, LANDMARK_WRIST]
        self.has_palm = has_orientation(track)
        self.rotmat = quat_wxyz_to_rotmat(hand_quat_wxyz(track, np.broadcast_to(intrinsics, (count, 3, 3))))


# The landmarks without which a joint's rotation or place is a guess.
_HELD_BY: Final = {
    "pelvis": ("left_hip", "right_hip"),
    **dict.fromkeys(("spine1", "spine2", "spine3"), ("left_shoulder", "right_shoulder", "left_hip", "right_hip")),
    "neck": ("left_shoulder", "right_shoulder"), "head": ("nose",),
    **{f"{side}_collar": (f"{side}_shoulder",) for side in ("left", "right")},
    **{f"{side}_shoulder": (f"{side}_shoulder", f"{side}_elbow") for side in ("left", "right")},
    **{f"{side}_elbow": (f"{side}_elbow", f"{side}_wrist") for side in ("left", "right")},
    **{f"{side}_wrist": (f"{side}_wrist", f"{side}_index", f"{side}_pinky") for side in ("left", "right")},
    **{f"{side}_hip": (f"{side}_hip", f"{side}_knee") for side in ("left", "right")},
    **{f"{side}_knee": (f"{side}_knee", f"{side}_ankle") for side in ("left", "right")},
    **{f"{side}_ankle": (f"{side}_ankle", f"{side}_foot_index") for side in ("left", "right")},
    **{f"{side}_foot": (f"{side}_foot_index",) for side in ("left", "right")},
}  # fmt: skip


def _trust(landmarks: BodyLandmarks, picture_size: tuple[int, int]) -> Array:
    """How far each point (N, 33) can be taken, 0 to 1: what lies outside the picture is MediaPipe's guess."""
    inside = ((landmarks.picture >= 0.0) & (landmarks.picture <= np.array(picture_size))).all(axis=-1)
    return np.where(inside & landmarks.found[:, None], landmarks.visibility, 0.0)


def _in_camera_axes(landmarks: BodyLandmarks, intrinsics: Array) -> Array:
    """World landmarks (N, 33, 3) turned from the axes of the crop, which looks at the body, to the camera's own."""
    hips = landmarks.picture[:, [LANDMARK_INDEX["left_shoulder"], LANDMARK_INDEX["right_shoulder"]]].mean(axis=1)
    ray = np.concatenate(((hips - intrinsics[:2, 2]) / intrinsics[0, 0], np.ones((len(hips), 1))), axis=1)
    ray = np.where(np.isfinite(ray), ray, (0.0, 0.0, 1.0))
    turn = quat_wxyz_to_rotmat(rotation_between((0.0, 0.0, 1.0), normalized(ray)))
    return landmarks.world @ np.swapaxes(turn, -1, -2)


def _filled(world: Array, found: Array, time: Array) -> Array:
    """World landmarks on every frame, those between found ones on the way from one to the other."""
    rows = np.flatnonzero(found)
    flat = world[rows].reshape(len(rows), -1)
    filled = np.stack([np.interp(time, time[rows], column) for column in flat.T], axis=-1)
    return filled.reshape(len(time), *world.shape[1:])


def _motion(state: BodyState, intrinsics: Array, rest: Array, betas: Array, measured: Array) -> BodyMotion:
    quat = sign_continuous_quat_wxyz(rotmat_to_quat_wxyz(state.local_rotmat))
    camera = BodyTrack(quat[:, 0], state.place - rest[0])
    positions = posed(Freedom(), state, rest).positions
    world = world_track(state.local_rotmat[:, 0], state.place, positions, measured, rest)
    return BodyMotion(
        body_quat_wxyz=quat[:, 1:],
        world=world,
        camera=camera,
        betas=np.asarray(betas, dtype=np.float64),
        intrinsics=np.broadcast_to(intrinsics, (len(quat), 3, 3)).copy(),
        maker=BUILT_IN,
    )
