"""Fingers and body as keys on an armature's bones, through `curves`, and what keeps them from being shown."""
