"""Opens baked files with their makers' own libraries and compares them with what the scene had."""
