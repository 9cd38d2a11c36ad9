"""Makes the environment that WiLoR runs in: the worker's packages, WiLoR's, torch for the card, and wilor_mini.

It stands beside MediaPipe's and never touches it. Each finished step is noted, so that a set-up that was ended goes on
with the next one; what pip or uv downloads is kept in the same folder until the whole is done.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..atomic_files import output_error
from ..child_processes import python_command
from ..environments import OLDEST_WORKER_PYTHON, REQUIREMENTS, Environment
from ..errors import MissingSetupError, WorkerFailedError
from .installers import AS_PINNED, connection_settings, find_uv, pip_command, run_installer
from .package_count import PackageCount, packages_in
from .pythons import find_python, version_of, versions_from
from .reporting import Listener
from .stamps import STAMP_NAME, pins_hash, stamp_of, write_stamp
from .trial import check_once
from .trusted_folders import make_own_folder, take_from_others
from .wilor_plan import WILOR_MINI_ADDRESS, WILOR_MINI_COMMIT, WilorPlan

_UV_LIST: Final = REQUIREMENTS / "uv.txt"
_BEGUN: Final = "handmocap-begun.json"
_DOWNLOADS: Final = "downloads"
# What torch brings along on Linux for NVIDIA's cards, by count; it only shapes the progress.
_CUDA_PACKAGES: Final = 20

_NO_OTHER_PLACES: Final = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_FIND_LINKS": "",
    "PIP_EXTRA_INDEX_URL": "",
    "UV_FIND_LINKS": "",
    "UV_EXTRA_INDEX_URL": "",
    "UV_NO_CONFIG": "1",
}

_CHECK: Final = """
import os, sys
os.environ.update(YOLO_OFFLINE="true", YOLO_AUTOINSTALL="false", HF_HUB_OFFLINE="1", YOLO_CONFIG_DIR=sys.prefix)
import av, chumpy, cv2, torch, torchvision
import wilor_mini.pipelines.wilor_hand_pose3d_estimation_pipeline
"""


@dataclass(frozen=True)
class Recipe:
    """What an environment is made of."""

    lists: tuple[tuple[str, Path], ...]  # a stage's name and its list of packages, which is complete
    torch: Path  # the list that is resolved, since its builds bring other packages along
    package: str  # the commit of wilor_mini
    check: str  # code that loads all of it


WILOR_RECIPE: Final = Recipe(
    (
        ("Worker's packages", REQUIREMENTS / "worker.txt"),
        ("Stand-in body", REQUIREMENTS / "stand_in.txt"),
        ("WiLoR's packages", REQUIREMENTS / "wilor.txt"),
    ),
    REQUIREMENTS / "wilor_torch.txt",
    WILOR_MINI_COMMIT,
    _CHECK,
)


def ready_wilor_environment(folder: Path, device: str, recipe: Recipe = WILOR_RECIPE) -> Environment | None:
    """The environment, if it is finished and made of what this version would make it of."""
    environment = _environment(folder, find_python(versions_from(OLDEST_WORKER_PYTHON)))
    is_ready = stamp_of(environment.folder) == _all_pins(recipe, device) and environment.python.exists()
    return environment if is_ready else None


def ensure_wilor_environment(
    folder: Path, plan: WilorPlan, listener: Listener, recipe: Recipe = WILOR_RECIPE
) -> Environment:
    """The environment with everything but the weights; `plan` is checked.

    Raises:
        HandmocapError: it cannot be made; finished steps stay.
    """
    python = find_python(versions_from(OLDEST_WORKER_PYTHON))
    environment = _environment(folder, python)
    if ready_wilor_environment(folder, plan.device, recipe) is None:
        if plan.wheels is not None:
            check_wheels(plan, recipe)
        _make(environment, python, plan, listener, recipe)
    listener.say("Trying WiLoR's packages")
    check_once(environment.folder, environment.python, "WiLoR", recipe.check)
    return environment


def _environment(folder: Path, python: Path) -> Environment:
    version = version_of(python)
    if version is None:
        raise MissingSetupError(f"{python} does not run", "install Python 3.11 or newer")
    return Environment(folder / f"wilor-python{version[0]}.{version[1]}")


def _all_pins(recipe: Recipe, device: str) -> str:
    return pins_hash([*(file for _, file in recipe.lists), recipe.torch], recipe.package, device)


def _make(environment: Environment, python: Path, plan: WilorPlan, listener: Listener, recipe: Recipe) -> None:
    pins = _all_pins(recipe, plan.device)
    place = environment.folder
    # A changed environment that worked until now is not half there while it is made anew.
    (place / STAMP_NAME).unlink(missing_ok=True)
    (place / "handmocap-checked").unlink(missing_ok=True)
    if stamp_of(place, _BEGUN) != pins or not environment.python.exists():
        listener.say(f"Making WiLoR's environment in {place} (once)")
        try:
            shutil.rmtree(place, ignore_errors=True)
            make_own_folder(place.parent)
            make_own_folder(place)
        except OSError as error:
            raise output_error(place, error) from error
        run_installer(python_command(python, "-m", "venv", "--without-pip", place), place)
        write_stamp(place, pins, _BEGUN)
    else:
        listener.say(f"Going on with WiLoR's environment in {place}")
    installer = _Installer(environment, python, plan)
    for name, stage, total, arguments in _steps(plan, installer, recipe):
        if stamp_of(place, f"handmocap-{name}.json") != pins:
            listener.say(f"Installing: {stage}")
            count = PackageCount(listener, stage, total)
            installer.install(arguments(), count)
            count.finish()
            write_stamp(place, pins, f"handmocap-{name}.json")
    shutil.rmtree(place / _DOWNLOADS, ignore_errors=True)
    write_stamp(place, pins)
    take_from_others(place)


_Step = tuple[str, str, int, Callable[[], list[str]]]


def _steps(plan: WilorPlan, installer: _Installer, recipe: Recipe) -> Iterator[_Step]:
    """Name, stage, number of packages, and what to tell the installer once it is time."""
    for stage, file in recipe.lists:
        yield file.stem, stage, len(_packages(file)), lambda file=file: [*AS_PINNED, "-r", str(file)]  # type: ignore[misc]
    torch = 2 + (_CUDA_PACKAGES if plan.device == "cuda" and sys.platform == "linux" else 0)
    yield "torch", "PyTorch, packages", torch, lambda: [*installer.torch_source(), "-r", str(recipe.torch)]
    build = ["--no-deps", "--no-build-isolation"]
    yield "wilor_mini", "wilor_mini", 1, lambda: [*build, package_source(plan, installer.temporary)]


def _packages(file: Path) -> list[str]:
    return packages_in(file.read_text(encoding="utf-8").splitlines())


class _Installer:
    """uv where it is on the path or is needed for torch's build, else pip; both write below the environment alone."""

    def __init__(self, environment: Environment, python: Path, plan: WilorPlan) -> None:
        self._environment, self._python, self._plan = environment, python, plan
        self.temporary = environment.folder / _DOWNLOADS / "temporary"
        try:
            shutil.rmtree(self.temporary, ignore_errors=True)
            self.temporary.mkdir(parents=True)
        except OSError as error:
            raise output_error(self.temporary, error) from error
        self._uv = find_uv()
        self._pip: list[str] | None = None

    def torch_source(self) -> list[str]:
        """Where torch's build for the device is."""
        plan = self._plan
        if plan.wheels is not None:
            return []
        if plan.torch_index is not None:
            return ["--index-url", plan.torch_index]
        if self._uv is None and not _on_the_ordinary_index(plan.device):
            self._uv = self._bring_uv()
        if self._uv is None or sys.platform == "darwin":
            return []
        return ["--torch-backend", "cpu" if plan.device == "cpu" else "auto"]

    def install(self, arguments: Sequence[str], count: PackageCount) -> None:
        into = ["--python", str(self._environment.python)]
        if self._uv is not None:
            command = [str(self._uv), "pip", "install", *into]
        else:
            self._pip = self._pip or pip_command(self._python)
            command = [*self._pip, *into, "install"]
        if self._plan.wheels is not None:
            command += ["--no-index", "--find-links", str(self._plan.wheels)]
        if self._plan.offline and self._uv is not None:
            command += ["--offline"]
        has_network = self._plan.wheels is None
        variables = self._variables()
        if "--index-url" in arguments:
            # Other places that the person's settings name may have a newer build for another device.
            variables |= _NO_OTHER_PLACES | (connection_settings(self._pip) if self._pip is not None else {})
        run_installer([*command, *arguments], self._environment.folder, variables, count.read, has_network)

    def _bring_uv(self) -> Path:
        tools = self._environment.folder / _DOWNLOADS / "tools"
        into = ["--target", str(tools), "--upgrade"]
        command = [*pip_command(self._python), "install", *AS_PINNED, *into, "-r", str(_UV_LIST)]
        run_installer(command, self._environment.folder, self._variables())
        uv = tools / "bin" / ("uv.exe" if sys.platform == "win32" else "uv")
        if not uv.is_file():
            raise WorkerFailedError("The installer uv did not come", "install uv yourself, or give --torch-index")
        return uv

    def _variables(self) -> dict[str, str]:
        downloads = self._environment.folder / _DOWNLOADS
        variables = {name: str(self.temporary) for name in ("TMPDIR", "TEMP", "TMP")}
        variables |= {"PIP_CACHE_DIR": str(downloads / "pip"), "UV_CACHE_DIR": str(downloads / "uv")}
        if self._plan.wheels is not None:
            # The person's own settings may name other places to look.
            variables |= _NO_OTHER_PLACES
        return variables


