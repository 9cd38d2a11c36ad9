"""Weights for the real `wilor_mini` where the published ones cannot be had: its own networks, every value made up.

Shapes are the published ones, so that the package builds the networks that it builds for everybody; what comes out means
nothing. Needs torch and ultralytics.
"""

from __future__ import annotations

import importlib.util
import pickle
from pathlib import Path

import numpy as np

from handmocap_addon.worker.estimators.wilor_weights import WEIGHTS_FOLDER

VERTICES, FACES, JOINTS, SHAPES = 778, 1538, 16, 10
PARENTS = (-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14)
_NO_PARENT = 2**32 - 1  # as MANO's files have it


def missing_package() -> str | None:
    """Name of a package without which `wilor_mini` cannot be loaded, looked for without importing any."""
    return next(
        (name for name in ("torch", "ultralytics", "skimage", "wilor_mini") if importlib.util.find_spec(name) is None), None
    )


def write_random_weights(folder: Path) -> Path:
    """Write pretrained_models/ into a folder, the same every time, and give the folder back.

    The checkpoint is empty: the package loads what it finds and leaves the rest of its network as torch made it, at random
    from torch's seed. That spares 2.4 GB.
    """
    import torch
    from ultralytics import YOLO

    target = folder / WEIGHTS_FOLDER
    target.mkdir(parents=True)
    _write_hand_model(target / "MANO_RIGHT.pkl")
    no_turn = np.tile(np.array([1, 0, 0, 1, 0, 0], np.float32), JOINTS)
    np.savez(
        target / "mano_mean_params.npz",
        pose=no_turn,
        shape=np.zeros(SHAPES, np.float32),
        cam=np.array([0.9, 0, 0], np.float32),
    )
    torch.save({"state_dict": {}}, target / "wilor_final.ckpt")
    torch.manual_seed(0)
    # The published one's 52 MiB are a YOLOv8m in half precision. With random weights it finds nothing.
    detector = YOLO("yolov8m.yaml").model
    detector.nc, detector.names = 2, {0: "left", 1: "right"}
    torch.save({"model": detector, "train_args": {}, "epoch": -1}, target / "detector.pt")
    torch.manual_seed(0)
    return folder


def _write_hand_model(path: Path) -> None:
    """A cloud of the size of a hand with MANO's entries: vertices, shapes, weights that favour one joint each."""
    generator = np.random.default_rng(0)
    weights = generator.random((VERTICES, JOINTS)) ** 8
    regressor = generator.random((JOINTS, VERTICES)) ** 8
    parents = [_NO_PARENT if parent < 0 else parent for parent in PARENTS]
    model = {
        "v_template": generator.normal(0, 0.04, (VERTICES, 3)),
        "shapedirs": generator.normal(0, 0.002, (VERTICES, 3, SHAPES)),
        "posedirs": generator.normal(0, 0.001, (VERTICES, 3, 9 * (JOINTS - 1))),
        "weights": weights / weights.sum(axis=1, keepdims=True),
        "J_regressor": regressor / regressor.sum(axis=1, keepdims=True),
        "kintree_table": np.array([parents, range(JOINTS)], np.int64),
        "f": generator.integers(0, VERTICES, (FACES, 3)),
        "hands_mean": generator.normal(0, 0.3, 3 * (JOINTS - 1)),
        "hands_components": np.eye(3 * (JOINTS - 1)),
        "bs_style": "lbs",
        "bs_type": "lrotmin",
    }
    with path.open("wb") as file:
        pickle.dump(model, file)
