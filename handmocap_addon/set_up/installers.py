"""Makes environments and installs into them: by uv, or by pip where uv cannot be had. Both end with this process.

What was reviewed is all that is taken, by both alike. What they say goes on as it is; of their words only a system's error
number, that a hash is another one and that there is no file for this system are looked for, and whether an index answers is
tried, not read. Standard library only, and for Python 3.9 on.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..core.errors import (
    HandmocapError,
    MissingSetupError,
    NotBroughtError,
    NoUvError,
    OutputError,
    WorkerFailedError,
)
from ..core.files.atomic_files import output_error
from ..core.process.child_processes import finished, python_command
from .guarded import start_guarded
from .index_settings import IndexSettings, answers, index_settings
from .uv import ensure_uv

_WHOLE_CODE: Final = Path(__file__).with_name("whole_code.py")
_KEPT_LINES: Final = 400
_LOOK_SECONDS: Final = 0.2
# Of a list, what its lines say and nothing else: whole, by the hash of each file, and nothing that runs while it is built.
# pip and uv understand it alike.
AS_PINNED: Final = ("--no-deps", "--require-hashes", "--only-binary=:all:")
# Where an installer keeps what it brings until all of it is installed.
DOWNLOADS: Final = "downloads"
OnCount = Callable[[int], None]

# Python's and Rust's ways to name the system's own error number.
_NUMBER: Final = re.compile(r"\[Errno (\d+)\]|\(os error (\d+)\)")
_FULL_DISK: Final = (errno.ENOSPC, errno.EDQUOT, 112)  # the last is Windows' own
_FORBIDDEN: Final = (errno.EACCES, errno.EPERM, errno.EROFS)
_PLACE: Final = re.compile(r"['\"`]((?:/|[A-Za-z]:\\)[^'\"`]+)['\"`]")
# pip names what came under "THESE PACKAGES DO NOT MATCH THE HASHES"; uv says "Hash mismatch for `tiny-one==1.0`".
_OTHER_BYTES: Final = re.compile(r"DO NOT MATCH THE HASHES|Hash mismatch for|Hashes are required", re.IGNORECASE)
_OTHER_PACKAGE: Final = re.compile(r"Hash mismatch for [`']?([^\s`']+)|^([\w.-]+==\S+) \(?from .*:$", re.MULTILINE)
_LACKING: Final = re.compile(r"No matching distribution found for ([^\s;(]+)|No solution found")


@dataclass(frozen=True)
class Installer:
    """What makes environments from a Python: `uv`, else `pip`, a command. `offline` is for folders of wheels alone."""

    python: Path
    uv: Path | None
    pip: tuple[str, ...]
    downloads: Path  # what it brings is kept there until all of it is installed, for a set-up that is begun again
    settings: IndexSettings

    def make(self, place: Path) -> None:
        """A new environment without anything in it."""
        if self.uv is not None:
            self._run([str(self.uv), "venv", "--no-project", "--python", str(self.python), str(place)])
        else:
            # Without pip, since Debian's Python comes without the wheel that venv would put there.
            self._run(python_command(self.python, "-m", "venv", "--without-pip", place))

    def install(self, python: Path, arguments: Sequence[str], on_count: OnCount | None = None) -> None:
        """Install into the environment of a Python; `on_count` is told how many packages came until now.

        Raises:
            HandmocapError: it failed; the sentence is that of `failure`.
        """
        if self.uv is not None:
            # Compiled now: a farm's people may not write into the folder later.
            command = [str(self.uv), "pip", "install", "--compile-bytecode", "--python", str(python)]
        else:
            command = [*self.pip, "--python", str(python), "install"]
        site_packages = list(python.parent.parent.glob("[Ll]ib/**/site-packages"))[:1]
        self._run([*command, *arguments], (lambda: self._came(site_packages)) if on_count else None, on_count)
        _remove_half_code(python, python.parent.parent)

    def install_into_folder(self, target: Path, arguments: Sequence[str]) -> None:
        """Install into a folder that is no environment, for Python 3.11 on Linux: what is the same for all."""
        if self.uv is not None:
            command = [str(self.uv), "pip", "install", "--python", str(self.python)]
            command += ["--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_28"]
        else:
            command = [*self.pip, "install", "--implementation", "cp", "--python-version", "3.11"]
            command += ["--platform", "manylinux_2_28_x86_64"]
        self._run([*command, "--target", str(target), *arguments])
        _remove_half_code(self.python, target)

    def temporary(self) -> Path:
        """A folder for what is of use until the installation ends."""
        place = self.downloads / "temporary"
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise output_error(place, error) from error
        return place

    def forget_downloads(self) -> None:
        """All is installed."""
        shutil.rmtree(self.downloads, ignore_errors=True)

    def _came(self, site_packages: Sequence[Path]) -> int:
        """uv unpacks what came into a folder each; pip says only in the end what it has."""
        if self.uv is not None:
            return sum(1 for _ in (self.downloads / "uv").glob("archive-v*/*"))
        return sum(1 for folder in site_packages for _ in folder.glob("*.dist-info"))

    def _run(
        self, command: Sequence[str], measure: Callable[[], int] | None = None, on_count: OnCount | None = None
    ) -> None:
        temporary = self.temporary()
        environment = {**os.environ}
        if self.uv is not None:
            environment = self.settings.of_uv(os.environ)
        elif self.settings != index_settings():
            environment |= self.settings.of_pip()
        environment |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))
        environment |= {"UV_CACHE_DIR": str(self.downloads / "uv"), "PIP_CACHE_DIR": str(self.downloads / "pip")}
        with _counting(measure, on_count):
            run_installer(command, self.downloads.parent, environment, self.settings)


def installer(
    python: Path, folder: Path, say: Callable[[str], None], downloads: Path | None = None, wheels: Path | None = None
) -> Installer:
    """What makes environments in a folder: uv, which is brought where it is not there, else pip.

    With `wheels`, a folder, nothing is looked for elsewhere. `downloads` is another place for what is brought.

    Raises:
        MissingSetupError: there is neither.
        WorkerFailedError: what came as uv is another file.
    """
    settings = index_settings() if wheels is None else IndexSettings(None, (), (str(wheels),))
    downloads = downloads or folder / DOWNLOADS
    try:
        return Installer(python, ensure_uv(folder, say, wheels), (), downloads, settings)
    except NoUvError as error:
        try:
            pip = tuple(pip_command(python))
        except MissingSetupError as lacking:
            raise MissingSetupError(f"{error.message}, and {lacking.message}", lacking.hint) from error
        say(f"{error.message}, so pip makes the environments")
        return Installer(python, None, pip, downloads, settings)


def packages_in(pins: Sequence[Path]) -> list[str]:
    """`name==version` of each line of lists of packages that holds on every system."""
    lines = [line for file in pins for line in file.read_text(encoding="utf-8").splitlines()]
    plain = [line.split("#")[0].split(" --hash")[0].strip() for line in lines]
    return [line for line in plain if line and ";" not in line]


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


def _remove_half_code(python: Path, place: Path) -> None:
    done = finished(python_command(python, _WHOLE_CODE, place))
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise WorkerFailedError(f"What was installed in {place} cannot be looked at ({last})", "run it again")


@contextlib.contextmanager
def _counting(measure: Callable[[], int] | None, on_count: OnCount | None) -> Iterator[None]:
    """While this lasts, tell every moment how far it is."""
    if measure is None or on_count is None:
        yield
        return
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(_LOOK_SECONDS):
            with contextlib.suppress(OSError):  # a folder that is just being renamed
                on_count(measure())

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def run_installer(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    settings: IndexSettings | None = None,
) -> None:
    """Run an installer to its end; what it says goes to stderr, since stdout belongs to the job protocol.

    It ends with this process, however that ends. `folder` is where it writes, for the sentences.

    Raises:
        HandmocapError: it failed; the sentence is that of `failure`.
    """
    process = start_guarded(command, os.environ if environment is None else environment, encoding="utf-8", errors="replace")
    assert process.stdin is not None
    assert process.stdout is not None
    lines: deque[str] = deque(maxlen=_KEPT_LINES)
    try:
        for line in process.stdout:
            print(line, end="", file=sys.stderr, flush=True)
            lines.append(line.strip())
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()
    if process.returncode != 0:
        raise failure(lines, folder, settings)


def failure(lines: Iterable[str], folder: Path, settings: IndexSettings | None = None) -> HandmocapError:
    """The sentence for what an installer said before it failed; with `settings` whether its index answers is tried."""
    lines = [line.strip() for line in lines if line.strip()]
    said = "\n".join(lines)
    reasons = [line for line in lines if not line.startswith(("WARNING", "Traceback", "hint:", "[notice]"))]
    last = (reasons or ["no word"])[-1].removeprefix("cause: ").removeprefix("ERROR: ")[:300]
    numbers = {int(found[0] or found[1]) for found in _NUMBER.findall(said)}
    if numbers & set(_FULL_DISK):
        return OutputError(f"The disk is full at {folder}", "free some space and run it again; what was finished is kept")
    if _OTHER_BYTES.search(said):
        named = _OTHER_PACKAGE.search(said)
        package = (named[1] or named[2]) if named else "a package"
        return WorkerFailedError(
            f"What came as {package} is not the file that was reviewed, and nothing of it was installed",
            "run it again in case the download was cut short; if that does not help, look at which index and proxy pip is "
            "set up for (pip config list)",
        )
    if numbers & set(_FORBIDDEN):
        place = _PLACE.search(said)
        return OutputError(f"{place[1] if place else folder} cannot be written", "choose a folder that you may write to")
    if settings is not None and not answers(settings):
        return NotBroughtError(
            f"The packages could not be downloaded ({last})",
            "look at the network and run it again; what was downloaded is kept",
        )
    lacking = _LACKING.search(said)
    if lacking is not None:
        what = f"{lacking[1] or 'file of a package'} for this Python and system"
        return MissingSetupError(f"There is no reviewed {what} ({last})", "see the lines above it")
    return NotBroughtError(
        f"The packages could not be installed ({last})",
        "look at the network and the free disk space, and run it again; what was downloaded is kept",
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
