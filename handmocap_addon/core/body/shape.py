"""The shape of an SMPL-X body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

Gender = Literal["neutral", "male", "female"]
# In the order of `.smpl` files' numbers.
GENDERS: Final[tuple[Gender, ...]] = ("neutral", "male", "female")


@dataclass(frozen=True, eq=False)
class BodyShape:
    """Shape coefficients (B,) of the model of a gender."""

    betas: NDArray[Any]
    gender: Gender = "neutral"


UNKNOWN_SHAPE: Final = BodyShape(np.zeros(10))


def gender_in(name: str) -> Gender | None:
    """The gender that a model's or mesh's name tells, as in `SMPLX_FEMALE` and `SMPLX-mesh-male`; None where it does not."""
    lower = name.lower()
    # "female" holds "male".
    return next((gender for gender in ("female", "male", "neutral") if gender in lower), None)
