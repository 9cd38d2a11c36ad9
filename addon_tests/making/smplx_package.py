"""What the `smplx` package itself gives for a model file and poses, and the file of such values that the tests keep.

    python -m addon_tests.making.smplx_package

from the top of the checkout, with a Python that has smplx 0.1.28 and torch, writes the golden file again. The package is
under its makers' own licence; it is called here for comparison and nothing of it is kept. The model file is made up.
"""

from __future__ import annotations

import importlib.util
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from addon_tests.making.smplx_lifelike import lifelike_poses, write_lifelike_model
from handmocap_addon.core.body.smplx_poses import SmplxPoses

Array = NDArray[Any]

GOLDEN = Path(__file__).parents[1] / "core" / "body" / "smplx_golden.npz"
# With five poses, every 41st vertex: 256 of them, some of every joint's.
_EVERY = 41
_POSES = 5


def missing_package() -> str | None:
    """The first package that is not there."""
    return next((name for name in ("torch", "smplx") if importlib.util.find_spec(name) is None), None)


def smplx_vertices(model_file: Path, poses: SmplxPoses, double: bool = False) -> Array:
    """Vertices (N, 10475, 3) of the package's own class, in float32 as it is used, or in float64."""
    import smplx
    import torch

    kind = torch.float64 if double else torch.float32
    count = poses.frame_count
    model = smplx.SMPLX(
        str(model_file), num_betas=len(poses.betas), num_expression_coeffs=poses.expression.shape[1],
        use_pca=False, flat_hand_mean=True, batch_size=count, dtype=kind,
    )  # fmt: skip
    flat = poses.pose_axis_angle.reshape(count, -1)
    starts = {"global_orient": 0, "body_pose": 3, "jaw_pose": 66, "leye_pose": 69, "reye_pose": 72}
    starts |= {"left_hand_pose": 75, "right_hand_pose": 120}
    ends = [*list(starts.values())[1:], 165]
    values = {name: flat[:, first:end] for (name, first), end in zip(starts.items(), ends, strict=True)}
    values |= {"transl": poses.translation, "expression": poses.expression}
    values["betas"] = np.broadcast_to(poses.betas, (count, len(poses.betas))).copy()
    with torch.no_grad():
        out = model(**{name: torch.tensor(value, dtype=kind) for name, value in values.items()})
    return out.vertices.numpy()


def main() -> None:
    poses = lifelike_poses(_POSES)
    with tempfile.TemporaryDirectory() as folder:
        vertices = smplx_vertices(write_lifelike_model(Path(folder) / "SMPLX_NEUTRAL.npz"), poses)
    chosen = np.arange(0, vertices.shape[1], _EVERY)
    given = {field.name: getattr(poses, field.name) for field in fields(poses) if field.name != "placement"}
    np.savez_compressed(GOLDEN, chosen=chosen, vertices=vertices[:, chosen], **given)


if __name__ == "__main__":
    main()
