"""Reads USD with the `usd-core` package, Pixar's own library. Skinned meshes are posed by UsdSkel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pxr import Usd, UsdGeom, UsdSkel, Vt

from .baked_content import Array, BakedCamera, BakedContent, BakedMesh

_READER = "usd-core"


def read_usd(path: Path) -> BakedContent:
    """The content of a file; points are read when they are asked for."""
    stage = Usd.Stage.Open(str(path))
    skinning = _skinned_points(stage)
    meshes: dict[str, BakedMesh] = {}
    cameras: dict[str, BakedCamera] = {}
    for prim in stage.Traverse():
        if prim.IsA(UsdGeom.Mesh):
            meshes[str(prim.GetPath())] = _mesh(stage, UsdGeom.Mesh(prim), skinning.get(str(prim.GetPath())))
        elif prim.IsA(UsdGeom.Camera):
            cameras[str(prim.GetPath())] = _camera(stage, UsdGeom.Camera(prim))
    return BakedContent(
        _READER,
        meshes,
        cameras,
        up_axis=str(UsdGeom.GetStageUpAxis(stage)).lower(),
        metres_per_unit=UsdGeom.GetStageMetersPerUnit(stage),
        frames_per_second=stage.GetTimeCodesPerSecond(),
    )


def _mesh(stage: Any, mesh: Any, skinned: tuple[list[float], Callable[[float], Array]] | None) -> BakedMesh:
    per_second = stage.GetTimeCodesPerSecond()
    points = mesh.GetPointsAttr()
    codes = skinned[0] if skinned else points.GetTimeSamples()

    def local_points(at: float) -> Array:
        assert stage is not None  # Its prims live as long as it does.
        code = at * per_second
        return skinned[1](code) if skinned else np.asarray(points.Get(code))

    def placement(at: float) -> Array:
        return np.array(mesh.ComputeLocalToWorldTransform(Usd.TimeCode(at * per_second))).T

    face_sizes, loops = mesh.GetFaceVertexCountsAttr().Get(), mesh.GetFaceVertexIndicesAttr().Get()
    return BakedMesh(np.array(codes) / per_second, np.array(face_sizes), np.array(loops), local_points, placement)


def _in_world(points: Array, matrix: Any) -> Array:
    rows = np.array(matrix)
    return points @ rows[:3, :3] + rows[3, :3]


def _skinned_points(stage: Any) -> dict[str, tuple[list[float], Callable[[float], Array]]]:
    """Time codes and posed points, in the mesh's own space, of every mesh that hangs on a skeleton, by its path."""
    found: dict[str, tuple[list[float], Callable[[float], Array]]] = {}
    cache = UsdSkel.Cache()
    for prim in stage.Traverse():
        if prim.IsA(UsdSkel.Root):
            root = UsdSkel.Root(prim)
            cache.Populate(root, Usd.PrimDefaultPredicate)
            for binding in cache.ComputeSkelBindings(root, Usd.PrimDefaultPredicate):
                skeleton = cache.GetSkelQuery(binding.GetSkeleton())
                for query in binding.GetSkinningTargets():
                    codes = skeleton.GetAnimQuery().GetJointTransformTimeSamples()
                    found[str(query.GetPrim().GetPath())] = codes, _posing(cache, skeleton, query)
    return found


def _posing(cache: Any, skeleton: Any, query: Any) -> Callable[[float], Array]:
    mesh, skeleton_prim = UsdGeom.Mesh(query.GetPrim()), UsdGeom.Imageable(skeleton.GetPrim())

    def points(code: float) -> Array:
        assert cache is not None  # The queries live as long as it does.
        transforms = skeleton.ComputeSkinningTransforms(code)
        posed = Vt.Vec3fArray(mesh.GetPointsAttr().Get(code))
        query.ComputeSkinnedPoints(transforms, posed, code)
        # They come in the skeleton's space.
        to_mesh = skeleton_prim.ComputeLocalToWorldTransform(code) * mesh.ComputeLocalToWorldTransform(code).GetInverse()
        return _in_world(np.array(posed), to_mesh)

    return points


def _camera(stage: Any, camera: Any) -> BakedCamera:
    per_second = stage.GetTimeCodesPerSecond()

    def pose(at: float) -> Array:
        assert stage is not None
        return np.array(camera.ComputeLocalToWorldTransform(at * per_second)).T

    def lens(at: float) -> Array:
        attributes = camera.GetFocalLengthAttr(), camera.GetHorizontalApertureAttr(), camera.GetVerticalApertureAttr()
        # Tenths of the stage's unit, in millimetres.
        to_millimetres = 100.0 * UsdGeom.GetStageMetersPerUnit(stage)
        return np.array([attribute.Get(at * per_second) for attribute in attributes]) * to_millimetres

    return BakedCamera(pose, lens)
