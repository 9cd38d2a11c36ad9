"""Motion for other programs."""
