"""A person's own armature: other rests, other names, other units, and what does not fit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.motions import MadeUpShot
from addon_tests.blender.rigs import TO_BLENDER, add_plain_armature
from addon_tests.making.person_rigs import A_POSE, PersonRig, add_person_rig
from handmocap_addon.blender.motion.motion_keys import write_body_keys, write_hand_keys
from handmocap_addon.blender.motion.shot import Shot
from handmocap_addon.blender.rig.armatures import HAND_JOINTS, map_armature, smplx_armatures
from handmocap_addon.blender.rig.pose_parameters import read_body_parameters
from handmocap_addon.blender.rig.rest_warnings import rest_warnings
from handmocap_addon.blender.rig.scene_armature import scene_armature
from handmocap_addon.core.body.model import posed_joints
from handmocap_addon.core.errors import ArmatureError
from handmocap_addon.core.skeleton import BODY_JOINTS, HAND_JOINT_COUNT, JOINT_NAMES, SIDES

FRAMES = np.arange(1.0, 4.0)
HANDS_TURNED = {**A_POSE, "left_wrist": (0.7, 0.2, 0.0), "left_index2": (0.0, 0.0, -0.4), "left_index3": (0.0, 0.0, -0.4)}
RIGS = {
    "a-pose": PersonRig(turns=A_POSE, axes="turned"),
    "a-pose, straight tails": PersonRig(turns=A_POSE, axes="up"),
    "a-pose, random rolls": PersonRig(turns=A_POSE, axes="random"),
    "a-pose of another shape": PersonRig(turns=A_POSE, axes="child", betas=np.linspace(-1.0, 1.0, 10)),
    "hands turned": PersonRig(turns=HANDS_TURNED, axes="turned"),
    "legs apart": PersonRig(turns={"left_hip": (0.0, 0.0, 0.3), "right_knee": (0.4, 0.0, 0.0)}, axes="random"),
    "inches": PersonRig(units_per_metre=39.3701),
    "turned about its height": PersonRig(to_armature=np.array(((0.75, -0.66143782776, 0.0), (0.66143782776, 0.75, 0.0), (0.0, 0.0, 1.0))) @ TO_BLENDER),
    "facing away": PersonRig(to_armature=np.diag((-1.0, -1.0, 1.0)) @ TO_BLENDER),
    "prefixed": PersonRig(spelled=lambda joint: f"SMPLX-neutral:{joint}"),
    "sides behind": PersonRig(spelled=lambda joint: joint.replace("left_", "L_").replace("right_", "R_")),
}  # fmt: skip


def armature_joints(armature: Any, rig: PersonRig) -> np.ndarray:
    """Heads (55, 3) on the current frame, metres, in the model's axes."""
    evaluated = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    heads = np.array([evaluated.pose.bones[rig.spelled(joint)].head for joint in JOINT_NAMES])
    return heads @ rig.to_armature / rig.units_per_metre


@pytest.mark.parametrize("kind", RIGS)
def test_a_shot_is_the_same_on_every_persons_armature(kind: str, scene: Any) -> None:
    rig, shot = RIGS[kind], MadeUpShot(len(FRAMES))
    armature = add_person_rig(rig)
    _report, lift = write_body_keys(Shot.of(armature), shot.motion(), FRAMES, "shot")
    write_hand_keys(Shot.of(armature), shot.hands(), shot.tracks(), FRAMES, "shot")
    t_pose, neutral = rig.t_pose(), replace(rig, betas=np.zeros(10)).t_pose()
    moved = shot.translation + neutral[0] - t_pose[0] + (0.0, lift, 0.0)
    expected = posed_joints(t_pose, shot.local_rotmat(), moved).positions
    for number, frame in enumerate(FRAMES):
        scene.frame_set(int(frame))
        np.testing.assert_allclose(armature_joints(armature, rig), expected[number], atol=2e-5)


