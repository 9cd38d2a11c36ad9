"""The armature that a clip is keyed on, with what its bones are. An apply finds that once and hands it on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from ..rig.armatures import HAND_JOINTS, RigMap, map_armature


@dataclass(frozen=True, eq=False)
class Shot:
    """An armature object and its joints. An apply keys bones; it adds none and leaves their rest as it is."""

    armature: Any
    rig: RigMap

    @classmethod
    def of(cls, armature: Any, needed: Sequence[str] = HAND_JOINTS) -> Self:
        """Find the joints of an armature object.

        Raises:
            ArmatureError: it is no armature, or a needed bone is not there.
        """
        return cls(armature, map_armature(armature, needed))
