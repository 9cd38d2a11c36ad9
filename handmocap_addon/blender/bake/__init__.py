"""Asking for a bake: the artist's side, which saves a copy and changes nothing else."""
