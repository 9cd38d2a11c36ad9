"""Where the panel bakes to, and what the files are called there."""

from __future__ import annotations

from pathlib import Path

import bpy

from ...core.bake.names import baked_name
from ...core.bake.options import PART_FIELD
from ..common.chosen_paths import chosen_folder
from ..common.preferences import baked_name_pattern


def bake_targets(context: bpy.types.Context, folder: str = "") -> tuple[Path, ...]:
    """The targets of a bake, with `{part}` in their names; none where it is not known where to.

    Args:
        folder: where the files go; empty for the scene's folder.

    Raises:
        BadUsageError: the preferences' pattern of names cannot be filled in, or the folder starts from a file never saved.
    """
    settings = context.scene.handmocap
    folder = folder or settings.bake_folder
    place = chosen_folder(folder) if folder else settings.result_folder()
    if place is None:
        return ()
    clip = settings.clip_path() or settings.hand_poses_path()
    name = baked_name(
        baked_name_pattern(context), clip=clip.stem if clip else "clip", scene=context.scene.name, part=PART_FIELD
    )
    chosen = {".abc": settings.bake_alembic, ".usdc": settings.bake_usd}
    return tuple(place / f"{name}{suffix}" for suffix, is_chosen in chosen.items() if is_chosen)


def baked_files(context: bpy.types.Context) -> tuple[Path, ...]:
    """The files that Bake writes with what is chosen now.

    Raises:
        BadUsageError: what is chosen cannot be baked.
    """
    targets, scene = bake_targets(context), context.scene
    options = scene.handmocap.bake.options()
    frames = options.frames(scene.frame_start, scene.frame_end)
    return tuple(file.path for target in targets for file in options.files_over(target, *frames))
