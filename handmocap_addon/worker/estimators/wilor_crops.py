"""The square patches on which WiLoR's network works, cut out of a frame before they are blurred.

The same numbers as from `wilor_mini`, which blurs a copy of the whole frame for each large hand and then cuts: about a
second a hand at 4K. A pixel of the patch depends on the pixels around it as far as the blur reaches, so the part of the
frame within that reach is enough.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from .base import Array

PATCH_SIZE = 256  # pixels
# Shrinking by more than this share of the patch twice over is preceded by a blur.
_BLUR_FROM = 1.1
_TRUNCATION = 4.0  # standard deviations, after which the kernel ends
# Interpolation reads the pixel beyond, and OpenCV rounds positions to 1/32 pixel.
_INTERPOLATION_REACH = 2


def crop_sizes(bboxes: Array, rescale_factor: float) -> Array:
    """Sides (N,) in pixels of the squares around boxes (N, 4) that are cut."""
    return rescale_factor * (bboxes[:, 2:4] - bboxes[:, :2]).max(axis=1)


def crop_centers(bboxes: Array) -> Array:
    """Middles (N, 2) of boxes (N, 4), pixels."""
    return (bboxes[:, :2] + bboxes[:, 2:4]) / 2.0


def cut_patch(pixels: Array, bbox: Array, is_right: bool, rescale_factor: float) -> Array:
    """One hand as the network wants it.

    Args:
        pixels: the frame, (H, W, 3) uint8.
        bbox: (4,) x1 y1 x2 y2, pixels of the frame; float64.
        is_right: False mirrors the patch, since the network knows right hands only.
        rescale_factor: side of the square over the longer side of the box.

    Returns:
        (256, 256, 3) float32, 0 to 255, channels as in the frame, black beyond the frame. Where it is blurred it is the
        package's patch to 0.0001 grey levels; where it is not, OpenCV works in whole grey levels and may round a few of
        them the other way (measured: by 1 level, at worst 0.2 % of the values, in pure noise).
    """
    height, width = pixels.shape[:2]
    center, size = crop_centers(bbox[None])[0], float(crop_sizes(bbox[None], rescale_factor)[0])
    if not is_right:
        center = np.array([width - center[0] - 1.0, center[1]])
    shrinking = size / PATCH_SIZE / 2.0
    kernel = _gaussian_kernel((shrinking - 1.0) / 2.0) if shrinking > _BLUR_FROM else None
    reach = _INTERPOLATION_REACH + (len(kernel) // 2 if kernel is not None else 0)
    left, right = _span(center[0], size, reach, width)
    top, bottom = _span(center[1], size, reach, height)
    if is_right:
        region = np.ascontiguousarray(pixels[top:bottom, left:right])
    else:
        region = cv2.flip(pixels[top:bottom, width - right : width - left], 1)
    if kernel is not None:
        # At the frame's edge the region ends where the frame does, so repeating the edge is right there; at its other
        # edges it is not, and nothing is read that near to them. Interpolated in float64 as the package does: OpenCV
        # rounds positions in another way for float32.
        region = cv2.sepFilter2D(region, cv2.CV_32F, kernel, kernel, borderType=cv2.BORDER_REPLICATE).astype(np.float64)
    # Inverted before the origin is moved, by whole pixels, so that positions are rounded as they are in the whole frame.
    matrix = cv2.invertAffineTransform(_frame_to_patch(center, size))
    matrix[:, 2] -= (left, top)
    patch: Array = cv2.warpAffine(
        region,
        matrix,
        (PATCH_SIZE, PATCH_SIZE),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
    )
    return patch.astype(np.float32)


def _span(center: float, size: float, reach: int, end: int) -> tuple[int, int]:
    """First pixel and the one after the last that a crop needs along one axis of the frame; never none."""
    first = min(max(math.floor(center - size / 2.0) - reach, 0), end - 1)
    return first, min(max(math.ceil(center + size / 2.0) + reach + 1, first + 1), end)


def _frame_to_patch(center: Array, size: float) -> Array:
    """Affine map (2, 3) of pixels, from three points in float32 as OpenCV takes them: the middle, below it, beside it."""
    offsets = np.array([(0.0, 0.0), (0.0, 0.5), (0.5, 0.0)], np.float32)
    frame_points = np.float32(center + offsets * np.float32(size))
    patch_points = (offsets + np.float32(0.5)) * np.float32(PATCH_SIZE)
    return cv2.getAffineTransform(frame_points, patch_points)


def _gaussian_kernel(sigma: float) -> Array:
    """Weights (2 r + 1,) of a Gaussian that ends after four standard deviations, as in SciPy and scikit-image."""
    radius = int(_TRUNCATION * sigma + 0.5)
    weights: Array = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return weights / weights.sum()
