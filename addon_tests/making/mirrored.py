"""Bodies seen in a mirror across x: left becomes right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from handmocap_addon.core.body.model import BodyModel
from handmocap_addon.core.skeleton import JOINT_NAMES

MIRROR = np.array((-1.0, 1.0, 1.0))


def _other_side(name: str) -> str:
    return name.replace("left", "right") if "left" in name else name.replace("right", "left")


SWAPPED = np.array([JOINT_NAMES.index(_other_side(name)) for name in JOINT_NAMES])


def mirrored_body(model: BodyModel) -> BodyModel:
    """The body in the mirror."""
    return replace(
        model,
        rest_joints=model.rest_joints[SWAPPED] * MIRROR,
        vertices=model.vertices * MIRROR,
        skin_joints=SWAPPED[model.skin_joints],
    )
