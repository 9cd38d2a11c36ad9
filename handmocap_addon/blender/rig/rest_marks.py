"""Where the bones of a body that this tool added rest, kept on its armature: it is the model's own T-pose for certain."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_PROPERTY = "handmocap_rest_heads"
_SAME = 1e-4  # of the armature's own units; a person who edits the rest moves bones further


def keep_rest(armature: Any) -> None:
    """Remember an armature's rest as its model's T-pose, whatever shape it has."""
    armature.data[_PROPERTY] = _heads(armature).ravel().tolist()


def rests_as_added(armature: Any) -> bool:
    """Whether its bones rest where they did when this tool added it."""
    kept = armature.data.get(_PROPERTY)
    try:
        heads = np.array(kept, dtype=np.float64).reshape(-1, 3)
    except (TypeError, ValueError):
        return False
    found = _heads(armature)
    return heads.shape == found.shape and bool(np.allclose(heads, found, rtol=0.0, atol=_SAME))


def _heads(armature: Any) -> NDArray[Any]:
    """Of all bones (n, 3), in the armature."""
    return np.array([bone.head_local for bone in armature.data.bones], dtype=np.float64).reshape(-1, 3)
