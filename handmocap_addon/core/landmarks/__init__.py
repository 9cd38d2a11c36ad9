"""From 21 landmarks to 15 joint rotations, and how far they can be trusted."""
