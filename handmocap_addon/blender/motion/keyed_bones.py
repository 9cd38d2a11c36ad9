"""The bones that an apply keys, with everything about them that must be so before it writes, and be said after."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Self

from ...core.keys.own_keys import OwnKeys
from ...core.skeleton import BODY_JOINTS
from ..curves.shared_actions import use_own_action
from ..curves.tool_actions import check_own
from ..rig.armatures import HAND_JOINTS
from .imported_keys import check_imported_keys, forget_bones, let_imported_keys_give_way, pose_that_stays
from .key_obstacles import check_obstacles, obstacle_sentences
from .motion_keys import KeyReport, bone_path, rotation_path
from .shot import Shot

_NAMED_BONES = 4


@dataclass(frozen=True)
class KeyedBones:
    """Bones of one armature, and `what` people call them: `finger`, `body`.

    `paths` are the data paths that are to be keyed.
    """

    armature: Any
    what: str
    bones: tuple[str, ...]
    paths: tuple[str, ...]

    @classmethod
    def fingers(cls, shot: Shot, joints: Collection[str] | None = None) -> Self:
        """Of some finger joints, all where None."""
        bones = [shot.rig.bone_of_joint[joint] for joint in HAND_JOINTS if joints is None or joint in joints]
        return cls.of(shot.armature, "finger", bones)

    @classmethod
    def body(cls, shot: Shot) -> Self:
        """Of pelvis and body."""
        bones = [shot.rig.bone_of_joint[joint] for joint in BODY_JOINTS]
        found = cls.of(shot.armature, "body", bones)
        return replace(found, paths=(*found.paths, bone_path(bones[0], "location")))

    @classmethod
    def of(cls, armature: Any, what: str, bones: Collection[str]) -> Self:
        """Of any bones whose rotation is keyed."""
        modes = {bone: armature.pose.bones[bone].rotation_mode for bone in bones}
        return cls(armature, what, tuple(bones), tuple(rotation_path(bone, mode) for bone, mode in modes.items()))

    def check(self, own_keys: OwnKeys) -> None:
        """Look before anything is written.

        Raises:
            KeysInTheWayError: it is doubtful whose the keys that are there are.
            ArmatureError: something else moves the bones, or the armature or its action is linked from another file.
        """
        check_own(self.armature)
        check_obstacles(self.armature, self.paths)
        check_imported_keys(self.armature, self.bones, own_keys, self.what)

    def make_room(self, own_keys: OwnKeys) -> MadeRoom:
        """Take off what gives way."""
        shared = use_own_action(self.armature)
        if own_keys is OwnKeys.START_OVER:
            gave_way = forget_bones(self.armature, self.bones)
            stays = ""
        else:
            gave_way = let_imported_keys_give_way(self.armature, self.bones, own_keys)
            stays = pose_that_stays(self.armature, self.bones, self.what)
        sentences = tuple(said for said in (shared, gave_way.sentence(self.what), stays) if said)
        return MadeRoom(gave_way.keys, gave_way.kept_in, sentences)

    def outcome(self, keys: KeyReport, room: MadeRoom, seen: tuple[str, ...] = ()) -> tuple[KeyReport, tuple[str, ...]]:
        """The report with what gave way, and what a person should know beside it.

        `seen` says which joints stand elsewhere than they were keyed to stand; what may be in the way is named only where
        that is nothing.
        """
        unkeyed = [bone for bone in self.bones if bone in keys.unkeyed_bones]
        hardly = [bone for bone in self.bones if bone in keys.hardly_keyed_bones]
        sentences = list(room.sentences)
        for bones, how_much in ((unkeyed, "not one frame"), (hardly, "less than half of the frames")):
            if bones:
                were = f"{_in_words(bones)} {'were' if len(bones) > 1 else 'was'} keyed on {how_much}"
                why = "as what is there is locked or your own"
                sentences.append(f"{were}, {why}; to replace your keys, start over")
        sentences += seen or obstacle_sentences(self.armature, self.paths)
        return replace(keys, replaced_keys=room.replaced_keys, replaced_keys_in=room.kept_in), tuple(sentences)


def check_bones(armature: Any, with_body: bool, own_keys: OwnKeys) -> None:
    """`KeyedBones.check` of the fingers, and of the body where it is to be keyed too."""
    if with_body:
        KeyedBones.body(Shot.of(armature, BODY_JOINTS)).check(own_keys)
    KeyedBones.fingers(Shot.of(armature)).check(own_keys)


@dataclass(frozen=True)
class MadeRoom:
    """Keys that gave way, the action that keeps them, and the sentences about it."""

    replaced_keys: int = 0
    kept_in: str = ""
    sentences: tuple[str, ...] = ()


def _in_words(bones: list[str]) -> str:
    if len(bones) <= _NAMED_BONES:
        return " and ".join([", ".join(bones[:-1]), bones[-1]] if len(bones) > 1 else bones)
    return f"{', '.join(bones[:_NAMED_BONES])} and {len(bones) - _NAMED_BONES} more bones"
