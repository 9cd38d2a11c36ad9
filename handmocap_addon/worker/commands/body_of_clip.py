"""The body of the person with the hands, from the people that were seen on a clip's frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ...core.body.body_motion_file import BODY_MOTION_NAME, StoredBody, write_body_motion
from ...core.body.model import BodyModel
from ...core.body_landmarks.fit import fit_body
from ...core.clip.picture_cuts import PictureCuts
from ...core.files.damaged_files import put_aside
from ...core.hands.hand_poses import HandPoses
from ...core.skeleton import SIDES
from ...core.whose_hands.seen_people import PeopleSeen, person_with_hands
from ..estimators.base import EstimatorInfo
from ..results.fingerprint import made_with
from ..results.finished_body import place_body_aside, sealed_body


def body_motion_beside(hand_poses: Path) -> Path:
    """Where the body of a person goes whose hands are in a file."""
    return hand_poses.with_name(BODY_MOTION_NAME)


def fitted_body(
    people: PeopleSeen,
    poses: HandPoses,
    picture_size: tuple[int, int],
    focal: float | None,
    model: BodyModel,
    info: EstimatorInfo,
    notes: Mapping[str, Any],
    cuts: PictureCuts,
) -> StoredBody:
    """The body of whoever has the hands; `notes` go into its `meta`.

    Raises:
        NoBodyError: it was seen on too few frames.
    """
    assert poses.frame_time is not None
    hands = {side: poses.track(side) for side in SIDES}
    landmarks = person_with_hands(people, hands, poses.frame_count)
    fitted = fit_body(landmarks, poses.frame_time, picture_size, focal, model, hands, cuts)
    meta = {
        "clip": poses.meta["clip"],
        "estimator": info.name,
        "model": info.model,
        "settings": {**info.settings, "focal": focal},
        "made_with": made_with(),
        "licences": [info.licence],
        "fitted_on": model.name,
        "frames_measured": int(np.count_nonzero(fitted.measured)),
        **notes,
    }
    return StoredBody(fitted.motion, fitted.measured, fitted.joints_measured, poses.frame_index, poses.frame_time, meta)


def put_body(target: Path, body: StoredBody) -> StoredBody:
    """Write a body's file; one that cannot be read is put aside, and the new one says so.

    Raises:
        OutputError: the place cannot be written.
    """
    aside = place_body_aside(target)
    if aside is not None:
        said = f"{target.name} could not be read and was put aside as {aside.name}; a new one was made"
        body = replace(body, motion=body.motion.with_warning(said))
        put_aside(target, aside)
    body = sealed_body(body)
    write_body_motion(target, body)
    return body
