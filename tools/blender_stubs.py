"""What Blender's stubs cannot know, told to mypy: what our registration adds, and what is there wherever our code runs.

The stubs take from Blender's own tables what may be missing in some editor or between two of them: a context without a
scene, a panel without a layout. Operators, panels, handlers and background jobs always have these.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from mypy.nodes import GDEF, MDEF, SymbolTableNode, Var
from mypy.plugin import AttributeContext, ClassDefContext, Plugin
from mypy.types import AnyType, NoneType, Type, TypeOfAny, UnionType, get_proper_type

# Attributes that the stubs call optional.
ALWAYS_THERE: Final = frozenset(
    f"bpy.types.{name}"
    for name in (
        "Context.collection",
        "Context.preferences",
        "Context.scene",
        "Context.view_layer",
        "Context.window_manager",
        "Header.layout",
        "Material.node_tree",
        "Menu.layout",
        "Operator.layout",
        "Panel.layout",
        "Scene.view_settings",
        "World.node_tree",
    )
)
# Attributes whose kind depends on what their owner is, which is known where they are used.
AS_IT_COMES: Final = frozenset(
    f"bpy.types.{name}"
    for name in (
        "Addon.preferences",
        "AreaSpaces.active",
        "ColorManagedViewSettings.view_transform",
        "Context.space_data",
        "Object.data",
        "RenderSettings.engine",
        "bpy_struct.id_data",
    )
)
# What only some kinds of a class have, and what an extension's registration adds: ours, and that of Cycles.
ADDED: Final = {
    "bpy.types.Constraint": ("target",),
    "bpy.types.ID": ("handmocap",),
    "bpy.types.Light": ("energy", "size"),
    "bpy.types.Modifier": ("object",),
    "bpy.types.Node": ("color_ramp",),
    "bpy.types.NodeSocket": ("default_value",),
    "bpy.types.Property": ("enum_items",),
    "bpy.types.Scene": ("handmocap", "handmocap_cleanup", "cycles"),
    "bpy.types.Space": ("camera", "use_local_camera"),
}


class BlenderStubs(Plugin):
    """The stubs as this project uses them."""

    def get_attribute_hook(self, fullname: str) -> Callable[[AttributeContext], Type] | None:
        if fullname in AS_IT_COMES:
            return _anything
        return _without_none if fullname in ALWAYS_THERE else None

    def get_customize_class_mro_hook(self, fullname: str) -> Callable[[ClassDefContext], None] | None:
        if fullname == "bpy.types.Operator":
            return _add_our_operators
        return partial(_add, ADDED[fullname]) if fullname in ADDED else None


def plugin(_version: str) -> type[Plugin]:
    """What mypy asks for."""
    return BlenderStubs


def _anything(_context: AttributeContext) -> Type:
    return AnyType(TypeOfAny.explicit)


def _without_none(context: AttributeContext) -> Type:
    found = get_proper_type(context.default_attr_type)
    if not isinstance(found, UnionType):
        return found
    return UnionType.make_union([item for item in found.items if not isinstance(get_proper_type(item), NoneType)])


def _add(names: tuple[str, ...], context: ClassDefContext) -> None:
    info = context.cls.info
    for name in names:
        added = Var(name, AnyType(TypeOfAny.explicit))
        added.info = info
        added._fullname = f"{info.fullname}.{name}"
        info.names[name] = SymbolTableNode(MDEF, added, plugin_generated=True)


def _add_our_operators(context: ClassDefContext) -> None:
    """`bpy.ops.handmocap`, as our registration adds it."""
    operators = context.api.modules.get("bpy.ops")
    if operators is not None:
        operators.names["handmocap"] = SymbolTableNode(GDEF, Var("handmocap", AnyType(TypeOfAny.explicit)))
