"""Makes the environment that WiLoR runs in: the worker's packages, WiLoR's, torch for the card, and wilor_mini, all by hash.

It stands beside MediaPipe's and never touches it. Each finished step is noted, so that a set-up that was ended goes on
with the next one; what pip or uv downloads is kept in the same folder until the whole is done.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from ..core.audience import way_out
from ..core.errors import BadInputError, MissingSetupError, WorkerFailedError
from ..core.files.atomic_files import output_error
from .downloads import download
from .environments import REQUIREMENTS, WILOR_LISTS, Environment, reviewed_lists
from .installers import AS_PINNED, DOWNLOADS, Installer, OnCount, installer, packages_in
from .pythons import OLDEST_WORKER_PYTHON, find_python, version_of, versions_from
from .reporting import Listener, Pace
from .stamps import STAMP_NAME, made_of, pins_hash, stamp_of, write_stamp
from .torch_builds import TorchBuild, torch_build
from .trial import check_once
from .trusted_folders import make_own_folder, take_from_others
from .wilor_plan import WilorPlan
from .wilor_sources import PACKAGE, WILOR_MINI, ReviewedSources, read_sources, sources_sha256, write_wheel

_BEGUN: Final = "handmocap-begun.json"
_MOST_ARCHIVE_BYTES: Final = 200 << 20  # the published one has some 10 MB

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


_STAGES: Final = ("Worker's packages", "Stand-in body", "WiLoR's packages")


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
    lists = tuple((stage, REQUIREMENTS / file) for stage, file in zip(_STAGES, WILOR_LISTS, strict=True))
    return Recipe(lists, build, package, _CHECK)


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
    elif not made_of(environment.folder):
        # An earlier version noted only a hash, by which nobody knows a list of the person's own.
        _note(environment.folder, recipe)
    listener.say("Trying WiLoR's packages")
    check_once(environment.folder, environment.python, "WiLoR", recipe.check)
    return environment


def _name_of(build: TorchBuild) -> str:
    return build.pins.name if build.pins.parent == REQUIREMENTS else "own"


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
    is_begun = stamp_of(place, _BEGUN) == pins and environment.python.exists()
    listener.say(
        f"Going on with WiLoR's environment in {place}" if is_begun else f"Making WiLoR's environment in {place} (once)"
    )
    if not is_begun:
        try:
            shutil.rmtree(place, ignore_errors=True)
            make_own_folder(place.parent)
            make_own_folder(place)
        except OSError as error:
            raise output_error(place, error) from error
    # Not within the environment, which uv makes anew.
    downloads = place.parent / f"{place.name}-{DOWNLOADS}"
    tool = installer(python, place.parent, listener.say, downloads, plan.wheels)
    if not is_begun:
        tool.make(place)
        write_stamp(place, pins, _BEGUN)
    for name, stage, total, install in _steps(environment, tool, plan, recipe):
        if stamp_of(place, f"handmocap-{name}.json") != pins:
            listener.say(f"Installing: {stage}")
            pace = Pace(listener, stage, total)
            install(pace.reach)
            pace.reach(total)
            write_stamp(place, pins, f"handmocap-{name}.json")
    tool.forget_downloads()
    _note(place, recipe)
    take_from_others(place)


def _note(place: Path, recipe: Recipe) -> None:
    """That it is finished, and what it is made of."""
    write_stamp(place, _all_pins(recipe), made_of=reviewed_lists(_name_of(recipe.torch)))


_Step = tuple[str, str, int, Callable[[OnCount], None]]


def _steps(environment: Environment, tool: Installer, plan: WilorPlan, recipe: Recipe) -> Iterator[_Step]:
    """Name, stage, number of packages, and how it is installed."""
    came = 0  # uv's downloads of the steps before lie in the same place

    def of(total: int, use: Installer, arguments: Callable[[], Sequence[str]]) -> Callable[[OnCount], None]:
        before = came
        return lambda reach: use.install(environment.python, arguments(), lambda count: reach(min(count - before, total)))

    for stage, file in recipe.lists:
        total = len(packages_in([file]))
        yield file.stem, stage, total, of(total, tool, partial(list, [*AS_PINNED, "-r", str(file)]))
        came += total
    build = recipe.torch
    total = len(packages_in([build.pins]))
    index = build.index or tool.settings.index
    # Other places that the person's settings name may have a build for another device.
    of_torch = tool if plan.wheels is not None or index is None else replace(tool, settings=tool.settings.only(index))
    yield "torch", "PyTorch, packages", total, of(total, of_torch, partial(list, [*AS_PINNED, "-r", str(build.pins)]))
    came += total
    yield PACKAGE, PACKAGE, 1, of(1, tool, lambda: _sources_command(plan, recipe.package, tool, environment))


def _sources_command(plan: WilorPlan, package: ReviewedSources, tool: Installer, environment: Environment) -> list[str]:
    return ["--no-index", "--no-deps", str(package_wheel(plan, package, tool.temporary(), environment))]


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
    wanted = packages_in([*(file for _, file in recipe.lists), recipe.torch.pins])
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
