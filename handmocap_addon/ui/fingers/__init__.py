"""Finger keys on the armature."""
