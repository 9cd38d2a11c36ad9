from __future__ import annotations

import shutil
import sys

import pytest

from handmocap_addon.set_up.doctor import Wanted, examine
from handmocap_addon.set_up.doctor_line import DoctorLine, examine_folder
from handmocap_addon.set_up.environments import REQUIREMENTS, Environment
from handmocap_addon.set_up.stamps import pins_hash, write_stamp


def test_a_line_for_people_has_its_advice():
    assert DoctorLine("torch", "2.9").text() == "torch: 2.9"
    assert DoctorLine("torch", "missing", "install it").text() == "torch: missing - install it"


def test_a_folder_that_is_not_there_yet_is_looked_at_and_not_made(tmp_path):
    lines = {line.subject: line for line in examine_folder(tmp_path / "a" / "b", is_set_up=False)}
    assert lines["environments"] == DoctorLine("environments", f"{tmp_path / 'a' / 'b'}, which may be written")
    assert lines["free disk"].found.endswith("GB")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_has_an_advice(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    (line,) = examine_folder(tmp_path / "file" / "environments", is_set_up=False)
    assert str(tmp_path / "file") in line.found
    assert "--env" in line.advice


@pytest.mark.parametrize(("is_set_up", "has_advice"), [(False, True), (True, False)])
def test_little_free_disk_matters_only_before_the_set_up(tmp_path, monkeypatch, is_set_up, has_advice):
    monkeypatch.setattr(shutil, "disk_usage", lambda _place: shutil._ntuple_diskusage(5e9, 4e9, 1e9))
    line = examine_folder(tmp_path, is_set_up)[1]
    assert line.found == "1.0 GB"
    assert bool(line.advice) == has_advice


def _readers(folder):
    lines = {line.subject: line for line in examine(folder, Wanted(), "")}
    return lines["readers of baked files"]


@pytest.mark.skipif(sys.platform == "win32", reason="a script in place of a Python")
def test_the_readers_say_their_versions_or_what_to_do(tmp_path):
    missing = _readers(tmp_path)
    assert (missing.found, missing.needed) == ("missing, Blender alone checks its files", False)
    assert "setup --only readers" in missing.advice
    environment = Environment(tmp_path / "readers-python3")
    python = environment.python
    python.parent.mkdir(parents=True)
    write_stamp(environment.folder, pins_hash([REQUIREMENTS / "readers.txt"]))
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    there = _readers(tmp_path)
    assert there.found.startswith("alembic3d 1.") and "usd-core 2" in there.found and not there.advice
    python.write_text("#!/bin/sh\necho 'no such library' >&2\nexit 1\n", encoding="utf-8")
    broken = _readers(tmp_path)
    assert "no such library" in broken.found and "set it up again" in broken.advice
