"""What is keyed of a clip that is cut: nothing is carried from one shot to the next."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from handmocap_addon.blender.cleanup.cleaned_hands import cleaned_hands
from handmocap_addon.blender.rig.bodies import add_body
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.cleanup.clean_hands import Provenance
from handmocap_addon.core.cleanup.settings import CleanupSettings
from handmocap_addon.core.hands.hand_poses import HandPoses, HandTrack

COUNT = 40
MISSING = slice(18, 23)


def test_a_gap_across_a_cut_is_not_bridged() -> None:
    track = HandTrack.empty(COUNT)
    track.detected[:] = True
    track.detected[MISSING] = False
    track.score[:] = track.detector_score[:] = track.detected
    poses = HandPoses(track, track, np.arange(COUNT), np.arange(COUNT) / 30.0)
    cut = replace(poses, meta={"clip": {"cut_frames": [20]}})
    armature = add_body(load_stand_in_body())
    through, apart = (cleaned_hands(armature, each, CleanupSettings()) for each in (poses, cut))
    assert (through.hands["left"].provenance[MISSING] == Provenance.FILLED).all()
    assert (apart.hands["left"].provenance[MISSING] == Provenance.RELAXED).all()
    # They lie where the clip's times have them all the same.
    np.testing.assert_array_equal(apart.frames, through.frames)
