"""Makes the environment that WiLoR runs in: the worker's packages, WiLoR's, torch for the card, and wilor_mini, all by hash.

It stands beside MediaPipe's and never touches it. Each finished step is noted, so that a set-up that was ended goes on
with the next one; what pip or uv downloads is kept in the same folder until the whole is done.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from ..core.audience import way_out
from ..core.errors import BadInputError, MissingSetupError, WorkerFailedError
from ..core.files.atomic_files import output_error
from ..core.process.child_processes import python_command
from .downloads import download
from .environments import OLDEST_WORKER_PYTHON, REQUIREMENTS, Environment
from .installers import AS_PINNED, connection_settings, find_uv, pip_command, run_installer
from .package_count import PackageCount, packages_in
from .pythons import find_python, version_of, versions_from
from .reporting import Listener
from .stamps import STAMP_NAME, pins_hash, stamp_of, write_stamp
from .torch_builds import TorchBuild, torch_build
from .trial import check_once
from .trusted_folders import make_own_folder, take_from_others
from .wilor_plan import WilorPlan
from .wilor_sources import PACKAGE, WILOR_MINI, ReviewedSources, read_sources, sources_sha256, write_wheel

_BEGUN: Final = "handmocap-begun.json"
_DOWNLOADS: Final = "downloads"
_MOST_ARCHIVE_BYTES: Final = 200 << 20  # the published one has some 10 MB

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

    lists: tuple[tuple[str, Path], ...]  # a stage's name and its list of packages; they are complete
    torch: TorchBuild
    package: ReviewedSources
    check: str  # code that loads all of it


WILOR_LISTS: Final = (
    ("Worker's packages", REQUIREMENTS / "worker.txt"),
    ("Stand-in body", REQUIREMENTS / "stand_in.txt"),
    ("WiLoR's packages", REQUIREMENTS / "wilor.txt"),
)


def wilor_recipe(plan: WilorPlan) -> Recipe:
    """What a plan, which is checked, is made of.

    Raises:
        MissingSetupError: no build of torch was reviewed for its device.
    """
    build = torch_build(plan.device, plan.torch_list, plan.torch_index)
    package = WILOR_MINI
    if plan.package_sha256 not in (None, package.sha256):
        # Results tell by the version which one they were made with.
        package = replace(package, sha256=plan.package_sha256, version=f"{package.version}+{plan.package_sha256[:8]}")
    return Recipe(WILOR_LISTS, build, package, _CHECK)


def ready_wilor_environment(folder: Path, recipe: Recipe) -> Environment | None:
    """The environment, if it is finished and made of what this version would make it of."""
    environment = _environment(folder, find_python(versions_from(OLDEST_WORKER_PYTHON)))
    is_ready = stamp_of(environment.folder) == _all_pins(recipe) and environment.python.exists()
    return environment if is_ready else None


def ensure_wilor_environment(folder: Path, plan: WilorPlan, listener: Listener, recipe: Recipe) -> Environment:
    """The environment with everything but the weights; `plan` is checked.

    Raises:
        HandmocapError: it cannot be made; finished steps stay.
    """
    python = find_python(versions_from(OLDEST_WORKER_PYTHON))
    environment = _environment(folder, python)
    if ready_wilor_environment(folder, recipe) is None:
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


def _all_pins(recipe: Recipe) -> str:
    return pins_hash([*(file for _, file in recipe.lists), recipe.torch.pins], recipe.package.sha256)


def _make(environment: Environment, python: Path, plan: WilorPlan, listener: Listener, recipe: Recipe) -> None:
    pins = _all_pins(recipe)
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
    for name, stage, total, install in _steps(installer, recipe):
        if stamp_of(place, f"handmocap-{name}.json") != pins:
            listener.say(f"Installing: {stage}")
            count = PackageCount(listener, stage, total)
            install(count)
            count.finish()
            write_stamp(place, pins, f"handmocap-{name}.json")
    shutil.rmtree(place / _DOWNLOADS, ignore_errors=True)
    write_stamp(place, pins)
    take_from_others(place)


_Step = tuple[str, str, int, Callable[[PackageCount], None]]


def _steps(installer: _Installer, recipe: Recipe) -> Iterator[_Step]:
    """Name, stage, number of packages, and how it is installed."""
    for stage, file in recipe.lists:
        yield file.stem, stage, len(_packages(file)), partial(installer.install_list, file)
    torch = recipe.torch
    yield "torch", "PyTorch, packages", len(_packages(torch.pins)), partial(installer.install_torch, torch)
    yield PACKAGE, PACKAGE, 1, partial(installer.install_sources, recipe.package)


def _packages(file: Path) -> list[str]:
    return packages_in(file.read_text(encoding="utf-8").splitlines())


class _Installer:
    """uv where it is on the path, else pip; both write below the environment alone."""

    def __init__(self, environment: Environment, python: Path, plan: WilorPlan) -> None:
        self._environment, self._python, self._plan = environment, python, plan
        self.temporary = environment.folder / _DOWNLOADS / "temporary"
        try:
            shutil.rmtree(self.temporary, ignore_errors=True)
            self.temporary.mkdir(parents=True)
        except OSError as error:
            raise output_error(self.temporary, error) from error
        self._uv = find_uv()
        self._pip = [] if self._uv is not None else pip_command(python)

    def install_list(self, pins: Path, count: PackageCount) -> None:
        self._install([*self._places(), *AS_PINNED, "-r", str(pins)], count)

    def install_torch(self, build: TorchBuild, count: PackageCount) -> None:
        """One build of torch, by its list. Other places that the person's settings name may have one for another device."""
        places = self._places()
        if self._plan.wheels is None and build.index is not None:
            places = ["--index-url", build.index]
        variables = dict(_NO_OTHER_PLACES)
        if self._pip:
            variables |= connection_settings(self._pip)
        self._install([*places, *AS_PINNED, "-r", str(build.pins)], count, variables)

    def install_sources(self, package: ReviewedSources, count: PackageCount) -> None:
        wheel = package_wheel(self._plan, package, self.temporary, self._environment)
        self._install(["--no-index", "--no-deps", str(wheel)], count)

    def _places(self) -> list[str]:
        return ["--no-index", "--find-links", str(self._plan.wheels)] if self._plan.wheels is not None else []

    def _install(self, arguments: Sequence[str], count: PackageCount, variables: Mapping[str, str] | None = None) -> None:
        into = ["--python", str(self._environment.python)]
        if self._uv is not None:
            offline = ["--offline"] if self._plan.offline else []
            command = [str(self._uv), "pip", "install", "--compile-bytecode", *into, *offline]
        else:
            command = [*self._pip, *into, "install"]
        has_network = self._plan.wheels is None
        variables = {**self._variables(), **(variables or {})}
        run_installer([*command, *arguments], self._environment.folder, variables, count.read, has_network)

    def _variables(self) -> dict[str, str]:
        downloads = self._environment.folder / _DOWNLOADS
        variables = {name: str(self.temporary) for name in ("TMPDIR", "TEMP", "TMP")}
        variables |= {"PIP_CACHE_DIR": str(downloads / "pip"), "UV_CACHE_DIR": str(downloads / "uv")}
        if self._plan.wheels is not None:
            # The person's own settings may name other places to look.
            variables |= _NO_OTHER_PLACES
        return variables


