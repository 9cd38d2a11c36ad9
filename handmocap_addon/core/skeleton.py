"""The SMPL-X skeleton: 55 joints, their parents, and the parts that this project names.

Order and parents are those of the `smplx` package (`smplx/joint_names.py`, kintree table of SMPL-X 1.1). The model
rests in a T-pose, y up, facing +z, with the left hand towards +x.
"""

from __future__ import annotations

from typing import Final, Literal

Side = Literal["left", "right"]
SIDES: Final[tuple[Side, Side]] = ("left", "right")

# The order of MANO and SMPL-X, and so of every 45-value hand pose. It is not the order of the fingers on a hand.
FINGERS: Final = ("index", "middle", "pinky", "ring", "thumb")

BODY_JOINTS: Final = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle",
    "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
)  # fmt: skip
BODY_PARENTS: Final = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19)
FACE_JOINTS: Final = ("jaw", "left_eye_smplhf", "right_eye_smplhf")


def hand_joint_names(side: Side) -> tuple[str, ...]:
    """The 15 finger joints of a side, in the order of a hand pose."""
    return tuple(f"{side}_{finger}{number}" for finger in FINGERS for number in (1, 2, 3))


HAND_JOINT_COUNT: Final = 15
HAND_POSE_VALUES: Final = HAND_JOINT_COUNT * 3
# Parent within the hand; -1 is the wrist.
HAND_PARENTS: Final = tuple(-1 if joint % 3 == 0 else joint - 1 for joint in range(HAND_JOINT_COUNT))

JOINT_NAMES: Final = BODY_JOINTS + FACE_JOINTS + hand_joint_names("left") + hand_joint_names("right")
JOINT_INDEX: Final = {name: index for index, name in enumerate(JOINT_NAMES)}
FIRST_HAND_JOINT: Final = {"left": JOINT_INDEX["left_index1"], "right": JOINT_INDEX["right_index1"]}
WRIST: Final = {"left": JOINT_INDEX["left_wrist"], "right": JOINT_INDEX["right_wrist"]}


def _parents() -> tuple[int, ...]:
    parents = list(BODY_PARENTS) + [JOINT_INDEX["head"]] * len(FACE_JOINTS)
    for side in SIDES:
        first = FIRST_HAND_JOINT[side]
        parents += [WRIST[side] if parent < 0 else first + parent for parent in HAND_PARENTS]
    return tuple(parents)


PARENTS: Final = _parents()

# Other add-ons' spellings of the same joints (Meshcapade names the eyes without the suffix).
JOINT_ALIASES: Final = {"left_eye": "left_eye_smplhf", "right_eye": "right_eye_smplhf"}


def joint_group(name: str) -> str:
    """The group under which a joint's curves are listed: one for each finger, one for the body."""
    for side in SIDES:
        for finger in FINGERS:
            if name.startswith(f"{side}_{finger}"):
                return f"{side.capitalize()} {finger}"
    return "Body"


# The 21 landmarks of OpenPose's hand, which MediaPipe shares: the wrist, then thumb to little finger, base to tip.
LANDMARK_COUNT: Final = 21
LANDMARK_WRIST: Final = 0
_FIRST_LANDMARK: Final = {"thumb": 1, "index": 5, "middle": 9, "ring": 13, "pinky": 17}


def finger_landmarks(finger: str) -> tuple[int, int, int, int]:
    """Landmark indices of a finger's three joints and its tip."""
    first = _FIRST_LANDMARK[finger]
    return (first, first + 1, first + 2, first + 3)
