"""All that is shown over a clip and on its strip, ready for drawing, and what it depends on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.cleanup.settings import CleanupSettings
from ...core.errors import BadInputError
from ...core.hands.hand_poses import HandPoses
from ...core.overlay.seen_hands import SeenHand, seen_hands
from ...core.overlay.state_strip import StripRuns, rows_in_ranges, strip_runs
from ...core.skeleton import SIDES, Side
from ..clip.clock import frames_at, shot_times, timeline_frames
from ..clip.place import ClipPlace, place_of
from ..curves.retimed_frames import kept_steps
from ..curves.tool_actions import find_tool_action, written_action
from .corrections_store import CORRECTIONS_PROPERTY, read_corrections
from .problems import PROBLEMS_PROPERTY, read_problems

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class SeenClip:
    """Both hands of a clip of N rows."""

    frames: Array  # (N,) on the timeline
    size: tuple[int, int] | None  # of the source in pixels
    fps: float | None  # of the source
    hands: dict[Side, SeenHand]
    states: dict[Side, StripRuns]  # of Provenance
    looks: dict[Side, StripRuns]  # of whether a look is needed


def seen_clip(
    scene: Any, armature: Any, poses: HandPoses, settings: CleanupSettings, place: ClipPlace | None = None
) -> SeenClip:
    """Put together what is shown, as the armature's corrections and the settings have it.

    As long as nothing is keyed the clip lies at `place`, where its picture is shown, or where it would be keyed if None.
    """
    try:
        corrections = read_corrections(armature) if armature is not None else ()
    except BadInputError:
        corrections = ()  # The tools that use them say so.
    if place is None or written_action(armature) is not None:
        frames = timeline_frames(scene, poses, armature)
    else:
        frames = frames_at(place, poses)
    hands = seen_hands(poses, shot_times(poses), corrections, settings)
    problems = [problem for problem in read_problems(armature) if not problem.done]
    looks = {}
    for side in SIDES:
        ranges = [(problem.first, problem.last) for problem in problems if problem.side == side]
        looks[side] = strip_runs(rows_in_ranges(ranges, poses.frame_count), frames)
    states = {side: strip_runs(hands[side].provenance, frames) for side in SIDES}
    rate = poses.frames_per_second()
    return SeenClip(frames, poses.picture_size(), float(rate) if rate is not None else None, hands, states, looks)


def depends_on(scene: Any, armature: Any, settings: CleanupSettings) -> tuple[Any, ...]:
    """Everything beside the hands' file that `seen_clip` looks at; equal as long as nothing of it changes. Quick."""
    place = find_tool_action(armature) if armature is not None else None
    kept = place.action if place is not None else {}
    stored = (kept.get(CORRECTIONS_PROPERTY), kept.get(PROBLEMS_PROPERTY), tuple(kept_steps(kept)))
    return (place_of(scene, armature), settings.lowest_score, settings.longest_gap, *stored)


def strip_end(clip: SeenClip) -> float:
    """The timeline frame on which the last row ends."""
    return float(np.max(clip.states["left"].end))
