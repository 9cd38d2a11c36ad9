"""Which SMPL-X model files lie in the user's folder, told from their headers alone: they are large."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from ..files.npz_files import NpzError, npz_shapes
from .smplx_model_file import SHAPE_COEFFICIENTS, VERTEX_COUNT

KINDS: Final = ("NEUTRAL", "MALE", "FEMALE")
# As they are unpacked: `models_smplx_v1_1.zip` has models/smplx/ in it.
_PLACES: Final = ("", "smplx", "models/smplx")
# Shape and expression share one array: 10 + 10 in the older release, 300 + 100 in the newer.
_SHAPE_VALUES: Final = {20: 10, 400: 300}


@dataclass(frozen=True)
class FoundModel:
    """One file. `problem` is empty where it is an SMPL-X model by its header."""

    kind: str
    path: Path
    shape_values: int
    problem: str = ""

    def text(self) -> str:
        return f"{self.path.name} {self.problem or f'found, {self.shape_values} shape values'}"


def find_smplx_models(folder: Path) -> tuple[FoundModel, ...]:
    """The neutral, male and female model of a folder, those that are there; unpickles nothing."""
    found = []
    for kind in KINDS:
        places = (folder / place / f"SMPLX_{kind}.npz" for place in _PLACES)
        path = next((place for place in places if place.is_file()), None)
        if path is not None:
            state = path.stat()
            found.append(_examine(kind, path, state.st_size, state.st_mtime_ns))
    return tuple(found)


@lru_cache(maxsize=16)
def _examine(kind: str, path: Path, _size: int, _changed: int) -> FoundModel:
    try:
        shapes = npz_shapes(path, ("v_template", "shapedirs"))
        template, directions = shapes["v_template"], shapes["shapedirs"]
    except (NpzError, KeyError):
        return FoundModel(kind, path, 0, "is not an SMPL-X model file: download it again")
    if template != (VERTEX_COUNT, 3) or len(directions) != 3 or directions[2] < SHAPE_COEFFICIENTS:
        return FoundModel(kind, path, 0, "is another model than SMPL-X: choose the folder of the SMPL-X files")
    return FoundModel(kind, path, _SHAPE_VALUES.get(directions[2], directions[2]))
