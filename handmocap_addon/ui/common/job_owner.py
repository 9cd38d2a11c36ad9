"""Whose a job is. Jobs run on while another file is opened, steps are undone or another scene is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy


@dataclass(frozen=True)
class JobOwner:
    """The scene that a job was started in, and its file ("" where it was not saved yet)."""

    file: str
    scene_name: str
    session_uid: int

    @classmethod
    def of(cls, scene: bpy.types.Scene) -> JobOwner:
        return cls(bpy.data.filepath, scene.name, scene.session_uid)

    def scene(self) -> bpy.types.Scene | None:
        """That scene as it is now, or None while another file is open.

        Undo, renaming and Save As leave its number. A file that was opened again (Revert) has new numbers; then the names
        tell. Numbers are never used twice in one session of Blender.
        """
        for scene in bpy.data.scenes:
            if scene.session_uid == self.session_uid:
                return scene
        return bpy.data.scenes.get(self.scene_name) if self.file and bpy.data.filepath == self.file else None

    def name_for(self, onlooker: bpy.types.Scene) -> str:
        """What to call it in a panel of another scene or file; "" in its own."""
        scene = self.scene()
        if scene is None:
            return Path(self.file).name or "another file, never saved"
        return "" if scene == onlooker else scene.name
