"""From raw hands to a rotation on every frame: corrections, gaps, smoothing, wrists, and what needs a look."""
