"""Blender's start-up cube gives way to a body, and nothing else does."""

from __future__ import annotations

import bpy
import pytest

from handmocap_addon.blender.clip.start_up_cube import hide_start_up_cube


@pytest.fixture
def cube():
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=False)
    return bpy.context.scene.objects["Cube"]


def test_the_cube_is_hidden_and_stays_in_the_file(cube):
    assert hide_start_up_cube(bpy.context.scene)
    assert cube.hide_get()
    assert cube.hide_render
    assert not hide_start_up_cube(bpy.context.scene)


@pytest.mark.parametrize(
    "change",
    [
        lambda cube: setattr(cube, "location", (0.0, 0.0, 1.0)),
        lambda cube: cube.modifiers.new("Bevel", "BEVEL"),
        lambda cube: setattr(cube.data.vertices[0], "co", (2.0, 1.0, 1.0)),
        lambda cube: cube.keyframe_insert("location", frame=1),
        lambda cube: setattr(cube, "name", "My cube"),
    ],
    ids=["moved", "modified", "edited", "animated", "renamed"],
)
def test_a_cube_that_somebody_uses_is_left(cube, change):
    change(cube)
    bpy.context.view_layer.update()
    assert not hide_start_up_cube(bpy.context.scene)
    assert not cube.hide_render


def test_one_that_a_view_layer_leaves_out_is_no_matter(cube):
    scene = bpy.context.scene
    other = scene.view_layers.new("Other")
    bpy.context.view_layer.layer_collection.children["Collection"].exclude = True
    assert hide_start_up_cube(scene)
    assert cube.hide_get(view_layer=other)
    other.layer_collection.children["Collection"].exclude = True
    assert not hide_start_up_cube(scene)


def test_a_scene_without_one_is_no_matter(cube):
    bpy.data.objects.remove(cube)
    assert not hide_start_up_cube(bpy.context.scene)
