"""The hands that are shown over clips, by scene, for as long as the session lasts.

Drawing only asks. Files are looked at from a timer, so that scrubbing never waits for a disk.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ...blender.cleanup.seen_clip import SeenClip, depends_on, seen_clip
from ...blender.clip.backgrounds import shown_place
from ...blender.clip.place import ClipPlace
from ...core.errors import HandmocapError
from ...core.hands.hand_poses import HandPoses
from ...core.hands.hand_poses_file import read_hand_poses
from ...core.overlay.seen_hands import picture_side_of
from ..common.guards import quiet

# How often the file is looked at for a change while something is drawn.
_LOOKING_SECONDS = 1.0

_Stamp = tuple[int, int, int]


@dataclass
class _Shown:
    path: Path
    stamp: _Stamp | None = None
    poses: HandPoses | None = None
    depends: tuple[Any, ...] = ()
    clip: SeenClip | None = None
    looked_at: float = float("-inf")


_shown: dict[int, _Shown] = {}
# Scenes to look after at the timer's next turn.
_waiting: set[int] = set()


def shown_clip(scene: bpy.types.Scene) -> SeenClip | None:
    """What is known of a scene's hands by now; asks for what changed, which is then drawn as soon as it is there."""
    settings = scene.handmocap
    path, shown = settings.hand_poses_path(), _shown.get(scene.session_uid)
    if path is None:
        return None
    is_this = shown is not None and shown.path == path
    if shown is None or not is_this or _is_old(scene, shown):
        _waiting.add(scene.session_uid)
        if not bpy.app.timers.is_registered(_look):
            bpy.app.timers.register(_look, first_interval=0.0)
    return shown.clip if shown is not None and is_this else None


def look(scene: bpy.types.Scene) -> bool:
    """Read and put together what changed; returns whether anything did."""
    settings = scene.handmocap
    path = settings.hand_poses_path()
    if path is None:
        return _shown.pop(scene.session_uid, None) is not None
    shown = _shown.get(scene.session_uid)
    if shown is None or shown.path != path:
        shown = _shown[scene.session_uid] = _Shown(path)
    before = shown.clip
    shown.looked_at = time.monotonic()
    stamp = _stamp(path)
    if stamp != shown.stamp:
        shown.stamp, shown.poses, shown.clip, shown.depends = stamp, _read(path), None, ()
    place = _shown_place(scene)
    depends = (*depends_on(scene, settings.armature, settings.cleanup()), place)
    if shown.poses is not None and depends != shown.depends:
        shown.clip = seen_clip(scene, settings.armature, shown.poses, settings.cleanup(), place)
    shown.depends = depends
    return shown.clip is not before


def forget() -> None:
    """Another file is open, or the extension goes."""
    _shown.clear()
    _waiting.clear()
    if bpy.app.timers.is_registered(_look):
        bpy.app.timers.unregister(_look)


def redraw() -> None:
    """Draw again what shows the hands."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in ("VIEW_3D", "DOPESHEET_EDITOR"):
                area.tag_redraw()


@quiet
def _look() -> None:
    wanted = [scene for scene in bpy.data.scenes if scene.session_uid in _waiting]
    _waiting.clear()
    changed = [look(scene) for scene in wanted]
    if any(changed):
        redraw()


def _is_old(scene: bpy.types.Scene, shown: _Shown) -> bool:
    settings = scene.handmocap
    if shown.depends != (*depends_on(scene, settings.armature, settings.cleanup()), _shown_place(scene)):
        return True
    return time.monotonic() - shown.looked_at > _LOOKING_SECONDS


def _shown_place(scene: bpy.types.Scene) -> ClipPlace | None:
    clip = scene.handmocap.clip_path()
    return shown_place(scene, clip) if clip is not None else None


def _stamp(path: Path) -> _Stamp | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_ino, state.st_mtime_ns, state.st_size


def _read(path: Path) -> HandPoses | None:
    try:
        return picture_side_of(read_hand_poses(path))
    except HandmocapError:
        return None  # The stages that use the file say so.
