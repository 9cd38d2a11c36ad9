"""The exact surface from the command line, as a farm bakes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from addon_tests.blender.direct_surface import direct_surface, set_time
from addon_tests.blender.readers import READERS
from addon_tests.blender.rigs import bone_of, mpi_like
from addon_tests.end_to_end.commands import batch, sentence_of
from addon_tests.making.smplx_lifelike import write_lifelike_model
from handmocap_addon.core.body.smplx_model_file import read_smplx_model
from handmocap_addon.core.errors import ExitCode


def test_another_add_ons_armature_is_baked_with_its_model_file(tmp_path: Path, empty_scene: Any) -> None:
    model_file = write_lifelike_model(tmp_path / "SMPLX_NEUTRAL.npz")
    armature = mpi_like(read_smplx_model(model_file))
    elbow = bone_of(armature, "left_elbow")
    elbow.rotation_mode = "QUATERNION"
    for frame, rotation in ((1, (1.0, 0.0, 0.0, 0.0)), (3, (0.8, 0.0, 0.6, 0.0))):
        elbow.rotation_quaternion = rotation
        elbow.keyframe_insert("rotation_quaternion", frame=frame)
    empty_scene.frame_end = 3
    blend, target = tmp_path / "shot.blend", tmp_path / "baked" / "body.abc"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    asked = ["bake", "--blend", blend, "--geometry", "exact", "--out", target]
    done = batch(*asked)
    assert done.returncode == ExitCode.BAD_INPUT
    assert "No SMPL-X model file is known for mpi" in sentence_of(done)
    done = batch(*asked, "--smplx-model", model_file)
    assert done.returncode == 0, done.stderr
    found = READERS[".abc"](target)
    for frame, points in zip((1, 2, 3), found.points, strict=True):
        set_time(frame)
        wanted = direct_surface(armature, model_file, np.zeros(0))
        assert np.linalg.norm(points - wanted, axis=-1).max() < 1e-5
    report = json.loads(target.with_name("body.abc.report.json").read_text(encoding="utf-8"))
    assert report["exact_surface"]["samples_with_moved_or_scaled_bones"] == 0
    assert report["options"]["geometry"] == "exact"
