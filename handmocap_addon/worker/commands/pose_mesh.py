"""SMPL-X parameters in, a point cache of the exact surface out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...core.body.point_cache import PointCacheWriter, point_cache_bytes
from ...core.body.smplx_model_file import VERTEX_COUNT
from ...core.body.smplx_poses import read_smplx_poses
from ...core.body.smplx_surface import posed_surface, read_smplx_surface
from ...core.files.atomic_files import check_free_space, ensure_output_folder, replacing
from ..events import Cancellation, EventWriter

_STAGE = "Computing the exact surface"


@dataclass(frozen=True)
class Request:
    """`betas` instead of those in the file of poses, where they are given."""

    model: Path
    poses: Path
    target: Path
    betas: tuple[float, ...] | None = None


def pose_mesh(request: Request, events: EventWriter, cancellation: Cancellation) -> int:
    """Write the cache, block by block, and return the number of its samples.

    Raises:
        BodyModelError, PosesFileError, OutputError, CancelledError: what was at the target is still there.
    """
    poses = read_smplx_poses(request.poses)
    if request.betas is not None:
        poses = replace(poses, betas=np.array(request.betas))
    folder = request.target.parent
    ensure_output_folder(folder)
    check_free_space(folder, point_cache_bytes(VERTEX_COUNT, poses.frame_count))
    cancellation.check()
    surface = read_smplx_surface(request.model, poses.betas, poses.expression.shape[1])
    done = 0
    with replacing(request.target) as temporary, temporary.open("wb") as file:
        writer = PointCacheWriter(file, VERTEX_COUNT, poses.frame_count)
        for points in posed_surface(surface, poses):
            cancellation.check()
            writer.append(points)
            done += len(points)
            events.progress(_STAGE, done, poses.frame_count)
    return done
