"""Downloads that go on where they stopped, and take their place only when they are the expected file."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ..core.errors import WorkerFailedError
from ..core.files.atomic_files import output_error
from ..core.files.file_hashes import blocks_of

_BLOCK_BYTES: Final = 1 << 20
_PATIENCE_SECONDS: Final = 30.0
OnBytes = Callable[[int], None]


class _IncompleteError(Exception):
    """The other side stopped in the middle."""


class _TooLargeError(Exception):
    """More comes than there may be."""


def part_of(target: Path) -> Path:
    """Where a download is kept until it is whole."""
    return target.with_name(f"{target.name}.part")


def download(
    address: str,
    target: Path,
    sha256: str | None,
    on_bytes: OnBytes,
    certificates: Path | None = None,
    most_bytes: int | None = None,
) -> None:
    """Bring a file. What an earlier try left of it is gone on with; `on_bytes` is told how many bytes are there by now.

    `certificates` is a file of authorities to trust beside the system's, of which Blender's Python may know none. Without
    `sha256` the caller knows the file by what is in it. More than `most_bytes` are not taken.

    Raises:
        WorkerFailedError: the network failed, and the rest comes next time; or the file is another one or too large, and was
            removed.
        OutputError: it cannot be written.
    """
    part = part_of(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = _fetch(address, part, on_bytes, certificates, most_bytes)
    except _TooLargeError as error:
        part.unlink(missing_ok=True)
        raise WorkerFailedError(
            f"{target.name} from {_host(address)} has more than {error} bytes, so it is not the published file",
            "run it again; what came was removed, and nothing was replaced",
        ) from error
    except urllib.error.HTTPError as error:
        raise WorkerFailedError(
            f"{_host(address)} answers {error.code} for {target.name}", "run it again later, or give the file in a folder"
        ) from error
    # URLError is an OSError too, so the network's own come first.
    except (
        urllib.error.URLError,
        http.client.HTTPException,
        ConnectionError,
        TimeoutError,
        ssl.SSLError,
        _IncompleteError,
    ) as error:
        reason = getattr(error, "reason", None) or error
        there = part.stat().st_size / 1e6 if part.exists() else 0.0
        raise WorkerFailedError(
            f"The download of {target.name} stopped after {there:.0f} MB ({reason})",
            "look at the network and run it again; it goes on from there",
        ) from error
    except OSError as error:
        raise output_error(target, error) from error
    if sha256 is not None and digest != sha256:
        part.unlink(missing_ok=True)
        raise WorkerFailedError(
            f"{target.name} from {_host(address)} is not the published file, its SHA-256 is {digest} and not {sha256}",
            "run it again; what came was removed, and nothing was replaced",
        )
    try:
        part.replace(target)
    except OSError as error:
        raise output_error(target, error) from error


def _host(address: str) -> str:
    return urlsplit(address).netloc or address


def _context(certificates: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if certificates is not None and certificates.is_file():
        context.load_verify_locations(cafile=str(certificates))
    return context


def _fetch(address: str, part: Path, on_bytes: OnBytes, certificates: Path | None, most_bytes: int | None) -> str:
    """Fill the part to its end and return the hex digest of all of it."""
    digest = hashlib.sha256()
    there = 0
    with contextlib.suppress(FileNotFoundError), part.open("rb") as earlier:
        for block in blocks_of(earlier):
            digest.update(block)
            there += len(block)
    headers = {"User-Agent": "handmocap", **({"Range": f"bytes={there}-"} if there else {})}
    request = urllib.request.Request(address, headers=headers)
    context = _context(certificates) if urlsplit(address).scheme == "https" else None
    try:
        response = urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS, context=context)
    except urllib.error.HTTPError as error:
        if there and error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return digest.hexdigest()  # It had all come already.
        raise
    with response:
        if there and response.status != http.HTTPStatus.PARTIAL_CONTENT:
            digest, there = hashlib.sha256(), 0  # A server that cannot go on begins anew.
        length = response.headers.get("Content-Length")
        whole = there + int(length) if length is not None else None
        with part.open("ab" if there else "wb") as file:
            on_bytes(there)
            while block := response.read(_BLOCK_BYTES):
                file.write(block)
                digest.update(block)
                there += len(block)
                if most_bytes is not None and there > most_bytes:
                    raise _TooLargeError(most_bytes)
                on_bytes(there)
            file.flush()
            os.fsync(file.fileno())
    # http.client takes a connection that closes early for the end.
    if whole is not None and there < whole:
        raise _IncompleteError(f"the connection closed {(whole - there) / 1e6:.0f} MB before the end")
    return digest.hexdigest()
