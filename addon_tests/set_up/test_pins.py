"""What is installed is what was reviewed: an index of this machine serves other bytes under the same version."""

from __future__ import annotations

import hashlib
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from addon_tests.making.file_server import FileServer, serving
from addon_tests.making.wheels import write_wheel
from handmocap_addon.core.errors import MissingSetupError, WorkerFailedError
from handmocap_addon.set_up import environments, pythons
from handmocap_addon.set_up.installers import failure
from handmocap_addon.set_up.reporting import Listener
from scripts.renew_pins import is_of, renewed

PYTHON = pythons.find_python([sys.version_info[:2]])
LISTS = sorted(path.name for path in environments.REQUIREMENTS.glob("*.txt"))
RAN = "raise SystemExit('code of the other package ran')"


@pytest.fixture
def index(monkeypatch, tmp_path):
    """An index with the reviewed tiny_one and tiny_two; the test may lay others in their place."""
    with serving({}) as server:
        for name, value in {"PIP_CONFIG_FILE": "/dev/null", "PIP_RETRIES": "0", "PIP_TIMEOUT": "10"}.items():
            monkeypatch.setenv(name, value)
        for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "cache"))
        monkeypatch.setenv("PIP_INDEX_URL", server.address("simple"))
        for name in ("tiny_one", "tiny_two"):
            serve(server, write_wheel(tmp_path / "reviewed", name))
        yield server


def serve(server: FileServer, package: Path, under: str = "simple", claimed: str = "") -> None:
    """Lay a package into an index, perhaps with a hash that is claimed for it."""
    name = package.name.split("-")[0].replace("_", "-")
    server.files[f"{under}-files/{package.name}"] = package.read_bytes()
    link = f'<a href="/{under}-files/{package.name}{claimed}">{package.name}</a>'
    server.files[f"{under}/{name}/"] = link.encode()


def pins_of(folder: Path) -> Path:
    """A list with the hashes of the reviewed packages."""
    lines = [
        f"{name}==1.0 --hash=sha256:{hashlib.sha256((folder / f'{name}-1.0-py3-none-any.whl').read_bytes()).hexdigest()}"
        for name in ("tiny_one", "tiny_two")
    ]
    path = folder / "pins.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def make(tmp_path: Path) -> environments.Environment:
    folder = tmp_path / "environments"
    return environments._ensure(folder, "worker", PYTHON, [pins_of(tmp_path / "reviewed")], Listener(print))


def installed(tmp_path: Path) -> set[str]:
    return {path.parent.name for path in (tmp_path / "environments").glob("*-python*/**/tiny_*/__init__.py")}


@pytest.mark.usefixtures("maker")
def test_what_was_reviewed_is_installed(index, tmp_path):
    make(tmp_path)
    assert installed(tmp_path) == {"tiny_one", "tiny_two"}


@pytest.mark.parametrize("claims", [False, True])
def test_other_bytes_under_the_same_version_are_refused_and_nothing_is_installed(index, tmp_path, claims, maker):
    other = write_wheel(tmp_path / "other", "tiny_two", code=RAN)
    claimed = f"#sha256={hashlib.sha256(other.read_bytes()).hexdigest()}" if claims else ""
    serve(index, other, claimed=claimed)
    with pytest.raises(WorkerFailedError) as caught:
        make(tmp_path)
    assert caught.value.message == (
        "What came as tiny_two==1.0 is not the file that was reviewed, and nothing of it was installed"
    ).replace("_", "-" if maker == "uv" else "_")
    assert "pip config list" in caught.value.hint
    assert installed(tmp_path) == set()
    assert environments.find_worker(tmp_path / "environments") is None