def package_wheel(plan: WilorPlan, package: ReviewedSources, temporary: Path, environment: Environment) -> Path:
    """A wheel of wilor_mini's reviewed sources below `temporary`, which the plan names or which come from their publisher.

    Raises:
        WorkerFailedError: what was downloaded is another one, or the network failed.
        BadInputError: what the plan names is another one.
    """
    place: Path | None = None
    address = plan.package if plan.package is not None and "://" in plan.package else None
    if plan.package is not None and address is None:
        place = Path(plan.package)
    elif plan.package is None and plan.wheels is not None:
        place = next(iter(sorted(plan.wheels.glob(f"{PACKAGE}-*.whl"))), None)
    if place is None:
        address = address or package.address
        place = temporary / f"{PACKAGE}.archive"
        download(address, place, None, lambda _count: None, certificates_of(environment), _MOST_ARCHIVE_BYTES)
    sources = read_sources(place)
    found = sources_sha256(sources)
    if found != package.sha256:
        kind, came_from = (BadInputError, str(place)) if address is None else (WorkerFailedError, address)
        raise kind(
            f"{came_from} is not the reviewed {PACKAGE}, the hash of its sources is {found} and not {package.sha256}",
            way_out(
                "take it out of the folder of wheels, or try again later",
                f"run it without --package; if you mean this one, add --package-sha256 {found}",
            ),
        )
    try:
        return write_wheel(sources, package.version, temporary)
    except OSError as error:
        raise output_error(temporary, error) from error


def certificates_of(environment: Environment) -> Path | None:
    """The authorities that an environment's own certifi knows."""
    return next(environment.folder.glob("[Ll]ib/**/site-packages/certifi/cacert.pem"), None)


def check_wheels(plan: WilorPlan, recipe: Recipe) -> None:
    """Refuse a folder that lacks a wheel, and name all that it lacks, before anything is made.

    Raises:
        MissingSetupError: it lacks some.
    """
    assert plan.wheels is not None
    there = {tuple(path.name.split("-")[:2]) for path in plan.wheels.glob("*.whl")}
    named = {(_plain(name), version) for name, version in there}
    wanted = [line for file in (*(file for _, file in recipe.lists), recipe.torch.pins) for line in _packages(file)]
    lacking = [pin for pin in wanted if (_plain(pin.split("==")[0]), pin.split("==")[1]) not in named]
    if plan.package is None and PACKAGE not in {name for name, _version in named}:
        lacking.append(PACKAGE)
    if lacking:
        shown = ", ".join(lacking[:8]) + (f" and {len(lacking) - 8} more" if len(lacking) > 8 else "")
        raise MissingSetupError(
            f"{plan.wheels} lacks a wheel of {shown}",
            way_out(
                "put them there, or empty Wheels for WiLoR in the preferences", "put them there, or leave --wheels away"
            ),
        )


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()
