"""Environments, downloads, licences and doctor. Standard library only, of `core` only what needs no more; never in Blender's
own Python's folders.
"""
