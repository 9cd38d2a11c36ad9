"""Reads baked files with the makers' own libraries instead of Blender, into Blender's world: metres, z up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from alembic3d import Abc, AbcGeom
from numpy.typing import NDArray
from pxr import Usd, UsdGeom

Array = NDArray[Any]


@dataclass(frozen=True)
class BakedMesh:
    """The only mesh of a file: its samples' times in seconds (N,), and positions (N, V, 3)."""

    times: Array
    points: Array


def read_alembic(path: Path) -> BakedMesh:
    archive = Abc.IArchive(str(path))
    (mesh,) = _alembic_meshes(archive.getTop())
    schema = AbcGeom.IPolyMesh(mesh.getParent(), mesh.getName()).getSchema()
    count = schema.getNumSamples()
    times = np.array([schema.getTimeSampling().getSampleTime(sample) for sample in range(count)])
    points = []
    for seconds in times.tolist():
        local = np.array(schema.getValue(Abc.ISampleSelector(seconds)).getPositions(), dtype=np.float64)
        matrix = _alembic_matrix(mesh.getParent(), seconds)
        world = local @ matrix[:3, :3] + matrix[3, :3]
        # The file is y up.
        points.append(world[:, (0, 2, 1)] * (1.0, -1.0, 1.0))
    return BakedMesh(times, np.array(points))


def _alembic_meshes(node: Any) -> list[Any]:
    if AbcGeom.IPolyMesh.matches(node.getHeader()):
        return [node]
    return [mesh for index in range(node.getNumChildren()) for mesh in _alembic_meshes(node.getChild(index))]


def _alembic_matrix(node: Any, seconds: float) -> Array:
    """Row vectors times this are in the world."""
    matrix = np.eye(4)
    while node.getParent().valid():
        schema = AbcGeom.IXform(node.getParent(), node.getName()).getSchema()
        matrix = matrix @ np.array(schema.getValue(Abc.ISampleSelector(seconds)).getMatrix()).reshape(4, 4)
        node = node.getParent()
    return matrix


def open_usd(path: Path) -> Any:
    stage = Usd.Stage.Open(str(path))
    assert stage is not None
    return stage


def read_usd(path: Path) -> BakedMesh:
    stage = open_usd(path)
    assert UsdGeom.GetStageUpAxis(stage) == "Z"
    (mesh,) = [UsdGeom.Mesh(prim) for prim in stage.Traverse() if prim.IsA(UsdGeom.Mesh)]
    codes = mesh.GetPointsAttr().GetTimeSamples()
    points = []
    for code in codes:
        matrix = np.array(mesh.ComputeLocalToWorldTransform(code))
        local = np.array(mesh.GetPointsAttr().Get(code), dtype=np.float64)
        points.append((local @ matrix[:3, :3] + matrix[3, :3]) * UsdGeom.GetStageMetersPerUnit(stage))
    return BakedMesh(np.array(codes) / stage.GetTimeCodesPerSecond(), np.array(points))


READERS = {".abc": read_alembic, ".usdc": read_usd, ".usda": read_usd}
