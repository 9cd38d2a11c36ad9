"""Whether the NLA plays the tool's keys on the frames on which they stand."""

from __future__ import annotations

from typing import Any

from .tool_actions import ToolAction

# Of a frame, and of a strip's scale.
_SAME = 1e-3


def holding_strip(animation: Any, place: ToolAction) -> Any | None:
    """The topmost strip that has the action; None where no strip has."""
    strips = [strip for track in reversed(animation.nla_tracks) for strip in track.strips]
    return next((strip for strip in strips if strip.action == place.action), None)


def how_it_plays(strip: Any, place: ToolAction) -> tuple[str, str] | None:
    """What a strip does to the times of its action's keys, and what to do about it; None where they stay as they are."""
    shift = strip.frame_start - strip.action_frame_start
    if strip.use_animated_time:
        return "plays its keys by a curve of time", "clear Animated Strip Time"
    if strip.use_reverse:
        return "plays its keys backwards", "clear Reversed"
    if abs(strip.scale - 1.0) > _SAME:
        return f"plays its keys {1.0 / strip.scale:.3g} times as fast", "set its scale to 1"
    if abs(shift) > _SAME:
        when = "later" if shift > 0.0 else "earlier"
        todo = f"let it begin on frame {strip.action_frame_start:.5g}"
        return f"plays its keys {abs(shift):.4g} frames {when} than they stand", todo
    first, last = _span(place)
    shown = strip.frame_start, strip.frame_end
    if first < strip.action_frame_start - _SAME or last > min(strip.action_frame_end, shown[1]) + _SAME:
        return f"plays only frames {shown[0]:g} to {shown[1]:g} of its keys", "sync its length with the action"
    return None


def _span(place: ToolAction) -> tuple[float, float]:
    """First and last key of the action."""
    bag = place.channelbag()
    ends = [(curve.keyframe_points[0].co[0], curve.keyframe_points[-1].co[0])
            for curve in (bag.fcurves if bag is not None else ()) if len(curve.keyframe_points)]  # fmt: skip
    return (min(first for first, _ in ends), max(last for _, last in ends)) if ends else (0.0, 0.0)
