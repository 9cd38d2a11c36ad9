"""The files that `wilor_mini` needs: which, where, and whether they are the published ones. Standard library only.

The package checks for existence alone and downloads what it misses. Here nothing is ever downloaded: a file that is
missing, cut short or another one stops the run with its name before anything is loaded.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from ...core.errors import MissingSetupError
from ...core.set_up.file_hashes import sha256_of
from ...core.set_up.wilor_files import OWN_FOLDER, WEIGHTS_FOLDER, WILOR_FILES

# Three of the four files are pickles, which run code when they are loaded, so each of them is compared, the large one too:
# 2.4 GiB take about two seconds, far less than loading them does.
PUBLISHED_SHA256: Final = {file.name: file.sha256 for file in WILOR_FILES}
_PREFIX_DIGITS: Final = 8  # of a sha256, enough to tell two files apart in a result's notes


def default_model_dir(package_dir: Path) -> Path:
    """Where the set-up puts the weights, beside the environments; else where the package itself keeps them."""
    own = Path(sys.prefix).parent / OWN_FOLDER
    return own if (own / WEIGHTS_FOLDER).is_dir() else package_dir


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
    found = {name: sha256_of(folder / name) for name in PUBLISHED_SHA256}
    altered = [name for name, digest in found.items() if digest != PUBLISHED_SHA256[name]]
    _refuse(altered, "incomplete or not the published version", folder)
    return ", ".join(f"{name} {digest[:_PREFIX_DIGITS]}" for name, digest in found.items())


def _refuse(names: list[str], fault: str, folder: Path) -> None:
    if names:
        raise MissingSetupError(
            f"WiLoR's weights are not usable, {fault} in {folder}: {', '.join(names)}",
            "run handmocap.py setup --estimator wilor, or put the published files there",
        )
