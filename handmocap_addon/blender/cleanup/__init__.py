"""A person's tools on keyed hands: corrections, problems, poses, time."""
