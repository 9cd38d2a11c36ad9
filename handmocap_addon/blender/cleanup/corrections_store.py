"""Where a person's corrections of the estimate are kept: as text on the tool's action, so that they go where the keys go."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...core.cleanup.corrected_hands import corrected_tracks
from ...core.cleanup.corrections import Correction, Rows, corrections_from_json, corrections_to_json, without
from ...core.errors import BadInputError, BadUsageError
from ...core.hands.hand_poses import HandPoses, HandTrack
from ...core.landmarks.definition import RIG_JOINTS
from ...core.landmarks.fit import FittedHand, fit_landmarks, fit_mediapipe_landmarks
from ...core.rig.stand_in_hands import stand_in_hands
from ...core.skeleton import SIDES, Side
from ..curves.tool_actions import find_tool_action, written_action
from ..rig.finger_target import FingerTarget
from ..version_differences import drop_older_copy

CORRECTIONS_PROPERTY = "handmocap_corrections"
_EVERY_ROW = 10**9


def read_corrections(armature: Any) -> tuple[Correction, ...]:
    """What was said about the hands on this armature; nothing where no run has keyed it.

    Raises:
        BadInputError: the text was changed by something else.
    """
    place = find_tool_action(armature)
    text = place.action.get(CORRECTIONS_PROPERTY) if place is not None else None
    return corrections_from_json(str(text)) if text is not None else ()


def write_corrections(armature: Any, corrections: Iterable[Correction]) -> None:
    """Keep these instead.

    Raises:
        BadUsageError: no run has keyed the armature.
    """
    place, listed = written_action(armature), tuple(corrections)
    if place is None:
        raise BadUsageError("There are no keys that could be corrected", "press Apply Fingers first")
    if listed:
        place.action[CORRECTIONS_PROPERTY] = corrections_to_json(listed)
    else:
        place.action.pop(CORRECTIONS_PROPERTY, None)
    drop_older_copy(place.action, CORRECTIONS_PROPERTY)


def forget_corrections(armature: Any, target: FingerTarget) -> None:
    """Forget what was said about some fingers, and about hands that are meant as a whole; damaged text goes altogether."""
    place = written_action(armature)
    if place is None or CORRECTIONS_PROPERTY not in place.action:
        return
    try:
        left = read_corrections(armature)
    except BadInputError:
        left = ()
    write_corrections(armature, without_target(left, target, Rows(0, _EVERY_ROW)))


def without_target(corrections: Iterable[Correction], target: FingerTarget, rows: Rows) -> tuple[Correction, ...]:
    """The corrections that stay where those of a target are forgotten on some rows."""
    fingers = {side: target.whole_fingers(side) for side in target.sides}
    if set(fingers) == set(SIDES) and len(set(fingers.values())) == 1:
        return without(corrections, rows, SIDES, fingers[SIDES[0]])
    left = tuple(corrections)
    for side, own in fingers.items():
        left = without(left, rows, [side], own)
    return left


def tracks_of(poses: HandPoses, corrections: Iterable[Correction]) -> dict[Side, HandTrack]:
    """Both raw hands with the corrections applied."""

    def fit(side: Side, world: Any, image: Any) -> FittedHand:
        skeleton = stand_in_hands()[side]
        if poses.meta.get("estimator") == "mediapipe":
            return fit_mediapipe_landmarks(world, image, skeleton)
        return fit_landmarks(world, skeleton, image, RIG_JOINTS)

    return corrected_tracks({side: poses.track(side) for side in SIDES}, corrections, fit)
