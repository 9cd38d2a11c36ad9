"""Reads an .fbx with `ufbx`, which shares nothing with Blender: where each node is in the world at given times.

Usage: `python fbx_reader.py FILE.fbx OUT.npz SECONDS…`; `read_fbx` runs that, since a crash in a library is then a failed test.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class FbxFile:
    """`worlds` are each node's matrices (N, 4, 4) by name in metres and the file's own axes."""

    worlds: dict[str, Array]
    bones: tuple[str, ...]
    vertex_count: int
    skinned_bones: tuple[str, ...]
    up_axis: str
    first_second: float
    last_second: float
    frames_per_second: float


def read_fbx(path: Path, times: Iterable[float]) -> FbxFile:
    """Read a file with one animation at times in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "read.npz"
        command = [sys.executable, __file__, str(path), str(out), *(repr(float(time)) for time in times)]
        subprocess.run(command, check=True, timeout=1200)
        with np.load(out) as archive:
            content = {key: archive[key] for key in archive.files}
    names = [str(name) for name in content["names"]]
    return FbxFile(
        worlds=dict(zip(names, content["worlds"], strict=True)),
        bones=tuple(content["bones"].tolist()),
        vertex_count=int(content["vertex_count"]),
        skinned_bones=tuple(content["skinned_bones"].tolist()),
        up_axis=str(content["up_axis"]),
        first_second=float(content["seconds"][0]),
        last_second=float(content["seconds"][1]),
        frames_per_second=float(content["frames_per_second"]),
    )


def _read_and_save(path: str, out: str, times: list[float]) -> None:
    import ufbx

    scene = ufbx.load_file(path)
    # Held to the end: ufbx 0.0.5 frees what it gave while it is still being read, and crashes.
    held: list[Any] = [scene.anim, scene.anim_stacks, scene.nodes, scene.settings, scene.meshes, scene.skin_clusters]
    animation, stacks, nodes, settings, meshes, clusters = held
    (stack,) = (stacks[number] for number in range(len(stacks)))
    worlds: dict[str, list[Array]] = {}
    for time in times:
        posed = ufbx.evaluate_scene(scene, animation, time)
        held += (posed, posed.nodes)
        posed_nodes = held[-1]
        for number in range(len(posed_nodes)):
            held += (posed_nodes[number],)
            held += (held[-1].node_to_world,)
            worlds.setdefault(held[-2].name, []).append(_matrix(held[-1]))
    stacked = np.array(list(worlds.values()))
    stacked[..., :3, 3] *= settings.unit_meters
    np.savez(
        out,
        names=list(worlds),
        worlds=stacked,
        bones=[node.name for node in _all(nodes, held) if node.attrib_type == ufbx.ElementType.BONE],
        vertex_count=sum(mesh.num_vertices for mesh in _all(meshes, held)),
        skinned_bones=[cluster.name for cluster in _all(clusters, held)],
        up_axis=ufbx.CoordinateAxis(settings.axes.up).name,
        seconds=(stack.time_begin, stack.time_end),
        frames_per_second=settings.frames_per_second,
    )


def _all(listed: Any, held: list[Any]) -> list[Any]:
    found = [listed[number] for number in range(len(listed))]
    held += found
    return found


def _matrix(affine: Any) -> Array:
    matrix = np.eye(4)
    for column, axis in enumerate((affine.c0, affine.c1, affine.c2, affine.c3)):
        matrix[:3, column] = (axis.x, axis.y, axis.z)
    return matrix


if __name__ == "__main__":
    _read_and_save(sys.argv[1], sys.argv[2], [float(text) for text in sys.argv[3:]])
