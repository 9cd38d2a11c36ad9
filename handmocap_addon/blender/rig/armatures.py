"""SMPL-X armatures, whoever made them: which bone is which joint, and how its axes and units relate to the model's.

Nothing is taken from the maker's name. The MPI add-on rests its bones in metres with tails up +Z, the Meshcapade add-on in
centimetres with tails along +Y; both, and any other, follow from the rest matrices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...core.body.stand_in import smplx_rest_response
from ...core.errors import ArmatureError
from ...core.maths.rotations import quat_wxyz_inverse, quat_wxyz_multiply, rotmat_to_quat_wxyz
from ...core.rig.bone_map import detected_bone_map
from ...core.rig.bone_names import NamedJoints, named_joints
from ...core.rig.rest_pose import RestPose, rest_pose
from ...core.skeleton import BODY_JOINTS, JOINT_INDEX, JOINT_NAMES, PARENTS, hand_joint_names
from .ghosts import is_ghost
from .rest_marks import rests_as_added

Array = NDArray[Any]

HAND_JOINTS = hand_joint_names("left") + hand_joint_names("right")
# The joints by which axes and size are found; every SMPL-X armature has them.
_LANDMARK_JOINTS = ("pelvis", "head", "left_wrist", "right_wrist")
# Pelvis to head at rest, metres: 0.62 for the neutral shape.
_PELVIS_TO_HEAD = 0.62
# Shapes of the model, children's too, are this much smaller or larger; what lies beyond is another unit of length.
_LARGEST_SHAPE = 1.8
_FEET, _INCHES = 3.28084, 39.3701
_HINT = "choose an SMPL-X armature with its original bone names, or add the stand-in body"


@dataclass(frozen=True, eq=False)
class RigMap:
    """How an armature stands to the SMPL-X model.

    `model_to_armature` (3, 3) turns the model's axes (x left, y up, z forward) into the armature's own.
    """

    bone_of_joint: dict[str, str]
    rest_rotmat: dict[str, Array]  # (3, 3) each, the bone's axes in the armature's
    rest_joints: Array  # (55, 3) metres in the model's axes, in the T-pose; NaN where there is no bone
    model_to_armature: Array
    units_per_metre: float
    rest: RestPose

    def bone_quat_wxyz(self, joint: str, quat_wxyz: Array) -> Array:
        """Rotations (…, 4) in the model's axes as rotations of the joint's bone about its own rest axes."""
        before, after = self._changes(joint)
        return quat_wxyz_multiply(quat_wxyz_multiply(before, quat_wxyz), quat_wxyz_inverse(after))

    def joint_quat_wxyz(self, joint: str, bone_quat_wxyz: Array) -> Array:
        """Rotations (…, 4) of the joint's bone about its own rest axes as rotations in the model's axes."""
        before, after = self._changes(joint)
        return quat_wxyz_multiply(quat_wxyz_multiply(quat_wxyz_inverse(before), bone_quat_wxyz), after)

    def _changes(self, joint: str) -> tuple[Array, Array]:
        """A bone turns by `before` times the joint's rotation times the inverse of `after`, (4,) each.

        The T-pose turned by `turns` is the rest: the model's joint has to undo its own turn, on a parent that undid its.
        """
        index = JOINT_INDEX[joint]
        own_axes = self.rest_rotmat[joint].T @ self.model_to_armature
        parent = self.rest.turns[PARENTS[index]] if index > 0 else np.eye(3)
        before, after = rotmat_to_quat_wxyz(np.stack((own_axes @ parent, own_axes @ self.rest.turns[index])))
        return before, after if before @ after >= 0.0 else -after

    def t_pose_rotmat(self, joint: str) -> Array:
        """The axes (3, 3) that a joint's bone has in the armature when the armature is put into the T-pose."""
        axes = self.model_to_armature
        straight: Array = axes @ self.rest.turns[JOINT_INDEX[joint]].T @ axes.T @ self.rest_rotmat[joint]
        return straight

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
    joints = joints_of(armature)
    _check_names(armature, joints, (*_LANDMARK_JOINTS, *needed))
    by_joint = {joint: armature.data.bones[name] for joint, name in joints.bone_of_joint.items()}
    heads = {joint: np.array(bone.head_local) for joint, bone in by_joint.items()}
    model_to_armature = _model_axes(armature.name, heads)
    units_per_metre = _units_per_metre(float(np.linalg.norm(heads["head"] - heads["pelvis"])))
    rest_rotmat = {joint: np.array(bone.matrix_local.to_3x3()) for joint, bone in by_joint.items()}
    metres = {joint: head / units_per_metre for joint, head in heads.items()}
    rest = _rest_in(armature.name, metres, rest_rotmat, model_to_armature, rests_as_added(armature))
    return RigMap(
        bone_of_joint=dict(joints.bone_of_joint),
        rest_rotmat=rest_rotmat,
        rest_joints=rest.joints.copy(),
        model_to_armature=model_to_armature,
        units_per_metre=units_per_metre,
        rest=rest,
    )


def joints_of(armature: Any) -> NamedJoints:
    """Which bones of an armature object are which joints, by their names and parents alone; quick enough for drawing."""
    return named_joints(tuple((bone.name, bone.parent.name if bone.parent else "") for bone in armature.data.bones))


