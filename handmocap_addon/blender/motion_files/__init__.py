"""Asking for motion files: the artist's side, which saves a copy and changes nothing else."""
