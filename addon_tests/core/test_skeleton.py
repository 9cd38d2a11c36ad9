from __future__ import annotations

import itertools

import pytest

from handmocap_addon.core import skeleton

# As the smplx package lists them.
SMPLX_NAMES = [
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle",
    "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "jaw", "left_eye_smplhf",
    "right_eye_smplhf", "left_index1", "left_index2", "left_index3", "left_middle1", "left_middle2",
    "left_middle3", "left_pinky1", "left_pinky2", "left_pinky3", "left_ring1", "left_ring2", "left_ring3",
    "left_thumb1", "left_thumb2", "left_thumb3", "right_index1", "right_index2", "right_index3", "right_middle1",
    "right_middle2", "right_middle3", "right_pinky1", "right_pinky2", "right_pinky3", "right_ring1",
    "right_ring2", "right_ring3", "right_thumb1", "right_thumb2", "right_thumb3",
]  # fmt: skip


def test_the_55_joints_in_the_order_of_smplx():
    assert list(skeleton.JOINT_NAMES) == SMPLX_NAMES
    assert len(set(skeleton.JOINT_NAMES)) == 55


def test_body_parents_are_those_of_the_kinematic_tree():
    assert skeleton.PARENTS[:22] == (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19)


def test_face_joints_hang_on_the_head():
    assert skeleton.PARENTS[22:25] == (15, 15, 15)


@pytest.mark.parametrize("side", skeleton.SIDES)
@pytest.mark.parametrize("finger", skeleton.FINGERS)
def test_a_finger_is_a_chain_that_hangs_on_its_wrist(side, finger):
    chain = [f"{side}_wrist", *(f"{side}_{finger}{number}" for number in (1, 2, 3))]
    for parent, child in itertools.pairwise(chain):
        assert skeleton.JOINT_NAMES[skeleton.PARENTS[skeleton.JOINT_INDEX[child]]] == parent


def test_every_parent_comes_before_its_child():
    assert all(parent < joint for joint, parent in enumerate(skeleton.PARENTS))


def test_hand_pose_order_is_index_middle_pinky_ring_thumb():
    first = skeleton.FIRST_HAND_JOINT["right"]
    assert skeleton.JOINT_NAMES[first : first + 15 : 3] == (
        "right_index1", "right_middle1", "right_pinky1", "right_ring1", "right_thumb1",
    )  # fmt: skip


def test_landmarks_are_openpose_order():
    assert [skeleton.finger_landmarks(finger)[0] for finger in ("thumb", "index", "middle", "ring", "pinky")] == [
        1,
        5,
        9,
        13,
        17,
    ]
    covered = {landmark for finger in skeleton.FINGERS for landmark in skeleton.finger_landmarks(finger)}
    assert covered | {skeleton.LANDMARK_WRIST} == set(range(21))


@pytest.mark.parametrize(
    ("joint", "group"),
    [("left_index2", "Left index"), ("right_thumb1", "Right thumb"), ("left_wrist", "Body"), ("left_eye_smplhf", "Body")],
)
def test_groups_by_finger(joint, group):
    assert skeleton.joint_group(joint) == group
