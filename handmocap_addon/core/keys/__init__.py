"""Few keys from many, and generated keys beside a person's; arrays only, no Blender."""
