"""Behind the wall: runs only in a background Blender on a copy of the file, which it may rename, delete and break. Nobody
imports from here; the doorway is a script of this folder that is started by path.
"""
