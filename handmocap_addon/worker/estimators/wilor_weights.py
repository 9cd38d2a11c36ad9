"""The files that `wilor_mini` needs: which, where, and whether they are the published ones. Standard library only.

The package checks for existence alone and downloads what it misses. Here nothing is ever downloaded: a file that is
missing, cut short or another one stops the run with its name before anything is loaded.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from ...core.errors import MissingSetupError

WEIGHTS_FOLDER: Final = "pretrained_models"

# sha256 of the published files. Three of the four are pickles, which run code when they are loaded, so each of them is
# compared, the large one too: 2.4 GiB take about two seconds, far less than loading them does.
PUBLISHED_SHA256: Final = {
    "wilor_final.ckpt": "3e97aafc7dd08d883a4cc5a027df61fdb6fda6136dbd1319405413862ada6bb2",
    "detector.pt": "5ef3df44e42d2db52d4ffe91f83a22ce9925e2acc9abebf453f2c5d22e380033",
    "MANO_RIGHT.pkl": "45d60aa3b27ef9107a7afd4e00808f307fd91111e1cfa35afd5c4a62de264767",
    "mano_mean_params.npz": "efc0ec58e4a5cef78f3abfb4e8f91623b8950be9eff8b8e0dbb0d036ebc63988",
}
_BLOCK_BYTES: Final = 1 << 22
_PREFIX_DIGITS: Final = 8  # of a sha256, enough to tell two files apart in a result's notes


def check_weights(model_dir: Path, verify: bool) -> str:
    """Make sure that the files under `model_dir`/pretrained_models/ can be loaded, and say which they are.

    With `verify` every file must be the published one, bit for bit; without it, it need only hold something.

    Returns:
        A short text for a result's notes: every file with the start of its sha256, or that they were not compared.

    Raises:
        MissingSetupError: naming the files that are missing, empty or not the published ones.
    """
    folder = model_dir / WEIGHTS_FOLDER
    _refuse([name for name in PUBLISHED_SHA256 if not (folder / name).is_file()], "missing", folder)
    _refuse([name for name in PUBLISHED_SHA256 if (folder / name).stat().st_size == 0], "empty", folder)
    if not verify:
        return "weights not verified"
    found = {name: _sha256(folder / name) for name in PUBLISHED_SHA256}
    altered = [name for name, digest in found.items() if digest != PUBLISHED_SHA256[name]]
    _refuse(altered, "incomplete or not the published version", folder)
    return ", ".join(f"{name} {digest[:_PREFIX_DIGITS]}" for name, digest in found.items())


def _refuse(names: list[str], fault: str, folder: Path) -> None:
    if names:
        raise MissingSetupError(
            f"WiLoR's weights are not usable, {fault} in {folder}: {', '.join(names)}",
            f"put the published files there, as {WEIGHTS_FOLDER}/ of the WiLoR-mini model page holds them",
        )


def _sha256(path: Path) -> str:
    """Hex digest of a file, read in blocks (hashlib.file_digest needs Python 3.11; the worker may run on 3.10)."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
