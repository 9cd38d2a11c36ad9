"""Skeletons at rest: a hand's hinges and limits, bone names and maps, how an armature's rest differs from SMPL-X's."""
