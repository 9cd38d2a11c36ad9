"""The one file that knows how Blender's versions differ. Supported: 4.5 LTS to 5.2 LTS, all with slotted actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy


def ensure_curve(action: Any, slot: Any, data_path: str, index: int, group: str) -> Any:
    """The curve of a channel in a slot of the action, made where it is not there.

    5.0 added `ensure` and its group to a channelbag's curves; in 4.5 the group is set afterwards.
    """
    bag = _ensured_channelbag(action, slot)
    if bpy.app.version >= (5, 0, 0):
        return bag.fcurves.ensure(data_path, index=index, group_name=group)
    curve = bag.fcurves.find(data_path, index=index) or bag.fcurves.new(data_path, index=index)
    if curve.group is None:
        curve.group = bag.groups.get(group) or bag.groups.new(group)
    return curve


def channelbag(action: Any, slot: Any) -> Any | None:
    """The curves that the action holds for a slot, or None."""
    from bpy_extras import anim_utils

    bag_of: Callable[[Any, Any], Any] = anim_utils.action_get_channelbag_for_slot
    return bag_of(action, slot) if slot is not None else None


def _ensured_channelbag(action: Any, slot: Any) -> Any:
    layer = action.layers[0] if action.layers else action.layers.new("Layer")
    strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    return strip.channelbag(slot, ensure=True)


def all_curves(action: Any) -> list[Any]:
    """Every curve of an action, whichever datablock it is for."""
    bags = (bag for layer in action.layers for strip in layer.strips for bag in strip.channelbags)
    return [curve for bag in bags for curve in bag.fcurves]


def is_bone_selected(pose_bone: Any) -> bool:
    """5.0 moved the selection from the bone to the pose bone."""
    return bool(pose_bone.select if bpy.app.version >= (5, 0, 0) else pose_bone.bone.select)


def select_bone(pose_bone: Any, selected: bool) -> None:
    """See `is_bone_selected`."""
    (pose_bone if bpy.app.version >= (5, 0, 0) else pose_bone.bone).select = selected


def drop_older_copy(datablock: Any, name: str) -> None:
    """Forget what a custom property held when its file came from before 5.0; to be called whenever the property changes.

    5.0 keeps such a copy among properties of its own, and 4.5 takes the copy for the property when it opens the file again.
    """
    if bpy.app.version >= (5, 0, 0):
        copies = datablock.bl_system_properties_get()
        if copies is not None and name in copies:
            del copies[name]


def key_colour(name: str) -> tuple[float, float, float]:
    """The theme's colour (3,) of a type of keys, such as `keyframe_jitter`; 5.0 moved them to what all editors share."""
    theme: Any = bpy.context.preferences.themes[0]
    colour = getattr(theme.common.anim if bpy.app.version >= (5, 0, 0) else theme.dopesheet_editor, name)
    return (colour[0], colour[1], colour[2])


def path_options(*options: str) -> set[str]:
    """The options of a property that holds a path, which may start from the saved file with `//`.

    Blender warns on the console of paths that are not declared so where it knows the declaration, 4.5 and later.
    """
    knows = "is_path_supports_blend_relative" in bpy.types.Property.bl_rna.properties
    return {*(options or ("ANIMATABLE",)), *(("PATH_SUPPORTS_BLEND_RELATIVE",) if knows else ())}


def supported_options(operator: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Only those options that the running version's operator has; exporters gain and lose some with each version."""
    known = operator.get_rna_type().properties.keys()
    return {name: value for name, value in options.items() if name in known}


def can_export(suffix: str) -> bool:
    """Whether this build has the exporter; Debian's has neither. The operators' attributes exist even then."""
    return bool(bpy.app.alembic.supported if suffix == ".abc" else bpy.app.usd.supported)


def gltf_frame_rate_base(base: float) -> float:
    """The scene's `fps_base` with which the glTF exporter of all supported versions writes the true times.

    A scene has `fps / fps_base` frames a second; the exporter multiplies them.
    """
    return 1.0 / base
