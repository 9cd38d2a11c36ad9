"""Bakes of scenes as studios build them: linked characters, and names that are taken."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.motions import MadeUpShot
from addon_tests.blender.readers import READERS
from addon_tests.blender.rigs import ours, world_surface
from handmocap_addon.blender.bake.request import BakeJob, request_for
from handmocap_addon.blender.motion.motion_keys import write_body_keys, write_hand_keys
from handmocap_addon.blender.motion.shot import Shot
from handmocap_addon.blender.rig.armatures import deformed_meshes
from handmocap_addon.blender.scene_time import set_range
from handmocap_addon.core.bake.options import BakeOptions
from handmocap_addon.core.body.model import BodyModel

COUNT = 4
FRAMES = np.arange(1.0, COUNT + 1.0)


def _moving(model: BodyModel, scene: Any) -> Any:
    shot, armature = MadeUpShot(COUNT), ours(model)
    set_range(scene, FRAMES)
    write_body_keys(Shot.of(armature), shot.motion(), FRAMES, "shot")
    write_hand_keys(Shot.of(armature), shot.hands(), shot.tracks(), FRAMES, "shot")
    return armature


def _bake(armature: Any, targets: list[Path], options: BakeOptions | None = None) -> None:
    request = request_for(armature, targets, bpy.context.scene, options)
    BakeJob(request, None, targets[0].parent / "logs" / "bake.log", Path(sys.executable)).wait()


@pytest.mark.parametrize("as_collection", [False, True], ids=["objects", "a collection"])
def test_a_linked_character_is_baked_as_it_stands(
    as_collection: bool, scene: Any, stand_in: BodyModel, tmp_path: Path
) -> None:
    armature = _moving(stand_in, scene)
    collection = bpy.data.collections.new("character")
    scene.collection.children.link(collection)
    for thing in (armature, *deformed_meshes(armature)):
        collection.objects.link(thing)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "character.blend"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    set_range(scene, FRAMES)
    with bpy.data.libraries.load(str(tmp_path / "character.blend"), link=True) as (there, here):
        if as_collection:
            here.collections = ["character"]
        else:
            here.objects = there.objects
    if as_collection:
        scene.collection.children.link(bpy.data.collections["character"])
    else:
        for thing in here.objects:
            scene.collection.objects.link(thing)
    (armature,) = [thing for thing in scene.objects if thing.type == "ARMATURE"]
    assert armature.library is not None
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    wanted = []
    for frame in FRAMES:
        scene.frame_set(int(frame))
        wanted.append(world_surface(armature))
    targets = [tmp_path / "body.abc", tmp_path / "body.usdc"]
    _bake(armature, targets, BakeOptions(offset=(1.0, 2.0, 0.0)))
    for target in targets:
        found = READERS[target.suffix](target)
        np.testing.assert_allclose(found.points, np.array(wanted) + (1.0, 2.0, 0.0), atol=1e-5)
    assert armature.library is not None


def test_a_mesh_called_as_the_hands_would_be_is_no_hindrance(scene: Any, stand_in: BodyModel, tmp_path: Path) -> None:
    armature = _moving(stand_in, scene)
    (body,) = deformed_meshes(armature)
    other = body.copy()
    other.data = body.data.copy()
    scene.collection.objects.link(other)
    body.name, other.name = "body", "body_hands"
    _bake(armature, [tmp_path / "shot.abc", tmp_path / "shot.usdc"], BakeOptions(parts=("body", "hands")))
    assert (tmp_path / "shot.abc").is_file() and (tmp_path / "shot.usdc").is_file()
