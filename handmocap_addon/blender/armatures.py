"""SMPL-X armatures, whoever made them: which bone is which joint, and how its axes and units relate to the model's.

Nothing is taken from the maker's name. The MPI add-on rests its bones in metres with tails up +Z, the Meshcapade add-on in
centimetres with tails along +Y; both, and any other, follow from the rest matrices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ..core.errors import ArmatureError
from ..core.rotations import quat_wxyz_inverse, quat_wxyz_multiply, rotmat_to_quat_wxyz
from ..core.skeleton import BODY_JOINTS, JOINT_ALIASES, JOINT_NAMES, hand_joint_names
from .ghosts import is_ghost

Array = NDArray[Any]

HAND_JOINTS = hand_joint_names("left") + hand_joint_names("right")
# The joints by which axes and size are found; every SMPL-X armature has them.
_LANDMARK_JOINTS = ("pelvis", "head", "left_wrist", "right_wrist")
# Pelvis to head at rest, metres: 0.62 for the neutral shape. Only its power of ten matters.
_PELVIS_TO_HEAD = 0.62
_HINT = "choose an SMPL-X armature with its original bone names, or add the stand-in body"


@dataclass(frozen=True)
class RigMap:
    """How an armature stands to the SMPL-X model.

    `model_to_armature` (3, 3) turns the model's axes (x left, y up, z forward) into the armature's own.
    """

    bone_of_joint: dict[str, str]
    rest_rotmat: dict[str, Array]  # (3, 3) each, the bone's axes in the armature's
    rest_joints: Array  # (55, 3) metres in the model's axes; NaN where there is no bone
    model_to_armature: Array
    units_per_metre: float

    def bone_quat_wxyz(self, joint: str, quat_wxyz: Array) -> Array:
        """Rotations (…, 4) in the model's axes as rotations of the joint's bone about its own rest axes."""
        change = rotmat_to_quat_wxyz(self.rest_rotmat[joint].T @ self.model_to_armature)
        return quat_wxyz_multiply(quat_wxyz_multiply(change, quat_wxyz), quat_wxyz_inverse(change))

    def joint_quat_wxyz(self, joint: str, bone_quat_wxyz: Array) -> Array:
        """Rotations (…, 4) of the joint's bone about its own rest axes as rotations in the model's axes."""
        change = rotmat_to_quat_wxyz(self.rest_rotmat[joint].T @ self.model_to_armature)
        return quat_wxyz_multiply(quat_wxyz_multiply(quat_wxyz_inverse(change), bone_quat_wxyz), change)

    def bone_location(self, joint: str, position: Array) -> Array:
        """Positions (N, 3), metres in the model's axes, as locations of a bone whose parents rest."""
        rest = self.rest_joints[JOINT_NAMES.index(joint)]
        moved = (position - rest) @ self.model_to_armature.T * self.units_per_metre
        return moved @ self.rest_rotmat[joint]

    def to_armature(self, position: Array) -> Array:
        """Positions (N, 3), metres in the model's axes, in the armature object's own space."""
        return position @ self.model_to_armature.T * self.units_per_metre


def map_armature(armature: Any, needed: Sequence[str] = HAND_JOINTS) -> RigMap:
    """Find the joints of an armature object.

    Raises:
        ArmatureError: it is no armature, or a needed bone is not there.
    """
    if armature is None or armature.type != "ARMATURE":
        raise ArmatureError("No armature is chosen", _HINT)
    bones = {bone.name.lower(): bone for bone in armature.data.bones}
    by_joint: dict[str, Any] = {}
    for name, bone in bones.items():
        joint = JOINT_ALIASES.get(name, name)
        if joint in JOINT_NAMES:
            by_joint[joint] = bone
    missing = [joint for joint in (*_LANDMARK_JOINTS, *needed) if joint not in by_joint]
    if missing:
        fingers = [joint for joint in missing if joint in HAND_JOINTS]
        what = "finger bones" if len(fingers) == len(missing) else "SMPL-X bones"
        raise ArmatureError(f"The armature {armature.name} lacks {what} ({missing[0]} is not there)", _HINT)

    heads = {joint: np.array(bone.head_local) for joint, bone in by_joint.items()}
    model_to_armature = _model_axes(armature.name, heads)
    size = float(np.linalg.norm(heads["head"] - heads["pelvis"]))
    units_per_metre = 10.0 ** round(np.log10(size / _PELVIS_TO_HEAD))
    rest_joints = np.full((len(JOINT_NAMES), 3), np.nan)
    for joint, head in heads.items():
        rest_joints[JOINT_NAMES.index(joint)] = model_to_armature.T @ head / units_per_metre
    return RigMap(
        bone_of_joint={joint: bone.name for joint, bone in by_joint.items()},
        rest_rotmat={joint: np.array(bone.matrix_local.to_3x3()) for joint, bone in by_joint.items()},
        rest_joints=rest_joints,
        model_to_armature=model_to_armature,
        units_per_metre=units_per_metre,
    )


def _model_axes(name: str, heads: dict[str, Array]) -> Array:
    """The armature's axes nearest to the model's left, up and forward, from where its joints rest."""
    left = heads["left_wrist"] - heads["right_wrist"]
    up = heads["head"] - heads["pelvis"]
    axes = []
    for direction in (left, up):
        axis = np.zeros(3)
        strongest = int(np.argmax(np.abs(direction)))
        axis[strongest] = np.sign(direction[strongest])
        if not direction @ axis > 0.8 * np.linalg.norm(direction):
            raise ArmatureError(f"The armature {name} does not rest in a T-pose along its axes", _HINT)
        axes.append(axis)
    if abs(axes[0] @ axes[1]) > 0.5:
        raise ArmatureError(f"The armature {name} does not rest in a T-pose", _HINT)
    return np.stack((axes[0], axes[1], np.cross(axes[0], axes[1])), axis=-1)


def smplx_armatures() -> list[Any]:
    """Armature objects of the open scene that have every finger."""
    found = []
    for candidate in bpy.context.scene.objects:
        if candidate.type == "ARMATURE" and not is_ghost(candidate):
            names = {bone.name.lower() for bone in candidate.data.bones}
            if all(joint in names for joint in HAND_JOINTS):
                found.append(candidate)
    return found


def deformed_meshes(armature: Any) -> list[Any]:
    """Mesh objects of the scene that the armature deforms."""
    return [
        candidate
        for candidate in bpy.context.scene.objects
        if candidate.type == "MESH"
        and any(modifier.type == "ARMATURE" and modifier.object == armature for modifier in candidate.modifiers)
    ]


def has_body(rig: RigMap) -> bool:
    """Whether the armature has every joint of the body, not only hands."""
    return all(joint in rig.bone_of_joint for joint in BODY_JOINTS)
