"""handmocap: a GVHMR body and estimated fingers on an SMPL-X armature. Importing this needs neither bpy nor torch."""


def register() -> None:
    """Called by Blender when the extension is enabled."""
    from .ui.registration import register as register_all

    register_all()


def unregister() -> None:
    """Called by Blender when the extension is disabled."""
    from .ui.registration import unregister as unregister_all

    unregister_all()
