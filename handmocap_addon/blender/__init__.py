"""The doorways to Blender: armatures, actions and keys, cameras, jobs, baking. Needs bpy; never torch."""
