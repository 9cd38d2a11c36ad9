"""Where pixels of the source picture lie in a viewport that looks through a camera with that picture behind it.

Every step is an affine map (2, 3): from pixels of the source to the plane of the camera's frame, from there to pixels of the
region. They are the steps of Blender's `image_camera_background_matrix_get` (overlay engine), so that drawings lie on the
picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]

STRETCH: Final = "STRETCH"
FIT: Final = "FIT"
CROP: Final = "CROP"


@dataclass(frozen=True)
class PicturePlacement:
    """How a camera shows its background picture; the defaults fill the frame."""

    frame_method: str = STRETCH
    offset: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    rotation: float = 0.0  # radians, clockwise
    flip_x: bool = False
    flip_y: bool = False


def pixels_to_frame(
    source_size: tuple[int, int],
    picture_aspect: float,
    frame_corners: ArrayLike,
    placement: PicturePlacement,
    orthographic_scale: float = 1.0,
) -> Array:
    """The map (2, 3) from pixels of the source, y down from its upper left corner, to the plane of the camera's frame.

    Args:
        source_size: width and height of the source in pixels.
        picture_aspect: width by height of the picture that is shown, pixel aspect included.
        frame_corners: (4, 2) or (4, 3) of the camera's frame, from the upper right clockwise, as from `Camera.view_frame`.
        placement: how the picture lies in the frame.
        orthographic_scale: of an orthographic camera, by which its offset counts; 1 for others.
    """
    corners = np.asarray(frame_corners, dtype=np.float64)[:, :2]
    frame_width, frame_height = abs(corners[0, 0] - corners[3, 0]), abs(corners[0, 1] - corners[1, 1])
    frame_aspect = frame_width / frame_height
    fills_height = (picture_aspect > frame_aspect) == (placement.frame_method == CROP)
    if placement.frame_method == STRETCH:
        width, height = frame_width, frame_height
    elif fills_height:
        width, height = frame_height * picture_aspect, frame_height
    else:
        width, height = frame_width, frame_width / picture_aspect
    middle = (corners[0] + corners[2]) / 2.0
    # Blender keeps offsets as its version 2.80 had them.
    offset = np.array(placement.offset) * orthographic_scale
    offset *= (min(1.0, frame_aspect), 1.0 / (max(1.0, frame_aspect) * picture_aspect / frame_aspect))

    source_width, source_height = source_size
    across = width * placement.scale / source_width * (-1.0 if placement.flip_x else 1.0)
    up = -height * placement.scale / source_height * (-1.0 if placement.flip_y else 1.0)
    to_plane = np.array(((across, 0.0, -across * source_width / 2.0), (0.0, up, -up * source_height / 2.0)))
    cosine, sine = np.cos(placement.rotation), np.sin(placement.rotation)
    turned: Array = np.array(((cosine, sine), (-sine, cosine))) @ to_plane
    turned[:, 2] += middle + offset
    return turned


def frame_to_region(window_matrix: ArrayLike, depth: float, region_size: tuple[int, int]) -> Array:
    """The map (2, 3) from the plane of the camera's frame to pixels of the region, y up from its lower left corner.

    Args:
        window_matrix: (4, 4) of the viewport, from the camera's space to clip space.
        depth: z of the frame in the camera's space.
        region_size: width and height of the region in pixels.
    """
    matrix = np.asarray(window_matrix, dtype=np.float64)
    plane = np.array(((0.0, 0.0, depth, 1.0), (1.0, 0.0, depth, 1.0), (0.0, 1.0, depth, 1.0)))
    clip_space = plane @ matrix.T
    places = (clip_space[:, :2] / clip_space[:, 3:] + 1.0) / 2.0 * np.array(region_size)
    return np.column_stack((places[1] - places[0], places[2] - places[0], places[0]))


def chained(first: Array, second: Array) -> Array:
    """The map (2, 3) that does the first and then the second."""
    turned = second[:, :2] @ first
    turned[:, 2] += second[:, 2]
    return turned


def placed(points: ArrayLike, affine: Array) -> Array:
    """Points (..., 2) through a map (2, 3)."""
    moved: Array = np.asarray(points, dtype=np.float64) @ affine[:, :2].T + affine[:, 2]
    return moved
