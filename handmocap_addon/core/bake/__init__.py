"""What a bake is asked for, what it samples and what its file must hold; no scene."""
