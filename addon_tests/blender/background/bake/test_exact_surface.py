"""The exact surface on the mesh in the scene, on made-up model files of the true shapes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon_tests.blender.direct_surface import direct_surface, set_time
from addon_tests.blender.motions import MadeUpShot
from addon_tests.blender.rigs import bone_of, meshcapade_like, mpi_like, ours, rolled, world_surface
from addon_tests.making.smplx_lifelike import write_lifelike_model
from addon_tests.making.smplx_models import VERTEX_COUNT
from handmocap_addon.blender.background.bake import exact_surface
from handmocap_addon.blender.background.bake.exact_surface import LeftOut, show_exact_surface
from handmocap_addon.blender.background.bake.read_back import world_vertices
from handmocap_addon.blender.motion.motion_keys import write_body_keys, write_hand_keys
from handmocap_addon.blender.motion.shot import Shot
from handmocap_addon.blender.rig.armatures import deformed_meshes
from handmocap_addon.blender.rig.smplx_shape import SmplxShape, shape_of
from handmocap_addon.core.body.smplx_model_file import read_smplx_model
from handmocap_addon.core.errors import ArmatureError, BadInputError, BodyModelError
from handmocap_addon.core.job_protocol import Progress

BETAS = np.array((1.5, -2.0, 0.8, 0.0, 0.5, 0.0, 0.0, -1.0, 0.0, 0.4))
FRAMES = np.arange(1.0, 4.0)
TIMES = np.array((1.0, 1.5, 2.0, 2.5, 3.0))
LIMIT = 1e-5


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lifelike_model(tmp_path_factory.mktemp("model") / "SMPLX_NEUTRAL.npz")


@pytest.fixture
def moving(model_file: Path) -> Callable[..., Any]:
    def make(maker: Callable[[Any], Any] = ours) -> Any:
        armature = maker(read_smplx_model(model_file, BETAS))
        shot = MadeUpShot(len(FRAMES))
        write_body_keys(Shot.of(armature), shot.motion(), FRAMES, "shot")
        write_hand_keys(Shot.of(armature), shot.hands(), shot.tracks(), FRAMES, "shot")
        return armature

    return make


@pytest.fixture
def show(model_file: Path, worker_python: Path, tmp_path: Path) -> Callable[..., LeftOut]:
    def run(armature: Any, times: Any = TIMES, progress: Any = lambda _: None) -> LeftOut:
        return show_exact_surface(armature, times, SmplxShape(model_file, BETAS, None), worker_python, tmp_path, progress)

    return run


def farthest(first: Any, second: Any) -> float:
    return float(np.linalg.norm(np.asarray(first) - second, axis=-1).max())


@pytest.mark.parametrize("maker", [ours, mpi_like, meshcapade_like, rolled], ids=lambda maker: maker.__name__)
def test_at_whole_and_half_frames_it_is_where_the_bones_say(
    maker: Any, moving: Any, show: Any, model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exact_surface, "_READ_AT_ONCE", 2)
    armature = moving(maker)
    # An animator's edits: a bone turned by hand, the figure moved, turned and grown.
    bone_of(armature, "left_elbow").keyframe_insert("rotation_quaternion", frame=2)
    armature.location = (0.4, -1.0, 0.2)
    armature.keyframe_insert("location", frame=1)
    armature.location = (0.9, -1.3, 0.2)
    armature.keyframe_insert("location", frame=3)
    armature.rotation_euler[2] = 0.7
    armature.scale = armature.scale * 1.25
    bpy.context.view_layer.update()
    skinned, wanted = [], []
    for moment in TIMES:
        set_time(moment)
        skinned.append(world_surface(armature))
        wanted.append(direct_surface(armature, model_file, BETAS))
    (mesh,) = deformed_meshes(armature)
    assert show(armature).sentence() == ""
    assert [modifier.type for modifier in mesh.modifiers] == ["MESH_CACHE"]
    for moment, points, plain in zip(TIMES, wanted, skinned, strict=True):
        set_time(moment)
        found = world_vertices(mesh)
        assert found.shape == (VERTEX_COUNT, 3)
        assert farthest(found, points) < LIMIT
        assert farthest(found, plain) > 5e-3


def test_between_samples_it_goes_straight(moving: Any, show: Any) -> None:
    armature = moving()
    (mesh,) = deformed_meshes(armature)
    show(armature, FRAMES)
    found = []
    for moment in (2.0, 2.25, 3.0):
        set_time(moment)
        found.append(world_vertices(mesh))
    assert farthest(found[1], 0.75 * found[0] + 0.25 * found[2]) < LIMIT


def test_progress_tells_reading_and_computing(moving: Any, show: Any) -> None:
    seen: list[Progress] = []
    show(moving(), TIMES, seen.append)
    assert [progress.stage for progress in seen if progress.done == progress.total] == [
        "Reading the pose",
        "Computing the exact surface",
    ]


def test_moved_and_scaled_bones_are_told(moving: Any, show: Any) -> None:
    armature = moving()
    elbow = bone_of(armature, "left_elbow")
    for frame, location in ((1, 0.0), (2, 0.03), (3, 0.0)):
        elbow.location = (0.0, location, 0.0)
        elbow.keyframe_insert("location", frame=frame)
    left_out = show(armature, FRAMES)
    assert left_out.samples == 1
    assert left_out.largest_offset == pytest.approx(0.03, abs=1e-4)
    assert "1 samples have moved or scaled bones (by up to 30.0 mm" in left_out.sentence()


def test_another_shape_is_refused(moving: Any, model_file: Path, worker_python: Path, tmp_path: Path) -> None:
    shape = SmplxShape(model_file, np.zeros(10), None)
    with pytest.raises(ArmatureError, match=r"rests in another shape than SMPLX_NEUTRAL\.npz .* mm away"):
        show_exact_surface(moving(), TIMES, shape, worker_python, tmp_path, lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_a_failing_worker_is_one_sentence(moving: Any, model_file: Path, worker_python: Path, tmp_path: Path) -> None:
    shape = SmplxShape(tmp_path / "SMPLX_NEUTRAL.npz", BETAS, None)
    with np.load(model_file, allow_pickle=True) as model:
        np.savez(shape.model_file, **{key: model[key] for key in model.files if key != "posedirs"})
    with pytest.raises(Exception, match="has no posedirs") as caught:
        show_exact_surface(moving(), TIMES, shape, worker_python, tmp_path, lambda _: None)
    assert caught.value.code == BodyModelError.code


def test_expressions_of_shape_keys_go_along(moving: Any, show: Any, model_file: Path) -> None:
    armature = moving()
    (mesh,) = deformed_meshes(armature)
    mesh.shape_key_add(name="Basis")
    for number in range(3):
        key = mesh.shape_key_add(name=f"Exp{number:03}")
        key.slider_min, key.slider_max = -10.0, 10.0
        for frame, value in ((1, 0.0), (3, 2.0 - 1.5 * number)):
            key.value = value
            key.keyframe_insert("value", frame=frame)
    show(armature)
    assert mesh.data.shape_keys is None
    set_time(3.0)
    still = direct_surface(armature, model_file, BETAS)
    wanted = direct_surface(armature, model_file, BETAS, np.array((2.0, 0.5, -1.0)))
    assert farthest(world_vertices(mesh), wanted) < LIMIT
    assert farthest(wanted, still) > 1e-3


def test_texture_coordinates_come_from_the_model_where_there_are_none(moving: Any, show: Any, model_file: Path) -> None:
    armature = moving()
    (mesh,) = deformed_meshes(armature)
    assert not mesh.data.uv_layers
    show(armature, FRAMES[:2])
    with np.load(model_file) as model:
        wanted = model["vt"][model["ft"]].reshape(-1, 2)
    found = np.empty(wanted.size, dtype=np.float32)
    mesh.data.uv_layers[0].data.foreach_get("uv", found)
    np.testing.assert_allclose(found.reshape(-1, 2), wanted, atol=1e-6)


def test_a_mesh_with_other_faces_gets_the_models(moving: Any, show: Any, model_file: Path) -> None:
    armature = moving()
    (mesh,) = deformed_meshes(armature)
    mesh.data = bpy.data.meshes.new("other faces")
    mesh.data.from_pydata([(0.0, 0.0, 0.0)] * VERTEX_COUNT, [], [(0, 5, 9)])
    show(armature, FRAMES[:2])
    assert len(mesh.data.polygons) == 20_908
    set_time(2.0)
    assert farthest(world_vertices(mesh), direct_surface(armature, model_file, BETAS)) < LIMIT


def test_add_body_remembers_the_shape(model_file: Path) -> None:
    armature = ours(read_smplx_model(model_file, BETAS))
    shape = shape_of(armature)
    assert shape.model_file == model_file
    assert len(shape.sha256 or "") == 64
    np.testing.assert_allclose(shape.betas, BETAS)
    assert armature["handmocap_gender"] == "neutral"


def test_another_add_ons_mesh_says_gender_and_betas(model_file: Path, tmp_path: Path) -> None:
    armature = mpi_like(read_smplx_model(model_file))
    (mesh,) = deformed_meshes(armature)
    with pytest.raises(BadInputError, match="No SMPL-X model file is known for mpi"):
        shape_of(armature)
    chosen, female = tmp_path / "SMPLX_NEUTRAL.npz", tmp_path / "SMPLX_FEMALE.npz"
    for file in (chosen, female):
        file.write_bytes(b"")
    assert shape_of(armature, chosen).model_file == chosen
    mesh["gender"] = "female"
    mesh.shape_key_add(name="Basis")
    for number in (1, 0):
        key = mesh.shape_key_add(name=f"Shape{number:03}")
        key.slider_min, key.value = -5.0, -1.5 * number
    shape = shape_of(armature, chosen)
    assert shape.model_file == female
    np.testing.assert_allclose(shape.betas, (0.0, -1.5))


def test_the_stand_in_has_no_exact_surface(stand_in: Any) -> None:
    with pytest.raises(BadInputError, match="No SMPL-X model file"):
        shape_of(ours(stand_in))
    with pytest.raises(BadInputError, match="deforms no mesh with SMPL-X's 10475 vertices"):
        shape_of(ours(stand_in), Path("SMPLX_NEUTRAL.npz"))
