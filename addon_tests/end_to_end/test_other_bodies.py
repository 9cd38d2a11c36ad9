"""Bodies of other programs through the same door as GVHMR's: the demo's own motion in each of their forms moves the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.end_to_end.commands import batch, sentence_of
from addon_tests.making.body_results import (
    MadeUpCamera,
    amass_content,
    gem_content,
    prompt_hmr_content,
    prompt_hmr_person,
    smpl_codec_content,
    write_joblib,
    write_npz,
)
from addon_tests.making.gvhmr_results import MadeUpMotion, write_torch_archive
from handmocap_addon.blender.clip.body_source import body_source
from handmocap_addon.core.body.gvhmr_file import read_gvhmr_result
from handmocap_addon.core.body.motion import camera_path
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.files.array_files import read_array_file
from handmocap_addon.core.skeleton import BODY_JOINTS

FRAMES, SIZE = 96, (640, 480)
LOOKED_AT = (1, 30, 60, 96)


@pytest.fixture(scope="module")
def moved(demo: Path) -> MadeUpMotion:
    """What the demo's GVHMR result holds."""
    content = read_array_file(demo / "hmr4d_results.pt").value
    world, camera = content["smpl_params_global"], content["smpl_params_incam"]
    return MadeUpMotion(
        world["body_pose"], world["betas"], world["global_orient"], world["transl"], camera["global_orient"],
        camera["transl"], content["K_fullimg"],
    )  # fmt: skip


def _gem(path: Path, moved: MadeUpMotion, _demo: Path) -> None:
    write_torch_archive(path, gem_content(moved))


def _prompt(path: Path, moved: MadeUpMotion, demo: Path) -> None:
    motion = read_gvhmr_result(demo / "hmr4d_results.pt")
    seen = camera_path(motion, load_stand_in_body(motion.betas).rest_joints[0])
    rotmat = np.swapaxes(seen.rotmat, 1, 2)
    camera = MadeUpCamera(rotmat, -np.einsum("nab,nb->na", rotmat, seen.position))
    people = {1: prompt_hmr_person(moved, np.arange(FRAMES))}
    write_joblib(path, prompt_hmr_content(people, camera, SIZE, float(moved.intrinsics[0, 0, 0])))


def _smpl(path: Path, moved: MadeUpMotion, _demo: Path) -> None:
    write_npz(path, smpl_codec_content(moved, 30.0))


def _amass(path: Path, moved: MadeUpMotion, _demo: Path) -> None:
    write_npz(path, amass_content(moved, load_stand_in_body(moved.betas[0]).rest_joints[0], 24000 / 1001))


# Writer, what the report calls it, and whether a camera saw it.
KINDS: dict[str, tuple[Callable[[Path, MadeUpMotion, Path], None], str, bool]] = {
    "smpl_params.pt": (_gem, "gem-smpl", True),
    "results.pkl": (_prompt, "prompt-hmr", True),
    "subject-1.smpl": (_smpl, "smpl", False),
    "walk_stageii.npz": (_amass, "amass", False),
}


def _posed(blend: Path, with_camera: bool) -> np.ndarray:
    """Heads (frames, 22, 3) of the body's bones in the world, or (frames, 26, 3) with place and axes of the scene's camera."""
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    (armature,) = [thing for thing in bpy.data.objects if thing.type == "ARMATURE"]
    heads = []
    for frame in LOOKED_AT:
        bpy.context.scene.frame_set(frame)
        points = [armature.matrix_world @ armature.pose.bones[name].head for name in BODY_JOINTS]
        heads.append(
            [*points, *(row.to_3d() for row in bpy.context.scene.camera.matrix_world.col)] if with_camera else points
        )
    return np.array(heads)


@pytest.mark.parametrize("name", KINDS)
def test_a_run_takes_it_as_the_body(
    name: str, tmp_path: Path, demo: Path, demo_run: Path, moved: MadeUpMotion, empty_scene: Any
) -> None:
    write, key, is_seen = KINDS[name]
    body, out = tmp_path / name, tmp_path / "out"
    write(body, moved, demo)
    done = batch("run", "--clip", demo / "clip.mp4", "--gvhmr", body, "--bake", "", "--no-preview", "--out", out)
    assert done.returncode == 0, done.stderr
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["body_from"] == {"estimator": key, "source": str(body)}
    assert not any("GVHMR" in licence for licence in report["licences"])
    assert any("has no camera" in warning for warning in report["warnings"]) != is_seen
    expected = _posed(demo_run / "scene.blend", is_seen)
    np.testing.assert_allclose(_posed(out / "scene.blend", is_seen), expected, atol=2e-4)
    assert (bpy.context.scene.camera is not None) == is_seen
    (armature,) = [thing for thing in bpy.data.objects if thing.type == "ARMATURE"]
    assert body_source(armature) == key


def test_wrists_of_hands_ask_for_a_camera(tmp_path: Path, demo: Path, demo_run: Path, moved: MadeUpMotion) -> None:
    body, saved = tmp_path / "a.npz", tmp_path / "a.blend"
    _amass(body, moved, demo)
    hands = demo_run / "hand_poses.npz"
    done = batch("apply", "--hands", hands, "--gvhmr", body, "--wrist", "hand", "--save", saved)
    assert done.returncode == 2 and "The AMASS motion has no camera" in sentence_of(done)
    assert not saved.exists()
    # The forearm's share of the wrist's twist asks for none.
    done = batch("apply", "--hands", hands, "--gvhmr", body, "--forearm-twist", "0.5", "--save", saved)
    assert done.returncode == 0, done.stderr


def test_a_body_of_another_length_is_refused_before_anything_is_written(
    tmp_path: Path, demo: Path, moved: MadeUpMotion
) -> None:
    content = amass_content(moved, load_stand_in_body(moved.betas[0]).rest_joints[0], 120.0)
    content |= {key: value[:50] for key, value in content.items() if value.shape[:1] == (FRAMES,)}
    write_npz(tmp_path / "a.npz", content)
    done = batch("run", "--clip", demo / "clip.mp4", "--gvhmr", tmp_path / "a.npz", "--out", tmp_path / "out")
    assert done.returncode == 3
    told = "The AMASS result has 50 frames at 120 fps and clip.mp4 has 96 at 23.976 fps, and nothing tells which is which"
    assert told in sentence_of(done)
