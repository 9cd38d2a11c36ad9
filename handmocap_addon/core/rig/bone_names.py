"""Which bone of an armature is which SMPL-X joint, by the bones' names and by what hangs on what.

Exporters put a prefix before each name, a side after it, capitals into it or numbers behind it. A name is read word by word;
what is read counts only where one bone alone can be the joint, and where the bones hang on one another as the joints do.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from ..skeleton import BODY_JOINTS, FACE_JOINTS, FINGERS, JOINT_ALIASES, JOINT_NAMES, PARENTS

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_COPY_NUMBER: Final = re.compile(r"\.\d{3}$")
_SIDE_WORDS: Final = {"left": "left", "l": "left", "right": "right", "r": "right"}
_FINGER_WORDS: Final = {finger: finger for finger in FINGERS} | {"little": "pinky"}
# Bones that help another one, which is the joint.
_HELPER_WORDS: Final = frozenset(
    ("twist", "roll", "end", "tip", "nub", "ik", "fk", "pole", "target", "ctrl", "control", "helper", "mch", "offset")
)
_MIDDLE: Final[dict[tuple[str, ...], str]] = {
    ("pelvis",): "pelvis",
    ("neck",): "neck",
    ("head",): "head",
    ("jaw",): "jaw",
} | {("spine", number): f"spine{number}" for number in "123"}
_SIDED: Final[dict[tuple[str, ...], str]] = {
    (joint.removeprefix("left_"),): joint for joint in BODY_JOINTS if joint.startswith("left_")
} | {
    ("eye",): "left_eye_smplhf",
    ("eye", "smplhf"): "left_eye_smplhf",
}
# Names of one joint where the first is nowhere on that side: SMPL has a hand beyond its wrist.
_SECOND_NAMES: Final[dict[tuple[str, ...], str]] = {
    ("hand",): "left_wrist",
    ("toe",): "left_foot",
    ("toes",): "left_foot",
    ("clavicle",): "left_collar",
}
# Skeletons whose bones are called by the joint's number alone, by how many they have: SMPL-X, and SMPL-H without a face.
_NUMBERED: Final = {55: JOINT_NAMES, 52: tuple(joint for joint in JOINT_NAMES if joint not in FACE_JOINTS)}


@dataclass(frozen=True, eq=False)
class NamedJoints:
    """What an armature's bones were read as.

    `bone_of_joint` has each joint with one bone; `ambiguous` the joints with several, and `misplaced` a bone and the bone on
    which it should hang, by the joint.
    """

    bone_of_joint: Mapping[str, str]
    ambiguous: Mapping[str, tuple[str, ...]]
    misplaced: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class _Reading:
    bone: str
    joint: str
    prefix: tuple[str, ...]
    is_second_name: bool = False


@lru_cache(maxsize=64)
def named_joints(bones: tuple[tuple[str, str], ...]) -> NamedJoints:
    """The joints among bones, each given with the name of its parent, empty where it has none."""
    names = [name for name, _parent in bones]
    readings = _exact(names)
    known = {reading.joint for reading in readings}
    readings += [one for one in _numbered(names) or _of_one_prefix(_read(names)) if one.joint not in known]
    by_joint: dict[str, list[str]] = {}
    for reading in readings:
        by_joint.setdefault(reading.joint, []).append(reading.bone)
    bone_of_joint = {joint: found[0] for joint, found in by_joint.items() if len(found) == 1}
    ambiguous = {joint: tuple(found) for joint, found in by_joint.items() if len(found) > 1}
    return NamedJoints(bone_of_joint, ambiguous, _misplaced(bone_of_joint, dict(bones)))


def _exact(names: list[str]) -> list[_Reading]:
    """Bones with the model's own names, whatever others there are; none where that is not the way of this armature."""
    spelled = [(name, JOINT_ALIASES.get(name.lower(), name.lower())) for name in names]
    found = [_Reading(name, joint, ()) for name, joint in spelled if joint in JOINT_NAMES]
    fingers = {reading.joint for reading in found if reading.joint not in (*BODY_JOINTS, *FACE_JOINTS)}
    return found if len(fingers) == 30 or len(found) * 2 > len(JOINT_NAMES) else []


