"""Blender names nodes in the person's language, with New Data translated as it is by default."""

from __future__ import annotations

from typing import Any

import bpy
import pytest

from handmocap_addon.blender.nodes import node_of_type
from handmocap_addon.blender.rig import bodies
from handmocap_addon.core.body.stand_in import load_stand_in_body


def test_a_node_is_found_by_what_it_is(scene: Any) -> None:
    material = bpy.data.materials.new("Holz")
    if material.node_tree is None:  # before 5.0
        material.use_nodes = True
    tree = material.node_tree
    (shader,) = (node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.name = "プリンシプルBSDF"
    assert node_of_type(tree, "BSDF_PRINCIPLED") == shader
    assert node_of_type(tree, "BACKGROUND") is None
    assert node_of_type(None, "BACKGROUND") is None


@pytest.mark.skipif(bpy.app.version < (5, 0, 0), reason="materials have nodes from the start since 5.0")
def test_the_body_is_of_wood_when_rendered(scene: Any) -> None:
    armature = bodies.add_body(load_stand_in_body())
    (mesh,) = (child for child in armature.children if child.type == "MESH")
    shader = node_of_type(mesh.data.materials[0].node_tree, "BSDF_PRINCIPLED")
    assert shader is not None
    assert tuple(shader.inputs["Base Color"].default_value) == pytest.approx((0.55, 0.36, 0.2, 1.0))
