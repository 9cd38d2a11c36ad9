"""The set-up of WiLoR with packages of a few bytes in the place of the real ones, from folders and from a server here."""

from __future__ import annotations

import hashlib
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from addon_tests.making.file_server import FileServer, serving
from addon_tests.making.wheels import write_wheel
from handmocap_addon.core.errors import (
    BadInputError,
    BadUsageError,
    ExitCode,
    MissingSetupError,
    OutputError,
    WorkerFailedError,
)
from handmocap_addon.set_up import environments, stamps, wilor
from handmocap_addon.set_up.licences import WILOR_LICENCES, accept
from handmocap_addon.set_up.reporting import Listener
from handmocap_addon.set_up.torch_builds import TorchBuild
from handmocap_addon.set_up.wilor import ensure_wilor
from handmocap_addon.set_up.wilor_environment import Recipe, check_wheels, ready_wilor_environment, wilor_recipe
from handmocap_addon.set_up.wilor_files import WeightFile
from handmocap_addon.set_up.wilor_plan import WilorPlan
from handmocap_addon.set_up.wilor_sources import WILOR_MINI, ReviewedSources, read_sources, sources_sha256

WEIGHTS = {"weights.ckpt": random.Random(4).randbytes(2_000_000)}
PACKAGES = ("tiny_one", "tiny_two", "torch", "torchvision", "wilor_mini")


class Shop:
    """Where everything is to be had, and what the set-up said about bringing it."""

    def __init__(self, folder: Path, server: FileServer) -> None:
        self.folder, self.server = folder / "Umgebungen für Zoë", server
        self.wheels, self.weights = folder / "wheels", folder / "weights"
        for name in PACKAGES:
            write_wheel(self.wheels, name, filler=random.Random(name).randbytes(200_000))
        self.weights.mkdir()
        for name, content in WEIGHTS.items():
            (self.weights / name).write_bytes(content)
        for list_name, names in {"first": PACKAGES[:2], "torch": PACKAGES[2:4]}.items():
            pins = [f"{name}==1.0 --hash=sha256:{self._hash_of(name)}\n" for name in names]
            (folder / f"{list_name}.txt").write_text("# two\n" + "".join(pins), encoding="utf-8")
        wheel = self.wheels / "wilor_mini-1.0-py3-none-any.whl"
        package = ReviewedSources("1.0", sources_sha256(read_sources(wheel)), server.address(wheel.name))
        torch = TorchBuild(folder / "torch.txt", server.address("torch-index"))
        self.recipe = Recipe((("First", folder / "first.txt"),), torch, package, "import tiny_two, torch, wilor_mini")
        self.files = tuple(
            WeightFile(name, hashlib.sha256(content).hexdigest(), 2, server.address(name))
            for name, content in WEIGHTS.items()
        )
        self.said: list[str] = []
        self.shown: list[tuple[str, int, int]] = []
        # An index of packages as pip reads it.
        for name in PACKAGES:
            wheel = f"{name}-1.0-py3-none-any.whl"
            server.files[wheel] = (self.wheels / wheel).read_bytes()
            index = "torch-index" if name.startswith("torch") else "simple"
            server.files[f"{index}/{name.replace('_', '-')}/"] = f'<a href="/{wheel}">{wheel}</a>'.encode()
        server.files |= WEIGHTS

    def _hash_of(self, name: str) -> str:
        return hashlib.sha256((self.wheels / f"{name}-1.0-py3-none-any.whl").read_bytes()).hexdigest()

    @property
    def offline(self) -> WilorPlan:
        return WilorPlan("cpu", wheels=self.wheels, weights=self.weights, offline=True)

    @property
    def online(self) -> WilorPlan:
        return WilorPlan("cpu")

    def set_up(self, plan: WilorPlan | None = None) -> wilor.ReadyWilor:
        listener = Listener(
            self.said.append, lambda progress: self.shown.append((progress.stage, progress.done, progress.total))
        )
        return ensure_wilor(self.folder, plan or self.offline, listener, self.files, self.recipe)

    def installs(self) -> list[str]:
        return [text.removeprefix("Installing: ") for text in self.said if text.startswith("Installing: ")]


