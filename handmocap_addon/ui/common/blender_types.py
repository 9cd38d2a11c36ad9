"""What the type checker is told of Blender's classes and Blender needs not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import bpy
    from bpy.stub_internal.rna_enums import IconItems, OperatorReturnItems

    Answer: TypeAlias = set[OperatorReturnItems]
    Icon: TypeAlias = IconItems
    OperatorPart: TypeAlias = bpy.types.Operator
    PanelPart: TypeAlias = bpy.types.Panel
else:
    # What an operator answers, such as {"FINISHED"}, and the name of a picture.
    Answer, Icon = set, str

    class OperatorPart:
        """The base of what several operators share; each of them is a `bpy.types.Operator` besides."""

    class PanelPart:
        """The base of what several panels share; each of them is a `bpy.types.Panel` besides."""
