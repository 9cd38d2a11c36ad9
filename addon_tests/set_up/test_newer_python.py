"""A machine with an old Python alone: uv brings one that the programs run in, known by its hash."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from addon_tests.making.file_server import FileServer, serving
from addon_tests.making.patience import COMMAND_PATIENCE
from handmocap_addon.set_up import pythons, uv

REPOSITORY = Path(__file__).parents[2]
BASE = Path(sys.base_prefix)
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
pytestmark = pytest.mark.skipif(sys.platform != "linux" or platform.libc_ver()[0] != "glibc", reason="a build of Linux")
# Blender's own and Debian's Pythons do not run from another folder.
_IS_MOVABLE = (BASE / "bin" / f"python{VERSION}").is_file() and Path("/usr") != BASE


def _older_python() -> Path | None:
    """A Python that the programs do not run in, from 3.9 on."""
    for minor in (9, 10):
        found = shutil.which(f"python3.{minor}")
        places = [Path(found)] if found else []
        places += sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python3.{minor}"))
        for place in places:
            if pythons.version_of(place) == (3, minor):
                return place
    return None


@pytest.fixture(scope="module")
def older() -> Path:
    found = _older_python()
    if found is None:
        pytest.skip("there is no Python 3.9 or 3.10 on this machine")
    return found


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The running Python as uv brings one: an archive with all of it in one folder."""
    if not _IS_MOVABLE:
        pytest.skip("the running Python cannot be moved")
    library = f"lib/python{VERSION}"
    place = tmp_path_factory.mktemp("build") / "build.tar.gz"
    left_out = {"test", "site-packages", "__pycache__", "idlelib", "ensurepip", "tkinter", "lib2to3", "turtledemo"}

    def wanted(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        parts = set(Path(member.name).parts)
        return None if parts & left_out or any(part.startswith("config-") for part in parts) else member

    with tarfile.open(place, "w:gz", compresslevel=1) as archive:
        program = f"bin/python{VERSION}"
        archive.add(BASE / program, f"python/{program}")
        archive.add(BASE / library, f"python/{library}", filter=wanted)
        for shared in BASE.glob("lib/libpython*.so*"):
            archive.add(shared, f"python/lib/{shared.name}")
    return place.read_bytes()


@pytest.fixture
def server(build):
    with serving({"python.tar.gz": build}) as running:
        yield running


def _downloads(tmp_path: Path, server: FileServer, sha256: str) -> Path:
    """A list of one build, as uv has one in itself."""
    key = f"cpython-{platform.python_version()}-linux-{platform.machine()}-gnu"
    entry = {
        "name": "cpython",
        "arch": {"family": platform.machine(), "variant": None},
        "os": "linux",
        "libc": "gnu",
        "major": sys.version_info.major,
        "minor": sys.version_info.minor,
        "patch": sys.version_info.micro,
        "prerelease": "",
        "url": server.address("python.tar.gz"),
        "sha256": sha256,
        "variant": None,
        "build": "20260101",
    }
    place = tmp_path / "downloads.json"
    place.write_text(json.dumps({key: entry}), encoding="utf-8")
    return place


def _start(older: Path, real_uv: Path, tmp_path: Path, downloads: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The front door from an old Python, on a machine that has nothing else on its path."""
    folder = tmp_path / "environments"
    own = folder / uv.TOOLS / f"uv-{uv.pinned()[0]}" / "uv"
    if not own.exists():
        own.parent.mkdir(parents=True)
        shutil.copy(real_uv, own)
        own.chmod(0o755)
    program = [str(REPOSITORY / "scripts" / "handmocap.py"), *arguments, "--env", str(folder)]
    code = (
        f"import sys; sys.path.insert(0, {str(REPOSITORY / 'scripts')!r})\n"
        "from newer_python import start_again\n"
        f"sys.exit(start_again({program!r}, [{sys.version_info[:2]!r}], {str(downloads)!r}))\n"
    )
    variables = {"PATH": str(tmp_path / "nothing"), "HOME": str(tmp_path), "UV_HTTP_RETRIES": "0", "LANG": "C.UTF-8"}
    return subprocess.run(
        [str(older), "-I", "-c", code],
        env=variables,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=COMMAND_PATIENCE,
        check=False,
    )


def test_it_is_brought_once_and_the_program_runs_in_it(older, real_uv, build, server, tmp_path):
    downloads = _downloads(tmp_path, server, hashlib.sha256(build).hexdigest())
    done = _start(older, real_uv, tmp_path, downloads, "doctor", "--json")
    assert done.returncode == 4, done.stderr
    lines = {line["subject"]: line["found"] for line in json.loads(done.stdout)["lines"]}
    assert lines["python of the set-up"] == platform.python_version()
    assert f"Bringing Python {VERSION} into" in done.stderr
    folder = tmp_path / "environments"
    wide = [path.name for path in folder.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o022]
    assert set(wide) <= {".lock"}  # uv's own, with nothing in it
    assert not (folder / "downloads").exists()
    asked = len(server.ranges)
    again = _start(older, real_uv, tmp_path, downloads, "estimate", "--out", "hands.txt")
    assert (again.returncode, len(server.ranges)) == (2, asked)
    assert "does not end in .npz" in again.stderr
    assert "Bringing" not in again.stderr
    # Nothing is left beside the folder of environments, such as a link on the path.
    assert {path.name for path in tmp_path.iterdir()} == {"environments", "downloads.json"}


def test_another_build_is_refused(older, real_uv, server, tmp_path):
    done = _start(older, real_uv, tmp_path, _downloads(tmp_path, server, "0" * 64), "doctor")
    assert done.returncode == 5
    assert "is not the file that was reviewed, and nothing of it was installed" in done.stderr.splitlines()[-1]
    assert not list((tmp_path / "environments").glob("pythons/cpython*"))


def test_without_network_it_is_one_sentence(older, real_uv, server, tmp_path):
    server.status = 404
    done = _start(older, real_uv, tmp_path, _downloads(tmp_path, server, "0" * 64), "doctor")
    assert done.returncode == 5
    said = done.stderr.splitlines()[-1]
    assert said.startswith(f"handmocap: Python {VERSION} is needed and this is 3.")
    assert f"or install Python {VERSION} yourself" in said
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["handmocap.py", "test.py", "newer_python.py", "own_modules.py"])
def test_an_old_python_can_read_the_programs(older, name):
    code = "import sys; compile(open(sys.argv[1], encoding='utf-8').read(), sys.argv[1], 'exec')"
    subprocess.run([str(older), "-I", "-c", code, str(REPOSITORY / "scripts" / name)], check=True, env={**os.environ})
