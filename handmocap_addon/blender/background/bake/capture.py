"""Keeps what the exporter's own scene has at each sample while a file is written, for the file's proof."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ....core.bake.expectation import DIGEST_BYTES, CameraExpectation, MeshExpectation, points_digest
from ....core.errors import BadInputError

Array = NDArray[Any]

# Times come back from float32 sub-frames.
_NEAR = 1e-3


class Capture:
    """To be called after each change of frame with the scene and the exporter's depsgraph; `frames` are the samples' (S,).

    Of the points a digest is kept, and with a `folder` they go to raw files there: those cost more than the export itself.
    Nothing here grows with the range but a digest and a matrix a sample.
    """

    def __init__(
        self, meshes: list[Any], camera: Any | None, frames: tuple[float, ...], folder: Path | None,
        on_sample: Callable[[int], None],
    ) -> None:  # fmt: skip
        self._frames = np.array(frames)
        self._meshes = [_MeshCapture(mesh, len(frames), folder) for mesh in meshes]
        self._camera = camera
        self._poses = np.zeros((len(frames), 4, 4))
        self._lenses = np.zeros((len(frames), 3))
        self._on_sample = on_sample
        self._seen: set[int] = set()
        self.error: BaseException | None = None

    def __call__(self, scene: Any, depsgraph: Any, *_: Any) -> None:
        """A frame's handler. Exporters swallow what it raises; see `check`."""
        if self.error is not None or len(self._seen) == len(self._frames):
            return
        try:
            self._take(scene, depsgraph)
        except BaseException as error:
            self.error = error

    def _take(self, scene: Any, depsgraph: Any) -> None:
        frame = (scene.frame_current + scene.frame_subframe) * scene.render.frame_map_old / scene.render.frame_map_new
        sample = int(np.argmin(np.abs(self._frames - frame)))
        if abs(self._frames[sample] - frame) > _NEAR or sample in self._seen:
            return
        for mesh in self._meshes:
            mesh.take(sample, depsgraph, frame)
        if self._camera is not None:
            evaluated = self._camera.evaluated_get(depsgraph)
            self._poses[sample] = np.array(evaluated.matrix_world)
            data = evaluated.data
            self._lenses[sample] = data.lens, data.sensor_width, data.sensor_height
        self._seen.add(sample)
        self._on_sample(len(self._seen))

    def finish(self) -> None:
        """End it when the exporter is done.

        Raises:
            BadInputError: a mesh changes its vertex count, or the exporter left samples out.
        """
        for mesh in self._meshes:
            mesh.close()
        if self.error is not None:
            raise self.error
        if len(self._seen) != len(self._frames):
            raise BadInputError(
                f"The exporter went through {len(self._seen)} of {len(self._frames)} samples", "report this with the log"
            )

    def meshes(self, path_of: Callable[[Any], str], to_scene: Array) -> tuple[MeshExpectation, ...]:
        """`to_scene` (4, 4) takes the world as it was to the one that is meant."""
        return tuple(mesh.expectation(path_of, to_scene) for mesh in self._meshes)

    def cameras(self, path_of: Callable[[Any], str], to_scene: Array) -> tuple[CameraExpectation, ...]:
        """As `meshes`."""
        if self._camera is None:
            return ()
        return (CameraExpectation(path_of(self._camera), to_scene @ self._poses, self._lenses),)


class _MeshCapture:
    def __init__(self, mesh: Any, sample_count: int, folder: Path | None) -> None:
        self._mesh = mesh
        self._path = folder / f"{mesh.name}.points" if folder is not None else None
        self._file: BinaryIO | None = self._path.open("wb") if self._path is not None else None
        self._matrices = np.zeros((sample_count, 4, 4))
        self._digests = np.zeros((sample_count, DIGEST_BYTES), np.uint8)
        self._vertex_count = -1
        self._face_sizes = self._loops = np.zeros(0, np.int32)

    def take(self, sample: int, depsgraph: Any, frame: float) -> None:
        evaluated = self._mesh.evaluated_get(depsgraph)
        data = evaluated.data
        if self._vertex_count < 0:
            self._vertex_count = len(data.vertices)
            self._face_sizes = np.empty(len(data.polygons), np.int32)
            self._loops = np.empty(len(data.loops), np.int32)
            data.polygons.foreach_get("loop_total", self._face_sizes)
            data.loops.foreach_get("vertex_index", self._loops)
        if len(data.vertices) != self._vertex_count:
            raise BadInputError(
                f"{self._mesh.name} has {len(data.vertices)} vertices on frame {frame:g} and {self._vertex_count} before",
                "switch off the modifier that changes their count",
            )
        points = np.empty(self._vertex_count * 3, np.float32)
        # The attribute is copied in one piece, the vertices' `co` one by one.
        data.attributes["position"].data.foreach_get("vector", points)
        if not np.isfinite(points).all():
            raise BadInputError(
                f"{self._mesh.name} has positions that are not finite on frame {frame:g}",
                "look at its vertices and modifiers",
            )
        self._digests[sample] = points_digest(points)
        if self._file is not None:
            self._file.seek(sample * points.nbytes)
            self._file.write(points.data)
        self._matrices[sample] = np.array(evaluated.matrix_world)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def expectation(self, path_of: Callable[[Any], str], to_scene: Array) -> MeshExpectation:
        return MeshExpectation(
            path=path_of(self._mesh),
            vertex_count=self._vertex_count,
            face_sizes=self._face_sizes,
            loops=self._loops,
            matrices=to_scene @ self._matrices,
            digests=self._digests,
            points_file=self._path,
        )
