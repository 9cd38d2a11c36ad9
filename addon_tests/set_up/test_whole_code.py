"""Half of a compiled file, as a disk leaves it that fills, keeps no module from being loaded."""

from __future__ import annotations

import hashlib
import importlib.util
import py_compile
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from addon_tests.making.wheels import write_wheel
from handmocap_addon.core.process.child_processes import python_command
from handmocap_addon.set_up import whole_code
from handmocap_addon.set_up.environments import default_folder
from handmocap_addon.set_up.uv import TOOLS, find_uv

REPOSITORY = Path(__file__).parents[2]


def _compiled(folder: Path, name: str) -> Path:
    source = folder / f"{name}.py"
    source.write_text("def f(a):\n    return [a, 1.5, 'text']\nTABLE = {1: 2}\n" * 20, encoding="utf-8")
    return Path(py_compile.compile(str(source), doraise=True) or "")


def _loads(folder: Path, name: str) -> bool:
    code = f"import sys; sys.path.insert(0, sys.argv[1]); import {name}"
    return (
        subprocess.run(python_command(sys.executable, "-c", code, folder), capture_output=True, check=False).returncode == 0
    )


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_what_is_not_whole_goes_and_the_source_is_loaded(share: float, tmp_path: Path) -> None:
    whole, half = _compiled(tmp_path, "whole"), _compiled(tmp_path, "half")
    content = half.read_bytes()
    half.write_bytes(content[: 16 + int(share * (len(content) - 16))])
    assert not _loads(tmp_path, "half")
    assert whole_code.main(tmp_path) == 1
    assert whole.is_file()
    assert not half.exists()
    assert _loads(tmp_path, "half")


def test_what_python_passes_over_by_itself_stays(tmp_path: Path) -> None:
    for name, content in (("empty", b""), ("header", importlib.util.MAGIC_NUMBER), ("other", b"\x01\x02\r\n" + bytes(40))):
        _compiled(tmp_path, name).write_bytes(content)
        assert _loads(tmp_path, name)
    assert whole_code.main(tmp_path) == 0


_SET_UP = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from handmocap_addon.set_up import environments
from handmocap_addon.set_up.installers import installer
from handmocap_addon.set_up.reporting import Listener
place = environments.Environment(Path.cwd() / "environment")
tool = installer(Path(sys.executable), Path.cwd(), print, wheels=Path(sys.argv[2]).parent)
tool.make(place.folder)
environments._install(place, tool, [Path(sys.argv[2])], Listener(print))
"""


def test_a_disk_that_fills_while_packages_are_compiled_leaves_none_that_cannot_be_loaded(tmp_path: Path) -> None:
    if find_uv(default_folder()) is None:
        pytest.skip("there is no uv in the environments of the tests")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f"mount -t tmpfs -o size={{}}k tmpfs {shlex.quote(str(disk))}"
    if subprocess.run(["unshare", "-m", "sh", "-c", mount.format(64)], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets no one mount a small disk (unshare -m, mount -t tmpfs)")
    names = [f"tiny_{number}" for number in range(8)]
    code = "\n".join(f"def f{number}(a, b):\n    return a + b * {number}" for number in range(3000))
    pins = tmp_path / "wheels" / "pins.txt"
    wheels = [write_wheel(tmp_path / "wheels", name, code=code) for name in names]
    hashes = [hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels]
    pins.write_text("".join(f"{name}==1.0 --hash=sha256:{digest}\n" for name, digest in zip(names, hashes, strict=True)))
    tools = default_folder() / TOOLS
    have = sum(path.stat().st_size for path in tools.rglob("*") if path.is_file()) // 1024
    command = shlex.join(python_command(sys.executable, "-c", _SET_UP, REPOSITORY, pins))
    load = shlex.join(["environment/bin/python", "-I", "-B", "-c", f"import {', '.join(names)}"])
    # With all that is installed, and half of what is compiled.
    lines = [mount.format(have + 3000), f"cd {shlex.quote(str(disk))}", f"cp -r {shlex.quote(str(tools))} {TOOLS}"]
    lines += [f"{command} && find environment -name '*.pyc' | wc -l && {load}"]
    done = subprocess.run(["unshare", "-m", "sh", "-c", "\n".join(lines)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert 0 < int(done.stdout.split()[-1]) < len(names), done.stdout
