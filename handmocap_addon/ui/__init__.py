"""The N-panel, a folder a stage: source, hands, body, fingers, bake, setup. Operators are thin over `blender`."""
