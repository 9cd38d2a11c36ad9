"""Exporters of motion files that come with Blender as extensions of its own; not every build has them."""

from __future__ import annotations

import importlib.util
from typing import Final

from ...core.body.motion_formats import MotionFormat

EXPORTERS: Final = {MotionFormat.FBX: "io_scene_fbx", MotionFormat.GLTF: "io_scene_gltf2"}


def has_exporter(motion_format: MotionFormat) -> bool:
    """Whether this build of Blender comes with the exporter of a format."""
    name = EXPORTERS.get(motion_format)
    return name is None or importlib.util.find_spec(name) is not None
