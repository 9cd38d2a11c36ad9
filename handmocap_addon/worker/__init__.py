"""Reads video and estimates hands, in a Python environment of its own. Never imports bpy."""
