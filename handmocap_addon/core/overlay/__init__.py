"""Pictures over a clip as arrays; nothing here draws."""
