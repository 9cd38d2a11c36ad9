"""Arms that bring the wrists to wanted places: two bones, an elbow that is a hinge, and a forearm that turns.

Written for a left arm in the chest's frame (y up, +z to the front, +x outwards); a right arm is its mirror picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handmocap_addon.core.body.model import BodyModel
from handmocap_addon.core.maths.rotations import normalized
from handmocap_addon.core.skeleton import JOINT_INDEX, SIDES, Side

from .body_motion import about, mirrored_rotmat, wave
from .finger_gestures import eased_keys

Array = NDArray[Any]

_X, _Y, _Z = np.eye(3)


@dataclass(frozen=True)
class ArmKey:
    """Where an arm is from one frame to another; between two keys it moves with ease. Angles in degrees."""

    first: float
    last: float
    wrist: tuple[float, float, float]  # metres, from the middle between the shoulders
    palm: tuple[float, float, float] = (0.0, 0.0, 1.0)  # where the palm looks, before `turn`
    turn: float = 0.0  # of the forearm about its length; positive pronates, so a palm to the front turns outwards
    flexion: float = 0.0  # of the wrist, towards the palm
    ulnar: float = 0.0  # of the wrist, towards the little finger
    elbow: tuple[float, float, float] = (0.55, -1.0, 0.45)  # where the elbow points

    @property
    def row(self) -> Array:
        return np.array((*self.wrist, *self.palm, self.turn, self.flexion, self.ulnar, *self.elbow))


def frames_from(x_directions: Array, y_directions: Array) -> Array:
    """(…, 3, 3) whose first columns are `x_directions` and whose second are as near to `y_directions` as that allows."""
    x_axis = normalized(x_directions)
    y_axis = normalized(y_directions - np.sum(y_directions * x_axis, axis=-1, keepdims=True) * x_axis)
    return np.stack((x_axis, y_axis, np.cross(x_axis, y_axis)), axis=-1)


def _bent_arm(shoulder: Array, wrist: Array, lengths: tuple[float, float], elbow: Array) -> tuple[Array, Array]:
    """Unit directions (N, 3) of upper arm and forearm that reach `wrist` (N, 3), the elbow towards `elbow` (N, 3)."""
    upper, fore = lengths
    reach = wrist - shoulder
    distance = np.linalg.norm(reach, axis=-1, keepdims=True)
    towards = reach / distance
    if distance.max() > 0.995 * (upper + fore):
        raise ValueError(f"a wrist is wanted {distance.max():.3f} m away, the arm reaches {upper + fore:.3f} m")
    along = (distance**2 + upper**2 - fore**2) / (2.0 * distance)
    sideways = normalized(elbow - np.sum(elbow * towards, axis=-1, keepdims=True) * towards)
    bend = along * towards + np.sqrt(upper**2 - along**2) * sideways
    return normalized(bend), normalized(reach - bend)


def _left_arm(
    rest_joints: dict[str, Array], frames: Array, keys: list[ArmKey], sway: float, phase: float
) -> dict[str, Array]:
    rows = eased_keys([(key.first, key.last, key.row) for key in keys], frames)
    wrist, palm, elbow = rows[:, :3], normalized(rows[:, 3:6]), rows[:, 9:12]
    turn, flexion, ulnar = np.radians(rows[:, 6:9].T)
    rest_upper = rest_joints["elbow"] - rest_joints["shoulder"]
    rest_fore = rest_joints["wrist"] - rest_joints["elbow"]
    lengths = float(np.linalg.norm(rest_upper)), float(np.linalg.norm(rest_fore))
    upper, fore = _bent_arm(rest_joints["shoulder"], wrist, lengths, elbow)
    # At rest the elbow is a hinge about -y, and y is the back of the hand.
    shoulder_rotmat = frames_from(upper, -np.cross(upper, fore)) @ frames_from(rest_upper, _Y).T
    turn = turn + wave(frames, 3.0 * sway, 71.0, phase + 0.45)
    elbow_rotmat = frames_from(fore, -palm) @ about(_X, turn) @ frames_from(rest_fore, _Y).T
    wrist_rotmat = about(_Z, wave(frames, 3.0 * sway, 47.0, phase + 0.3) - flexion) @ about(_Y, ulnar)
    return {
        "shoulder": shoulder_rotmat,
        "elbow": np.swapaxes(shoulder_rotmat, -1, -2) @ elbow_rotmat,
        "wrist": wrist_rotmat,
    }


def arms(model: BodyModel, frames: Array, keys: dict[Side, list[ArmKey]], sway: float = 1.0) -> dict[str, Array]:
    """Local rotations (N, 3, 3) of both shoulders, elbows and wrists by joint name.

    The keys of both sides are written as for a left arm; `sway` scales the small movements that go on during holds.

    Raises:
        ValueError: a wrist is wanted farther away than the arm is long.
    """
    rotations = {}
    for side in SIDES:
        outwards = np.array((1.0 if side == "left" else -1.0, 1.0, 1.0))
        middle = 0.5 * sum(model.rest_joints[JOINT_INDEX[f"{other}_shoulder"]] for other in SIDES)
        rest = {
            joint: outwards * (model.rest_joints[JOINT_INDEX[f"{side}_{joint}"]] - middle)
            for joint in ("shoulder", "elbow", "wrist")
        }
        phase = 0.0 if side == "left" else 0.37
        for joint, rotmat in _left_arm(rest, frames, keys[side], sway, phase).items():
            rotations[f"{side}_{joint}"] = rotmat if side == "left" else mirrored_rotmat(rotmat)
    return rotations
