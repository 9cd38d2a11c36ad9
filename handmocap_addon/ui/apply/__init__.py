"""Keys on the armature as the panel's settings say, for whichever stage asks, and what is asked back."""
