"""The motion files that there are, and what each is called."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path

from ..errors import BadUsageError


@dataclass(frozen=True)
class _Format:
    label: str
    description: str
    file_name: str


class MotionFormat(enum.Enum):
    """A kind of motion file; the value is its name on the command line."""

    AMASS = "amass"
    SMPL = "smpl"
    BODY_66 = "npz66"
    BODY_AND_HANDS_156 = "npz156"
    HANDS = "hands"
    FBX = "fbx"
    GLTF = "glb"

    @property
    def label(self) -> str:
        return _FORMATS[self].label

    @property
    def description(self) -> str:
        return _FORMATS[self].description

    @property
    def file_name(self) -> str:
        """What the file is called where nobody says otherwise."""
        return _FORMATS[self].file_name

    @property
    def suffix(self) -> str:
        return "." + self.file_name.rpartition(".")[2]

    def check_name(self, path: Path) -> None:
        """Refuse a file of another kind's ending.

        Raises:
            BadUsageError: it is one.
        """
        if path.suffix.lower() != self.suffix:
            raise BadUsageError(f"{path.name} is no name for {self.label}", f"end it with {self.suffix}")

    @property
    def has_up_axis(self) -> bool:
        """Whether the axis that is up can be chosen; the other formats fix it."""
        return self in (MotionFormat.BODY_66, MotionFormat.BODY_AND_HANDS_156, MotionFormat.FBX)

    @property
    def needs_exporter(self) -> bool:
        """Whether one of Blender's own exporters writes it."""
        return self in (MotionFormat.FBX, MotionFormat.GLTF)


_FORMATS = {
    MotionFormat.AMASS: _Format(
        "AMASS", "SMPL-X poses (165 values a frame) as AMASS has them, z up: for the SMPL-X add-ons", "motion_amass.npz"
    ),
    MotionFormat.SMPL: _Format("SMPL", "Meshcapade's .smpl, y up", "motion.smpl"),
    MotionFormat.BODY_66: _Format("Body, 66 Values", "Root and 21 body joints as axis-angle, npz", "motion_66.npz"),
    MotionFormat.BODY_AND_HANDS_156: _Format(
        "Body and Hands, 156 Values", "The body and 15 joints of each hand as axis-angle (52 joints), npz", "motion_156.npz"
    ),
    MotionFormat.HANDS: _Format("Hand Poses", "The fingers as they are now as a hand_poses.npz", "hand_poses_edited.npz"),
    MotionFormat.FBX: _Format("FBX", "Armature, meshes and animation", "motion.fbx"),
    MotionFormat.GLTF: _Format("glTF", "Armature, meshes and animation in one .glb, y up", "motion.glb"),
}