def _numbered(names: list[str]) -> list[_Reading]:
    by_prefix: dict[str, dict[int, str]] = {}
    for name in names:
        match = re.fullmatch(r"(.*?[Jj](?:oint)?[_ ]?)(\d{1,2})", name)
        if match:
            by_prefix.setdefault(match[1], {})[int(match[2])] = name
    for numbers in by_prefix.values():
        joints = _NUMBERED.get(len(numbers))
        if joints is not None and sorted(numbers) == list(range(len(joints))):
            return [_Reading(numbers[number], joint, ()) for number, joint in enumerate(joints)]
    return []


def _read(names: Iterable[str]) -> list[_Reading]:
    tokens = {name: _tokens(name) for name in names}
    from_zero = _counts_fingers_from_zero(tokens.values())
    readings = [reading for name, words in tokens.items() if (reading := _reading(name, words, from_zero)) is not None]
    # A second name counts only where the first is nowhere.
    first_names = {reading.joint for reading in readings if not reading.is_second_name}
    return [reading for reading in readings if not reading.is_second_name or reading.joint not in first_names]


def _tokens(name: str) -> list[str]:
    words = [word.lower() for word in _WORDS.findall(_COPY_NUMBER.sub("", name.rpartition(":")[2]))]
    split: list[str] = []
    for word in words:
        # SMPL-H writes `lindex1`.
        split += [word[0], word[1:]] if word[:1] in "lr" and word[1:] in _FINGER_WORDS else [word]
    return [str(int(word)) if word.isdigit() else word for word in split]


def _counts_fingers_from_zero(tokens: Iterable[list[str]]) -> bool:
    numbers = {following for words in tokens for word, following in pairwise(words) if word in _FINGER_WORDS}
    return "0" in numbers and "3" not in numbers


def _reading(name: str, words: list[str], from_zero: bool) -> _Reading | None:
    if _HELPER_WORDS & set(words):
        return None
    for start in range(len(words)):
        rest, prefix = words[start:], tuple(words[:start])
        sides = [word for word in rest if word in _SIDE_WORDS]
        base = tuple(word for word in rest if word not in _SIDE_WORDS)
        if not sides and base in _MIDDLE:
            return _Reading(name, _MIDDLE[base], prefix)
        if len(sides) != 1:
            continue
        side = _SIDE_WORDS[sides[0]]
        for known, second in ((_SIDED, False), (_SECOND_NAMES, True)):
            if base in known:
                return _Reading(name, known[base].replace("left", side), prefix, second)
        finger = base[1:] if base[:1] == ("hand",) else base
        if len(finger) == 2 and finger[0] in _FINGER_WORDS and finger[1].isdigit():
            number = int(finger[1]) + (1 if from_zero else 0)
            joint = f"{side}_{_FINGER_WORDS[finger[0]]}{number}"
            return _Reading(name, joint, prefix) if joint in JOINT_NAMES else None
    return None


def _of_one_prefix(readings: list[_Reading]) -> list[_Reading]:
    """Those of the prefix that reads most joints, and others of joints that it does not read.

    Where prefixes read as many, as a control rig and its deforming twin do, the bare names are the joints; without bare
    names none is better than another, and all stay.
    """
    joints_of: dict[tuple[str, ...], set[str]] = {}
    for reading in readings:
        joints_of.setdefault(reading.prefix, set()).add(reading.joint)
    counts = Counter({prefix: len(joints) for prefix, joints in joints_of.items()})
    most = max(counts.values(), default=0)
    best = [prefix for prefix, count in counts.items() if count == most]
    chosen = {()} if () in best else set(best)
    covered = {joint for prefix in chosen & set(joints_of) for joint in joints_of[prefix]}
    return [reading for reading in readings if reading.prefix in chosen or reading.joint not in covered]


def _misplaced(bone_of_joint: Mapping[str, str], parent_of: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    joint_of = {bone: joint for joint, bone in bone_of_joint.items()}
    misplaced = {}
    for joint, bone in bone_of_joint.items():
        parent = PARENTS[JOINT_NAMES.index(joint)]
        expected = JOINT_NAMES[parent] if parent >= 0 else None
        if joint in FACE_JOINTS or (expected is not None and expected not in bone_of_joint):
            continue
        above = parent_of.get(bone, "")
        while above and joint_of.get(above) in (None, *FACE_JOINTS):
            above = parent_of.get(above, "")
        if joint_of.get(above) != expected:
            misplaced[joint] = (bone, bone_of_joint[expected] if expected is not None else "")
    return misplaced
