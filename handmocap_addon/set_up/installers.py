"""Runs pip and uv so that they end with this process, and turns what they say into one sentence."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ..core.errors import HandmocapError, MissingSetupError, OutputError, WorkerFailedError
from ..core.process.child_processes import finished, python_command, start

_GUARD: Final = Path(__file__).with_name("guarded_child.py")
_KEPT_LINES: Final = 400
# Of a list, what its lines say and nothing else: whole, by the hash of each file, and nothing that runs while it is built.
# pip and uv understand it alike.
AS_PINNED: Final = ("--no-deps", "--require-hashes", "--only-binary=:all:")
OnLine = Callable[[str], None]

# What pip and uv say when the network is gone; pip says "No matching distribution" in the end all the same.
_NETWORK: Final = re.compile(
    r"NewConnectionError|ConnectTimeout|ReadTimeout|Read timed out|ProtocolError|IncompleteRead|ConnectionReset|"
    r"Connection (refused|aborted|broken|reset)|RemoteDisconnected|name resolution|getaddrinfo|Max retries exceeded|"
    r"Network is unreachable|SSLError|ProxyError|error sending request|Failed to fetch|Failed to download|dns error|"
    r"connection closed|error decoding response body|end of file before message length|HTTP error 5\d\d",
    re.IGNORECASE,
)
# A pinned package of which an index knows no version at all: the index was not reached. Older versions of pip take half a
# wheel for a whole one.
_CUT_SHORT: Final = re.compile(r"\(from versions: none\)|^ERROR: Wheel .* is invalid", re.MULTILINE)
_FULL_DISK: Final = re.compile(
    r"No space left on device|Errno 28\b|os error 28\b|not enough space|os error 112\b", re.IGNORECASE
)
_FORBIDDEN: Final = re.compile(r"(?:Permission denied|Access is denied|Read-only file system)[^'\"`]*(?:['\"`]([^'\"`]+))?")
_LACKING: Final = (
    re.compile(r"No matching distribution found for ([^\s;(]+)"),
    re.compile(r"Because ([A-Za-z0-9._-]+) was not found"),
    re.compile(r"there (?:is|are) no versions? of ([A-Za-z0-9._=<>-]+)"),
)
# pip names what came under "THESE PACKAGES DO NOT MATCH THE HASHES"; uv says "Hash mismatch for `tiny-one==1.0`".
_OTHER_BYTES: Final = re.compile(r"DO NOT MATCH THE HASHES|Hash mismatch for|Hashes are required", re.IGNORECASE)
_OTHER_PACKAGE: Final = re.compile(r"Hash mismatch for [`']?([^\s`']+)|^([\w.-]+==\S+) \(?from .*:$", re.MULTILINE)
_CONFLICT: Final = re.compile(r"ResolutionImpossible|conflicting dependencies|No solution found")


def pip_command(python: Path) -> list[str]:
    """pip as a module of the Python that makes environments, which puts packages into others with `--python`.

    Raises:
        MissingSetupError: there is no pip.
    """
    settings = ("--disable-pip-version-check", "--no-input")
    command = python_command(python, "-m", "pip", *settings)
    if finished([*command, "--version"]).returncode == 0:
        return command
    # Blender's own Python has pip only inside ensurepip.
    finder = "import ensurepip, pathlib; print(*pathlib.Path(ensurepip.__file__).parent.glob('_bundled/pip-*.whl'))"
    found = finished(python_command(python, "-c", finder)).stdout.strip()
    bundled = Path(found or "none")
    if bundled.is_file():
        return python_command(python, bundled / "pip", *settings)
    raise MissingSetupError(f"{python} has no pip", "install it with: sudo apt install python3-pip python3-venv")


def connection_settings(pip: Sequence[str]) -> dict[str, str]:
    """What pip's own settings say about how the network is reached, as variables, for a pip that reads no settings."""
    done = finished([*pip, "config", "list"])
    said = re.findall(
        r"^[\w:.]+\.(cert|client-cert|proxy|timeout|trusted-host|index-url)='(.*)'$", done.stdout, re.MULTILINE
    )
    return {f"PIP_{name.replace('-', '_').upper()}": value for name, value in said}


def find_uv() -> Path | None:
    """`uv` on the path, if it is there and runs."""
    found = shutil.which("uv")
    if found is None:
        return None
    done = finished([found, "--version"])
    return Path(found) if done.returncode == 0 else None


def run_installer(
    command: Sequence[str],
    folder: Path,
    variables: Mapping[str, str] | None = None,
    on_line: OnLine | None = None,
    has_network: bool = True,
) -> None:
    """Run an installer to its end; what it says goes to stderr, since stdout belongs to the job protocol.

    It ends with this process, however that ends. `folder` is where it writes, for the sentences.

    Raises:
        HandmocapError: it failed; the sentence is that of `failure`.
    """
    guarded = [sys.executable, "-I", "-S", str(_GUARD), *command]
    process = start(
        guarded,
        {**os.environ, **(variables or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        **_beside_this_group(),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    lines: deque[str] = deque(maxlen=_KEPT_LINES)
    try:
        for line in process.stdout:
            print(line, end="", file=sys.stderr, flush=True)
            lines.append(line.strip())
            if on_line is not None:
                on_line(line.strip())
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()
    if process.returncode != 0:
        raise failure(lines, folder, has_network)


def _beside_this_group() -> dict[str, Any]:
    """The guard must still be there when this process's group is ended: it then ends the installer."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def failure(lines: Iterable[str], folder: Path, has_network: bool = True) -> HandmocapError:
    """The sentence for what an installer said before it failed; with `has_network` it had an index to ask."""
    lines = list(lines)
    said = "\n".join(lines)
    spoken = [line for line in lines if line and not line.startswith(("WARNING", "Traceback"))]
    last = (spoken or ["no word"])[-1][:300]
    if _FULL_DISK.search(said):
        return OutputError(f"The disk is full at {folder}", "free some space and run it again; what was finished is kept")
    if _OTHER_BYTES.search(said):
        named = _OTHER_PACKAGE.search(said)
        package = (named[1] or named[2]) if named else "a package"
        return WorkerFailedError(
            f"What came as {package} is not the file that was reviewed, and nothing of it was installed",
            "run it again in case the download was cut short; if that does not help, look at which index and proxy pip is "
            "set up for (pip config list)",
        )
    forbidden = _FORBIDDEN.search(said)
    if forbidden is not None:
        return OutputError(f"{forbidden[1] or folder} cannot be written", "choose a folder that you may write to")
    if _NETWORK.search(said) or (has_network and _CUT_SHORT.search(said)):
        return WorkerFailedError(
            f"The packages could not be downloaded ({last})",
            "look at the network and run it again; what was downloaded is kept",
        )
    lacking = next((found[1] for found in (pattern.search(said) for pattern in _LACKING) if found), None)
    if lacking is not None:
        return MissingSetupError(f"There is no package {lacking} for this Python and system", "see the lines above it")
    if _CONFLICT.search(said):
        return MissingSetupError(f"The packages do not go together ({last})", "use the versions that the requirements name")
    return WorkerFailedError(
        f"The set-up failed ({last})", "look at the lines above it, the network and the free disk space"
    )


def end_when_stdin_closes() -> None:
    """End this program, and an installer under way, when its parent closes stdin or dies. Only for a main program."""

    def wait() -> None:
        try:
            while os.read(0, 4096):
                pass
        except OSError:
            pass
        # Guards see their own stdin closed by this end, and end what they run.
        os._exit(130)

    threading.Thread(target=wait, daemon=True).start()
