"""What of Blender's session an extension could leave behind, and a layout that takes whatever a panel draws."""

from __future__ import annotations

import gc
from types import SimpleNamespace
from typing import Any

import bpy


def traces() -> dict[str, Any]:
    """Everything that registering adds to and unregistering must take back, comparable."""
    return {
        "classes": sorted(dir(bpy.types)),
        "operators": sorted(f"{group}.{name}" for group in dir(bpy.ops) for name in dir(getattr(bpy.ops, group))),
        "properties": _properties(),
        "handlers": {name: list(told) for name, told in _handler_lists().items()},
        "draw functions": _appended_draw_functions(),
        "keymaps": _keymap_items(),
        "previews": sum(type(thing).__name__ == "ImagePreviewCollection" for thing in gc.get_objects()),
    }


def _properties() -> dict[str, list[str]]:
    datablocks = [bpy.types.ID, *bpy.types.ID.__subclasses__(), bpy.types.Bone, bpy.types.PoseBone, bpy.types.Preferences]
    return {cls.__name__: sorted(cls.bl_rna.properties.keys()) for cls in datablocks if hasattr(cls, "bl_rna")}


def _handler_lists() -> dict[str, list[Any]]:
    named = {name: getattr(bpy.app.handlers, name) for name in dir(bpy.app.handlers) if not name.startswith("__")}
    return {name: told for name, told in named.items() if isinstance(told, list)}


def _appended_draw_functions() -> dict[str, int]:
    """Of menus, headers and panels that anybody ever appended something to."""
    drawn = {name: getattr(getattr(bpy.types, name), "draw", None) for name in dir(bpy.types)}
    counted = {name: len(draw._draw_funcs) for name, draw in drawn.items() if hasattr(draw, "_draw_funcs")}
    return {name: count for name, count in counted.items() if count > 1}


def _keymap_items() -> dict[str, int]:
    addon = bpy.context.window_manager.keyconfigs.addon
    return {keymap.name: len(keymap.keymap_items) for keymap in addon.keymaps if len(keymap.keymap_items)}


class AnyLayout:
    """Takes what a panel draws; fields and operators that do not exist raise as they would in a window."""

    def __init__(self) -> None:
        self.enabled, self.active, self.alert, self.scale_x, self.scale_y = True, True, False, 1.0, 1.0
        self.operator_context, self.alignment = "INVOKE_DEFAULT", "EXPAND"
        self.use_property_split = self.use_property_decorate = self.active_default = False
        self.texts: list[str] = []

    def prop(self, data: Any, name: str, *_: Any, **_options: Any) -> None:
        assert name in data.bl_rna.properties, name

    def prop_search(self, data: Any, name: str, search: Any, items: str, *_: Any, **_options: Any) -> None:
        self.prop(data, name)
        self.prop(search, items)

    def template_list(
        self, kind: str, _name: str, data: Any, items: str, active_data: Any, active: str, *_: Any, **_options: Any
    ) -> None:
        assert hasattr(bpy.types, kind), kind
        self.prop(data, items)
        self.prop(active_data, active)

    def operator(self, name: str, *_: Any, **_options: Any) -> Any:
        properties = _operator(name).properties
        return SimpleNamespace(**dict.fromkeys(properties.keys()))

    def operator_menu_enum(self, name: str, field: str, *_: Any, **_options: Any) -> Any:
        assert field in _operator(name).properties, field
        return self.operator(name)

    def label(self, *_: Any, text: str = "", **_options: Any) -> None:
        self.texts.append(text)

    def panel(self, *_: Any, **_options: Any) -> tuple[AnyLayout, AnyLayout]:
        return self, self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        assert name in bpy.types.UILayout.bl_rna.functions or hasattr(bpy.types.UILayout, name), name
        return lambda *_arguments, **_options: self


def _operator(name: str) -> Any:
    group, _, operator = name.partition(".")
    return getattr(getattr(bpy.ops, group), operator).get_rna_type()
