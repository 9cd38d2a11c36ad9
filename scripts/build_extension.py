"""Builds the extension's zip: the package and the manifest in one folder, with the wheels of the stand-in body.

    python3 scripts/build_extension.py [--out dist] [--wheels DIR]

Uses only pip, no Blender; the result is what `blender --command extension build` makes and passes its `validate`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE = REPOSITORY / "handmocap_addon"
sys.path.insert(0, str(REPOSITORY))

from handmocap_addon.core.child_processes import python_command, start  # noqa: E402

# A fixed date makes the same sources give the same zip.
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_LEFT_OUT = ("__pycache__",)


def download_wheels(folder: Path) -> None:
    """Bring the pinned wheels into a folder; pip refuses one whose hash differs."""
    pins = PACKAGE / "requirements" / "stand_in.txt"
    command = python_command(
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes",
        "--only-binary=:all:", "--dest", folder, "-r", pins,
    )  # fmt: skip
    process = start(command, stdin=None, stdout=sys.stderr)
    if process.wait() != 0:
        raise subprocess.CalledProcessError(process.returncode, command)


def build(out: Path, wheels: Path) -> Path:
    """Write the zip and return its path.

    Raises:
        FileNotFoundError: the manifest names a wheel that is not in `wheels`.
    """
    manifest_path = REPOSITORY / "blender_manifest.toml"
    manifest = tomllib.loads(manifest_path.read_text(encoding="utf-8"))
    files = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*")) if path.is_file()}
    files = {name: path for name, path in files.items() if not any(part in _LEFT_OUT for part in Path(name).parts)}
    files["blender_manifest.toml"] = manifest_path
    files["LICENSE"] = REPOSITORY / "LICENSE"
    for wheel in manifest["wheels"]:
        files[wheel.removeprefix("./")] = wheels / Path(wheel).name
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{manifest['id']}-{manifest['version']}.zip"
    temporary = target.with_suffix(".part")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, _ZIP_DATE), path.read_bytes(), zipfile.ZIP_DEFLATED)
    temporary.replace(target)
    return target


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
    sys.exit(main())
