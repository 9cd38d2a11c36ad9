"""Writes the copy's motion for other programs."""
