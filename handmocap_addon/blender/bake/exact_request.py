"""What a bake of the exact surface needs besides the scene: the model file, the shape, and the worker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...core.audience import set_up_worker
from ...core.bake.options import BakeOptions
from ...core.errors import MissingSetupError
from ...set_up import environments
from ..rig.smplx_shape import SmplxShape, shape_of, smplx_mesh


@dataclass(frozen=True)
class ExactRequest:
    """Carried to the background process. `sha256` as in `SmplxShape`."""

    model_file: Path
    betas: tuple[float, ...]
    sha256: str | None
    worker_python: Path

    @property
    def shape(self) -> SmplxShape:
        return SmplxShape(self.model_file, np.array(self.betas, dtype=np.float64), self.sha256)


def exact_request(
    options: BakeOptions, armature: Any, chosen_model: Path | None, environment_folder: Path
) -> ExactRequest | None:
    """What an armature's exact surface takes; None for options of another geometry.

    Raises:
        BadInputError: it has no SMPL-X mesh, or its model file is not known.
        MissingSetupError: there is no worker.
    """
    if options.geometry != "exact":
        return None
    shape = shape_of(armature, chosen_model)
    smplx_mesh(armature)
    worker = environments.find_worker(environment_folder)
    if worker is None:
        raise MissingSetupError(
            "The exact surface is computed by the worker, which is not set up",
            set_up_worker(),
        )
    return ExactRequest(shape.model_file, tuple(shape.betas.tolist()), shape.sha256, worker.python)
