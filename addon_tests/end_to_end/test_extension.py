"""The zip as an artist gets it: built, validated by Blender's own checker, installed, used and switched off again."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import bpy
import pytest

from addon_tests.end_to_end.commands import REPOSITORY
from addon_tests.making.patience import COMMAND_PATIENCE
from handmocap_addon.set_up.pythons import find_python

pytestmark = pytest.mark.installs  # pip brings the wheels of the zip

PINS = REPOSITORY / "handmocap_addon" / "requirements" / "stand_in.txt"
BUILD = REPOSITORY / "scripts" / "build_extension.py"


def _python_with_pip() -> Path | None:
    """The environments of this project have no pip of their own; the Python that made them has."""
    for python in (Path(sys.executable), find_python([sys.version_info[:2]])):
        if subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0:
            return python
    return None


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    python = _python_with_pip()
    if python is None:
        pytest.skip("there is no pip to bring the wheels of the stand-in body")
    command = [str(python), "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    done = subprocess.run(
        [*command, "--dest", str(folder), "-r", str(PINS)],
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_PATIENCE,
    )
    if done.returncode != 0:
        pytest.skip(f"pip cannot bring the wheels of the stand-in body: {done.stderr.strip()[-200:]}")
    return folder


@pytest.fixture(scope="module")
def extension(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, str(BUILD), "--wheels", str(wheels), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=COMMAND_PATIENCE)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def test_the_same_sources_give_the_same_zip(extension: Path, wheels: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(BUILD), "--wheels", str(wheels), "--out", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, timeout=COMMAND_PATIENCE)
    assert (tmp_path / extension.name).read_bytes() == extension.read_bytes()


def test_the_zip_holds_the_package_its_licence_and_wheels_and_no_rubbish(extension: Path) -> None:
    with zipfile.ZipFile(extension) as archive:
        names = archive.namelist()
    assert {
        "__init__.py",
        "blender_manifest.toml",
        "LICENSE",
        "blender/background/__main__.py",
        "worker/__main__.py",
    } <= set(names)
    assert len([name for name in names if name.endswith(".whl")]) == 4
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".part")) or "addon_tests" in name]


def test_a_bill_of_materials_lies_beside_the_zip(extension: Path, wheels: Path) -> None:
    bill = json.loads(extension.with_suffix(".cdx.json").read_text(encoding="utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    whole = hashlib.sha256(extension.read_bytes()).hexdigest()
    assert bill["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": whole}]
    parts = {part["bom-ref"]: part for part in bill["components"]}
    assert len(parts) == len(bill["components"])
    required = {part["hashes"][0]["content"] for part in parts.values() if part["scope"] == "required"}
    assert required == {hashlib.sha256(path.read_bytes()).hexdigest() for path in wheels.glob("*.whl")}
    for pin in PINS.with_name("worker.txt").read_text(encoding="utf-8").splitlines():
        if not pin.startswith("#"):
            name, version = pin.split(" ")[0].split("==")
            assert {"name": "list", "value": "worker.txt"} in parts[f"pkg:pypi/{name}@{version}"]["properties"]


def test_what_lies_about_in_the_checkout_stays_out_of_the_zip(tmp_path: Path) -> None:
    from scripts.build_extension import package_files

    kept = ("__init__.py", "core/a.py", "core/a.npz", "requirements/worker.txt")
    stray = (
        *("secret.swp", ".a.py.swp", "core/.hidden/a.py", "core/__pycache__/a.py", "notes.txt", "core/a.py~", "core/a.orig"),
        *("requirements/test.txt", "requirements/more/a.txt", "id_rsa", "core/a.pem"),
    )
    for name in (*kept, *stray):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "linked.py").symlink_to(tmp_path / "secret.swp")
    assert sorted(package_files(tmp_path)) == sorted(kept)


def test_the_zip_has_all_that_git_knows_of_the_package(extension: Path) -> None:
    command = ["git", "-C", str(REPOSITORY), "ls-files", "handmocap_addon"]
    known = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    with zipfile.ZipFile(extension) as archive:
        names = set(archive.namelist())
    missing = {name.removeprefix("handmocap_addon/") for name in known} - names
    assert missing <= {"requirements/test.txt"}
    assert "requirements/test.txt" not in names


def test_a_wheel_that_is_not_there_stops_the_build(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    command = [sys.executable, str(BUILD), "--wheels", str(tmp_path / "wheels"), "--out", str(tmp_path / "dist")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=COMMAND_PATIENCE)
    assert done.returncode != 0
    assert not list((tmp_path / "dist").glob("*.zip"))


def test_blenders_own_checker_passes_it(extension: Path) -> None:
    checker = Path(bpy.utils.system_resource("SCRIPTS")) / "addons_core" / "bl_pkg" / "cli" / "blender_ext.py"
    done = subprocess.run(
        [sys.executable, str(checker), "validate", str(extension)],
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr


# Runs in a Blender of its own. The stand-in's packages of this environment are hidden: only the zip's own may be found.
_INSTALL = """
import importlib.abc, json, sys
zip_path, site = sys.argv[1:3]

class Hidden(importlib.abc.MetaPathFinder):
    names = ("mannequin", "nanomanifold", "jaxtyping", "wadler_lindig")
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in self.names or path is not None:
            return None
        import importlib.machinery
        return importlib.machinery.PathFinder.find_spec(name, [p for p in sys.path if p != site]) or self.refuse(name)
    def refuse(self, name):
        raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Hidden())
import bpy, addon_utils
found = {}
try:
    import mannequin
    found["before"] = mannequin.__file__
except ModuleNotFoundError:
    found["before"] = None
bpy.ops.extensions.package_install_files(filepath=zip_path, repo="user_default", enable_on_install=True)
name = "bl_ext.user_default.handmocap"
found["enabled"] = name in bpy.context.preferences.addons
found["preferences"] = type(bpy.context.preferences.addons[name].preferences).__name__
found["poll"] = bpy.ops.handmocap.apply_hands.poll()
found["added"] = sorted(bpy.ops.handmocap.add_body())
found["armature"] = bpy.context.scene.handmocap.armature.name
import mannequin
found["after"] = mannequin.__file__
addon_utils.disable(name, default_set=True)
found["operators"] = dir(bpy.ops.handmocap)
found["settings"] = hasattr(bpy.types.Scene, "handmocap")
print("FOUND " + json.dumps(found))
"""


def test_it_installs_adds_a_body_from_its_own_wheels_and_goes_again(extension: Path, tmp_path: Path) -> None:
    resources = tmp_path / "user resources"
    resources.mkdir()
    installed = importlib.util.find_spec("mannequin")
    assert installed is not None
    assert installed.origin is not None
    site = Path(installed.origin).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", _INSTALL, str(extension), str(site)],
        capture_output=True, text=True, check=False, timeout=COMMAND_PATIENCE, cwd=tmp_path,
        env={**os.environ, "BLENDER_USER_RESOURCES": str(resources)},
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if line.startswith("FOUND ")]
    assert lines, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    found = json.loads(lines[0].removeprefix("FOUND "))
    assert found["before"] is None
    assert found["enabled"]
    assert found["preferences"] == "HandmocapPreferences"
    assert found["poll"] is False
    assert found["added"] == ["FINISHED"]
    assert found["armature"] == "mannequin"
    assert Path(found["after"]).is_relative_to(resources)
    assert found["operators"] == []
    assert found["settings"] is False
