"""Which pieces of a long bake are finished already: those whose report says that nothing they were made from has changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ....core.bake.options import BakeOptions, Part
from ....core.files.file_hashes import sha256_of
from ....core.files.json_files import JsonError, read_json
from ....core.files.npz_files import read_npz
from ...scene_time import frame_rate_fraction
from .scene import BakeScene

Array = NDArray[Any]

REPORT_SUFFIX = ".report.json"
# Modifiers that change nothing but by their own settings, the armature's pose and the mesh.
_KNOWN_MODIFIERS = ("ARMATURE", "MASK")
_LENS = ("lens", "ortho_scale", "sensor_width", "sensor_height", "shift_x", "shift_y", "clip_start", "clip_end")
# On one frame, in frames.
_NEAR = 1e-3


def report_path(baked: Path) -> Path:
    """The report beside a baked file."""
    return baked.with_name(baked.name + REPORT_SUFFIX)


def finished_piece(path: Path, fingerprint: str, versions: dict[str, str]) -> dict[str, Any] | None:
    """The report of a baked file that holds this already; None where it does not, or is not the file that was proved.

    Args:
        path: the baked file.
        fingerprint: as `scene_fingerprint` gives it now.
        versions: of the programs that would write it now.
    """
    try:
        report = dict(read_json(report_path(path)))
        same = (
            report["fingerprint"] == fingerprint and report["versions"] == versions and report["sha256"] == sha256_of(path)
        )
    except (JsonError, OSError, ValueError, KeyError, TypeError):
        return None
    return report | {"kept": True} if same else None


@dataclass(frozen=True, eq=False)
class ExactPose:
    """What the exact surface was computed from: the pose of `times` (N,), and the model."""

    file: Path
    times: Array
    model_sha256: str

    def rows(self, frames: tuple[float, ...]) -> list[Array]:
        """The values at some frames, and those that hold for all."""
        near = np.abs(np.subtract.outer(np.array(frames), self.times)) < _NEAR
        chosen = np.flatnonzero(near.any(axis=0))
        content = read_npz(self.file)
        values = [content[name] for name in sorted(content)]
        return [value[chosen] if len(value) == len(self.times) else value for value in values]


def scene_fingerprint(
    prepared: BakeScene, parts: tuple[Part, ...], frames: tuple[float, ...], options: BakeOptions, exact: ExactPose | None
) -> str | None:
    """A hash of all that makes these parts what they are on these frames; None where that cannot be told without baking.

    The armature's pose and every object's place are looked at on each frame, with all that moves them; meshes only as they
    rest. So a mesh that something else deforms, or that is animated itself, has none.
    """
    meshes, camera = prepared.of(parts)
    armature = prepared.armature
    if exact is None and not (_bends_plainly(armature) and all(_is_known(mesh, armature) for mesh in meshes)):
        return None
    digest = hashlib.sha256(repr((_lasting(options), frame_rate_fraction(prepared.scene), frames)).encode())
    for mesh in meshes:
        digest.update(repr(_names(mesh)).encode())
        for values in _resting(mesh, options):
            digest.update(np.ascontiguousarray(values).tobytes())
        digest.update(repr([_settings(modifier) for modifier in mesh.modifiers if exact is None]).encode())
    if exact is None:
        rests = [(bone.name, bone.use_deform, *np.array(bone.matrix_local).flat) for bone in armature.data.bones]
        digest.update(repr(rests).encode())
    else:
        digest.update(exact.model_sha256.encode())
        for values in exact.rows(frames):
            digest.update(np.ascontiguousarray(values).tobytes())
    shown = [(modifier, modifier.show_viewport) for mesh in meshes for modifier in mesh.modifiers]
    for modifier, _ in shown:
        modifier.show_viewport = False  # their work is not needed here, and is nearly all of it
    try:
        for frame in frames:
            prepared.scene.frame_set(int(np.floor(frame)), subframe=frame - float(np.floor(frame)))
            digest.update(_posed(armature if exact is None else None, meshes, camera).tobytes())
    finally:
        for modifier, is_shown in shown:
            modifier.show_viewport = is_shown
    return digest.hexdigest()


def _lasting(options: BakeOptions) -> BakeOptions:
    """Without how the range is cut: a longer range has the same pieces."""
    return replace(options, first_frame=None, last_frame=None, handles=0, piece_frames=None)


def _is_known(mesh: Any, armature: Any) -> bool:
    keys = mesh.data.shape_keys
    is_still = not any(map(_is_animated, (mesh, mesh.data, *([keys] if keys is not None else []))))
    return is_still and all(
        modifier.type in _KNOWN_MODIFIERS
        and getattr(modifier, "object", armature) in (armature, None)
        and not getattr(modifier, "use_bone_envelopes", False)
        for modifier in mesh.modifiers
    )


def _bends_plainly(armature: Any) -> bool:
    """Whether a bone's matrix is all that a mesh follows: bendy bones have a shape besides."""
    return all(bone.bbone_segments == 1 for bone in armature.data.bones)


