"""uv is taken out of the wheel that was reviewed, for this system, from the person's index or folder, and from nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import zipfile
from pathlib import Path

import pytest

from addon_tests.making.file_server import serving
from handmocap_addon.core.errors import MissingSetupError, NoUvError, WorkerFailedError
from handmocap_addon.set_up import installers, uv
from handmocap_addon.set_up.uv import ensure_uv, find_uv

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names of Linux' wheels")
OURS = f"uv-9.1-py3-none-manylinux_2_17_{platform.machine()}.manylinux2014_{platform.machine()}.whl"
ANOTHER = "uv-9.1-py3-none-win_amd64.whl"
OLDER = OURS.replace("9.1", "9.0")


@pytest.fixture
def wheel(tmp_path, monkeypatch) -> bytes:
    """A wheel with a program in it that is taken for the reviewed one."""
    with zipfile.ZipFile(tmp_path / OURS, "w") as archive:
        archive.writestr("uv-9.1.data/scripts/uv", "#!/bin/sh\necho uv 9.1\n")
    content = (tmp_path / OURS).read_bytes()
    (tmp_path / "uv.txt").write_text(f"# why\nuv==9.1 --hash=sha256:{'0' * 64} --hash=sha256:{_hash(content)}\n")
    monkeypatch.setattr(uv, "UV_LIST", tmp_path / "uv.txt")
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.36"))
    return content


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def index(wheel, monkeypatch):
    with serving({f"files/{OURS}": wheel, f"files/{ANOTHER}": b"x", f"files/{OLDER}": b"x"}) as server:
        names = (OLDER, ANOTHER, OURS)
        server.files["simple/uv/"] = "".join(f'<a href="../../files/{name}#sha256=0">{name}</a>' for name in names).encode()
        for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_INDEX_URL", server.address("simple"))
        yield server


def test_it_is_brought_once_and_only_its_owner_may_write_to_it(index, tmp_path):
    said: list[str] = []
    before = os.umask(0)
    try:
        place = ensure_uv(tmp_path / "environments", said.append)
    finally:
        os.umask(before)
    assert place.read_text() == "#!/bin/sh\necho uv 9.1\n"
    assert os.access(place, os.X_OK)
    wide = [path for path in [place.parents[2], *place.parents[2].rglob("*")] if path.stat().st_mode & 0o022]
    assert wide == []
    asked = len(index.ranges)
    assert ensure_uv(tmp_path / "environments", said.append) == find_uv(tmp_path / "environments") == place
    assert len(index.ranges) == asked
    assert said == ["Bringing uv 9.1, which makes the environments (once)"]
    place.chmod(0o777)
    with pytest.raises(MissingSetupError, match="Others may write to"):
        ensure_uv(tmp_path / "environments", said.append)


def test_one_that_does_not_run_here_is_none(wheel, tmp_path):
    with zipfile.ZipFile(tmp_path / OURS, "w") as archive:
        archive.writestr("uv-9.1.data/scripts/uv", "#!/bin/sh\nexit 126\n")
    (tmp_path / "uv.txt").write_text(f"uv==9.1 --hash=sha256:{_hash((tmp_path / OURS).read_bytes())}\n")
    for _ in range(2):
        with pytest.raises(NoUvError, match=r"uv-9\.1/uv does not run here"):
            ensure_uv(tmp_path / "environments", print, wheels=tmp_path)


def test_where_pip_lacks_too_both_are_said(monkeypatch, tmp_path):
    def lacks(*_: object) -> list[str]:
        raise MissingSetupError("python has no pip", "install it")

    monkeypatch.setattr(installers, "pip_command", lacks)
    with pytest.raises(MissingSetupError) as caught:
        installers.installer(Path(sys.executable), tmp_path, print)
    assert (caught.value.message, caught.value.hint) == ("There is no uv in this test, and python has no pip", "install it")


def test_an_index_that_speaks_json(index, tmp_path, monkeypatch):
    page = {"files": [{"filename": name, "url": index.address(f"files/{name}")} for name in (OLDER, OURS)]}
    monkeypatch.setattr(uv, "_JSON", "text/html")  # what the server calls every page
    index.files["simple/uv/"] = json.dumps(page).encode()
    assert ensure_uv(tmp_path, print).is_file()


def test_another_file_is_refused_and_nothing_of_it_is_there(index, tmp_path):
    index.files[f"files/{OURS}"] += b"x"
    with pytest.raises(WorkerFailedError, match=r"What came as uv 9\.1 is not the file that was reviewed"):
        ensure_uv(tmp_path / "environments", print)
    assert find_uv(tmp_path / "environments") is None
    assert not (tmp_path / "environments").exists()


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (f'<a href="../../files/{ANOTHER}">x</a>', "There is no uv 9.1 for this system on http://127.0.0.1"),
        ("", "There is no uv 9.1 for this system on http://127.0.0.1"),
        (None, "does not answer (Not Found)"),
        (f'<a href="../../gone/{OURS}">x</a>', "does not answer (Not Found)"),
    ],
)
def test_where_it_cannot_be_had_that_is_said(index, tmp_path, page, words):
    index.files.pop("simple/uv/") if page is None else index.files.update({"simple/uv/": page.encode()})
    with pytest.raises(NoUvError) as caught:
        ensure_uv(tmp_path, print)
    assert words in caught.value.message


def test_no_network_and_no_index(index, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://me:secret@127.0.0.1:9/simple")
    with pytest.raises(NoUvError, match="http://127.0.0.1:9/simple does not answer") as caught:
        ensure_uv(tmp_path, print)
    assert "secret" not in caught.value.sentence()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(NoUvError, match="set up to use no index"):
        ensure_uv(tmp_path, print)


def test_from_a_folder_of_wheels_no_index_is_asked(index, tmp_path):
    assert ensure_uv(tmp_path / "environments", print, wheels=tmp_path).is_file()
    (tmp_path / OURS).unlink()
    with pytest.raises(NoUvError, match="has no wheel of uv 9.1 for this system"):
        ensure_uv(tmp_path / "others", print, wheels=tmp_path)
    assert index.ranges == []


def test_the_real_pin_has_a_wheel_for_each_system():
    version, hashes = uv.pinned()
    assert version.count(".") == 2
    assert len(hashes) >= 10


@pytest.mark.parametrize(
    ("system", "machine", "libc", "name", "fits"),
    [
        ("linux", "x86_64", "glibc", "uv-1-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", True),
        ("linux", "x86_64", "", "uv-1-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", False),
        ("linux", "x86_64", "", "uv-1-py3-none-musllinux_1_1_x86_64.whl", True),
        ("linux", "aarch64", "glibc", "uv-1-py3-none-manylinux_2_17_x86_64.whl", False),
        ("darwin", "arm64", "", "uv-1-py3-none-macosx_11_0_arm64.whl", True),
        ("darwin", "x86_64", "", "uv-1-py3-none-macosx_11_0_arm64.whl", False),
        ("win32", "AMD64", "", "uv-1-py3-none-win_amd64.whl", True),
        ("win32", "ARM64", "", "uv-1-py3-none-win_arm64.whl", True),
        ("win32", "AMD64", "", "uv-1-py3-none-win32.whl", False),
    ],
)
def test_which_wheel_runs_here(monkeypatch, system, machine, libc, name, fits):
    monkeypatch.setattr(uv.sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(platform, "libc_ver", lambda: (libc, ""))
    assert uv._is_for_this_system(name) == fits


def test_the_program_is_named_for_this_system(index, tmp_path):
    assert Path(ensure_uv(tmp_path, print)).name == "uv"
