"""Builds the extension's zip: the package and the manifest in one folder, with the wheels of the stand-in body.

    python3 scripts/build_extension.py [--out dist] [--wheels DIR]

Uses only pip, no Blender; the result is what `blender --command extension build` makes and passes its `validate`. Beside the
zip it writes a bill of materials in CycloneDX's JSON: the wheels in the zip, and the packages that its set-up brings.
"""

from __future__ import annotations

# isort: off
import os
import sys

# PYTHONSAFEPATH takes a program's own folder off the path; nothing else may be imported yet.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
import own_modules  # noqa: F401
# isort: on

import argparse
import json
import tomllib
import zipfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE = REPOSITORY / "handmocap_addon"
sys.path.insert(0, str(REPOSITORY))

from handmocap_addon.core.errors import MissingSetupError, WorkerFailedError  # noqa: E402
from handmocap_addon.core.process.child_processes import python_command, start  # noqa: E402
from scripts.bill_of_materials import bill_of_materials  # noqa: E402
from scripts.border import bordered  # noqa: E402

# A fixed date makes the same sources give the same zip.
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
# What a package of this kind consists of. Anything else that lies about in the checkout stays out of the zip.
_KINDS = (".py", ".npz")
_LISTS = "requirements"
_LEFT_OUT = ("requirements/test.txt",)


def download_wheels(folder: Path) -> None:
    """Bring the pinned wheels into a folder; pip refuses one whose hash differs."""
    pins = PACKAGE / "requirements" / "stand_in.txt"
    command = python_command(
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes",
        "--only-binary=:all:", "--dest", folder, "-r", pins,
    )  # fmt: skip
    process = start(command, stdin=None, stdout=sys.stderr)
    if process.wait() != 0:
        raise WorkerFailedError("pip could not bring the wheels", "read what it said above, or give --wheels DIR")


def build(out: Path, wheels: Path) -> Path:
    """Write the zip and return its path.

    Raises:
        MissingSetupError: the manifest names a wheel that is not in `wheels`.
    """
    manifest_path = REPOSITORY / "blender_manifest.toml"
    manifest = tomllib.loads(manifest_path.read_text(encoding="utf-8"))
    files = package_files(PACKAGE)
    files["blender_manifest.toml"] = manifest_path
    files["LICENSE"] = REPOSITORY / "LICENSE"
    for wheel in manifest["wheels"]:
        files[wheel.removeprefix("./")] = wheels / Path(wheel).name
        if not files[wheel.removeprefix("./")].is_file():
            raise MissingSetupError(f"{wheels} has no {Path(wheel).name}", "leave --wheels away, and pip brings it")
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{manifest['id']}-{manifest['version']}.zip"
    temporary = target.with_suffix(".part")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, _ZIP_DATE), path.read_bytes(), zipfile.ZIP_DEFLATED)
    bill = bill_of_materials(manifest["id"], manifest["version"], target.name, temporary.read_bytes(), files)
    temporary.replace(target)
    target.with_suffix(".cdx.json").write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8")
    return target


def package_files(package: Path) -> dict[str, Path]:
    """The files of the package that belong into the zip, by their names in it."""
    found = {}
    for path in sorted(package.rglob("*")):
        name = path.relative_to(package).as_posix()
        is_list = path.suffix == ".txt" and path.parent == package / _LISTS and name not in _LEFT_OUT
        is_hidden = any(part.startswith(".") or part == "__pycache__" for part in Path(name).parts)
        if path.is_file() and not path.is_symlink() and not is_hidden and (is_list or path.suffix in _KINDS):
            found[name] = path
    return found


def main() -> int:
    """Build from the command line."""
    parser = argparse.ArgumentParser(allow_abbrev=False, description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "dist", help="folder for the zip")
    parser.add_argument("--wheels", type=Path, help="folder with the wheels, where there is no network")
    options = parser.parse_args()
    wheels = options.wheels or options.out / "wheels"
    if options.wheels is None:
        download_wheels(wheels)
    print(build(options.out, wheels))
    return 0


if __name__ == "__main__":
    sys.exit(bordered("build_extension.py", main, lambda text: print(f"build_extension.py: {text}", file=sys.stderr)))
