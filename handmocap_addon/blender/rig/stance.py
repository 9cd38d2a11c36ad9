"""What an armature hangs on and is moved by, besides its keys: its object, bones above its pelvis, bones between its joints.

What can be undone is undone where the keys are made; what cannot is refused before anything is written.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import ArmatureError
from .armatures import RigMap
from .bone_parents import DISTANCE, SCALE, bones_above_pelvis, bones_between, is_at_rest
from .posed_frames import PosedFrames, posed_frames, spread

Array = NDArray[Any]


def check_stance(armature: Any, rig: RigMap, joints: Collection[str], frames: Array) -> tuple[str, ...]:
    """Refuse what would carry these joints elsewhere, and say what else moves them.

    Args:
        armature: an armature object.
        rig: what its bones are.
        joints: those that are to be keyed.
        frames: (N,) timeline frames of the keys.

    Raises:
        ArmatureError: keys cannot hold against how the armature is built, shown or scaled.
    """
    if armature.data.pose_position == "REST":
        raise ArmatureError(
            f"{armature.name} shows its rest position, in which no key is seen",
            "choose Pose Position in its data properties",
        )
    posed = posed_frames(armature, frames[spread(frames)])
    _check_place(armature, posed)
    for joint in joints:
        _check_relations(armature, rig, joint)
        if joint != "pelvis":
            _check_between(armature, rig, joint, posed)
    warnings = []
    if "pelvis" in joints:
        above = bones_above_pelvis(armature, rig)
        standing = [bone for bone in above if not is_at_rest(posed, bone, rig.units_per_metre)]
        if standing:
            _check_scale(armature, above, posed)
            warnings.append(
                f"{standing[0].name}, above the pelvis of {armature.name}, is posed; the body is keyed against it, so that "
                "it stands where the clip's camera sees it."
            )
        if float(np.ptp(posed.world, axis=0).max()) > DISTANCE * rig.units_per_metre:
            warnings.append(
                f"{armature.name} itself moves over the clip; its body and the camera are carried along with it."
            )
    return tuple(warnings)


def _check_place(armature: Any, posed: PosedFrames) -> None:
    lengths = np.linalg.norm(posed.world[:, :3, :3], axis=-2)
    if not (np.linalg.det(posed.world[:, :3, :3]) > 0.0).all():
        raise ArmatureError(
            f"{armature.name} is mirrored or flattened by its scale", "apply its scale (Ctrl A), or its parent's"
        )
    if (np.ptp(lengths, axis=1) > SCALE * lengths.max(axis=1)).any() or _is_sheared(
        posed.world[:, :3, :3] / lengths[:, None]
    ):
        raise ArmatureError(
            f"{armature.name} is scaled more along one axis than along another",
            "give it and its parents one scale for all axes",
        )


def _is_sheared(axes: Array) -> bool:
    return bool(np.abs(np.swapaxes(axes, -1, -2) @ axes - np.eye(3)).max() > SCALE)


def _check_relations(armature: Any, rig: RigMap, joint: str) -> None:
    bone = armature.data.bones[rig.bone_of_joint[joint]]
    if joint == "pelvis":
        if bone.use_connect and bone.parent is not None:
            raise ArmatureError(
                f"{bone.name} of {armature.name} is connected to {bone.parent.name} and cannot be moved",
                "clear Connected in its relations in edit mode",
            )
        return
    for one in (bone, *bones_between(armature, rig, joint)):
        if not one.use_inherit_rotation:
            raise ArmatureError(
                f"The bone {one.name} of {armature.name} does not inherit rotation", "switch that on in its relations"
            )


def _check_between(armature: Any, rig: RigMap, joint: str, posed: PosedFrames) -> None:
    """Bones between two joints may be there, but not be posed."""
    for bone in bones_between(armature, rig, joint):
        if not is_at_rest(posed, bone, rig.units_per_metre):
            raise ArmatureError(
                f"The bone {bone.name} of {armature.name}, on which {rig.bone_of_joint[joint]} hangs, is posed",
                "clear its pose, its keys and its constraints",
            )


def _check_scale(armature: Any, bones: list[Any], posed: PosedFrames) -> None:
    for bone in bones:
        axes = posed.bones[bone.name][:, :3, :3]
        if (np.abs(np.linalg.norm(axes, axis=-2) - 1.0) > SCALE).any() or (np.linalg.det(axes) < 0.0).any():
            raise ArmatureError(
                f"The bone {bone.name}, above the pelvis of {armature.name}, is scaled",
                "clear its scale, or scale the object",
            )
