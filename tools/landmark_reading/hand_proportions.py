"""Hands of other proportions than a body model's betas give: lengths and thickness of fingers, length and width of palms."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handmocap_addon.core.body.model import BodyModel
from handmocap_addon.core.maths.rotations import normalized
from handmocap_addon.core.skeleton import FINGERS, FIRST_HAND_JOINT, JOINT_NAMES, SIDES, WRIST, Side

Array = NDArray[Any]

_WRIST_BLEND = 0.02  # metres beyond the wrist over which the palm's stretch begins


def reshaped_hands(model: BodyModel, random: np.random.Generator) -> BodyModel:
    """The body at rest with both hands alike reshaped; skin weights stay."""
    # The stand-in's fingers are short for their palm: 0.70 of it, where people's are about 0.8 and more.
    common = np.exp(random.normal(0.13, 0.12))
    lengths = {finger: common * np.exp(random.normal(0.0, 0.05)) for finger in FINGERS}
    thickness = np.exp(random.normal(-0.03, 0.09))
    palm = np.exp(random.normal((-0.03, 0.0, 0.0), (0.08, 0.08, 0.09)))
    weights = np.zeros((len(model.vertices), len(JOINT_NAMES)))
    np.add.at(weights, (np.arange(len(weights))[:, None], model.skin_joints), model.skin_weights)
    moved, joints = np.zeros_like(model.vertices), model.rest_joints.copy()
    for side in SIDES:
        moved += weights[:, WRIST[side], None] * _stretched_palm(model, side, palm)
        for number, finger in enumerate(FINGERS):
            first = FIRST_HAND_JOINT[side] + number * 3
            chain = slice(first, first + 3)
            base = model.rest_joints[first]
            direction = normalized(model.rest_joints[first + 2] - base)
            shift = (palm - 1.0) * (base - model.rest_joints[WRIST[side]])
            off = model.vertices - base
            along = (off @ direction)[:, None] * direction
            longer = (lengths[finger] - 1.0) * np.maximum(off @ direction, 0.0)[:, None] * direction
            thicker = (thickness - 1.0) * (off - along)
            moved += weights[:, chain].sum(axis=1)[:, None] * (shift + longer + thicker)
            reach = (model.rest_joints[chain] - base) @ direction
            joints[chain] += shift + (lengths[finger] - 1.0) * reach[:, None] * direction
    return replace(model, vertices=model.vertices + moved, rest_joints=joints)


def _stretched_palm(model: BodyModel, side: Side, palm: Array) -> Array:
    """Where each vertex (V, 3) goes as the palm is stretched along the model's axes, nothing at the wrist itself."""
    off = model.vertices - model.rest_joints[WRIST[side]]
    outwards = off[:, :1] * (1.0 if side == "left" else -1.0)
    return (palm - 1.0) * off * np.clip(outwards / _WRIST_BLEND, 0.0, 1.0)
