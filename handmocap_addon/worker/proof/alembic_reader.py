"""Reads Alembic with the `alembic3d` package, Alembic's own library."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from alembic3d import Abc, AbcGeom

from .baked_content import Array, BakedCamera, BakedContent, BakedMesh, reversed_faces

_READER = "alembic3d"
# Blender's Alembic files have y up in every space.
_TO_Y_UP = np.array(((1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0), (0.0, -1.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0)))


def read_alembic(path: Path) -> BakedContent:
    """The content of a file; positions are read when they are asked for."""
    archive = Abc.IArchive(str(path))
    meshes: dict[str, BakedMesh] = {}
    cameras: dict[str, BakedCamera] = {}
    for node in _all_nodes(archive.getTop()):
        if AbcGeom.IPolyMesh.matches(node.getHeader()):
            meshes[node.getFullName()] = _mesh(archive, node)
        elif AbcGeom.ICamera.matches(node.getHeader()):
            cameras[node.getFullName()] = _camera(archive, node)
    return BakedContent(_READER, meshes, cameras)


def _all_nodes(node: Any) -> Iterator[Any]:
    yield node
    for index in range(node.getNumChildren()):
        yield from _all_nodes(node.getChild(index))


def _mesh(archive: Any, node: Any) -> BakedMesh:
    schema = AbcGeom.IPolyMesh(node.getParent(), node.getName()).getSchema()
    positions, first = schema.getPositionsProperty(), Abc.ISampleSelector(0)
    sampling = schema.getTimeSampling()
    count = schema.getNumSamples()
    # A single sample holds for all times, whatever its own says.
    seconds = np.array([sampling.getSampleTime(sample) for sample in range(count if count > 1 else 0)])
    face_sizes = np.array(memoryview(schema.getFaceCountsProperty().getValue(first)))
    loops = np.array(memoryview(schema.getFaceIndicesProperty().getValue(first)))
    transforms = _transforms_above(node)

    def local_points(at: float) -> Array:
        found = np.asarray(memoryview(positions.getValue(Abc.ISampleSelector(at))))
        # To Blender's z up, to the bit.
        return np.stack((found[:, 0], np.negative(found[:, 2]), found[:, 1]), axis=1)

    def placement(at: float) -> Array:
        return _world_matrix(transforms, at) @ _TO_Y_UP

    # Alembic winds faces the other way round.
    faces = reversed_faces(face_sizes, loops)
    return BakedMesh(seconds, face_sizes, faces, _keeping(archive, local_points), _keeping(archive, placement))


def _camera(archive: Any, node: Any) -> BakedCamera:
    schema = AbcGeom.ICamera(node.getParent(), node.getName()).getSchema()
    transforms = _transforms_above(node)

    def lens(at: float) -> Array:
        sample = schema.getValue(Abc.ISampleSelector(at))
        # Focal length is in millimetres there, the film in centimetres.
        film = sample.getHorizontalAperture() * 10.0, sample.getVerticalAperture() * 10.0
        return np.array((sample.getFocalLength(), *film))

    return BakedCamera(_keeping(archive, lambda at: _world_matrix(transforms, at)), lens)


def _keeping(archive: Any, function: Any) -> Any:
    """The function, which keeps the archive open for as long as it lives."""
    function.archive = archive
    return function


def _transforms_above(node: Any) -> list[Any]:
    found = []
    node = node.getParent()
    while node.getParent().valid():
        found.append(AbcGeom.IXform(node.getParent(), node.getName()).getSchema())
        node = node.getParent()
    return found


def _world_matrix(transforms: list[Any], at: float) -> Array:
    """(4, 4), for column vectors."""
    matrix = np.eye(4)
    for schema in transforms:
        matrix = matrix @ np.array(schema.getValue(Abc.ISampleSelector(at)).getMatrix()).reshape(4, 4)
    return matrix.T
