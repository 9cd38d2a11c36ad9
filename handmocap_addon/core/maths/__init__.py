"""Rotations, time and frames as numbers, which know nothing of bodies or files."""
