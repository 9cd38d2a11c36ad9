"""What the panel holds of a bake. Saved with the file."""

from __future__ import annotations

from fractions import Fraction

import bpy

from ...core.bake.options import MOST_HANDLES, MOST_SAMPLES, OVER_ORIGIN, BakeOptions
from ...core.bake.presets import BAKE_PRESETS
from ...core.errors import BadUsageError
from ..common.guards import quiet_update

_PRESETS = (
    ("NONE", "As Usual", "Metres; Alembic with y up, USD with z up; no normals"),
    ("MAYA", "Maya", "Centimetres, y up, normals"),
    ("HOUDINI", "Houdini", "Metres, y up"),
    ("UNREAL", "Unreal", "Centimetres, normals; Alembic with y up for its importer's Maya preset"),
    ("BLENDER", "Blender", "Metres; Alembic with y up, USD with z up"),
)
_GEOMETRIES = (
    ("SKINNED", "Skinned Mesh", "The meshes as the scene evaluates them"),
    ("EXACT", "Exact SMPL-X Surface", "With the model's pose correctives, fingers included, from your SMPLX_*.npz"),
    ("SKELETON", "USD Skeleton", "A skeleton with its animation and the meshes bound to it: small. USD alone"),
)
_UNITS = (
    ("METRES", "Metres", "One unit of the file is a metre, as in Blender and Houdini"),
    ("CENTIMETRES", "Centimetres", "One unit of the file is a centimetre, as in Maya and Unreal"),
)
_UP_AXES = (
    ("USUAL", "Usual Axis", "y up in Alembic, z up in USD"),
    ("Y", "Y Up", "As Maya, Houdini and most programs have it"),
    ("Z", "Z Up", "As Blender and Unreal have it"),
)
_OFFSETS = (
    ("NONE", "In Place", "Where the scene has it, unmoved"),
    ("ORIGIN", "Over the Origin", "The pelvis of the first frame stands over the origin; heights stay"),
    ("GIVEN", "Offset", "Move everything by these metres"),
)


def _take_preset(settings: HandmocapBakeSettings, _context: bpy.types.Context) -> None:
    usual = BakeOptions()
    options = usual if settings.preset == "NONE" else BAKE_PRESETS[settings.preset.lower()].applied_to(usual)
    settings.unit = options.unit.upper()
    settings.up_axis = (options.up_axis or "usual").upper()
    settings.normals = options.normals


class HandmocapBakeSettings(bpy.types.PropertyGroup):
    """The fields of the stage."""

    preset: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="For",
        description="Set unit, axis and normals as a program wants them",
        items=_PRESETS,
        update=quiet_update(_take_preset),
    )
    geometry: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Geometry",
        description="What the files hold: every point of the mesh, or a skeleton that moves it",
        items=_GEOMETRIES,
    )
    body: bpy.props.BoolProperty(name="Body", description="Bake the whole mesh of the body", default=True)  # type: ignore[valid-type]
    hands: bpy.props.BoolProperty(name="Hands", description="Bake the mesh cut down to the hands and wrists")  # type: ignore[valid-type]
    camera: bpy.props.BoolProperty(name="Camera", description="Bake the clip's camera with its lens and motion")  # type: ignore[valid-type]
    apart: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="A File Each", description="Write body, hands and camera to files of their own"
    )
    own_range: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Own Range", description="Bake these frames instead of the scene's range"
    )
    first_frame: bpy.props.IntProperty(name="First", description="The first frame of the range that is baked", default=1)  # type: ignore[valid-type]
    last_frame: bpy.props.IntProperty(name="Last", description="The last frame of the range that is baked", default=100)  # type: ignore[valid-type]
    handles: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Handles", description="Frames before and after the range", min=0, max=MOST_HANDLES, soft_max=50
    )
    in_pieces: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="In Pieces",
        description="Cut a long range into files of so many frames each. A bake that was stopped goes on with what is not "
        "finished, and pieces of which nothing has changed are kept",
    )
    piece_frames: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Frames", description="Frames in each piece of the range", default=500, min=1, soft_max=5000
    )
    samples: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Samples", description="Samples a frame, for motion blur", default=1, min=1, max=MOST_SAMPLES, soft_max=8
    )
    shutter_open: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Shutter Opens", description="Where the first sample of a frame stands, in frames from it", min=-1.0, max=1.0
    )
    shutter_close: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Closes", description="Where the shutter closes, in frames from the frame", default=1.0, min=-1.0, max=1.0
    )
    frame_rate: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Frame Rate",
        description="Of the files, such as 24 or 24000/1001; empty for the scene's. Frames keep their numbers",
    )
    unit: bpy.props.EnumProperty(name="Unit", description="The length that one unit of the file stands for", items=_UNITS)  # type: ignore[valid-type]
    up_axis: bpy.props.EnumProperty(name="Axis", description="The axis that points up in the file", items=_UP_AXES)  # type: ignore[valid-type]
    normals: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Normals", description="Write normals too; the files become about five times as large"
    )
    uvs: bpy.props.BoolProperty(name="UVs", description="Write the texture coordinates of the mesh too", default=True)  # type: ignore[valid-type]
    place: bpy.props.EnumProperty(name="Place", description="Where the body stands in the file", items=_OFFSETS)  # type: ignore[valid-type]
    offset: bpy.props.FloatVectorProperty(  # type: ignore[valid-type]
        name="Offset", description="Metres by which everything is moved in the file", subtype="TRANSLATION", unit="LENGTH"
    )

    def options(self) -> BakeOptions:
        """What is chosen.

        Raises:
            BadUsageError: as `BakeOptions`.
        """
        return BakeOptions(
            geometry=self.geometry.lower(),
            parts=tuple(part for part in ("body", "hands", "camera") if getattr(self, part)),
            apart=self.apart,
            first_frame=self.first_frame if self.own_range else None,
            last_frame=self.last_frame if self.own_range else None,
            handles=self.handles,
            piece_frames=self.piece_frames if self.in_pieces else None,
            samples=self.samples,
            shutter=(self.shutter_open, self.shutter_close),
            unit=self.unit.lower(),
            up_axis=None if self.up_axis == "USUAL" else self.up_axis.lower(),
            normals=self.normals,
            uvs=self.uvs,
            frame_rate=_rate(self.frame_rate),
            offset={"NONE": None, "ORIGIN": OVER_ORIGIN, "GIVEN": tuple(self.offset)}[self.place],
        )


def _rate(text: str) -> Fraction | None:
    try:
        return Fraction(text) if text else None
    except (ValueError, ZeroDivisionError) as error:
        raise BadUsageError(f"{text} is no frame rate", "give one such as 24 or 24000/1001") from error


CLASSES = (HandmocapBakeSettings,)
