"""From what a picture stores to what a display shows, since estimators have learned from displayed pictures."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...core.clip.view_choices import ViewChoice

Array = NDArray[Any]
# What the stored values are. srgb is what displays take already, whatever the exact standard.
View = Literal["srgb", "linear", "log", "pq", "hlg"]

# Cineon's printing density: code values of 10 bits, density a code, and the negative's gamma.
_BLACK_CODE, _WHITE_CODE, _DENSITY, _GAMMA = 95.0, 685.0, 0.002, 0.6
# Candelas per square metre that HDR standards give to a white sheet of paper (ITU-R BT.2408).
_PAPER_WHITE, _PQ_PEAK = 203.0, 10_000.0
_HLG_PAPER_WHITE = 0.75  # its signal

# FFmpeg's numbers of transfer characteristics (ITU-T H.273).
_PQ_TRANSFER, _HLG_TRANSFER = 16, 18


def view_of_video(choice: ViewChoice, transfer: int) -> View:
    """What a video's values are, by choice or by its transfer characteristic."""
    if choice != "auto":
        return choice
    return "pq" if transfer == _PQ_TRANSFER else "hlg" if transfer == _HLG_TRANSFER else "srgb"


def displayed(values: Array, view: View) -> Array:
    """Stored values of any shape as what a display takes, uint8.

    Args:
        values: uint8, uint16 over its whole range, or float with 1 as white.
        view: what they are.
    """
    if values.dtype == np.uint8:
        return values if view == "srgb" else _table(view, "u1")[values]
    if values.dtype == np.uint16:
        return _table(view, "u2")[values]
    # By way of half floats, of which there are as few as of 16-bit numbers.
    with np.errstate(over="ignore", invalid="ignore"):
        half = values.astype(np.float16)
    return _table(view, "f2")[half.view(np.uint16)]


@functools.cache
def _table(view: View, kind: str) -> Array:
    if kind == "f2":
        values = np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(float)
        # What is brighter than all numbers is white; what is no number, or less than black, is black.
        values = np.where(np.isfinite(values), values, np.where(values > 0.0, 1.0, 0.0))
    else:
        most = np.iinfo(kind).max
        values = np.arange(most + 1) / most
    shown = np.clip(_CURVES[view](values), 0.0, 1.0)
    return np.round(shown * 255.0).astype(np.uint8)


def _srgb_from_linear(linear: Array) -> Array:
    linear = np.clip(linear, 0.0, 1.0)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1.0 / 2.4) - 0.055)


def _from_log(signal: Array) -> Array:
    def light(code: Array | float) -> Array:
        return np.power(10.0, (np.asarray(code) - _WHITE_CODE) * _DENSITY / _GAMMA)

    black = light(_BLACK_CODE)
    return _srgb_from_linear((light(np.clip(signal, 0.0, 1.0) * 1023.0) - black) / (1.0 - black))


def _from_pq(signal: Array) -> Array:
    """SMPTE ST 2084, with paper white as white and what is brighter cut off."""
    root = np.power(np.clip(signal, 0.0, 1.0), 1.0 / 78.84375)
    light = np.power(np.maximum(root - 0.8359375, 0.0) / (18.8515625 - 18.6875 * root), 1.0 / 0.1593017578125)
    return _srgb_from_linear(light * _PQ_PEAK / _PAPER_WHITE)


def _from_hlg(signal: Array) -> Array:
    """ARIB STD-B67, the same way."""

    def light(value: Array) -> Array:
        return np.where(value <= 0.5, value**2 / 3.0, (np.exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12.0)

    return _srgb_from_linear(light(np.clip(signal, 0.0, 1.0)) / light(np.array(_HLG_PAPER_WHITE)))


_CURVES: dict[View, Callable[[Array], Array]] = {
    "srgb": lambda values: values,
    "linear": _srgb_from_linear,
    "log": _from_log,
    "pq": _from_pq,
    "hlg": _from_hlg,
}
