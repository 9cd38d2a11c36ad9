"""The files of WiLoR's weights: their names, where they are published, and how to know them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WEIGHTS_FOLDER: Final = "pretrained_models"
# The set-up puts them into this folder of the environments' folder, so that a new environment need not bring them again.
OWN_FOLDER: Final = "wilor-weights"
_PUBLISHED: Final = "https://huggingface.co/warmshao/WiLoR-mini/resolve/main/pretrained_models/"


@dataclass(frozen=True)
class WeightFile:
    """One file. `megabytes` is about its size, for what is shown and for the room that it takes."""

    name: str
    sha256: str
    megabytes: int
    address: str


def _published(name: str, sha256: str, megabytes: int) -> WeightFile:
    return WeightFile(name, sha256, megabytes, _PUBLISHED + name)


# The small ones first: what is wrong with the network or the folder shows before the large one.
WILOR_FILES: Final = (
    _published("mano_mean_params.npz", "efc0ec58e4a5cef78f3abfb4e8f91623b8950be9eff8b8e0dbb0d036ebc63988", 1),
    _published("MANO_RIGHT.pkl", "45d60aa3b27ef9107a7afd4e00808f307fd91111e1cfa35afd5c4a62de264767", 4),
    _published("detector.pt", "5ef3df44e42d2db52d4ffe91f83a22ce9925e2acc9abebf453f2c5d22e380033", 54),
    _published("wilor_final.ckpt", "3e97aafc7dd08d883a4cc5a027df61fdb6fda6136dbd1319405413862ada6bb2", 2559),
)
