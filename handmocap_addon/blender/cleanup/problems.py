"""The ranges of a clip that need a look, kept on the tool's action with a person's ticks of what is done."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from ...core.cleanup.quality import HandQuality, hand_quality
from ...core.cleanup.worth_looking_at import ranges_worth_looking_at
from ...core.files.json_dataclasses import from_json
from ...core.files.json_files import JsonError
from ...core.hands.hand_poses import MOST_FRAMES, HandPoses
from ...core.rig.stand_in_hands import stand_in_hands
from ...core.skeleton import FINGERS, SIDES, Side
from ..clip.clock import frame_times
from ..curves.kept_text import MOST_FRAME, ignored, json_list
from ..curves.tool_actions import find_tool_action, written_action
from ..rig.finger_target import FingerTarget, target_of
from ..version_differences import drop_older_copy
from .cleaned_hands import CleanedHands
from .problem_markers import show_markers

PROBLEMS_PROPERTY = "handmocap_problems"
_MOST_MARKERS = 12
_MOST_PROBLEMS = 10_000
_LONGEST_REASON = 300


@dataclass(frozen=True)
class Problem:
    """Rows `first` to `last` of the clip's hands, the first and last timeline frame, whose and why, and how bad."""

    first: int
    last: int
    first_frame: float
    last_frame: float
    side: Side
    finger: str | None
    reason: str
    severity: float
    done: bool = False

    def text(self) -> str:
        """One line: `left index jumps by 40°`, or `left hand: low score (0.31)`."""
        reason = self.reason.replace(" degrees", "°")
        return f"{self.side} {reason}" if self.finger else f"{self.side} hand: {reason}"

    def is_same_range(self, other: Problem) -> bool:
        """The same complaint about the same frames; how many degrees it is may differ between runs."""
        ranges = [(one.first, one.last, one.side, one.finger, re.sub(r"[\d.]+", "", one.reason)) for one in (self, other)]
        return ranges[0] == ranges[1]


def qualities_of(cleaned: CleanedHands, poses: HandPoses) -> dict[Side, HandQuality]:
    """How good clean hands are."""
    skeletons, times = stand_in_hands(), frame_times(poses)
    return {side: hand_quality(cleaned.tracks[side], cleaned.hands[side], skeletons[side], times) for side in SIDES}


def find_problems(armature: Any, cleaned: CleanedHands, poses: HandPoses) -> list[Problem]:
    """Look for the ranges, worst first, and keep them; what was ticked and is still there stays ticked."""
    known = read_problems(armature)
    frames = cleaned.frames
    found = [
        Problem(
            item.first,
            item.last,
            float(frames[item.first]),
            float(frames[item.last]),
            item.side,
            item.finger,
            item.reason,
            item.severity,
        )
        for item in ranges_worth_looking_at(qualities_of(cleaned, poses), poses.clip_notes().smeared_frames)
    ]
    ticked = [problem for problem in known if problem.done]
    found = [replace(problem, done=any(problem.is_same_range(other) for other in ticked)) for problem in found]
    write_problems(armature, found)
    return found


def read_problems(armature: Any) -> list[Problem]:
    """What the last look found."""
    place = find_tool_action(armature) if armature is not None else None
    text = place.action.get(PROBLEMS_PROPERTY) if place is not None else None
    entries = json_list(text, PROBLEMS_PROPERTY)
    found = [problem for problem in map(_problem_of, entries[:_MOST_PROBLEMS]) if problem is not None]
    if len(found) < len(entries):
        ignored(PROBLEMS_PROPERTY)
    return found


def _problem_of(entry: Any) -> Problem | None:
    """A line as some version of this program wrote it: what it has more is left out, and a damaged one is none."""
    try:
        problem = from_json(Problem, entry)
    except (JsonError, OverflowError):
        return None
    is_known = problem.finger is None or problem.finger in FINGERS
    is_within = 0 <= problem.first <= problem.last <= MOST_FRAMES and len(problem.reason) <= _LONGEST_REASON
    is_on_timeline = abs(problem.first_frame) <= MOST_FRAME and abs(problem.last_frame) <= MOST_FRAME
    return problem if is_known and is_within and is_on_timeline and math.isfinite(problem.severity) else None


def write_problems(armature: Any, problems: Iterable[Problem]) -> None:
    """Keep these instead."""
    place = written_action(armature)
    if place is not None:
        place.action[PROBLEMS_PROPERTY] = json.dumps([asdict(problem) for problem in problems])
        drop_older_copy(place.action, PROBLEMS_PROPERTY)


def mark_problems(scene: Any, problems: Iterable[Problem]) -> None:
    """Show the worst of what is not done as timeline markers, instead of those of the last time."""
    left = sorted((problem for problem in problems if not problem.done), key=lambda problem: -problem.severity)
    show_markers(scene, [(problem.first_frame, problem.text()) for problem in left[:_MOST_MARKERS]])


def target_of_problem(problem: Problem) -> FingerTarget:
    """The finger joints that a problem is about: a finger's, or the hand's."""
    return target_of([problem.side], FINGERS if problem.finger is None else [problem.finger])
