from __future__ import annotations

import errno
import hashlib
import os
import random

import pytest

from addon_tests.making.file_server import serving
from handmocap_addon.core.errors import OutputError, WorkerFailedError
from handmocap_addon.set_up.downloads import download, part_of

CONTENT = random.Random(3).randbytes(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server():
    with serving({"weights.bin": CONTENT}) as running:
        yield running


@pytest.fixture
def target(tmp_path):
    return tmp_path / "Gewichte für Zoë" / "weights.bin"


def fetch(server, target, sha256=SHA256):
    counts: list[int] = []
    download(server.address("weights.bin"), target, sha256, counts.append)
    return counts


def test_a_file_comes_whole_with_true_counts(server, target):
    counts = fetch(server, target)
    assert target.read_bytes() == CONTENT
    assert counts == sorted(counts)
    assert counts[-1] == len(CONTENT)
    assert not part_of(target).exists()


def test_a_connection_that_breaks_off_is_a_sentence_and_the_rest_comes_next_time(server, target):
    server.breaks_after = 1_000_000
    with pytest.raises(WorkerFailedError) as caught:
        fetch(server, target)
    assert (
        caught.value.message == "The download of weights.bin stopped after 1 MB (the connection closed 2 MB before the end)"
    )
    assert "it goes on from there" in caught.value.hint
    assert not target.exists()
    server.breaks_after = None
    counts = fetch(server, target)
    assert target.read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=1000000-"]
    assert counts[0] == 1_000_000


def test_a_server_that_cannot_go_on_begins_anew(server, target):
    target.parent.mkdir()
    part_of(target).write_bytes(CONTENT[:1234])
    server.knows_ranges = False
    fetch(server, target)
    assert target.read_bytes() == CONTENT


def test_a_part_that_is_whole_already_only_takes_its_place(server, target):
    target.parent.mkdir()
    part_of(target).write_bytes(CONTENT)
    fetch(server, target)
    assert target.read_bytes() == CONTENT


def test_another_file_is_removed_and_replaces_nothing(server, target):
    target.parent.mkdir()
    target.write_bytes(b"what was there")
    with pytest.raises(WorkerFailedError) as caught:
        fetch(server, target, sha256="0" * 64)
    assert SHA256 in caught.value.message
    assert "0" * 64 in caught.value.message
    assert "nothing was replaced" in caught.value.hint
    assert target.read_bytes() == b"what was there"
    assert [path.name for path in target.parent.iterdir()] == ["weights.bin"]


def test_a_part_of_another_file_is_found_out_and_comes_right_next_time(server, target):
    target.parent.mkdir()
    part_of(target).write_bytes(b"something else")
    with pytest.raises(WorkerFailedError):
        fetch(server, target)
    fetch(server, target)
    assert target.read_bytes() == CONTENT


def test_no_server_at_all(tmp_path):
    with serving({}) as gone:
        address = gone.address("weights.bin")
    with pytest.raises(WorkerFailedError) as caught:
        download(address, tmp_path / "weights.bin", SHA256, lambda _count: None)
    assert "stopped after 0 MB" in caught.value.message
    assert "look at the network" in caught.value.hint


@pytest.mark.parametrize("status", [403, 404, 503])
def test_a_server_that_refuses_is_named_with_its_answer(server, target, status):
    server.status = status
    with pytest.raises(WorkerFailedError) as caught:
        fetch(server, target)
    assert caught.value.message == f"127.0.0.1:{server.port} answers {status} for weights.bin"


def test_a_full_disk_is_said_and_what_came_is_kept(server, target, monkeypatch):
    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError) as caught:
        fetch(server, target)
    assert caught.value.message == f"The disk is full at {target}"
    assert part_of(target).stat().st_size == len(CONTENT)


def test_a_folder_that_cannot_be_made_is_said(server, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        fetch(server, tmp_path / "file" / "weights.bin")
