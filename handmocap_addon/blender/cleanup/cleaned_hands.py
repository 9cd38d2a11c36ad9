"""The hands as they are keyed: corrected, clean, and where their rows lie on the timeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
from numpy.typing import NDArray

from ...core.cleanup.clean_hands import CleanHand, CleanupSettings, clean_hand
from ...core.cleanup.corrections import OwnSmoothing
from ...core.hands.hand_poses import HandPoses, HandTrack
from ...core.rig.relaxed_hand import relaxed_hand_pose
from ...core.skeleton import SIDES, Side
from ..clip.clock import frames_at, shot_times
from ..clip.place import ClipPlace, place_of
from .corrections_store import read_corrections, tracks_of

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class CleanedHands:
    """Clean hands, and the corrected tracks that they were made from."""

    tracks: dict[Side, HandTrack]
    hands: dict[Side, CleanHand]
    frames: Array  # (N,) on the timeline, of the rows of the hands


def cleaned_hands(
    armature: Any, poses: HandPoses, settings: CleanupSettings, place: ClipPlace | None = None
) -> CleanedHands:
    """The hands as the armature's corrections and the settings make them, without keying them.

    They lie at `place` on the timeline, where the armature's keys are if None.
    """
    times = shot_times(poses)
    corrections = read_corrections(armature)
    tracks = tracks_of(poses, corrections)
    own = [correction for correction in corrections if isinstance(correction, OwnSmoothing)]
    hands = {side: clean_hand(tracks[side], times, relaxed_hand_pose(side), settings, side, own) for side in SIDES}
    frames = frames_at(place or place_of(bpy.context.scene, armature), poses, armature)
    return CleanedHands(tracks, hands, frames)
