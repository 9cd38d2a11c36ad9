"""The cube of Blender's start-up scene, which stands where a body comes to stand."""

from __future__ import annotations

from typing import Any

import numpy as np

_CORNERS = 8


def hide_start_up_cube(scene: Any) -> bool:
    """Hide the cube in viewport and render where nobody has done anything to it; whether there was one to hide."""
    cube = scene.objects.get("Cube")
    if cube is None or not _is_untouched(cube):
        return False
    # One in a collection that is left out of a view layer cannot be hidden there, and needs not be.
    for layer in scene.view_layers:
        layer.update()
    shown_in = [layer for layer in scene.view_layers if "Cube" in layer.objects and not cube.hide_get(view_layer=layer)]
    if not shown_in:
        return False
    for layer in shown_in:
        cube.hide_set(True, view_layer=layer)
    cube.hide_render = True
    return True


def _is_untouched(cube: Any) -> bool:
    if cube.type != "MESH" or len(cube.data.vertices) != _CORNERS or cube.data.users > 1 or cube.library is not None:
        return False
    corners = np.empty(3 * _CORNERS)
    cube.data.vertices.foreach_get("co", corners)
    is_in_place = np.allclose(np.abs(corners), 1.0) and np.allclose(cube.matrix_world, np.eye(4))
    is_bare = not (len(cube.modifiers) or len(cube.constraints) or len(cube.children) or cube.parent or cube.animation_data)
    return bool(is_in_place and is_bare and not cube.data.animation_data)
