"""What a tool's line in the panel is about, so that it goes when that is so no longer: after undo, redo, or an edit."""

from __future__ import annotations

import bpy

from ...blender.cleanup.keys_digest import keys_digest

_ABOUT_KEYS = ("body", "fingers", "cleanup", "retarget")


def state_behind(stage: str, scene: bpy.types.Scene) -> str | None:
    """What a stage's line belongs to, as text to compare; None where it stays until the next one."""
    settings = scene.handmocap
    if stage == "source":
        return "\n".join((settings.clip, settings.gvhmr, str((scene.frame_start, scene.frame_end, scene.render.fps))))
    if stage not in _ABOUT_KEYS:
        return None
    armatures = [settings.armature, settings.retarget.target]
    names = [each.name if each is not None and each.name in scene.objects else "" for each in armatures]
    of_fingers = stage != "body"
    digests = [keys_digest(each, of_fingers) if name else "" for each, name in zip(armatures, names, strict=True)]
    return "\n".join((*names, *digests, settings.retarget.map_name))
