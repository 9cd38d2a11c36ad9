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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..core.audience import set_up_worker
from ..core.errors import HandmocapError, MissingSetupError, WorkerFailedError
from ..core.files.atomic_files import output_error, replacing
from ..core.files.temporary_folders import TemporaryFolder
from .installers import AS_PINNED, Installer, installer, packages_in
from .lock import locked
from .pythons import (
    BLENDER_PYTHONS,
    OLDEST_WORKER_PYTHON,
    ensure_python,
    find_python,
    version_of,
    versions_from,
)
from .reporting import Listener, Pace, Say, Show, show_nothing
from .stamps import STAMP_NAME, made_of, pins_hash, stamp_of, write_stamp
from .task_models import BODY_MODEL, HAND_MODEL, TaskModel
from .trial import FAILED_NAME, check_once
from .trusted_folders import make_own_folder, take_from_others
from .wilor_sources import WILOR_MINI

# What WiLoR's environment has besides torch.
WILOR_LISTS: Final = ("worker.txt", "stand_in.txt", "wilor.txt")
REQUIREMENTS: Final = Path(__file__).resolve().parent.parent / "requirements"
_LONGEST_SENTENCE: Final = 2000

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
    """The environment of a name that another version of this program made, where there is none of this one."""
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
    """The worker's environment with MediaPipe, its models and the stand-in body. `show` gets the progress.

    One that has the hand model alone, as earlier versions made it, gets the body model; where that cannot be had now, it is
    said and asked for again next time, since hands can be found without it.

    Raises:
        MissingSetupError, WorkerFailedError, OutputError: it cannot be made; an unfinished one is made afresh next time.
    """
    python = _python(folder, "worker", versions_from(OLDEST_WORKER_PYTHON), say)
    pins = (REQUIREMENTS / "worker.txt", REQUIREMENTS / "stand_in.txt")
    environment = _ready(folder, "worker", python, pins)
    if environment is None or _model_sha256(environment, HAND_MODEL) is None:
        with locked(folder, say):
            environment = _ensure(folder, "worker", python, pins, Listener(say, show))
            if _model_sha256(environment, HAND_MODEL) is None:
                say("Fetching the models of hands and body (36 MB)")
                _make_models(installer(python, folder, say), environment, (HAND_MODEL, BODY_MODEL))
    model, sha256 = _model_of(environment, HAND_MODEL), _model_sha256(environment, HAND_MODEL)
    check_once(environment.folder, environment.python, "MediaPipe", _WORKER_CHECK, str(model), str(sha256))
    if _model_sha256(environment, BODY_MODEL) is None:
        _add_body_model(folder, environment, python, say)
    return environment


def _add_body_model(folder: Path, environment: Environment, python: Path, say: Say) -> None:
    try:
        with locked(folder, say):
            if _model_sha256(environment, BODY_MODEL) is None:
                say("Fetching the body model (36 MB)")
                _make_models(installer(python, folder, say), environment, (BODY_MODEL,))
    except HandmocapError as error:
        say(f"The built-in body is not there yet, hands alone are found: {error.sentence()}")


def ensure_blender_module(folder: Path, say: Say, show: Show = show_nothing) -> Environment:
    """The environment with Blender as a Python module. `show` gets the progress.

    Raises:
        MissingSetupError: no fitting Python, or a system library is missing.
        WorkerFailedError, OutputError: it cannot be made.
    """
    python = _python(folder, "blender", BLENDER_PYTHONS, say)
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
    python = _python(folder, "readers", BLENDER_PYTHONS, say)
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
    python = ensure_python(versions_from(OLDEST_WORKER_PYTHON), folder, say)
    with locked(folder, say):
        if stamp_of(target) != pins_hash([pins]):
            shutil.rmtree(target, ignore_errors=True)
            say("Installing the stand-in body")
            tool = installer(python, folder, say)
            tool.install_into_folder(target, [*AS_PINNED, "-r", str(pins)])
            tool.forget_downloads()
            write_stamp(target, pins_hash([pins]))
    return target


def add_test_tools(environment: Environment, say: Say) -> None:
    """Add the test suite's packages to an environment."""
    pins = REQUIREMENTS / "test.txt"
    stamp = environment.folder / "test-tools"
    if stamp_of(stamp) != pins_hash([pins]):
        say(f"Adding the test tools to {environment.folder.name}")
        folder = environment.folder.parent
        python = ensure_python(versions_from(OLDEST_WORKER_PYTHON), folder, say)
        with locked(folder, say):
            _install(environment, installer(python, folder, say), [pins], Listener(say))
            write_stamp(stamp, pins_hash([pins]))