@pytest.mark.parametrize("says_hashes", [True, False])
def test_an_extra_index_of_the_person_cannot_bring_other_bytes(index, tmp_path, monkeypatch, says_hashes, maker):
    other = write_wheel(tmp_path / "other", "tiny_two", code=RAN)
    serve(index, other, under="extra", claimed=f"#sha256={'0' * 64}" if says_hashes else "")
    newer = write_wheel(tmp_path / "other", "tiny_one", version="1.1", code=RAN)
    serve(index, newer, under="extra")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", index.address("extra"))
    if not says_hashes and maker == "pip":
        # pip has to bring one of the two to see its hash, and ends where it is the wrong one.
        with pytest.raises(WorkerFailedError, match="What came as tiny.two==1.0 is not the file"):
            make(tmp_path)
        assert installed(tmp_path) == set()
        return
    serve_again = tmp_path / "reviewed" / "tiny_two-1.0-py3-none-any.whl"
    serve(index, serve_again, claimed=f"#sha256={hashlib.sha256(serve_again.read_bytes()).hexdigest()}")
    made = make(tmp_path)
    assert installed(tmp_path) == {"tiny_one", "tiny_two"}
    subprocess.run([str(made.python), "-I", "-c", "import tiny_one, tiny_two"], check=True)


@pytest.mark.usefixtures("maker")
def test_what_would_have_to_be_built_is_not_taken(index, tmp_path):
    source = tmp_path / "tiny_two-1.0.tar.gz"
    source.write_bytes(b"a setup.py could run")
    serve(index, source)
    with pytest.raises(MissingSetupError, match="There is no reviewed .* for this Python and system"):
        make(tmp_path)
    assert installed(tmp_path) == set()


@pytest.mark.usefixtures("maker")
def test_no_index_is_the_network_s_sentence(index, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(WorkerFailedError, match="The packages could not be downloaded"):
        make(tmp_path)


@pytest.mark.usefixtures("maker")
def test_a_download_that_breaks_off_is_a_sentence_and_goes_on_next_time(index, tmp_path):
    serve(index, write_wheel(tmp_path / "reviewed", "tiny_two", filler=random.Random(1).randbytes(300_000)))
    index.breaks_after = 100_000
    with pytest.raises(WorkerFailedError, match="could not be|is not the file that was reviewed"):
        make(tmp_path)
    assert environments.find_worker(tmp_path / "environments") is None
    index.breaks_after = None
    make(tmp_path)
    assert installed(tmp_path) == {"tiny_one", "tiny_two"}
    assert not (tmp_path / "environments" / "downloads").exists()


@pytest.mark.usefixtures("maker")
def test_progress_grows_to_its_whole(index, tmp_path):
    shown: list[int] = []
    folder = tmp_path / "environments"
    listener = Listener(print, lambda progress: shown.append(progress.done))
    environments._ensure(folder, "worker", PYTHON, [pins_of(tmp_path / "reviewed")], listener)
    assert shown == sorted(shown)
    assert (shown[0], shown[-1]) == (0, 2)


@pytest.mark.usefixtures("maker")
def test_variables_that_check_nothing_or_put_packages_elsewhere_are_not_heard(index, tmp_path, monkeypatch):
    for name in ("UV_NO_VERIFY_HASHES", "UV_NO_INDEX", "UV_SYSTEM_PYTHON"):
        monkeypatch.setenv(name, "1")
    for name in ("UV_TARGET", "PIP_TARGET", "UV_PREFIX", "PIP_PREFIX", "UV_CONSTRAINT"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    make(tmp_path)
    assert installed(tmp_path) == {"tiny_one", "tiny_two"}
    assert not (tmp_path / "elsewhere").exists()
    serve(index, write_wheel(tmp_path / "other", "tiny_two", code=RAN))
    shutil.rmtree(tmp_path / "environments")
    with pytest.raises(WorkerFailedError, match="is not the file that was reviewed"):
        make(tmp_path)


@pytest.mark.usefixtures("maker")
def test_settings_that_lie_in_the_current_folder_are_not_heard(index, tmp_path, monkeypatch):
    """Such as one of delivered footage; a shell without a home would have pip's file looked for there."""
    footage = tmp_path / "footage"
    write_wheel(footage / "wheels", "tiny_two", code=RAN)
    planted = {
        "uv.toml": 'no-index = true\nfind-links = ["wheels"]\n',
        "pyproject.toml": '[project]\nname = "x"\nversion = "1"\n[tool.uv]\nno-index = true\n[tool.uv.pip]\ntarget = "there"\n',
        ".python-version": "2.7\n",
        ".env": "UV_NO_INDEX=1\nPIP_NO_INDEX=1\n",
        "pyvenv.cfg": "home = /nowhere\n",
        **dict.fromkeys(
            ("pip.conf", "pip.ini", "pip/pip.conf", ".pip/pip.conf", ".config/pip/pip.conf"), "[global]\nno-index = true\n"
        ),
    }
    for name, text in planted.items():
        (footage / name).parent.mkdir(parents=True, exist_ok=True)
        (footage / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(footage)
    for name in ("PIP_CONFIG_FILE", "HOME", "USERPROFILE", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "none"))
    make(tmp_path)
    assert installed(tmp_path) == {"tiny_one", "tiny_two"}
    assert not (footage / "there").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="where pip's files are on Linux")
@pytest.mark.usefixtures("maker")
def test_the_index_of_a_person_s_pip_file_is_asked(index, tmp_path, monkeypatch):
    place = tmp_path / "home" / ".config" / "pip" / "pip.conf"
    place.parent.mkdir(parents=True)
    place.write_text(f"[global]\nindex-url = {index.address('simple')}\n", encoding="utf-8")
    for name in ("PIP_CONFIG_FILE", "PIP_INDEX_URL", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "none"))
    make(tmp_path)
    assert installed(tmp_path) == {"tiny_one", "tiny_two"}


