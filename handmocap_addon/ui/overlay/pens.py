"""Drawing arrays with the graphics card. Only to be called while a region is drawn."""

from __future__ import annotations

from typing import Any

import blf
import gpu
import numpy as np

from ...core.overlay.shapes import ColouredPoints, HandLabel

Array = np.ndarray[Any, np.dtype[Any]]
# The stubs know neither their arguments nor arrays.
gpu_types: Any = gpu.types
gpu_state: Any = gpu.state

_FONT = 0
_OUTLINE = (0.0, 0.0, 0.0, 0.45)


def draw_lines(lines: ColouredPoints, width: float, outline: float = 0.0) -> None:
    """Lines of a width in pixels, over darker ones that are wider by `outline` on each side."""
    if len(lines.positions) == 0:
        return
    # The shaders for wide lines take positions in space.
    positions = np.column_stack((lines.positions, np.zeros(len(lines.positions), np.float32)))
    if outline:
        shader = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
        _set_width(shader, width + 2.0 * outline)
        shader.uniform_float("color", _OUTLINE)
        _batch("LINES", positions).draw(shader)
    shader = gpu.shader.from_builtin("POLYLINE_SMOOTH_COLOR")
    _set_width(shader, width)
    _batch("LINES", positions, lines.colours).draw(shader)


def draw_triangles(corners: ColouredPoints) -> None:
    """Triangles from their corners, three behind each other."""
    if len(corners.positions):
        _batch("TRIS", corners.positions, corners.colours).draw(gpu.shader.from_builtin("FLAT_COLOR"))


def draw_label(label: HandLabel, size: float) -> None:
    """A line of text with a shadow, its foot at the label's place."""
    blf.size(_FONT, size)
    blf.color(_FONT, *label.colour)
    blf.enable(_FONT, blf.SHADOW)
    blf.shadow(_FONT, 3, 0.0, 0.0, 0.0, 0.9)
    blf.position(_FONT, *label.position, 0.0)
    blf.draw(_FONT, label.text)
    blf.disable(_FONT, blf.SHADOW)


def _set_width(shader: Any, width: float) -> None:
    shader.bind()
    shader.uniform_float("viewportSize", gpu_state.viewport_get()[2:])
    shader.uniform_float("lineWidth", width)


def _batch(kind: str, positions: Array, colours: Array | None = None) -> Any:
    shape = gpu_types.GPUVertFormat()
    shape.attr_add(id="pos", comp_type="F32", len=positions.shape[1], fetch_mode="FLOAT")
    if colours is not None:
        shape.attr_add(id="color", comp_type="F32", len=4, fetch_mode="FLOAT")
    points = gpu_types.GPUVertBuf(shape, len(positions))
    points.attr_fill("pos", np.ascontiguousarray(positions, np.float32))
    if colours is not None:
        points.attr_fill("color", np.ascontiguousarray(colours, np.float32))
    return gpu_types.GPUBatch(type=kind, buf=points)
