"""GVHMR's package; only its presence counts here."""
