"""Fewer keys whose Bezier curves stay within an angle of the full ones."""
