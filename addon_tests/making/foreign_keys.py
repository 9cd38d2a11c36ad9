"""Keys as other programs and people leave them on an armature's bones: importers of AMASS and FBX, takes, blocked-out poses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from handmocap_addon.blender.curves.key_arrays import enum_number
from handmocap_addon.blender.version_differences import ensure_curve
from handmocap_addon.core.skeleton import BODY_JOINTS, SIDES, hand_joint_names

Array = NDArray[Any]

FINGERS = tuple(joint for side in SIDES for joint in hand_joint_names(side))
EVERY_JOINT = (*BODY_JOINTS, *FINGERS)
_WIDTHS = {"rotation_quaternion": 4, "rotation_axis_angle": 4, "rotation_euler": 3, "location": 3, "scale": 3}
_RESTS = {"rotation_quaternion": (1, 0, 0, 0), "rotation_axis_angle": (0, 0, 1, 0), "scale": (1, 1, 1)}


@dataclass(frozen=True)
class Take:
    """How a program or a person keys bones: property, frames, interpolation, how far it moves."""

    bones: Sequence[str] = EVERY_JOINT
    frames: Sequence[float] = tuple(range(1, 97))
    attribute: str = "rotation_quaternion"
    interpolation: str = "BEZIER"
    types: Sequence[str] = ("KEYFRAME",)  # one after another
    reach: float = 0.3
    seed: int = 1


def amass(frames: Sequence[float] = tuple(range(1, 97)), bones: Sequence[str] = EVERY_JOINT) -> list[Take]:
    """As both SMPL-X add-ons load an AMASS file: a quaternion key on each joint and frame, and the pelvis' place."""
    place = [Take(("pelvis",), frames, "location")] if "pelvis" in bones else []
    return [Take(bones, frames), *place]


def fbx(frames: Sequence[float] = tuple(range(1, 97)), offset: float = 0.02) -> list[Take]:
    """As FBX comes in: place, rotation and scale of every bone on every frame, straight between keys."""
    return [
        Take(EVERY_JOINT, frames, "rotation_quaternion", "LINEAR"),
        Take(EVERY_JOINT, frames, "location", "LINEAR", reach=offset),
        Take(EVERY_JOINT, frames, "scale", "LINEAR", reach=0.0),
    ]


def blocking(bones: Sequence[str] = FINGERS, attribute: str = "rotation_quaternion") -> list[Take]:
    """A person's poses: few, where the action needs them, held, with breakdowns between."""
    return [Take(bones, (1, 8, 13, 29, 40, 44, 71), attribute, "CONSTANT", ("KEYFRAME", "BREAKDOWN", "EXTREME"))]


def key_takes(armature: Any, takes: Iterable[Take], action: Any | None = None, slot: Any | None = None) -> Any:
    """Key an armature by takes, in an action of its own where none is given; returns the action."""
    animation = armature.animation_data or armature.animation_data_create()
    if action is None:
        action = bpy.data.actions.new(f"{armature.name}Action")
        slot = action.slots.new(armature.id_type, armature.name)
        animation.action = action
        animation.action_slot = slot
    for take in takes:
        for number, bone in enumerate(take.bones):
            values = _values(take, number)
            path = f'pose.bones["{bone}"].{take.attribute}'
            for index in range(values.shape[1]):
                _fill(ensure_curve(action, slot, path, index, bone), take, values[:, index])
    return action


def count_of(takes: Iterable[Take], bones: Iterable[str]) -> int:
    """How many keys the takes have on some bones."""
    chosen = set(bones)
    return sum(len(chosen & set(take.bones)) * len(take.frames) * _WIDTHS[take.attribute] for take in takes)


def _values(take: Take, number: int) -> Array:
    """Values (n, channels) of one bone's property, smooth in time."""
    width = _WIDTHS[take.attribute]
    phase = np.random.default_rng(take.seed * 1000 + number).uniform(0.0, 6.0, width)
    moved = take.reach * np.sin(np.asarray(take.frames)[:, None] * 0.2 + phase)
    if take.attribute == "rotation_quaternion":
        moved[:, 0] = 0.0
    return moved + np.array(_RESTS.get(take.attribute, (0,) * width), dtype=np.float64)


def _fill(curve: Any, take: Take, values: Array) -> None:
    points = curve.keyframe_points
    points.add(len(values))
    points.foreach_set("co", np.stack((take.frames, values), axis=-1).astype(np.float32).ravel())
    kind = enum_number("interpolation", take.interpolation)
    points.foreach_set("interpolation", np.full(len(values), kind, dtype=np.uint8))
    types = [enum_number("type", take.types[row % len(take.types)]) for row in range(len(values))]
    points.foreach_set("type", np.array(types, dtype=np.uint8))
    curve.update()
