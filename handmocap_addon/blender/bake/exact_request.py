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
    """Carried to the background process."""

    shape: SmplxShape
    worker_python: Path

    def to_json(self) -> dict[str, Any]:
        """What `from_json` takes, of JSON's types alone."""
        return {
            "model_file": str(self.shape.model_file),
            "betas": self.shape.betas.tolist(),
            "sha256": self.shape.sha256,
            "worker_python": str(self.worker_python),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> ExactRequest:
        """What `to_json` gave."""
        shape = SmplxShape(Path(content["model_file"]), np.array(content["betas"], dtype=np.float64), content["sha256"])
        return cls(shape, Path(content["worker_python"]))


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
    return ExactRequest(shape, worker.python)
