"""Whether an operator gives the scene the clip's clock."""

from __future__ import annotations

from typing import Any

import bpy

from ...blender.clip.scene_content import is_a_persons


def wants_match(operator: Any, scene: bpy.types.Scene) -> bool:
    """What was chosen for its `match_scene`, as in the redo panel; where nothing was, whether the scene is nobody's yet."""
    if operator.properties.is_property_set("match_scene"):
        return bool(operator.match_scene)
    return not is_a_persons(scene)
