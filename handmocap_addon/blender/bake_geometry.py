"""The meshes of a bake, made ready in the background copy of the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
from numpy.typing import NDArray

from ..core.job_protocol import Progress
from ..core.set_up.file_hashes import sha256_of
from .exact_request import ExactRequest
from .exact_surface import show_exact_surface


def make_visible(scene: Any, thing: Any) -> None:
    """An exporter leaves out what cannot be selected or seen, and what lies under something like that."""
    while thing is not None:
        if thing.name not in scene.collection.objects:
            scene.collection.objects.link(thing)
        thing.hide_viewport = thing.hide_select = thing.hide_render = False
        thing.hide_set(False)
        thing = thing.parent
    bpy.context.view_layer.update()


def prepare_exact_surface(
    armature: Any,
    times: NDArray[Any],
    exact: ExactRequest,
    folder: Path,
    report_progress: Callable[[Progress], None],
) -> dict[str, Any]:
    """Show the exact surface on the armature's SMPL-X mesh, and return what the bake's report says about it.

    Raises:
        HandmocapError: as `show_exact_surface`.
    """
    left_out = show_exact_surface(armature, times, exact.shape, exact.worker_python, folder, report_progress)
    digest = sha256_of(exact.shape.model_file)
    return {
        "model_file": exact.shape.model_file.name,
        "model_sha256": digest,
        "same_model_as_the_bodys": None if exact.shape.sha256 is None else digest == exact.shape.sha256,
        "betas": exact.shape.betas.tolist(),
        "samples": len(times),
        "samples_with_moved_or_scaled_bones": left_out.samples,
        "largest_offset_m": left_out.largest_offset,
        "largest_scale": left_out.largest_scale,
        "left_out": left_out.sentence(),
    }
