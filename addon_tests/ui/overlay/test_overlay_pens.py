"""What the pens leave in a picture, drawn without a window; only Blender 5.2 and later can."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy
import gpu
import numpy as np
import pytest
from mathutils import Matrix

from handmocap_addon.core.overlay.shapes import ColouredPoints, HandLabel
from handmocap_addon.core.overlay.state_strip import rectangles
from handmocap_addon.ui.overlay.pens import draw_label, draw_lines, draw_triangles

WIDTH, HEIGHT = 80, 60


@pytest.fixture
def picture() -> Iterator[Any]:
    """Call it with something that draws; it returns what was drawn (HEIGHT, WIDTH, 4), the lowest row first."""
    if not hasattr(gpu, "init"):
        pytest.skip(f"Blender {bpy.app.version_string} draws nothing without a window")
    gpu.init()
    screen = gpu.types.GPUOffScreen(WIDTH, HEIGHT)

    def drawn(draw: Any) -> np.ndarray:
        with screen.bind():
            frame = gpu.state.active_framebuffer_get()
            frame.clear(color=(0.0, 0.0, 0.0, 0.0))
            with gpu.matrix.push_pop(), gpu.matrix.push_pop_projection():
                gpu.matrix.load_matrix(Matrix.Identity(4))
                projection = np.diag((2.0 / WIDTH, 2.0 / HEIGHT, -1.0, 1.0))
                projection[:2, 3] = -1.0
                gpu.matrix.load_projection_matrix(Matrix(projection.tolist()))
                gpu.state.blend_set("ALPHA")
                draw()
                gpu.state.blend_set("NONE")
            pixels = frame.read_color(0, 0, WIDTH, HEIGHT, 4, 0, "FLOAT")
        return np.array(pixels.to_list()).reshape(HEIGHT, WIDTH, 4)

    yield drawn
    screen.free()


def test_rectangles_cover_their_pixels(picture: Any) -> None:
    seen = picture(lambda: draw_triangles(ColouredPoints.of(rectangles([10, 40], [20, 50], 5, 15), (1.0, 0.5, 0.0, 1.0))))
    covered = seen[..., 3] > 0.5
    assert covered.sum() == 200
    assert covered[5:15, 10:20].all() and covered[5:15, 40:50].all()
    assert np.allclose(seen[10, 12], (1.0, 0.5, 0.0, 1.0), atol=0.01)


def test_lines_have_their_width_and_colours_and_a_darker_border(picture: Any) -> None:
    ends = np.array(((10, 20.5), (70, 20.5), (10, 40.5), (70, 40.5)), np.float32)
    colours = np.array(((1, 0, 0, 1),) * 2 + ((0, 1, 0, 1),) * 2, np.float32)
    seen = picture(lambda: draw_lines(ColouredPoints(ends, colours), 3.0, outline=2.0))
    assert seen[20, 40, 0] > 0.9 and seen[40, 40, 1] > 0.9
    assert seen[20, 40, 1] < 0.1 and seen[40, 40, 0] < 0.1
    border = seen[23, 40]
    assert border[3] > 0.2 and border[:3].max() < 0.4
    assert seen[30, 40, 3] == 0.0
    assert seen[20, 5, 3] < 0.1


def test_labels_are_drawn_above_their_place_and_right_of_it(picture: Any) -> None:
    seen = picture(lambda: draw_label(HandLabel("left 0.95", (20.0, 30.0), (1.0, 1.0, 1.0, 1.0)), 12.0))
    rows, columns = np.nonzero(seen[..., :3].max(axis=-1) > 0.5)
    assert len(rows) > 20
    assert rows.min() >= 28 and rows.max() < 45
    assert columns.min() >= 19


def test_nothing_is_drawn_of_nothing(picture: Any) -> None:
    def draw() -> None:
        draw_lines(ColouredPoints.none(), 2.0, outline=1.0)
        draw_triangles(ColouredPoints.of(rectangles([], [], 0, 1), (1.0, 1.0, 1.0, 1.0)))

    assert not picture(draw).any()
