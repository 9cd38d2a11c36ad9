"""The data and the maths. Needs numpy at most; imports nothing else of this project."""
