"""Which bone of another rig stands for which finger joint: built-in maps, finding one by the bones' names, and files.

A map holds the wrist, whose bone is only looked at, and up to 15 finger joints a side, whose bones get keys. Palm bones and
the bones at the fingertips that Rigify and Mixamo have besides are no joints of SMPL-X and stay as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import BoneMapError
from ..files.atomic_files import write_json
from ..files.json_files import JsonError, read_json
from ..skeleton import FINGERS, SIDES, Side, hand_joint_names

_SCHEMA: Final = "handmocap bone map 1"
_MOST_BYTES: Final = 1 << 20  # of 32 names
_HINT: Final = "choose a map that Save Map wrote"


def wrist_joint(side: Side) -> str:
    """The joint that the fingers hang on."""
    return f"{side}_wrist"


MAPPED_JOINTS: Final = tuple(joint for side in SIDES for joint in (wrist_joint(side), *hand_joint_names(side)))


@dataclass(frozen=True)
class BoneMap:
    """`bones` gives the target's bone by SMPL-X joint; joints may be missing.

    Raises:
        BoneMapError: a joint that there is not, or one bone for two joints.
    """

    name: str
    bones: Mapping[str, str]

    def __post_init__(self) -> None:
        unknown = [joint for joint in self.bones if joint not in MAPPED_JOINTS]
        if unknown:
            raise BoneMapError(f"The bone map {self.name} names a joint {unknown[0]}", "joints are left_index1 and the like")
        seen: dict[str, str] = {}
        for joint, bone in self.bones.items():
            if bone in seen:
                raise BoneMapError(
                    f"The bone map {self.name} gives {bone} to {seen[bone]} and to {joint}", "give each joint its own bone"
                )
            seen[bone] = joint

    def has_palm(self, side: Side) -> bool:
        """Whether a hand's palm can be found: its wrist and two of the four knuckles."""
        knuckles = [f"{side}_{finger}1" for finger in FINGERS if finger != "thumb"]
        return wrist_joint(side) in self.bones and sum(knuckle in self.bones for knuckle in knuckles) >= 2


def _rigify(name: str, wrist: str) -> BoneMap:
    bones = {}
    for side, letter in zip(SIDES, "LR", strict=True):
        bones[wrist_joint(side)] = f"{wrist}.{letter}"
        for finger in FINGERS:
            base = "thumb" if finger == "thumb" else f"f_{finger}"
            bones |= {f"{side}_{finger}{number}": f"{base}.0{number}.{letter}" for number in (1, 2, 3)}
    return BoneMap(name, bones)


def _mixamo() -> BoneMap:
    bones = {}
    for side in SIDES:
        hand = f"{side.capitalize()}Hand"
        bones[wrist_joint(side)] = hand
        for finger in FINGERS:
            base = f"{hand}{finger.capitalize()}"
            bones |= {f"{side}_{finger}{number}": f"{base}{number}" for number in (1, 2, 3)}
    return BoneMap("Mixamo", bones)


# The generated rig's single-bone finger controls, which the deforming bones follow; palms hang on DEF-hand.
RIGIFY: Final = _rigify("Rigify", "DEF-hand")
RIGIFY_META_RIG: Final = _rigify("Rigify meta-rig", "hand")
MIXAMO: Final = _mixamo()
# In the order in which they are tried: the meta-rig's names, after a prefix, are also those of a rig's deforming bones.
BUILT_IN: Final = (RIGIFY, RIGIFY_META_RIG, MIXAMO)


def detected_bone_map(bone_names: Collection[str]) -> BoneMap | None:
    """The first built-in map that finds a rig's palm, under the prefix that finds the most bones; None where there is none.

    Prefixes are what other programs put before each name, such as `mixamorig:` and `mixamorig1:`.
    """
    present = set(bone_names)
    for built_in in BUILT_IN:
        found = []
        for prefix in _prefixes(built_in, present):
            bones = {joint: prefix + bone for joint, bone in built_in.bones.items() if prefix + bone in present}
            found.append(BoneMap(built_in.name, bones))
        found = [bone_map for bone_map in found if any(bone_map.has_palm(side) for side in SIDES)]
        if found:
            return max(found, key=lambda bone_map: len(bone_map.bones))
    return None


def _prefixes(built_in: BoneMap, present: set[str]) -> list[str]:
    """What stands before the names of the wrists, shortest first."""
    wrists = [built_in.bones[wrist_joint(side)] for side in SIDES]
    prefixes = {name.removesuffix(wrist) for name in present for wrist in wrists if name.endswith(wrist)}
    return sorted(prefixes, key=lambda prefix: (len(prefix), prefix))


def read_bone_map(path: Path) -> BoneMap:
    """Read a map that `write_bone_map` or a person wrote.

    Raises:
        BoneMapError: the file is missing, damaged, no bone map, or contradicts itself.
    """
    try:
        stored = read_json(path, _MOST_BYTES)
    except JsonError as error:
        raise BoneMapError(f"{path} cannot be read as a bone map, it {error.message}", _HINT) from error
    bones = stored.get("bones") if isinstance(stored, dict) else None
    if not isinstance(bones, dict) or stored.get("schema") != _SCHEMA:
        raise BoneMapError(f"{path} is no bone map", _HINT)
    _check_names(path, bones)
    if not bones:
        raise BoneMapError(f"The bone map {path.stem} names no bones", _HINT)
    return BoneMap(path.stem, bones)


def _check_names(path: Path, bones: dict[str, Any]) -> None:
    for joint, bone in bones.items():
        if not isinstance(bone, str) or not bone:
            raise BoneMapError(f"{path} has no bone's name at {joint}", "write a name there, or leave the joint out")


def write_bone_map(path: Path, bone_map: BoneMap) -> None:
    """Write a map in one step; the file's name becomes its name.

    Raises:
        OutputError: the place cannot be written.
    """
    ordered = {joint: bone_map.bones[joint] for joint in MAPPED_JOINTS if joint in bone_map.bones}
    write_json(path, {"schema": _SCHEMA, "bones": ordered})
