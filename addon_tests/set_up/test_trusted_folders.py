from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from handmocap_addon.core.errors import MissingSetupError
from handmocap_addon.set_up import environments, pythons, trusted_folders
from handmocap_addon.set_up.reporting import Listener
from handmocap_addon.set_up.trial import check_once

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
PYTHON = pythons.find_python([sys.version_info[:2]])


@pytest.fixture
def folder():
    """Not pytest's own, whose parents have modes of their own."""
    with tempfile.TemporaryDirectory() as made:
        place = Path(made) / "environments" / "worker-python3.11"
        for path in (place / "bin", place / "lib" / "python3.11" / "site-packages", place / "models"):
            path.mkdir(parents=True, mode=0o755)
        yield place


def test_a_person_s_own_is_used(folder):
    trusted_folders.refuse_where_others_write(folder)


@pytest.mark.parametrize("part", ["..", ".", "bin", "lib/python3.11/site-packages", "models"])
def test_where_others_may_write_nothing_is_run(folder, part):
    place = (folder / part).resolve()
    place.chmod(0o777)
    with pytest.raises(MissingSetupError) as caught:
        trusted_folders.refuse_where_others_write(folder)
    assert str(place) in caught.value.message
    subprocess.run(caught.value.hint.removeprefix("take that from them with: ").split(" (")[0], shell=True, check=True)
    trusted_folders.refuse_where_others_write(folder)


def test_the_system_s_folder_for_temporary_files_may_hold_one(folder):
    folder.parent.chmod(0o1777)
    trusted_folders.refuse_where_others_write(folder)


def test_nothing_is_tried_where_others_may_write(folder):
    (folder / "bin").chmod(0o777)
    with pytest.raises(MissingSetupError, match="Others may write"):
        check_once(folder, Path(sys.executable), "It", "raise SystemExit('ran')")
    assert not list(folder.glob("handmocap-check*"))


def test_a_group_of_many_may_not_write_but_that_of_one_person_may(folder, monkeypatch):
    (folder / "bin").chmod(0o775)
    real = Path.stat

    def of_group(group):
        def stat(path, **options):
            found = list(real(path, **options))
            found[5] = group
            return os.stat_result(found)

        return stat

    monkeypatch.setattr(Path, "stat", of_group(os.geteuid()))
    trusted_folders.refuse_where_others_write(folder)
    monkeypatch.setattr(Path, "stat", of_group(os.geteuid() + 1))
    with pytest.raises(MissingSetupError):
        trusted_folders.refuse_where_others_write(folder)


def test_root_s_shared_one_is_used_and_another_person_s_is_not(folder, monkeypatch):
    owner = folder.stat().st_uid
    real = Path.stat

    def owned_by(user):
        def stat(path, **options):
            found = list(real(path, **options))
            found[4] = user
            return os.stat_result(found)

        return stat

    monkeypatch.setattr(os, "geteuid", lambda: owner + 1000)
    monkeypatch.setattr(Path, "stat", owned_by(0))
    trusted_folders.refuse_where_others_write(folder)
    monkeypatch.setattr(Path, "stat", owned_by(owner + 1001))
    with pytest.raises(MissingSetupError, match="belongs to another user"):
        trusted_folders.refuse_where_others_write(folder)


@pytest.mark.installs
def test_with_a_wide_umask_an_environment_is_still_its_owner_s_alone(tmp_path, monkeypatch):
    pins = tmp_path / "pins.txt"
    pins.write_text("# nothing\n", encoding="utf-8")
    before = os.umask(0)
    try:
        made = environments._ensure(tmp_path / "environments", "worker", PYTHON, [pins], Listener(print))
    finally:
        os.umask(before)
    wide = [path for path in [made.folder.parent, *made.folder.parent.rglob("*")] if path.lstat().st_mode & 0o022]
    assert [path for path in wide if not path.is_symlink()] == []
