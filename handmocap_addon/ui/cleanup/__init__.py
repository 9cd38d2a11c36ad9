"""A person's corrections and key tools: operators, panel, settings."""
