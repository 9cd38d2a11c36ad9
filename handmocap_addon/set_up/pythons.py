"""The Pythons that environments are made from: this machine's, or one that uv brings where it has none that fits."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from ..core.errors import MissingSetupError, NotBroughtError, NoUvError
from ..core.process.child_processes import finished, python_command
from .index_settings import index_settings
from .installers import DOWNLOADS, run_installer
from .lock import locked
from .trusted_folders import refuse_files_of_others
from .uv import ensure_uv

# Versions of Python for which a `bpy` module of a supported Blender exists; everything else runs in them, too.
BLENDER_PYTHONS: Final = ((3, 13), (3, 11))
OLDEST_WORKER_PYTHON: Final = (3, 11)
PYTHONS: Final = "pythons"  # in the folder of environments
_PATIENCE_SECONDS: Final = 60.0


def find_python(versions: Sequence[tuple[int, int]]) -> Path:
    """A Python of one of the versions: the running one, else one on the path.

    Raises:
        MissingSetupError: there is none.
    """
    if sys.version_info[:2] in versions:
        return _base_python()
    for major, minor in versions:
        found = shutil.which(f"python{major}.{minor}")
        # Version managers put programs on the path that only say that the version is not chosen.
        if found and version_of(Path(found)) == (major, minor):
            return Path(found)
    names = [f"{major}.{minor}" for major, minor in versions]
    # Where any later one will do, not all are listed.
    wanted = " or ".join(names) if len(names) <= len(BLENDER_PYTHONS) else f"{'.'.join(map(str, min(versions)))} or newer"
    raise MissingSetupError(
        f"Python {wanted} is needed and this is {sys.version_info.major}.{sys.version_info.minor}",
        f"install Python {versions[0][0]}.{versions[0][1]} and run it again",
    )


def ensure_python(
    versions: Sequence[tuple[int, int]], folder: Path, say: Callable[[str], None], downloads: str | None = None
) -> Path:
    """As `find_python`; where the machine has none, the one of a folder of environments, which uv brings.

    uv knows the build that it brings by its hash; `downloads` is another list of builds than its own.

    Raises:
        MissingSetupError: there is none, and none can be brought.
        HandmocapError: bringing it failed.
    """
    try:
        return find_python(versions)
    except MissingSetupError as lacking:
        # One for all: the newest that everything runs in.
        major, minor = next((version for version in BLENDER_PYTHONS if version in versions), versions[0])
        brought = _brought(folder, major, minor)
        if brought is None:
            with locked(folder, say):
                brought = _brought(folder, major, minor) or _bring(folder, f"{major}.{minor}", say, downloads, lacking)
        refuse_files_of_others([folder / PYTHONS, brought.parent, brought])
        return brought


def _brought(folder: Path, major: int, minor: int) -> Path | None:
    program = "python.exe" if sys.platform == "win32" else f"bin/python{major}.{minor}"
    places = sorted((folder / PYTHONS).glob(f"cpython-{major}.{minor}.*/{program}"))
    return next((place for place in reversed(places) if version_of(place) == (major, minor)), None)


def _bring(
    folder: Path, version: str, say: Callable[[str], None], downloads: str | None, lacking: MissingSetupError
) -> Path:
    try:
        uv = ensure_uv(folder, say)
    except NoUvError as error:
        raise MissingSetupError(f"{lacking.message}, and uv, which brings one, cannot be had", error.sentence()) from error
    say(f"Bringing Python {version} into {folder / PYTHONS} (once)")
    settings = index_settings()
    # Nothing outside that folder: no link on the path, no entry in Windows' registry.
    command = [str(uv), "python", "install", version, "--install-dir", str(folder / PYTHONS), "--no-bin", "--no-registry"]
    command += ["--python-downloads-json-url", downloads] if downloads is not None else []
    environment = {**settings.of_uv(os.environ), "UV_CACHE_DIR": str(folder / DOWNLOADS / "uv")}
    try:
        run_installer(command, folder, environment)
    except NotBroughtError as error:
        # "The packages could not …"
        reason = error.message.partition("(")[2].rpartition(")")[0]
        raise NotBroughtError(
            f"{lacking.message}, and Python {version} could not be brought ({reason})",
            f"look at the network and run it again, or install Python {version} yourself",
        ) from error
    shutil.rmtree(folder / DOWNLOADS, ignore_errors=True)
    major, minor = (int(part) for part in version.split("."))
    brought = _brought(folder, major, minor)
    if brought is None:
        raise MissingSetupError(f"Python {version} was brought and does not run here", f"install Python {version} yourself")
    return brought


def _base_python() -> Path:
    """The running Python, or the one that the running environment was made from.

    Ours are made without pip, and Debian's Python has no ensurepip to fall back on; the one they came from had it.
    """
    running = Path(sys.executable)
    if sys.prefix == sys.base_prefix:
        return running
    home, version = _home_of(Path(sys.prefix)), sys.version_info[:2]
    ending = running.suffix if sys.platform == "win32" else ""
    names = [f"{name}{ending}" for name in ("python{}.{}".format(*version), "python3", "python")]
    places = [home / name for name in names] if home is not None else []
    return next((place for place in places if place.is_file() and version_of(place) == version), running)


def _home_of(environment: Path) -> Path | None:
    """Where the programs of the Python lie that an environment was made from, as the environment's own file says."""
    try:
        lines = (environment / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    said = {name.strip().lower(): value.strip() for name, _, value in (line.partition("=") for line in lines)}
    return Path(said["home"]) if said.get("home") else None


def versions_from(oldest: tuple[int, int]) -> list[tuple[int, int]]:
    """Every version of Python 3 from this one on."""
    return [(3, minor) for minor in range(oldest[1], 20)]


def version_of(python: Path) -> tuple[int, int] | None:
    """The version of a Python, or None where the program is none."""
    code = "import sys; print(*sys.version_info[:2])"
    try:
        done = finished(python_command(python, "-c", code), _PATIENCE_SECONDS)
        major, minor = done.stdout.split()
        return int(major), int(minor)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
