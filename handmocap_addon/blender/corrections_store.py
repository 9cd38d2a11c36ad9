"""Where a person's corrections of the estimate are kept: as text on the tool's action, so that they go where the keys go."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..core.corrected_hands import corrected_tracks
from ..core.corrections import Correction, corrections_from_json, corrections_to_json
from ..core.hand_poses import HandPoses, HandTrack
from ..core.hand_skeleton import hand_skeleton
from ..core.landmark_definition import RIG_JOINTS
from ..core.landmark_fit import FittedHand, fit_landmarks, fit_mediapipe_landmarks
from ..core.skeleton import SIDES, Side
from ..core.stand_in_body import load_stand_in_body
from .tools_action import tools_action

_PROPERTY = "handmocap_corrections"


def read_corrections(armature: Any) -> tuple[Correction, ...]:
    """What was said about the hands on this armature; nothing where no run has keyed it.

    Raises:
        BadInputError: the text was changed by something else.
    """
    action = tools_action(armature)
    text = action.get(_PROPERTY) if action is not None else None
    return corrections_from_json(str(text)) if text is not None else ()


def write_corrections(armature: Any, corrections: Iterable[Correction]) -> None:
    """Keep these instead. The armature must have been keyed by a run."""
    action = tools_action(armature)
    listed = tuple(corrections)
    if listed:
        action[_PROPERTY] = corrections_to_json(listed)
    elif _PROPERTY in action:
        del action[_PROPERTY]


def tracks_of(poses: HandPoses, corrections: Iterable[Correction]) -> dict[Side, HandTrack]:
    """Both raw hands with the corrections applied."""

    def fit(side: Side, world: Any, image: Any) -> FittedHand:
        skeleton = hand_skeleton(load_stand_in_body(), side)
        if poses.meta.get("estimator") == "mediapipe":
            return fit_mediapipe_landmarks(world, image, skeleton)
        return fit_landmarks(world, skeleton, image, RIG_JOINTS)

    return corrected_tracks({side: poses.track(side) for side in SIDES}, corrections, fit)
