"""Which finger bones a tool acts on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ...core.skeleton import FINGERS, SIDES, Side, hand_joint_names
from ..version_differences import is_bone_selected
from .armatures import HAND_JOINTS, joints_of


@dataclass(frozen=True)
class FingerTarget:
    """Finger joints by name, in the order of the skeleton."""

    joints: tuple[str, ...]

    @property
    def sides(self) -> tuple[Side, ...]:
        return tuple(side for side in SIDES if any(joint.startswith(side) for joint in self.joints))

    def fingers(self, side: Side) -> tuple[str, ...]:
        """The fingers of a side of which at least one joint is meant."""
        return tuple(finger for finger in FINGERS if any(joint[:-1] == f"{side}_{finger}" for joint in self.joints))

    def whole_fingers(self, side: Side) -> tuple[str, ...]:
        """The fingers of a side of which every joint is meant."""
        return tuple(finger for finger in FINGERS if all(f"{side}_{finger}{step}" in self.joints for step in (1, 2, 3)))

    def text(self) -> str:
        """What a panel says: `Left hand`, `Both hands`, `Right index, thumb`."""
        if all(self.fingers(side) == FINGERS for side in SIDES):
            return "Both hands"
        parts = []
        for side in self.sides:
            fingers = self.fingers(side)
            parts.append(f"{side} hand" if fingers == FINGERS else f"{side} {', '.join(fingers)}")
        return "; ".join(parts).capitalize()


def target_of(sides: Iterable[str], fingers: Iterable[str] = FINGERS) -> FingerTarget:
    """Some fingers of some sides."""
    sides, fingers = set(sides), set(fingers)
    joints = (joint for side in SIDES if side in sides for joint in hand_joint_names(side))
    return FingerTarget(tuple(joint for joint in joints if joint.partition("_")[2][:-1] in fingers))


def target_of_joints(joints: Iterable[str]) -> FingerTarget:
    """Some joints, in the order of the skeleton."""
    chosen = set(joints)
    return FingerTarget(tuple(joint for joint in HAND_JOINTS if joint in chosen))


def finger_bones(armature: Any) -> dict[str, str]:
    """Bone names by finger joint, of those joints that the armature has."""
    names = joints_of(armature).bone_of_joint
    return {joint: names[joint] for joint in HAND_JOINTS if joint in names}


def selected_target(armature: Any) -> FingerTarget | None:
    """The finger bones that are selected in pose mode, or None where there are none."""
    if armature.mode != "POSE":
        return None
    bones = finger_bones(armature)
    chosen = tuple(joint for joint, name in bones.items() if is_bone_selected(armature.pose.bones[name]))
    return FingerTarget(chosen) if chosen else None
