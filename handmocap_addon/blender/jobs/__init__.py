"""The one doorway to child processes. What it starts ends with it."""
