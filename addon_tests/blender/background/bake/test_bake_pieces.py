"""A range in pieces: what is finished is kept, and what has changed is not."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.motions import MadeUpShot
from addon_tests.blender.processes import wait_until
from addon_tests.blender.rigs import ours
from addon_tests.blender.written_curves import curve_of, rotation_path
from handmocap_addon.blender.bake.request import BakeJob, request_for
from handmocap_addon.blender.motion.motion_keys import write_body_keys, write_hand_keys
from handmocap_addon.blender.motion.shot import Shot
from handmocap_addon.blender.rig.armatures import deformed_meshes
from handmocap_addon.blender.scene_time import set_range
from handmocap_addon.core.bake.options import BakeOptions
from handmocap_addon.core.body.model import BodyModel
from handmocap_addon.core.errors import CancelledError
from handmocap_addon.worker.proof.alembic_reader import read_alembic

COUNT, MANY = 10, 40
OPTIONS = BakeOptions(piece_frames=4)
NAMES = ("body.0001-0004.abc", "body.0005-0008.abc", "body.0009-0010.abc")
Change = Callable[[Any], None]


@pytest.fixture
def armature(scene: Any, stand_in: BodyModel) -> Any:
    shot, frames = MadeUpShot(COUNT), np.arange(1.0, COUNT + 1.0)
    armature = ours(stand_in)
    set_range(scene, frames)
    write_body_keys(Shot.of(armature), shot.motion(), frames, "shot")
    write_hand_keys(Shot.of(armature), shot.hands(), shot.tracks(), frames, "shot")
    return armature


def _job(armature: Any, folder: Path, options: BakeOptions = OPTIONS) -> BakeJob:
    request = request_for(armature, [folder / "body.abc"], bpy.context.scene, options)
    return BakeJob(request, None, folder / "logs" / "bake.log", Path(sys.executable))


def _kept(armature: Any, folder: Path, options: BakeOptions = OPTIONS) -> list[bool]:
    return [bool(file.get("kept")) for file in _job(armature, folder, options).wait()["files"]]


def test_pieces_hold_the_range_one_after_the_other(armature: Any, tmp_path: Path) -> None:
    files = _job(armature, tmp_path).wait()["files"]
    assert tuple(Path(file["path"]).name for file in files) == NAMES
    assert [file["frames"] for file in files] == [4, 4, 2]
    rate = bpy.context.scene.render.fps / bpy.context.scene.render.fps_base
    seconds = [mesh.seconds for name in NAMES for mesh in read_alembic(tmp_path / name).meshes.values()]
    np.testing.assert_allclose(np.concatenate(seconds) * rate, np.arange(1, COUNT + 1), atol=1e-4)


def _bend_on_frame_7(armature: Any) -> None:
    curve = curve_of(armature, rotation_path("left_index2"), 1)
    curve.keyframe_points[6].co[1] += 0.1
    curve.update()


def _move_a_vertex(armature: Any) -> None:
    deformed_meshes(armature)[0].data.vertices[5].co.x += 0.01


def _other_weights(armature: Any) -> None:
    mesh = deformed_meshes(armature)[0]
    mesh.vertex_groups["left_index2"].add([3], 0.3, "REPLACE")


def _weights_of_another_vertex(armature: Any) -> None:
    """The same numbers in the same order, a vertex further on."""
    group = deformed_meshes(armature)[0].vertex_groups["handmocap test"]
    group.remove([3])
    group.add([4], 0.25, "REPLACE")


def _another_rest(armature: Any) -> None:
    """Where the bone is posed stays, since the pose takes back what the rest gets."""
    matrix = armature.pose.bones["left_foot"].matrix.copy()
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    armature.data.edit_bones["left_foot"].roll += 0.3
    bpy.ops.object.mode_set(mode="OBJECT")
    armature.pose.bones["left_foot"].matrix = matrix


def _other_modifier_settings(armature: Any) -> None:
    mesh = deformed_meshes(armature)[0]
    mesh.modifiers[0].use_deform_preserve_volume = not mesh.modifiers[0].use_deform_preserve_volume


def _constrained(armature: Any) -> None:
    target = bpy.data.objects.new("Target", None)
    bpy.context.scene.collection.objects.link(target)
    target.rotation_euler.x = 0.4
    limit = armature.pose.bones["head"].constraints.new("COPY_ROTATION")
    limit.target = target


def _nothing(_armature: Any) -> None:
    pass


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        (_nothing, [True, True, True]),
        (_bend_on_frame_7, [True, False, True]),
        (_move_a_vertex, [False] * 3),
        (_other_weights, [False] * 3),
        (_weights_of_another_vertex, [False] * 3),
        (_another_rest, [False] * 3),
        (_other_modifier_settings, [False] * 3),
        (_constrained, [False] * 3),
    ],
)
def test_only_pieces_of_which_nothing_has_changed_are_kept(
    change: Change, kept: list[bool], armature: Any, tmp_path: Path
) -> None:
    deformed_meshes(armature)[0].vertex_groups.new(name="handmocap test").add([3], 0.25, "REPLACE")
    assert _kept(armature, tmp_path) == [False] * 3
    before = {name: (tmp_path / name).read_bytes() for name in NAMES}
    change(armature)
    assert _kept(armature, tmp_path) == kept
    assert all((tmp_path / name).read_bytes() == before[name] for name, same in zip(NAMES, kept, strict=True) if same)
    assert _kept(armature, tmp_path) == [True] * 3


def test_a_longer_range_keeps_the_whole_pieces(armature: Any, tmp_path: Path) -> None:
    _kept(armature, tmp_path)
    assert _kept(armature, tmp_path, replace(OPTIONS, first_frame=1, last_frame=12)) == [True, True, False]


def test_other_options_and_other_files_are_not_kept(armature: Any, tmp_path: Path) -> None:
    _kept(armature, tmp_path)
    assert _kept(armature, tmp_path, replace(OPTIONS, unit="centimetres")) == [False] * 3
    (tmp_path / NAMES[1]).write_bytes(b"somebody else's")
    (tmp_path / f"{NAMES[2]}.report.json").write_text("[]", encoding="utf-8")
    assert _kept(armature, tmp_path, replace(OPTIONS, unit="centimetres")) == [True, False, False]


def test_what_moves_without_its_armature_is_always_baked(armature: Any, tmp_path: Path) -> None:
    mesh = deformed_meshes(armature)[0]
    wave = mesh.modifiers.new("Wave", "WAVE")
    wave.height = 0.02
    assert _kept(armature, tmp_path) == _kept(armature, tmp_path) == [False] * 3
    assert "fingerprint" not in json.loads((tmp_path / f"{NAMES[0]}.report.json").read_text(encoding="utf-8"))


def test_bendy_bones_are_always_baked(armature: Any, tmp_path: Path) -> None:
    armature.data.bones["spine1"].bbone_segments = 4
    assert _kept(armature, tmp_path) == _kept(armature, tmp_path) == [False] * 3


def test_a_camera_with_another_shift_is_not_kept(armature: Any, scene: Any, tmp_path: Path) -> None:
    camera = bpy.data.objects.new("Shot cam", bpy.data.cameras.new("Shot cam"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    options = replace(OPTIONS, parts=("camera",))
    assert _kept(armature, tmp_path, options) == [False] * 3
    assert _kept(armature, tmp_path, options) == [True] * 3
    camera.data.shift_x = 0.1
    assert _kept(armature, tmp_path, options) == [False] * 3


def test_a_bake_that_was_stopped_goes_on_with_what_is_missing(armature: Any, tmp_path: Path) -> None:
    options = replace(OPTIONS, piece_frames=1)
    # So many that they are not all finished before a busy machine lets the test see two.
    set_range(bpy.context.scene, np.arange(1.0, MANY + 1.0))
    job = _job(armature, tmp_path, options)
    assert wait_until(lambda: not job.poll() or len(list(tmp_path.glob("*.report.json"))) >= 2)
    job.job.cancel()
    with pytest.raises(CancelledError):
        job.wait()
    finished = len(list(tmp_path.glob("*.report.json")))
    assert 2 <= finished < MANY
    kept = _kept(armature, tmp_path, options)
    assert kept == [True] * finished + [False] * (MANY - finished)


def test_one_file_for_all_is_always_baked(armature: Any, tmp_path: Path) -> None:
    options = replace(OPTIONS, piece_frames=None)
    assert _kept(armature, tmp_path, options) == _kept(armature, tmp_path, options) == [False]
