from __future__ import annotations

from collections.abc import Callable

import pytest

from handmocap_addon.core.rig.bone_names import named_joints
from handmocap_addon.core.skeleton import FACE_JOINTS, FINGERS, JOINT_NAMES, PARENTS

BODY_AND_HANDS = [joint for joint in JOINT_NAMES if joint not in FACE_JOINTS]


def bones(spelled: Callable[[str], str], joints: list[str] | None = None) -> list[tuple[str, str]]:
    """An SMPL-X skeleton's bones and parents, each joint spelled in another way; the pelvis hangs on a root."""
    chosen = joints or list(JOINT_NAMES)
    found = [("root", "")]
    for joint in chosen:
        parent = PARENTS[JOINT_NAMES.index(joint)]
        found.append((spelled(joint), spelled(JOINT_NAMES[parent]) if parent >= 0 else "root"))
    return found


def _side_behind(separator: str) -> Callable[[str], str]:
    def spelled(joint: str) -> str:
        side, _, rest = joint.partition("_")
        return f"{rest}{separator}{side[0].upper()}" if side in ("left", "right") else joint

    return spelled


def _side_letter(joint: str) -> str:
    side, _, rest = joint.partition("_")
    return f"{side[0].upper()}_{rest.capitalize()}" if side in ("left", "right") else joint.capitalize()


def _camel(joint: str) -> str:
    side, _, rest = joint.partition("_")
    if side not in ("left", "right"):
        return joint.capitalize()
    hand = "Hand" if rest.rstrip("0123456789") in FINGERS else ""
    return f"{side.capitalize()}{hand}{rest.capitalize()}"


def _lower_camel(joint: str) -> str:
    name = _camel(joint).replace("Hand", "")
    return name[0].lower() + name[1:]


def _numbers_apart(joint: str) -> str:
    stem = joint.rstrip("0123456789")
    return f"{stem}_{joint.removeprefix(stem)}".rstrip("_")


def _smpl_h(joint: str) -> str:
    """`lindex0` and the like; the rest with a letter for the side."""
    side, _, rest = joint.partition("_")
    stem = rest.rstrip("0123456789")
    if stem in FINGERS:
        return f"{side[0]}{stem}{int(rest.removeprefix(stem)) - 1}"
    return _side_letter(joint)


SPELLINGS: dict[str, Callable[[str], str]] = {
    "own": lambda joint: joint,
    "capitals": str.upper,
    "namespace": lambda joint: f"SMPLX-neutral:{joint}",
    "prefix": lambda joint: f"SMPLX-neutral_{joint}",
    "Armature_": lambda joint: f"Armature_{joint}",
    "m_avg_": lambda joint: f"m_avg_{_side_letter(joint)}",
    "copied": lambda joint: f"{joint}.001",
    "dot side": _side_behind("."),
    "dash side": _side_behind("_"),
    "letter first": _side_letter,
    "camel": _camel,
    "lower camel": _lower_camel,
    "numbers apart": _numbers_apart,
    "smpl-h": _smpl_h,
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_spelling_is_read(spelling: str) -> None:
    spelled = SPELLINGS[spelling]
    found = named_joints(tuple(bones(spelled, BODY_AND_HANDS)))
    assert found.bone_of_joint == {joint: spelled(joint) for joint in BODY_AND_HANDS}
    assert not found.ambiguous and not found.misplaced


@pytest.mark.parametrize("joints", [list(JOINT_NAMES), BODY_AND_HANDS], ids=("smpl-x", "smpl-h"))
def test_bones_that_are_only_numbered_are_the_joints_in_their_order(joints: list[str]) -> None:
    found = named_joints(tuple(bones(lambda joint: f"J{joints.index(joint):02d}", joints)))
    assert found.bone_of_joint == {joint: f"J{number:02d}" for number, joint in enumerate(joints)}
    assert not found.misplaced


def test_a_hand_is_the_wrist_only_where_there_is_no_wrist() -> None:
    named = bones(_side_letter, BODY_AND_HANDS)
    assert named_joints((*named, ("L_Hand", "L_Wrist"))).bone_of_joint["left_wrist"] == "L_Wrist"
    with_hands = [tuple(name.replace("L_Wrist", "L_Hand") for name in bone) for bone in named]
    assert named_joints(tuple(with_hands)).bone_of_joint["left_wrist"] == "L_Hand"  # type: ignore[arg-type]


def test_helpers_are_no_joints() -> None:
    helpers = [
        ("L_Elbow_twist", "L_Elbow"),
        ("L_Index3_end", "L_Index3"),
        ("twist_L_Elbow", "L_Elbow"),
        ("IK_L_Wrist", "root"),
    ]
    found = named_joints((*bones(_side_letter, BODY_AND_HANDS), *helpers))
    assert found.bone_of_joint["left_elbow"] == "L_Elbow" and found.bone_of_joint["left_index3"] == "L_Index3"
    assert not found.ambiguous


def test_two_bones_that_may_be_one_joint_are_not_chosen_between() -> None:
    found = named_joints((*bones(_side_letter, BODY_AND_HANDS), ("left_index_1", "L_Wrist")))
    assert found.ambiguous == {"left_index1": ("L_Index1", "left_index_1")}
    assert "left_index1" not in found.bone_of_joint


def test_the_models_own_names_come_before_the_twin_of_a_control_rig() -> None:
    twin = [(f"DEF-{name}", f"DEF-{parent}") for name, parent in bones(SPELLINGS["own"])]
    found = named_joints((*bones(SPELLINGS["own"]), *twin))
    assert found.bone_of_joint == {joint: joint for joint in JOINT_NAMES}


def test_bones_between_joints_are_no_matter_but_their_order_is() -> None:
    named = dict(bones(SPELLINGS["own"]))
    named |= {"forearm_extra": "left_elbow", "left_wrist": "forearm_extra"}
    assert not named_joints(tuple(named.items())).misplaced
    named |= {"left_index2": "left_wrist", "left_index1": "left_index2"}
    assert named_joints(tuple(named.items())).misplaced["left_index2"] == ("left_index2", "left_index1")
