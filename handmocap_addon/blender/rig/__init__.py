"""Armatures and bodies in the scene: which bone is which joint, how they rest and hang. Writes no keys but where it adds."""