def _names(mesh: Any) -> list[Any]:
    """What the arrays of `_resting` belong to."""
    keys = mesh.data.shape_keys
    blocks = [(block.name, block.relative_key.name, block.vertex_group) for block in keys.key_blocks] if keys else []
    groups = [group.name for group in mesh.vertex_groups]
    return [mesh.name, mesh.data.name, groups, [layer.name for layer in mesh.data.uv_layers], blocks]


def _is_animated(thing: Any) -> bool:
    data = thing.animation_data
    return data is not None and (data.action is not None or len(data.drivers) > 0 or len(data.nla_tracks) > 0)


def _resting(mesh: Any, options: BakeOptions) -> list[Array]:
    """Points, faces, weights, shape keys and what else the file is to hold, each flat."""
    data = mesh.data
    found = [
        _values(data.vertices, "co", 3, np.float32),
        _values(data.loops, "vertex_index", 1, np.int32),
        _values(data.polygons, "loop_total", 1, np.int32),
        np.array([(vertex.index, entry.group, entry.weight) for vertex in data.vertices for entry in vertex.groups]),
    ]
    if options.normals:
        found.append(_values(data.corner_normals, "vector", 3, np.float32))
    if options.uvs:
        found += [_values(layer.data, "uv", 2, np.float32) for layer in data.uv_layers]
    if data.shape_keys is not None:
        for block in data.shape_keys.key_blocks:
            found += [_values(block.data, "co", 3, np.float32), np.array((block.value, block.mute), np.float64)]
    return found


def _values(collection: Any, name: str, width: int, kind: Any) -> Array:
    values = np.empty(len(collection) * width, kind)
    collection.foreach_get(name, values)
    return values


def _settings(thing: Any) -> list[tuple[str, str]]:
    """A modifier's plain settings."""
    plain = ("BOOLEAN", "INT", "FLOAT", "STRING", "ENUM")
    names = [one.identifier for one in thing.bl_rna.properties if one.type in plain and not one.is_readonly]
    return [(name, repr(getattr(thing, name))) for name in names if name not in ("show_viewport", "show_expanded")]


def _posed(armature: Any | None, meshes: list[Any], camera: Any | None) -> Array:
    """Every matrix of one frame, flat."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    found = [mesh.evaluated_get(depsgraph).matrix_world for mesh in meshes]
    if armature is not None:
        evaluated = armature.evaluated_get(depsgraph)
        found += [evaluated.matrix_world, *(bone.matrix for bone in evaluated.pose.bones)]
    lens: list[float] = []
    if camera is not None:
        seen = camera.evaluated_get(depsgraph)
        found.append(seen.matrix_world)
        lens = [float(getattr(seen.data, name)) for name in _LENS]
        lens += [seen.data.dof.focus_distance, seen.data.dof.aperture_fstop]
    return np.concatenate((np.array(found, np.float64).reshape(-1), lens))