@pytest.mark.installs
def test_a_line_without_a_hash_is_a_sentence(index, tmp_path):
    (tmp_path / "pins.txt").write_text("tiny_one==1.0\n", encoding="utf-8")
    with pytest.raises(WorkerFailedError):
        environments._ensure(tmp_path / "environments", "worker", PYTHON, [tmp_path / "pins.txt"], Listener(print))
    assert installed(tmp_path) == set()


@pytest.mark.parametrize("name", LISTS)
def test_every_pin_has_hashes_and_no_line_anything_else(name):
    lines = (environments.REQUIREMENTS / name).read_text(encoding="utf-8").splitlines()
    packages = [line for line in lines if not line.startswith("#")]
    assert packages
    one = r"[\w.-]+==[\w.+]+( ; sys_platform == '\w+')?( --hash=sha256:[0-9a-f]{64})+"
    assert [line for line in packages if not re.fullmatch(one, line)] == []


@pytest.mark.parametrize("name", ["worker.txt", "readers.txt", "blender-python3.11.txt", "blender-python3.13.txt"])
def test_every_system_s_wheels_of_blender_and_numpy_are_named(name):
    """A package that is built for systems has more than one wheel."""
    counts = {
        line.split("==")[0]: line.count("--hash")
        for line in (environments.REQUIREMENTS / name).read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    }
    assert counts["numpy"] >= 8
    assert counts.get("bpy", 4) >= 4


def test_hashes_are_renewed_and_the_rest_of_a_list_stays():
    before = "# why\nanother==2.0 ; sys_platform == 'win32' --hash=sha256:aa\n\ntiny_one==1.0\n"
    after = renewed(before, lambda name, version: [f"{name}{version}", "b"])
    assert after == (
        "# why\nanother==2.0 ; sys_platform == 'win32' --hash=sha256:another2.0 --hash=sha256:b\n\n"
        "tiny_one==1.0 --hash=sha256:tiny_one1.0 --hash=sha256:b\n"
    )
    with pytest.raises(ValueError, match="no wheel of tiny_one 1.0"):
        renewed("tiny_one==1.0\n", lambda *_: [])
    with pytest.raises(ValueError, match="no package with one version"):
        renewed("tiny_one>=1.0\n", lambda *_: ["a"])


