"""The pixels of a movie clip as Blender shows them on a frame of the scene, rendered by its compositor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np

Array = np.ndarray


def shown_pixels(footage: Any, frame: int, folder: Path) -> Array:
    """Pixels (H, W, 3), 0 to 255, RGB, of a movie clip on a frame; black where it shows nothing."""
    # Only the scene that is looked at tells a movie clip its frame. What is asked of its render goes back as it was.
    scene = bpy.context.scene
    render = scene.render
    kept = render.resolution_x, render.resolution_y, render.resolution_percentage, render.filepath, scene.frame_current
    try:
        return _rendered(scene, footage, frame, folder / "shown.png")
    finally:
        render.resolution_x, render.resolution_y, render.resolution_percentage, render.filepath = kept[:4]
        scene.frame_set(kept[4])


def _rendered(scene: Any, footage: Any, frame: int, path: Path) -> Array:
    width, height = footage.size
    render = scene.render
    render.resolution_x, render.resolution_y, render.resolution_percentage = width, height, 100
    render.filepath, render.image_settings.file_format = str(path), "PNG"
    scene.view_settings.view_transform = "Standard"
    if hasattr(scene, "compositing_node_group"):  # 5.0 on
        tree = bpy.data.node_groups.get("look") or bpy.data.node_groups.new("look", "CompositorNodeTree")
        tree.nodes.clear()
        tree.interface.clear()
        scene.compositing_node_group = tree
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        output = tree.nodes.new("NodeGroupOutput")
    else:
        scene.use_nodes = True
        tree = scene.node_tree
        tree.nodes.clear()
        output = tree.nodes.new("CompositorNodeComposite")
    source = tree.nodes.new("CompositorNodeMovieClip")
    source.clip = footage
    tree.links.new(source.outputs[0], output.inputs[0])
    scene.frame_set(frame)
    bpy.ops.render.render(write_still=True, scene=scene.name)
    image = bpy.data.images.load(str(path), check_existing=False)
    try:
        pixels = np.array(image.pixels[:]).reshape(height, width, -1)
    finally:
        bpy.data.images.remove(image)
    return np.round(pixels[::-1, :, :3] * 255.0)
