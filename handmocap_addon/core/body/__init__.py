"""A body: its models and their surfaces, its motion as GVHMR and others write it, its parameters. No scene, no hands."""
