"""uv, which makes the environments: one program, known by the hash of the wheel that it comes in, for each system.

It is taken out of its wheel and runs by itself, so neither pip nor another Python is needed to bring it. It knows builds of
Python by their hashes, too, and brings one where the machine has none that fits. Standard library only, and for Python 3.9
on, since the front door starts with it on machines that have no newer one.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import re
import subprocess
import sys
import urllib.parse
import zipfile
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from ..core.errors import MissingSetupError, NoUvError, WorkerFailedError
from ..core.files.atomic_files import replacing
from ..core.process.child_processes import finished
from .index_settings import IndexSettings, index_settings, read_address
from .trusted_folders import make_own_folder, refuse_files_of_others

UV_LIST: Final = Path(__file__).resolve().parents[1] / "requirements" / "uv.txt"
TOOLS: Final = "tools"
_MOST_LISTING_BYTES: Final = 64 << 20
_MOST_WHEEL_BYTES: Final = 100 << 20
_PATIENCE_SECONDS: Final = 60.0
_PROGRAM: Final = "uv.exe" if sys.platform == "win32" else "uv"
_JSON: Final = "application/vnd.pypi.simple.v1+json"
_MACHINES: Final = {"amd64": "x86_64", "x64": "x86_64", "arm64": "aarch64"}


def pinned() -> tuple[str, frozenset[str]]:
    """The version, and the hashes of its wheels."""
    line = next(line for line in UV_LIST.read_text(encoding="utf-8").splitlines() if line.startswith("uv=="))
    return line.split()[0].partition("==")[2], frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})", line))


def _place(folder: Path) -> Path:
    return folder / TOOLS / f"uv-{pinned()[0]}" / _PROGRAM


def find_uv(folder: Path) -> Path | None:
    """The reviewed uv in a folder of environments, if it is there; brings nothing.

    Raises:
        MissingSetupError: others may write to it.
    """
    place = _place(folder)
    if not place.is_file():
        return None
    refuse_files_of_others((place.parent.parent, place.parent, place))
    return place


def ensure_uv(folder: Path, say: Callable[[str], None], wheels: Path | None = None) -> Path:
    """The reviewed uv, brought where it is not there yet: from the index, or from a folder of wheels and then nowhere else.

    Raises:
        NoUvError: there is none for this system, or it cannot be brought.
        WorkerFailedError: what came under its name is another file.
        OutputError: it cannot be written.
    """
    found = find_uv(folder)
    if found is not None:
        return _running(found)
    settings = index_settings()
    content = _from_folder(wheels) if wheels is not None else _from_index(settings, say)
    version, hashes = pinned()
    if hashlib.sha256(content).hexdigest() not in hashes:
        raise WorkerFailedError(
            f"What came as uv {version} is not the file that was reviewed, and nothing of it was run",
            "run it again in case the download was cut short; if that does not help, look at which index and proxy pip is "
            "set up for (pip config list)",
        )
    place = _place(folder)
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        program = wheel.read(f"uv-{version}.data/scripts/{_PROGRAM}")
    try:
        for made in (folder, folder / TOOLS, place.parent):
            make_own_folder(made)
    except OSError as error:
        raise MissingSetupError(f"{place.parent} cannot be made ({error.strerror})", "choose another folder") from error
    with replacing(place) as temporary:
        temporary.write_bytes(program)
        temporary.chmod(0o755)
    return _running(place)


def _running(program: Path) -> Path:
    """A drive may be one from which nothing is run, and a system one that lets only known programs run."""
    try:
        if finished([str(program), "--version"], _PATIENCE_SECONDS).returncode == 0:
            return program
    except (OSError, subprocess.TimeoutExpired):
        pass
    raise NoUvError(f"{program} does not run here", "pip is used")


def _from_folder(wheels: Path) -> bytes:
    version, _ = pinned()
    for path in sorted(wheels.glob(f"uv-{version}-*.whl")):
        if _is_for_this_system(path.name):
            return path.read_bytes()
    raise NoUvError(f"{wheels} has no wheel of uv {version} for this system", "pip is used")


def _from_index(settings: IndexSettings, say: Callable[[str], None]) -> bytes:
    version, _ = pinned()
    if settings.index is None:
        raise NoUvError("uv cannot be brought, since pip is set up to use no index", "unset PIP_NO_INDEX")
    page = settings.index.rstrip("/") + "/uv/"
    try:
        content, kind, address = read_address(page, settings, _MOST_LISTING_BYTES, f"{_JSON}, text/html;q=0.5")
        links = _links_of_json(content) if kind == _JSON else _links_of_html(content)
        fitting = [(name, link) for name, link in links if name.startswith(f"uv-{version}-") and _is_for_this_system(name)]
        if not fitting:
            raise NoUvError(f"There is no uv {version} for this system on {_shown(settings.index)}", "pip is used")
        say(f"Bringing uv {version}, which makes the environments (once)")
        wheel, _, _ = read_address(urllib.parse.urljoin(address, fitting[0][1]), settings, _MOST_WHEEL_BYTES)
    except (OSError, ValueError, KeyError, RecursionError) as error:
        reason = getattr(error, "reason", None) or error
        raise NoUvError(
            f"{_shown(settings.index)} does not answer ({reason})", "look at the network and run it again"
        ) from error
    return wheel


def _shown(index: str) -> str:
    """An address without a password that may be in it."""
    parts = urllib.parse.urlsplit(index)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _links_of_json(content: bytes) -> Iterator[tuple[str, str]]:
    for file in json.loads(content)["files"]:
        yield str(file["filename"]), str(file["url"])


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.addresses += [value for name, value in attrs if name == "href" and value]


def _links_of_html(content: bytes) -> Iterator[tuple[str, str]]:
    parser = _Anchors()
    parser.feed(content.decode("utf-8", errors="replace"))
    for address in parser.addresses:
        yield urllib.parse.unquote(urllib.parse.urlsplit(address).path).rpartition("/")[2], address


def _is_for_this_system(name: str) -> bool:
    """Whether a wheel's name says that it runs here."""
    machine = platform.machine().lower()
    tags = name.removesuffix(".whl").split("-")[-1].split(".")
    if sys.platform == "win32":
        return f"win_{ {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(machine, machine) }" in tags
    if sys.platform == "darwin":
        return any(tag.startswith("macosx_") and tag.endswith(machine) for tag in tags)
    libc = "manylinux" if platform.libc_ver()[0] == "glibc" else "musllinux"
    return any(tag.startswith(libc) and tag.endswith(f"_{_MACHINES.get(machine, machine)}") for tag in tags)