@pytest.fixture
def shop(tmp_path, monkeypatch):
    with serving({}) as server:
        # Only what this test serves: no uv of the machine, no settings of the person's, and no patience.
        for name, value in {"PATH": "", "PIP_CONFIG_FILE": "/dev/null", "PIP_RETRIES": "0", "PIP_TIMEOUT": "10"}.items():
            monkeypatch.setenv(name, value)
        for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("PIP_INDEX_URL", server.address("simple"))
        made = Shop(tmp_path, server)
        accept(made.folder, wilor.WILOR, WILOR_LICENCES)
        yield made


@pytest.mark.usefixtures("maker")
def test_from_folders_alone_without_any_network(shop):
    shop.recipe = replace(shop.recipe, check="raise ImportError('libcuda.so.1 is old')")
    with pytest.raises(MissingSetupError) as caught:
        shop.set_up()
    assert caught.value.message == "WiLoR does not run (ImportError: libcuda.so.1 is old)"
    assert shop.installs() == ["First", "PyTorch, packages", "wilor_mini"]
    shop.recipe = replace(shop.recipe, check="import tiny_two, torch, wilor_mini")
    shop.said.clear()
    ready = shop.set_up()
    assert shop.installs() == []
    assert shop.server.ranges == []
    assert (ready.weights / "pretrained_models" / "weights.ckpt").read_bytes() == WEIGHTS["weights.ckpt"]
    assert environments.find_wilor(shop.folder) == ready.environment
    assert environments.find_worker(shop.folder, "wilor") == ready.environment
    assert environments.find_worker(shop.folder) is None
    assert not list(shop.folder.glob("*downloads"))
    # Every stage told its progress from its beginning to its whole.
    ends = {stage: (done, total) for stage, done, total in shop.shown}
    assert ends == {"First": (2, 2), "PyTorch, packages": (2, 2), "wilor_mini": (1, 1), "WiLoR's weights": (2, 2)}
    assert {(stage, 0, total) for stage, (_, total) in ends.items()} <= set(shop.shown)


@pytest.mark.usefixtures("maker")
def test_the_network_cut_in_the_middle_and_taken_up_again(shop):
    shop.server.breaks_after = 100_000  # within a package
    with pytest.raises(WorkerFailedError) as caught:
        shop.set_up(shop.online)
    # Older versions of pip take half a file for a whole one, and then see that it is not the reviewed one.
    assert caught.value.message.startswith(("The packages could not be installed (", "What came as tiny_one==1.0 is not"))
    assert "run it again" in caught.value.hint
    assert environments.find_wilor(shop.folder) is None
    shop.server.breaks_after = 500_000  # within the weights
    with pytest.raises(WorkerFailedError) as caught:
        shop.set_up(shop.online)
    assert "weights.ckpt stopped after" in caught.value.message
    assert any(text.startswith("Going on with") for text in shop.said)
    shop.server.breaks_after = None
    shop.said.clear()
    shop.set_up(shop.online)
    assert shop.installs() == []
    assert shop.server.ranges[-1] == "bytes=500000-"


@pytest.mark.installs
def test_torch_comes_from_the_named_index_alone(shop, tmp_path, monkeypatch):
    """Another place that the person's own settings name has a newer build, for another device."""
    write_wheel(tmp_path / "elsewhere", "torch", version="1.1")
    settings = tmp_path / "pip.conf"
    settings.write_text(f"[global]\nfind-links = {tmp_path / 'elsewhere'}\n", encoding="utf-8")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
    shop.set_up(shop.online)
    installed = environments.find_wilor(shop.folder).folder
    assert list(installed.rglob("torch-1.0.dist-info"))
    assert not list(installed.rglob("torch-1.1.dist-info"))


