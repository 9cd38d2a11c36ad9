"""The benchmark's figures as Markdown tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tools.benchmark.measures import (
    ALL_IN_VIEW,
    EXACT_LANDMARKS,
    FITTED,
    RAW,
    READ_ONLY,
    SMOOTHED,
    TAKEN_AT_THEIR_WORD,
    Sample,
)

Array = NDArray[Any]

if TYPE_CHECKING:
    from tools.benchmark.accuracy import HandResult
    from tools.benchmark.bodies import BodyResult

_STAGES = (RAW, TAKEN_AT_THEIR_WORD, READ_ONLY, FITTED, SMOOTHED, ALL_IN_VIEW, EXACT_LANDMARKS)


def _joined(results: Sequence[HandResult]) -> Sample:
    sample = Sample()
    for result in results:
        sample.joined(result.errors)
    return sample


def _figures(values: list[Array]) -> tuple[float, float]:
    """Mean and 95th percentile."""
    every = np.concatenate([value.ravel() for value in values])
    return float(every.mean()), float(np.percentile(every, 95))


def stage_figures(errors: Sample) -> dict[str, Any]:
    """Mean and 95th percentile of bone directions and joint rotations by stage, degrees."""
    figures: dict[str, Any] = {}
    for stage in _STAGES:
        if stage in errors.bone:
            figures[stage] = {"bone_direction_deg": _figures(errors.bone[stage])}
            if stage in errors.joint:
                figures[stage]["joint_rotation_deg"] = _figures(errors.joint[stage])
    return figures


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _pair(values: list[Array] | None) -> str:
    if not values:
        return "-"
    mean, high = _figures(values)
    return f"{mean:.1f} / {high:.1f}"


def _average(results: Sequence[HandResult], pick: Callable[[HandResult], float | None], form: str) -> str:
    values = [value for value in map(pick, results) if value is not None]
    return format(sum(values) / len(values), form) if values else "-"


def _clips(results: Sequence[HandResult]) -> list[tuple[str, list[HandResult]]]:
    names = list(dict.fromkeys(result.clip for result in results))
    groups = [(name, [result for result in results if result.clip == name]) for name in names]
    return [*groups, ("all", list(results))] if len(groups) > 1 else groups


def clip_table(results: Sequence[HandResult]) -> str:
    """Errors and counts by clip: mean / 95th percentile in degrees."""
    rows = []
    for name, group in _clips(results):
        errors = _joined(group)
        counts = [result.counts for result in group]
        alone = [result.counts_without_bodies for result in group if result.counts_without_bodies]
        rows.append(
            [
                name,
                _average(group, lambda result: result.pixels, ".0f"),
                _pair(errors.bone.get(RAW)),
                _pair(errors.bone.get(SMOOTHED)),
                _pair(errors.joint.get(SMOOTHED)),
                _average(group, lambda result: result.wrist_error, ".1f"),
                _average(group, lambda result: result.picture_error_pixels, ".1f"),
                " / ".join(str(sum(getattr(count, kind) for count in counts)) for kind in ("measured", "filled", "missing")),
                str(sum(count.swapped for count in counts)),
                str(sum(count.ghosts for count in counts)),
                str(sum(count.swapped + count.ghosts for count in alone)) if alone else "-",
            ]
        )
    header = ("clip", "hand px", "raw landmarks °", "fingers °", "joint rotations °", "wrist °", "2D px",
              "measured / filled / missing", "swaps", "ghosts", "both without bodies")  # fmt: skip
    return _table(header, rows)


def motion_table(results: Sequence[HandResult]) -> str:
    """What smoothing does to jitter on holds, to lag and to amplitude."""
    rows = []
    for name, group in _clips(results):
        held = [result for result in group if result.jitter_before and result.jitter_after]
        ratio = [result.jitter_before / result.jitter_after for result in held]  # type: ignore[operator]
        rows.append(
            [
                name,
                _average(held, lambda result: result.jitter_before, ".0f"),
                _average(held, lambda result: result.jitter_after, ".0f"),
                f"{sum(ratio) / len(ratio):.1f}" if ratio else "-",
                _average(group, lambda result: result.smoothing_lag_frames, "+.2f"),
                _average(group, lambda result: result.lag_frames, "+.2f"),
                _average(group, lambda result: _percent(result.smoothing_amplitude_loss), "+.1f"),
                _average(group, lambda result: _percent(result.amplitude_loss), "+.1f"),
            ]
        )
    header = ("clip", "jitter on holds before, m/s³", "after", "times less", "lag by smoothing, frames",
              "lag against the truth", "amplitude lost by smoothing, %", "amplitude lost against the truth, %")  # fmt: skip
    return _table(header, rows)


def _percent(share: float | None) -> float | None:
    return None if share is None else 100.0 * share


def stage_table(results: Sequence[HandResult]) -> str:
    """Which stage costs or brings what, over all clips: mean / 95th percentile in degrees."""
    errors = _joined(results)
    rows = [[stage, _pair(errors.bone.get(stage)), _pair(errors.joint.get(stage))] for stage in _STAGES]
    return _table(("stage", "finger bones °", "joint rotations °"), rows)


def body_table(results: Sequence[BodyResult]) -> str:
    """The built-in body by clip: angles as mean / 95th percentile."""
    rows = [
        [
            result.clip,
            _pair([result.limb_degrees]),
            f"{result.joint_millimetres.mean():.0f}",
            str(result.backward_bends),
            f"{result.jitter_millimetres:.1f}",
            f"{result.wrist_percent:.1f}",
        ]
        for result in results
    ]
    header = (
        "clip",
        "limbs °",
        "joints from the pelvis, mm",
        "backward bends",
        "jitter, mm a frame²",
        "wrists, % of shoulders",
    )
    return _table(header, rows)
