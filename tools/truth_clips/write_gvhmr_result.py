"""Writes what GVHMR would have found in the demo clip, without error: `hmr4d_results.pt`, from the clip's truth.

Needs torch, and is run from the top of the checkout:

    python3 -m venv torch-venv
    torch-venv/bin/pip install torch numpy
    torch-venv/bin/python -m tools.truth_clips.write_gvhmr_result --folder demo

The structure is GVHMR's own: plain dicts of float32 CPU tensors, and under `net_outputs` what its network put out, with
a batch axis in front. Fingers are not in it; GVHMR has none.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from handmocap_addon.core.maths.rotations import axis_angle_to_rotmat

PRED_CONTEXT_SIZE = 512
PRED_X_SIZE = 151
STATIC_JOINT_COUNT = 6

Tensors = dict[str, torch.Tensor]


def _tensor(values: Any) -> torch.Tensor:
    # A copy: a slice of a bigger tensor would be saved with all of its storage.
    return torch.from_numpy(np.array(values, dtype=np.float32, order="C"))


def _copied(tensors: Tensors) -> Tensors:
    """The same values with a batch axis in front and a storage of their own."""
    return {name: tensor[None].clone() for name, tensor in tensors.items()}


def gvhmr_result(truth: Any) -> dict[str, Any]:
    """The result of N frames from the truth's arrays by name (see `truth.PersonTruth`)."""
    frame_count = len(truth["body_pose"])
    betas = np.repeat(truth["betas"][None], frame_count, axis=0)

    def parameters(orient: str, transl: str) -> Tensors:
        body = {"body_pose": truth["body_pose"], "betas": betas}
        place = {"global_orient": truth[orient], "transl": truth[transl]}
        return {name: _tensor(array) for name, array in (body | place).items()}

    world = parameters("global_orient", "transl")
    in_camera = parameters("global_orient_incam", "transl_incam")
    # Network features and confidences have no truth: zeros of their sizes. The velocity is in the body's own axes.
    step = np.diff(truth["transl"].astype(np.float64), axis=0)
    velocity = np.einsum("nba,nb->na", axis_angle_to_rotmat(truth["global_orient"]), np.concatenate((step, step[-1:])))
    static_confidence = torch.zeros(1, frame_count, STATIC_JOINT_COUNT)
    return {
        "smpl_params_global": world,
        "smpl_params_incam": in_camera,
        "K_fullimg": _tensor(np.repeat(truth["intrinsics"][None], frame_count, axis=0)),
        "net_outputs": {
            "model_output": {
                "pred_context": torch.zeros(1, frame_count, PRED_CONTEXT_SIZE),
                "pred_x": torch.zeros(1, frame_count, PRED_X_SIZE),
                "pred_cam": torch.zeros(1, frame_count, 3),
                "static_conf_logits": static_confidence.clone(),
            },
            "decode_dict": {
                "body_pose": world["body_pose"][None].clone(),
                "betas": world["betas"][None].clone(),
                "global_orient": in_camera["global_orient"][None].clone(),
                "global_orient_gv": world["global_orient"][None].clone(),
                "local_transl_vel": _tensor(velocity[None]),
            },
            "pred_smpl_params_incam": _copied(in_camera),
            "pred_smpl_params_global": _copied(world),
            "static_conf_logits": static_confidence,
        },
    }


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Write GVHMR's result file for the demo clip.")
    parser.add_argument("--folder", type=Path, default=Path("demo"), help="has truth.npz; gets hmr4d_results.pt")
    options = parser.parse_args(arguments)
    with np.load(options.folder / "truth.npz", allow_pickle=False) as truth:
        # By path, not by open file: torch names the folder inside the zip after the file, as in GVHMR's.
        torch.save(gvhmr_result(truth), options.folder / "hmr4d_results.pt")


if __name__ == "__main__":
    main(sys.argv[1:])