def test_parameters_are_read_back_from_an_a_pose(scene: Any) -> None:
    shot, armature = MadeUpShot(len(FRAMES)), add_person_rig(RIGS["hands turned"])
    write_body_keys(Shot.of(armature), shot.motion(), FRAMES, "shot")
    write_hand_keys(Shot.of(armature), shot.hands(), shot.tracks(), FRAMES, "shot")
    read = read_body_parameters(armature, FRAMES)
    assert read.largest_offset.max() < 1e-5
    for side in SIDES:
        first = JOINT_NAMES.index(f"{side}_index1")
        found = read.local_quat_wxyz[:, first : first + HAND_JOINT_COUNT]
        assert np.abs(np.sum(found * shot.hands()[side].quat_wxyz, axis=-1)).min() > 1.0 - 1e-6


def test_bones_are_found_wherever_armatures_are_listed(scene: Any) -> None:
    armature = add_person_rig(RIGS["prefixed"])
    assert smplx_armatures() == [armature]
    assert map_armature(armature).bone_of_joint["left_index1"] == "SMPLX-neutral:left_index1"


@pytest.mark.parametrize(
    ("units", "expected"), [(1.0, 1.0), (100.0, 100.0), (62.0, 100.0), (39.3701, 39.3701), (0.25, 0.25)]
)
def test_a_unit_is_one_that_there_is_or_the_bodys_own(units: float, expected: float, scene: Any) -> None:
    found = map_armature(add_person_rig(PersonRig(units_per_metre=units))).units_per_metre
    assert found == pytest.approx(expected, rel=0.01)


def test_two_bones_for_a_joint_are_named(scene: Any) -> None:
    armature = add_person_rig(replace(RIGS["sides behind"], between={"left_index1": "left_index_1"}))
    with pytest.raises(ArmatureError, match=r"more than one bone that may be left_index1 \(left_index_1 and L_index1\)"):
        map_armature(armature)


def test_left_and_right_exchanged_is_told(scene: Any) -> None:
    def exchanged(joint: str) -> str:
        return joint.replace("left", "?").replace("right", "left").replace("?", "right")

    with pytest.raises(ArmatureError, match="left and right are exchanged"):
        map_armature(add_person_rig(PersonRig(spelled=exchanged)))


def test_a_mixamo_rig_is_sent_to_the_other_rigs(scene: Any) -> None:
    names = {f"mixamorig:{side}Hand{finger}": (0.1, 0.0, 1.0) for side in ("Left", "Right")
             for finger in ("", "Index1", "Middle1", "Pinky1", "Ring1", "Thumb1")}  # fmt: skip
    armature = add_plain_armature({"mixamorig:Hips": (0.0, 0.0, 1.0), **names}, "Dancer")
    with pytest.raises(ArmatureError, match="has the bones of Mixamo") as caught:
        map_armature(armature)
    assert "To Another Rig" in caught.value.hint


def test_a_scene_whose_armature_does_not_fit_gets_no_other_unasked(scene: Any) -> None:
    assert scene_armature("name one", "add one") is None
    add_person_rig(PersonRig(name="Handless", left_out=HAND_JOINTS))
    with pytest.raises(ArmatureError, match="Handless lacks") as caught:
        scene_armature("name one", "add one")
    assert caught.value.hint == "add one"


def _rest_warnings(armature: Any) -> tuple[str, ...]:
    return rest_warnings(armature, map_armature(armature), BODY_JOINTS)


def test_what_cannot_be_known_of_a_rest_is_said(scene: Any) -> None:
    bent = {**A_POSE, "left_elbow": (0.0, -0.6, 0.0)}
    assert not _rest_warnings(add_person_rig(PersonRig(turns=bent, axes="turned")))
    (sentence,) = _rest_warnings(add_person_rig(PersonRig(turns=bent, axes="random")))
    assert "does not rest in a T-pose" in sentence and "left_shoulder" in sentence
    assert not _rest_warnings(add_person_rig(PersonRig(turns=A_POSE, axes="random")))
