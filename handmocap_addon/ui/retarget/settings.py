"""What the panel holds of the other rig. Saved with the file."""

from __future__ import annotations

import bpy

from ...core.rig.bone_map import MAPPED_JOINTS, BoneMap, detected_bone_map
from ..common.guards import quiet_update


class HandmocapMappedBone(bpy.types.PropertyGroup):
    """One joint, by the name of this item, and the other rig's bone for it."""

    bone: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Bone", description="The other rig's bone for this joint. Leave empty to leave the joint out"
    )


def _detect(settings: HandmocapRetargetSettings, _context: bpy.types.Context) -> None:
    """A newly chosen rig gets the map that fits its names; where none fits, the fields stay."""
    settings.detect()


def _is_another_armature(settings: HandmocapRetargetSettings, candidate: bpy.types.Object) -> bool:
    return candidate.type == "ARMATURE" and candidate != settings.id_data.handmocap.armature


class HandmocapRetargetSettings(bpy.types.PropertyGroup):
    """The fields of the stage."""

    target: bpy.props.PointerProperty(  # type: ignore[valid-type]
        name="Rig",
        description="The rig that gets the fingers: Rigify's human, a Mixamo skeleton, or any other with a bone map",
        type=bpy.types.Object,
        poll=_is_another_armature,
        update=quiet_update(_detect),
    )
    map_name: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Map", description="Which bone map is filled in", options={"HIDDEN"}
    )
    bones: bpy.props.CollectionProperty(  # type: ignore[valid-type]
        name="Bones", description="The other rig's bone for each joint", type=HandmocapMappedBone
    )
    same_pose: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Same Pose",
        description="Bones point the same way from both palms, however the rigs rest: a flat hand stays flat on a rig that "
        "rests with bent fingers. Off: the bend is added to the rig's own rest, for rigs whose bones do not lie straight in "
        "straight fingers",
        default=True,
    )

    def detect(self) -> bool:
        """Fill in the built-in map that fits the rig's names; False where none does."""
        found = detected_bone_map(self.target.data.bones.keys()) if self.target is not None else None
        if found is not None:
            self.fill_in(found)
        elif not self.bones:
            self.fill_in(BoneMap("", {}))
        return found is not None

    def fill_in(self, bone_map: BoneMap) -> None:
        """Show a map in the fields."""
        self.map_name = bone_map.name
        self.bones.clear()
        for joint in MAPPED_JOINTS:
            item = self.bones.add()
            item.name = joint
            item.bone = bone_map.bones.get(joint, "")

    def bone_map(self) -> BoneMap:
        """What the fields say.

        Raises:
            BoneMapError: one bone stands at two joints.
        """
        return BoneMap(self.map_name or "map", {item.name: item.bone for item in self.bones if item.bone})


CLASSES = (HandmocapMappedBone, HandmocapRetargetSettings)
