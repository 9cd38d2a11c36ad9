"""The files that `wilor_mini` needs: which, where, and whether they are the published ones. Standard library only.

The package checks for existence alone and downloads what it misses. Here nothing is ever downloaded: a file that is
missing, cut short or another one stops the run with its name before anything is loaded.

Three of the four files are pickles, which run code when they are loaded, so what is loaded are the very bytes that were
compared. The small ones are read once, compared, and laid into a folder of this run's own, from which the package takes
them; the large one (2.4 GiB, some three seconds) is read through a `VerifiedFile`, which the package gets in place of its
name.
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ...core.audience import set_up_wilor
from ...core.errors import MissingSetupError
from ...core.files.atomic_files import output_error
from ...core.files.temporary_folders import TemporaryFolder
from ...core.files.verified_file import VerifiedFile
from ...set_up.trusted_folders import refuse_files_of_others
from ...set_up.wilor_files import OWN_FOLDER, WEIGHTS_FOLDER, WILOR_FILES

PUBLISHED_SHA256: Final = {file.name: file.sha256 for file in WILOR_FILES}
# The one that is too large to be copied; the package opens it with torch.load, by its path.
LARGE_NAME: Final = "wilor_final.ckpt"
_MOST_SMALL_BYTES: Final = 256 << 20  # what a small one may have before it is read into memory
_PREFIX_DIGITS: Final = 8  # of a sha256, enough to tell two files apart in a result's notes


@dataclass(frozen=True)
class OpenedWeights:
    """Weights that may be loaded.

    `folder` is what the package is given, with pretrained_models/ in it. `large` is the large file, to be loaded in place of
    the one of that name in `folder`, which is empty; None where nothing was compared. `note` says which files they are.
    """

    folder: Path
    large: VerifiedFile | None
    note: str


def default_model_dir(package_dir: Path) -> Path:
    """Where the set-up puts the weights, beside the environments; else where the package itself keeps them."""
    own = Path(sys.prefix).parent / OWN_FOLDER
    return own if (own / WEIGHTS_FOLDER).is_dir() else package_dir


@contextlib.contextmanager
def opened_weights(model_dir: Path, verify: bool) -> Iterator[OpenedWeights]:
    """The files under `model_dir`/pretrained_models/ for as long as they are being loaded.

    With `verify` every file must be the published one, bit for bit. Without it, it need only hold something, and nobody else
    may be able to write to it.

    Raises:
        MissingSetupError: naming the files that are missing, empty, not the published ones, or changed while being loaded.
        OutputError: the small ones cannot be laid into a folder of this run's own.
    """
    folder = model_dir / WEIGHTS_FOLDER
    _refuse([name for name in PUBLISHED_SHA256 if not (folder / name).is_file()], "missing", folder)
    _refuse([name for name in PUBLISHED_SHA256 if (folder / name).stat().st_size == 0], "empty", folder)
    if not verify:
        refuse_files_of_others([folder, *(folder / name for name in PUBLISHED_SHA256)])
        yield OpenedWeights(model_dir, None, "weights not verified")
        return
    with contextlib.ExitStack() as opened:
        try:
            large = opened.enter_context(VerifiedFile(folder / LARGE_NAME))
            small = {name: _content_of(folder / name) for name in PUBLISHED_SHA256 if name != LARGE_NAME}
        except OSError as error:
            raise MissingSetupError(
                f"WiLoR's weights in {folder} cannot be read ({error.strerror})", "give yourself leave to read them"
            ) from error
        found = {name: hashlib.sha256(small[name]).hexdigest() for name in small} | {LARGE_NAME: large.sha256}
        altered = [name for name, digest in PUBLISHED_SHA256.items() if found[name] != digest]
        _refuse(altered, "incomplete or not the published version", folder)
        # Only this user may look into it, and it is gone when the networks stand.
        private = opened.enter_context(TemporaryFolder()).path
        try:
            (private / WEIGHTS_FOLDER).mkdir()
            for name, content in (*small.items(), (LARGE_NAME, b"")):
                (private / WEIGHTS_FOLDER / name).write_bytes(content)
        except OSError as error:
            raise output_error(private, error) from error
        note = ", ".join(f"{name} {found[name][:_PREFIX_DIGITS]}" for name in PUBLISHED_SHA256)
        try:
            yield OpenedWeights(private, large, note)
        except Exception as error:
            if large.has_changed:
                raise MissingSetupError(
                    f"{folder / LARGE_NAME} was changed while it was loaded, and nothing more of it was read",
                    "let nobody write to it, and run it again",
                ) from error
            raise


def _content_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_MOST_SMALL_BYTES)


def _refuse(names: list[str], fault: str, folder: Path) -> None:
    if names:
        raise MissingSetupError(
            f"WiLoR's weights are not usable, {fault} in {folder}: {', '.join(names)}",
            f"{set_up_wilor()}, or put the published files there",
        )