def _model_of(environment: Environment, model: TaskModel) -> Path:
    return environment.folder / "models" / model.file_name


def _model_sha256(environment: Environment, model: TaskModel) -> str | None:
    """The hash of a model, or None where it is not there or not of the reviewed networks."""
    try:
        content = _model_of(environment, model).read_bytes()
    except OSError:
        return None
    return hashlib.sha256(content).hexdigest() if model.reviewed_task(content) is not None else None


def _python(folder: Path, name: str, versions: Sequence[tuple[int, int]], say: Say) -> Path:
    """The Python that an environment is made from, or its own, where it is finished and the machine has no other."""
    try:
        return find_python(versions)
    except MissingSetupError:
        finished = find(folder, name)
        if finished is not None and version_of(finished.python) in versions:
            return finished.python
        return ensure_python(versions, folder, say)


def _ready(folder: Path, name: str, python: Path, pins: Sequence[Path]) -> Environment | None:
    """An environment that is finished and made of these pins. No lock: a shared one need not be writable."""
    version = version_of(python)
    if version is None:
        return None
    environment = Environment(folder / f"{name}-python{version[0]}.{version[1]}")
    is_ready = stamp_of(environment.folder) == pins_hash(pins) and environment.python.exists()
    return environment if is_ready else None


def is_outdated(environment: Environment) -> bool:
    """Whether an environment was made of other lists of packages than this version has."""
    name, _, version = environment.folder.name.partition("-python")
    lists = {
        "worker": ("worker.txt", "stand_in.txt"),
        "blender": (f"blender-python{version}.txt", "stand_in.txt"),
        "readers": ("readers.txt",),
    }
    if name == "wilor":
        return not _is_wilor_of_this_version(environment.folder)
    pins = [REQUIREMENTS / file for file in lists.get(name, ())]
    return bool(pins) and all(file.is_file() for file in pins) and stamp_of(environment.folder) != pins_hash(pins)


def _is_wilor_of_this_version(place: Path) -> bool:
    noted = made_of(place)
    if noted:
        return noted == reviewed_lists(noted.partition(" ")[0])
    # Made before that was noted: where nothing of it was a person's own, its pins are those of one of the lists of torch.
    lists = [REQUIREMENTS / name for name in WILOR_LISTS]
    torches = REQUIREMENTS.glob("wilor_torch*.txt")
    return stamp_of(place) in {pins_hash([*lists, torch], WILOR_MINI.sha256) for torch in torches}


def reviewed_lists(torch: str) -> str:
    """What is noted of WiLoR's environment: the name of its list of torch, and a hash of this version's lists with that one.

    A list of the person's own counts as one without a name.
    """
    file = REQUIREMENTS / torch
    own = not (torch.startswith("wilor_torch") and file.is_file())
    lists = [REQUIREMENTS / name for name in WILOR_LISTS]
    return f"own {pins_hash(lists)}" if own else f"{torch} {pins_hash([*lists, file])}"


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
    tool = installer(python, folder, listener.say)
    tool.make(environment.folder)
    _install(environment, tool, pins, listener)
    write_stamp(environment.folder, pins_hash(pins))
    take_from_others(environment.folder)
    return environment


def _install(environment: Environment, tool: Installer, pins: Sequence[Path], listener: Listener) -> None:
    total = len(packages_in(pins))
    pace = Pace(listener, "Installing packages", total)
    # All at once: where one file is not the reviewed one, nothing at all is installed.
    lists = [argument for file in pins for argument in ("-r", str(file))]
    tool.install(environment.python, [*AS_PINNED, *lists], pace.reach)
    tool.forget_downloads()
    pace.reach(total)


def _make_models(tool: Installer, environment: Environment, models: Sequence[TaskModel]) -> None:
    """Of the networks in the one wheel that has them."""
    with TemporaryFolder() as unpacked:
        # Any system's wheel has the same models. It is unpacked apart, and nothing of it is run.
        tool.install_into_folder(unpacked.path, [*AS_PINNED, "-r", str(REQUIREMENTS / "hand_model.txt")])
        tool.forget_downloads()
        found = [{network.name: network.from_wheel(unpacked.path) for network in model.networks} for model in models]
    for model, parts in zip(models, found, strict=True):
        if model.other_parts(parts):
            raise WorkerFailedError(
                f"The downloaded {', '.join(model.other_parts(parts))} is not the expected one", "run the set-up again"
            )
        with replacing(_model_of(environment, model)) as temporary:
            temporary.write_bytes(model.task_file(parts))
    take_from_others(environment.folder)
