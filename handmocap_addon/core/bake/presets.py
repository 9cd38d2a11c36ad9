"""What programs that load bakes expect, as options.

Sources:
    Maya: "Set the working units" (centimetres at first) and "World coordinate system" (y up at first), Maya's help.
    Houdini: one unit is a metre, "Units" in the preferences; y up, "Coordinate systems" of Houdini Engine for Unreal.
    Unreal: one unit is a centimetre, "Units of measurement" of Unreal's documentation. Its Alembic importer stands on the
        conversion preset Maya (`AbcConversionSettings`), which wants y up; its USD importer goes by what the stage says.
    Blender: metres; its Alembic importer takes every file for y up, its USD importer goes by what the stage says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from .options import BakeOptions, Unit, UpAxis

PresetName = Literal["maya", "houdini", "unreal", "blender"]
PRESETS: Final[tuple[PresetName, ...]] = get_args(PresetName)


@dataclass(frozen=True)
class BakePreset:
    """The unit and axis of a program. `normals`: it would compute others than Blender's where it gets none."""

    unit: Unit
    up_axis: UpAxis | None
    normals: bool

    def applied_to(self, options: BakeOptions) -> BakeOptions:
        return replace(options, unit=self.unit, up_axis=self.up_axis, normals=self.normals)


BAKE_PRESETS: Final[dict[PresetName, BakePreset]] = {
    "maya": BakePreset("centimetres", "y", normals=True),
    "houdini": BakePreset("metres", "y", normals=False),
    "unreal": BakePreset("centimetres", None, normals=True),
    "blender": BakePreset("metres", None, normals=False),
}