@pytest.mark.installs
def test_no_index_at_all(shop, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(WorkerFailedError) as caught:
        shop.set_up(shop.online)
    assert "could not be downloaded" in caught.value.message


@pytest.mark.installs
def test_a_step_that_fails_leaves_no_half_environment_in_use_and_is_all_that_is_done_again(shop):
    (shop.wheels / "wilor_mini-1.0-py3-none-any.whl").write_bytes(b"no wheel")
    with pytest.raises(BadInputError, match="cannot be read"):
        shop.set_up()
    assert environments.find_wilor(shop.folder) is None
    write_wheel(shop.wheels, "wilor_mini", filler=random.Random("wilor_mini").randbytes(200_000))
    shop.said.clear()
    shop.set_up()
    assert shop.installs() == ["wilor_mini"]
    assert ready_wilor_environment(shop.folder, shop.recipe)
    assert not ready_wilor_environment(shop.folder, replace(shop.recipe, package=WILOR_MINI))
    assert not ready_wilor_environment(shop.folder, replace(shop.recipe, torch=TorchBuild(shop.wheels.parent / "first.txt")))


def test_nothing_happens_before_the_licences_are_accepted(shop, tmp_path):
    shop.folder = tmp_path / "nobody agreed"
    with pytest.raises(MissingSetupError) as caught:
        shop.set_up()
    assert "licences" in caught.value.message
    assert caught.value.exit_code == ExitCode.MISSING_SETUP
    assert not shop.folder.exists()


def test_all_wheels_that_lack_are_named_before_anything_is_made(shop):
    for name in ("tiny_two", "torch"):
        (shop.wheels / f"{name}-1.0-py3-none-any.whl").unlink()
    with pytest.raises(MissingSetupError) as caught:
        shop.set_up()
    assert caught.value.message == f"{shop.wheels} lacks a wheel of tiny_two==1.0, torch==1.0"
    assert not list(shop.folder.glob("wilor-python*"))


def test_the_real_recipe_names_what_an_empty_folder_lacks(tmp_path):
    with pytest.raises(MissingSetupError) as caught:
        check_wheels(WilorPlan("cpu", wheels=tmp_path), wilor_recipe(WilorPlan("cpu", wheels=tmp_path)))
    assert "more" in caught.value.message


def test_too_little_room_is_said_before_anything_is_made(shop, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _place: shutil._ntuple_diskusage(5e9, 4e9, 1e9))
    with pytest.raises(OutputError) as caught:
        shop.set_up()
    assert "1000 MB free and 3002 MB are needed" in caught.value.message
    assert not list(shop.folder.glob("wilor-python*"))


@pytest.mark.usefixtures("maker")
@pytest.mark.parametrize("where", ["its index", "the wheels"])
def test_another_build_under_torch_s_name_is_not_installed(shop, where):
    other = write_wheel(shop.wheels, "torch", code="raise SystemExit('ran')")
    shop.server.files[other.name] = other.read_bytes()
    with pytest.raises(WorkerFailedError, match="What came as torch==1.0 is not the file that was reviewed"):
        shop.set_up(shop.online if where == "its index" else shop.offline)
    assert environments.find_wilor(shop.folder) is None
    assert not list(shop.folder.rglob("torch/__init__.py"))


@pytest.mark.installs
@pytest.mark.parametrize("where", ["published", "wheels", "folder"])
def test_other_sources_of_the_package_are_not_installed(shop, tmp_path, where):
    other = write_wheel(tmp_path / "other", "wilor_mini", code="raise SystemExit('ran')")
    plan, kind = shop.online, BadInputError
    if where == "published":
        shop.server.files[other.name], kind = other.read_bytes(), WorkerFailedError
    elif where == "wheels":
        shutil.copy(other, shop.wheels)
        plan = shop.offline
    else:
        (tmp_path / "mine" / "wilor_mini").mkdir(parents=True)
        (tmp_path / "mine" / "wilor_mini" / "__init__.py").write_text("raise SystemExit('ran')", encoding="utf-8")
        plan = replace(shop.online, package=str(tmp_path / "mine"))
    with pytest.raises(kind, match="is not the reviewed wilor_mini, the hash of its sources is") as caught:
        shop.set_up(plan)
    assert environments.find_wilor(shop.folder) is None
    assert not list(shop.folder.rglob("wilor_mini/__init__.py"))
    if where != "folder":
        return
    # A person who means that one says so with the hash that was named.
    found = caught.value.hint.rpartition(" ")[2]
    assert found in caught.value.message
    shop.recipe = replace(shop.recipe, package=replace(shop.recipe.package, sha256=found), check="import torch")
    shop.set_up(plan)


def test_a_wilor_mini_of_one_s_own_has_a_version_of_its_own():
    assert wilor_recipe(WilorPlan("cpu")).package == WILOR_MINI
    assert wilor_recipe(WilorPlan("cpu", package_sha256=WILOR_MINI.sha256)).package == WILOR_MINI
    own = wilor_recipe(WilorPlan("cpu", package_sha256="ab" * 32)).package
    assert (own.version, own.sha256) == (f"{WILOR_MINI.version}+abababab", "ab" * 32)


@pytest.mark.installs
def test_an_archive_without_end_is_not_taken(shop, monkeypatch):
    monkeypatch.setattr("handmocap_addon.set_up.wilor_environment._MOST_ARCHIVE_BYTES", 100_000)
    with pytest.raises(WorkerFailedError, match="has more than 100000 bytes"):
        shop.set_up(shop.online)
    assert not list(shop.folder.rglob("wilor_mini.archive*"))


def test_without_network_missing_weights_are_asked_for(shop):
    with pytest.raises(BadUsageError) as caught:
        shop.set_up(replace(shop.offline, weights=None))
    assert "--weights" in caught.value.hint


@pytest.mark.parametrize(
    ("plan", "word"),
    [
        (WilorPlan(wheels=Path("nowhere")), "--wheels"),
        (WilorPlan(weights=Path("nowhere")), "--weights"),
        (WilorPlan(package="nowhere"), "nowhere"),
        (WilorPlan(offline=True), "--offline"),
        (WilorPlan(wheels=Path(), offline=True, package="https://example.org/a.zip"), "--offline"),
        (WilorPlan(wheels=Path(), torch_index="https://example.org"), "--torch-index"),
        (WilorPlan(torch_list=Path("nowhere")), "--torch-list"),
        (WilorPlan(package_sha256="abc"), "--package-sha256"),
    ],
)
def test_a_plan_that_cannot_be_followed(plan, word):
    with pytest.raises(BadUsageError) as caught:
        plan.checked()
    assert word in caught.value.message


def test_the_device_is_found_and_paths_are_whole(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wheels").mkdir()
    plan = WilorPlan(wheels=Path("wheels")).checked()
    assert plan.device in ("cuda", "rocm", "cpu")
    assert plan.wheels == tmp_path / "wheels"


@pytest.mark.installs
def test_one_that_an_earlier_version_made_of_the_same_lists_stays(shop, monkeypatch):
    """It noted a hash alone, which is known where nothing is a person's own; else the next set-up notes the rest."""
    lists = [environments.REQUIREMENTS / name for name in (*environments.WILOR_LISTS, "wilor_torch-cpu.txt")]
    shop.recipe = replace(shop.recipe, check="pass")
    ready = shop.set_up().environment
    (ready.folder / "marker").touch()
    own = stamps.stamp_of(ready.folder)
    stamps.write_stamp(ready.folder, own)
    assert environments.is_outdated(ready)
    shop.set_up()
    assert not environments.is_outdated(ready)
    assert stamps.stamp_of(ready.folder) == own
    assert (ready.folder / "marker").exists()
    stamps.write_stamp(ready.folder, stamps.pins_hash(lists, WILOR_MINI.sha256))
    assert environments.find_wilor(shop.folder) == ready


@pytest.mark.installs
def test_an_environment_of_other_lists_is_outdated_and_made_again(shop, monkeypatch):
    """Doctor and whoever asks for it say so; what is made of this version's lists, or of a person's own torch, is not."""
    shop.recipe = replace(shop.recipe, check="pass")
    ready = shop.set_up().environment
    assert not environments.is_outdated(ready)
    monkeypatch.setattr(environments, "WILOR_LISTS", ("worker.txt", "readers.txt"))
    assert environments.is_outdated(ready)
    assert environments.find_wilor(shop.folder) is None
    assert environments.find_outdated(shop.folder, "wilor") == ready
    assert environments.is_outdated(environments.Environment(shop.folder / "wilor-python3.1"))
    assert environments.reviewed_lists("wilor_torch.txt") != environments.reviewed_lists("wilor_torch-cpu.txt")