def _on_the_ordinary_index(device: str) -> bool:
    """Whether the index that pip asks by itself has torch for a device: CUDA's for Linux, the processor's elsewhere."""
    return device == ("cuda" if sys.platform == "linux" else "cpu")


def package_source(plan: WilorPlan, temporary: Path) -> str:
    """What to tell the installer to take as wilor_mini; a folder is copied below `temporary` first."""
    if plan.package is None:
        return "wilor_mini" if plan.wheels is not None else f"wilor_mini @ {WILOR_MINI_ADDRESS}"
    if "://" in plan.package:
        return f"wilor_mini @ {plan.package}"
    path = Path(plan.package)
    if path.is_dir():
        # Building writes into the folder, and this one is the user's.
        leave_out = shutil.ignore_patterns(".git", "pretrained_models", "assets", "build")
        path = Path(shutil.copytree(path, temporary / "wilor_mini", ignore=leave_out, dirs_exist_ok=True))
    return str(path)


def check_wheels(plan: WilorPlan, recipe: Recipe) -> None:
    """Refuse a folder that lacks a wheel, and name all that it lacks, before anything is made.

    Raises:
        MissingSetupError: it lacks some.
    """
    assert plan.wheels is not None
    there = {tuple(path.name.split("-")[:2]) for path in plan.wheels.glob("*.whl")}
    named = {(_plain(name), version) for name, version in there}
    wanted = [line for _, file in recipe.lists for line in _packages(file)]
    lacking = [pin for pin in wanted if (_plain(pin.split("==")[0]), pin.split("==")[1]) not in named]
    names = {name for name, _version in named}
    lacking += [name for name in ("torch", "torchvision") if name not in names]
    if plan.package is None and "wilor_mini" not in names:
        lacking.append("wilor_mini")
    if lacking:
        shown = ", ".join(lacking[:8]) + (f" and {len(lacking) - 8} more" if len(lacking) > 8 else "")
        raise MissingSetupError(f"{plan.wheels} lacks a wheel of {shown}", "put them there, or leave --wheels away")


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()
