"""The SMPL-X body: adding one, and keying a GVHMR motion on it."""
