"""Which clip, and what lies beside it."""
