"""Fingers that were reduced before a tool are reduced after it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import bpy

from ...blender.motion.key_reduction import is_reduced, reduce_finger_keys


@contextlib.contextmanager
def reduced_as_before(context: bpy.types.Context) -> Iterator[None]:
    """Reduce the fingers again, as the panel's settings say, after what brings their full keys back."""
    settings = context.scene.handmocap
    reduced = is_reduced(settings.armature)
    yield
    if reduced:
        reduce_finger_keys(settings.armature, settings.reduction())
