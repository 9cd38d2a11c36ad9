"""The clip in the scene: its clock and place, its camera, what is shown behind it."""