def _check_names(armature: Any, joints: NamedJoints, needed: Sequence[str]) -> None:
    missing = [joint for joint in needed if joint not in joints.bone_of_joint]
    if missing and detected_bone_map(armature.data.bones.keys()) is not None:
        other = detected_bone_map(armature.data.bones.keys())
        raise ArmatureError(
            f"The armature {armature.name} is no SMPL-X armature but has the bones of {other.name if other else ''}",
            "add the stand-in body, and carry its fingers over with To Another Rig",
        )
    for joint in missing:
        if joint in joints.ambiguous:
            bones = " and ".join(joints.ambiguous[joint])
            raise ArmatureError(
                f"The armature {armature.name} has more than one bone that may be {joint} ({bones})", "rename one of them"
            )
    if missing:
        fingers = [joint for joint in missing if joint in HAND_JOINTS]
        what = "finger bones" if len(fingers) == len(missing) else "SMPL-X bones"
        raise ArmatureError(f"The armature {armature.name} lacks {what} ({missing[0]} is not there)", _HINT)
    for joint in needed:
        if joint in joints.misplaced:
            bone, expected = joints.misplaced[joint]
            where = f"does not hang on {expected}" if expected else "hangs on another joint"
            raise ArmatureError(f"The bone {bone} of {armature.name} {where}, as SMPL-X's {joint} does", _HINT)


def _rest_in(
    name: str, heads: dict[str, Array], rest_rotmat: dict[str, Array], model_to_armature: Array, is_t_pose: bool
) -> RestPose:
    """How bones with these heads, metres in the armature, rest in the model's axes."""
    joints, axes = np.full((len(JOINT_NAMES), 3), np.nan), np.full((len(JOINT_NAMES), 3, 3), np.nan)
    for joint, head in heads.items():
        joints[JOINT_INDEX[joint]] = model_to_armature.T @ head
        axes[JOINT_INDEX[joint]] = model_to_armature.T @ rest_rotmat[joint]
    _check_sides(name, joints)
    if is_t_pose:
        return RestPose(np.tile(np.eye(3), (len(JOINT_NAMES), 1, 1)), joints, ())
    return _rest_pose(joints.tobytes(), axes.tobytes())


@lru_cache(maxsize=32)
def _rest_pose(joints: bytes, axes: bytes) -> RestPose:
    return rest_pose(np.frombuffer(joints).reshape(len(JOINT_NAMES), 3), np.frombuffer(axes).reshape(len(JOINT_NAMES), 3, 3))


def _units_per_metre(pelvis_to_head: float) -> float:
    """A power of ten, feet or inches, where a body of some shape has that length in it; else the body's own proportion."""
    size = pelvis_to_head / _PELVIS_TO_HEAD
    if not size > 0.0:
        return 1.0
    for unit in (10.0 ** round(np.log10(size)), _FEET, _INCHES):
        if 1.0 / _LARGEST_SHAPE < size / unit < _LARGEST_SHAPE:
            return float(unit)
    return size


def _model_axes(name: str, heads: dict[str, Array]) -> Array:
    """The model's left, up and forward in the armature, from where its joints rest.

    Up is one of the armature's own axes, for nothing else says where the ground is. Left is too where it is near to one;
    what rests turned about its own height stays turned, and so does the camera.
    """
    up = _nearest_axis(heads["head"] - heads["pelvis"])
    if up is None:
        raise ArmatureError(f"The armature {name} does not rest in a T-pose along its axes", _HINT)
    across = _across(heads)
    across = across - (across @ up) * up
    if not np.linalg.norm(across) > 0.5 * np.linalg.norm(_across(heads)):
        raise ArmatureError(f"The armature {name} does not rest in a T-pose", _HINT)
    left = _nearest_axis(across)
    if left is None:
        # The model's own line across is not quite its axis.
        line = _across(dict(zip(JOINT_NAMES, smplx_rest_response()[0], strict=True)))
        along, forward = line[0], line[2]
        across = (along * across - forward * np.cross(across, up)) / np.hypot(along, forward)
        left = across / np.linalg.norm(across)
    return np.stack((left, up, np.cross(left, up)), axis=-1)


def _across(heads: dict[str, Array]) -> Array:
    """From the right of the body to its left, whatever the arms do."""
    pairs = [("left_shoulder", "right_shoulder"), ("left_hip", "right_hip"), ("left_wrist", "right_wrist")]
    found = [pair for pair in pairs if pair[0] in heads and pair[1] in heads]
    across: Array = heads[found[0][0]] - heads[found[0][1]]
    return across


def _nearest_axis(direction: Array) -> Array | None:
    axis = np.zeros(3)
    strongest = int(np.argmax(np.abs(direction)))
    axis[strongest] = np.sign(direction[strongest])
    return axis if direction @ axis > 0.8 * np.linalg.norm(direction) else None


def _check_sides(name: str, joints: Array) -> None:
    """Toes and hips say where the front is, and so whether left is left."""
    feet = [joints[JOINT_INDEX[f"{side}_foot"]] - joints[JOINT_INDEX[f"{side}_ankle"]] for side in ("left", "right")]
    if (
        not np.isnan(feet).any()
        and all(foot[2] < 0.0 for foot in feet)
        and all(abs(foot[2]) > abs(foot[1]) for foot in feet)
    ):
        raise ArmatureError(f"The feet of {name} point backwards: its left and right are exchanged", "rename its bones")


def smplx_armatures() -> list[Any]:
    """Armature objects of the open scene that have every finger and the joints by which an SMPL-X body is known."""
    found = []
    for candidate in bpy.context.scene.objects:
        if candidate.type == "ARMATURE" and not is_ghost(candidate):
            joints = joints_of(candidate).bone_of_joint
            if all(joint in joints for joint in (*_LANDMARK_JOINTS, *HAND_JOINTS)):
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