@pytest.mark.parametrize("name", [name for name in LISTS if name.startswith("wilor_torch")])
def test_a_build_of_torch_is_pinned_for_every_python_that_it_may_run_in(name):
    lines = (environments.REQUIREMENTS / name).read_text(encoding="utf-8").splitlines()
    counts = {line.split("==")[0]: line.count("--hash") for line in lines if not line.startswith("#")}
    assert counts["torch"] == counts["torchvision"] >= 3
    versions = {line.split("==")[1].split()[0].partition("+")[2] for line in lines if line.startswith("torch")}
    assert len(versions) == 1, "of one device"


def test_hashes_that_an_index_does_not_say_are_computed_where_that_is_asked_for(index, tmp_path):
    """As for a build of torch whose index has none of some files; another index than the one of pip's settings."""
    wheel = write_wheel(tmp_path / "other", "tiny_one", version="1.0+rocm9")
    serve(index, wheel, under="of its own")
    pins = tmp_path / "pins.txt"
    pins.write_text("tiny_one==1.0+rocm9\n", encoding="utf-8")
    script = Path(__file__).parents[2] / "scripts" / "renew_pins.py"
    own = ["--index", index.address("of%20its%20own")]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    for options, code, said, text in (
        ([], 1, "there is no wheel of tiny_one 1.0+rocm9", "tiny_one==1.0+rocm9\n"),
        (own, 1, "the index has no SHA-256 of tiny_one-1.0+rocm9-py3-none-any.whl", "tiny_one==1.0+rocm9\n"),
        ([*own, "--download"], 0, "other hashes", f"tiny_one==1.0+rocm9 --hash=sha256:{digest}\n"),
        (["--index", "http://127.0.0.1:9/simple"], 1, "has no answer about tiny_one", None),
    ):
        before = pins.read_text(encoding="utf-8")
        done = subprocess.run([str(PYTHON), "-I", str(script), *options, str(pins)], capture_output=True, text=True)
        assert (done.returncode, pins.read_text(encoding="utf-8")) == (code, text or before), done.stderr
        assert said in done.stdout


def test_hashes_are_those_that_the_index_says(index, tmp_path):
    wheel = tmp_path / "reviewed" / "tiny_one-1.0-py3-none-any.whl"
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    serve(index, wheel, claimed=f"#sha256={digest}")
    pins = tmp_path / "pins.txt"
    pins.write_text("tiny_one==1.0\n", encoding="utf-8")
    script = Path(__file__).parents[2] / "scripts" / "renew_pins.py"
    for options, code, text in (
        (["--check"], 1, "tiny_one==1.0\n"),
        ([], 0, f"tiny_one==1.0 --hash=sha256:{digest}\n"),
        (["--check"], 0, f"tiny_one==1.0 --hash=sha256:{digest}\n"),
    ):
        done = subprocess.run([str(PYTHON), "-I", str(script), *options, str(pins)], capture_output=True, text=True)
        assert (done.returncode, pins.read_text(encoding="utf-8")) == (code, text), done.stderr


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("a-1.0-py3-none-any.whl", True),
        ("a-1.0-py2.py3-none-any.whl", True),
        ("a-1.0-cp313-cp313-manylinux_2_28_x86_64.whl", True),
        ("a-1.0-cp38-abi3-win_amd64.whl", True),
        ("a-1.0-cp310-cp310-win_amd64.whl", False),
        ("a-1.0-pp311-pypy311_pp73-win_amd64.whl", False),
        ("a-1.0-cp313-cp313t-win_amd64.whl", False),
        ("a-1.0.1-py3-none-any.whl", False),
        ("a-1.0.tar.gz", False),
    ],
)
def test_which_wheels_a_python_of_ours_could_take(name, wanted):
    assert is_of(name, "1.0") == wanted


def test_the_sentence_names_the_package_in_pip_s_and_uv_s_words():
    pip = [
        "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
        "numpy==2.4.6 from http://x/a.whl#b:",
    ]
    uv = ["error: Failed to download `numpy==2.4.6`", "Caused by: Hash mismatch for `numpy==2.4.6`"]
    for lines in (pip, uv):
        assert "What came as numpy==2.4.6 is not the file" in failure(lines, Path()).message
