"""Brings WiLoR's weights into the environments' folder, from a folder of the user's or from where they are published."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from ..core.audience import set_up_wilor, way_out
from ..core.errors import BadInputError, MissingSetupError
from ..core.files.atomic_files import replacing
from ..core.files.file_hashes import HashMemory, blocks_of, sha256_of
from .doctor_line import DoctorLine
from .downloads import download, part_of
from .reporting import Listener, Pace
from .trusted_folders import may_be_shared_out, refuse_files_of_others, take_files_from_others
from .wilor_files import OWN_FOLDER, WEIGHTS_FOLDER, WILOR_FILES, WeightFile

_STAGE: Final = "WiLoR's weights"
HASHES_NAME: Final = "weights-hashes.json"


def own_folder(folder: Path) -> Path:
    """Where the set-up keeps the weights: what `--model` takes, with pretrained_models/ in it."""
    return folder / OWN_FOLDER


def place_in(source: Path, name: str) -> Path:
    """A file of the user's folder, which may be pretrained_models/ itself or hold it."""
    inside = source / WEIGHTS_FOLDER / name
    return inside if inside.exists() else source / name


def check_source(source: Path, files: Sequence[WeightFile] = WILOR_FILES) -> None:
    """Refuse a folder that lacks a file, before anything is installed.

    Raises:
        MissingSetupError: naming all that it lacks.
    """
    lacking = [file.name for file in files if not place_in(source, file.name).is_file()]
    if lacking:
        raise MissingSetupError(
            f"{source} holds no {', '.join(lacking)}",
            f"give the folder that holds {WEIGHTS_FOLDER}/ with all of WiLoR's files",
        )


def missing_megabytes(folder: Path, files: Sequence[WeightFile] = WILOR_FILES) -> int:
    """About how much is still to come."""
    places = {file: own_folder(folder) / WEIGHTS_FOLDER / file.name for file in files}
    return sum(file.megabytes - _megabytes(part_of(place)) for file, place in places.items() if not place.is_file())


def _megabytes(path: Path) -> int:
    return path.stat().st_size // 1_000_000 if path.is_file() else 0


def bring_weights(
    folder: Path,
    listener: Listener,
    source: Path | None = None,
    certificates: Path | None = None,
    offline: bool = False,
    files: Sequence[WeightFile] = WILOR_FILES,
) -> Path:
    """Make sure that every file lies under `folder` and is the published one, and return what `--model` takes.

    Files of `source` are hard-linked where the disk allows it and nobody else may write to them, and copied elsewhere;
    without `source` they are downloaded.
    Those that are there and right stay as they are. Every one is compared before it takes its place.

    Raises:
        BadInputError: a file of `source` is another one than the published.
        MissingSetupError: `source` lacks one.
        WorkerFailedError, OutputError: of a download or a write.
    """
    target = own_folder(folder)
    memory = HashMemory(folder / HASHES_NAME)
    if source is not None:
        check_source(source, files)
    pace = Pace(listener, _STAGE, sum(file.megabytes for file in files), unit="MB")
    before = 0
    for file in files:

        def on_bytes(count: int, before: int = before, most: int = file.megabytes) -> None:
            pace.reach(before + min(count // 1_000_000, most))

        place = target / WEIGHTS_FOLDER / file.name
        if not (place.is_file() and memory.sha256_of(place) == file.sha256):
            if source is None and offline:
                raise MissingSetupError(
                    f"{place} is missing or not the published file",
                    way_out("choose its folder under WiLoR Weights in the preferences", "give its folder with --weights"),
                )
            if source is None:
                listener.say(f"Downloading {file.name} ({file.megabytes} MB)")
                download(file.address, place, file.sha256, on_bytes, certificates)
            else:
                _take(place_in(source, file.name), place, file.sha256, on_bytes)
        before += file.megabytes
        pace.reach(before)
    take_files_from_others((target, target / WEIGHTS_FOLDER, *(target / WEIGHTS_FOLDER / file.name for file in files)))
    return target


def _take(source: Path, place: Path, sha256: str, on_bytes: Callable[[int], None]) -> None:
    """Link or copy one file of the user's, if it is the right one."""
    try:
        found = sha256_of(source, on_bytes)
    except OSError as error:
        raise BadInputError(f"{source} cannot be read ({error.strerror})", "look at the file") from error
    if found != sha256:
        raise _another_file(source, found, sha256)
    with replacing(place) as temporary:
        try:
            if not may_be_shared_out(source):
                raise PermissionError("others may write to it")
            os.link(source, temporary)
        except OSError:
            _copy(source, temporary, sha256)


def _copy(source: Path, temporary: Path, sha256: str) -> None:
    digest = hashlib.sha256()
    with source.open("rb") as reading, temporary.open("wb") as writing:
        for block in blocks_of(reading):
            digest.update(block)
            writing.write(block)
    if digest.hexdigest() != sha256:
        raise _another_file(source, digest.hexdigest(), sha256)


def _another_file(source: Path, found: str, sha256: str) -> BadInputError:
    return BadInputError(
        f"{source} is not the published file, its SHA-256 is {found} and not {sha256}",
        "download it again; nothing was replaced",
    )


def examine_weights(folder: Path, chosen: Path | None = None, files: Sequence[WeightFile] = WILOR_FILES) -> DoctorLine:
    """What doctor says about the weights: the chosen folder's, else those of the set-up."""
    subject, place = "WiLoR weights", chosen or own_folder(folder)
    advice = set_up_wilor() if chosen is None else f"put the published files into {place / WEIGHTS_FOLDER}"
    memory = HashMemory(folder / HASHES_NAME)
    lacking, other = [], []
    for file in files:
        path = place_in(place, file.name)
        try:
            if not path.is_file():
                lacking.append(file.name)
            elif memory.sha256_of(path) != file.sha256:
                other.append(file.name)
        except OSError as error:
            return DoctorLine(
                subject, f"{path} cannot be read ({error.strerror})", "give yourself leave to read it", needed=False
            )
    if len(lacking) == len(files):
        return DoctorLine(subject, f"none in {place}", advice, needed=False)
    faults = [
        f"{', '.join(names)} {fault}" for names, fault in ((lacking, "missing"), (other, "not the published file")) if names
    ]
    if faults:
        return DoctorLine(subject, f"{place}: {'; '.join(faults)}", advice, needed=False)
    try:
        refuse_files_of_others([place, *(place_in(place, file.name) for file in files)])
    except MissingSetupError as error:
        return DoctorLine(subject, error.message, error.hint, needed=False)
    return DoctorLine(subject, f"{place}: the published files, by their SHA-256", needed=False)
