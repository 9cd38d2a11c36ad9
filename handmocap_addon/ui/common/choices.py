"""Choices that the panel's fields and operators of several stages have in common."""

from __future__ import annotations

BODIES_FROM = (
    ("AUTO", "Result or Built-in", "A body motion that is chosen below, else the built-in body from the clip"),
    ("GVHMR", "GVHMR", "A body motion that is chosen below, else GVHMR is run on the clip, before the hands"),
    ("MEDIAPIPE", "Built-in", "The built-in body: MediaPipe's landmarks of the clip, found together with the hands"),
    ("NONE", "None", "Hands alone, unless a body motion is chosen below"),
)
GVHMR_MISSING = "GVHMR is not set up here: choose GVHMR Checkout and GVHMR Python in the preferences, or another Body From"
WRISTS = (
    ("BODY", "Body", "The wrists of the body's motion: steady, but stiff"),
    ("HAND", "Hands", "The wrists that the hand estimator found: livelier, but noisier"),
    ("BLEND", "Blend", "Between the two, nearer to the hand's the surer the estimator is"),
)
SHARINGS = (
    ("FINGER", "Finger", "All bones of a finger have their keys on the same frames"),
    ("JOINT", "Joint", "Each bone has keys of its own: the fewest, but harder to pose by"),
    ("HAND", "Hand", "All fingers of a hand have their keys on the same frames: whole poses, but more keys"),
)
