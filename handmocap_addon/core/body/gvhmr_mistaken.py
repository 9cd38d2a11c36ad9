"""Says what a file is that was chosen for a GVHMR result, and which one to choose."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .body_choices import RESULT_NAME

Array = NDArray[Any]

_MODEL_MODULES: Final = ("chumpy", "scipy")
_NETWORK_MODULES: Final = ("torch.nn", "torch.optim", "pytorch_lightning", "lightning", "ultralytics", "hmr4d")
_WEIGHTS: Final = "the weights of a network, a checkpoint"
# By keys that only such a file has; the first that fit.
_BY_KEYS: Final = (
    (("bbx_xys",), "the boxes around the person that GVHMR found on the way (bbx.pt)"),
    (("bbx_xyxy",), "the boxes around the person that GVHMR found on the way (bbx.pt)"),
    (("v_template", "J_regressor"), "a body model (SMPL, SMPL-X or MANO) without any motion"),
    (("v_template", "f"), "a body model (SMPL, SMPL-X or MANO) without any motion"),
    (("left_hand_pose", "right_hand_pose"), "hands, as handmocap writes them"),
    (("state_dict",), _WEIGHTS),
    (("model_state_dict",), _WEIGHTS),
    (("optimizer_states",), _WEIGHTS),
)
_BODY_POINTS: Final = (17, 23, 25, 133)


def what_it_is(content: Any, unknown: tuple[str, ...]) -> str | None:
    """In words, for a file without a GVHMR motion in it; None where nothing is known about it."""
    if any(name.startswith(_MODEL_MODULES) for name in unknown):
        return "a body model (SMPL, SMPL-X or MANO) without any motion"
    if any(name.startswith(_NETWORK_MODULES) for name in unknown):
        return _WEIGHTS
    if isinstance(content, np.ndarray):
        return _of_array(content)
    if isinstance(content, dict):
        for keys, words in _BY_KEYS:
            if all(key in content for key in keys):
                return words
        names = [key for key, value in content.items() if isinstance(value, np.ndarray)]
        if len(names) > 3 and all(isinstance(name, str) and name.endswith((".weight", ".bias")) for name in names[:4]):
            return _WEIGHTS
    return None


def which_to_choose(path: Path) -> str:
    """The result beside a file or in the folder above, as GVHMR lays them out, else in general words."""
    folders = (path, path.parent, path.parent.parent)
    found = next((folder / RESULT_NAME for folder in folders if (folder / RESULT_NAME).is_file()), path)
    return f"choose {found}" if found != path else f"choose the {RESULT_NAME} in GVHMR's output folder"


def _of_array(array: Array) -> str:
    if array.ndim == 3 and array.shape[1] in _BODY_POINTS and array.shape[2] in (2, 3):
        return "the body's points in the pictures that GVHMR found on the way (vitpose.pt)"
    if array.ndim == 2 and array.shape[1] >= 512:
        return "the features of the pictures that GVHMR found on the way (vit_features.pt)"
    if (array.ndim == 2 and array.shape[1] == 7) or (array.ndim == 3 and array.shape[1:] == (4, 4)):
        return "the camera's path that GVHMR found on the way (slam_results.pt)"
    return f"one array of the shape {array.shape}"
