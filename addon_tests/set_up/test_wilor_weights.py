from __future__ import annotations

import hashlib
import os
import random
import shutil
import sys

import pytest

from addon_tests.making.file_server import serving
from handmocap_addon.core.errors import BadInputError, ExitCode, MissingSetupError, WorkerFailedError
from handmocap_addon.set_up.reporting import Listener
from handmocap_addon.set_up.wilor_files import WILOR_FILES, WeightFile
from handmocap_addon.set_up.wilor_weights import bring_weights, examine_weights, missing_megabytes

CONTENTS = {"small.npz": random.Random(1).randbytes(1_000_000), "large.ckpt": random.Random(2).randbytes(5_000_000)}


class Heard:
    def __init__(self):
        self.said: list[str] = []
        self.shown: list[int] = []
        self.listener = Listener(self.said.append, lambda progress: self.shown.append(progress.done))


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def server():
    with serving(CONTENTS) as running:
        yield running


@pytest.fixture
def files(server):
    return files_at(server)


def files_at(server):
    return tuple(
        WeightFile(name, hashlib.sha256(content).hexdigest(), len(content) // 1_000_000, server.address(name))
        for name, content in CONTENTS.items()
    )


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "Gewichte" / "pretrained_models"
    folder.mkdir(parents=True)
    for name, content in CONTENTS.items():
        (folder / name).write_bytes(content)
    return folder.parent


def there(folder):
    return {path.name: path.read_bytes() for path in (folder / "wilor-weights" / "pretrained_models").iterdir()}


def test_they_come_from_where_they_are_published(tmp_path, heard, files):
    assert bring_weights(tmp_path, heard.listener, files=files) == tmp_path / "wilor-weights"
    assert there(tmp_path) == CONTENTS
    assert heard.shown[0] == 0
    assert heard.shown[-1] == 6
    assert heard.shown == sorted(heard.shown)
    assert missing_megabytes(tmp_path, files) == 0


def test_what_is_there_and_right_is_not_fetched_again(tmp_path, heard, server, files):
    bring_weights(tmp_path, heard.listener, files=files)
    before = len(server.ranges)
    bring_weights(tmp_path, heard.listener, files=files)
    assert len(server.ranges) == before


def test_a_download_cut_in_the_middle_is_taken_up_with_its_file(tmp_path, heard, server, files):
    server.breaks_after = 2_000_000
    with pytest.raises(WorkerFailedError) as caught:
        bring_weights(tmp_path, heard.listener, files=files)
    assert "large.ckpt stopped after 2 MB" in caught.value.message
    assert missing_megabytes(tmp_path, files) == 3
    server.breaks_after = None
    bring_weights(tmp_path, heard.listener, files=files)
    assert there(tmp_path) == CONTENTS
    assert server.ranges == [None, None, "bytes=2000000-"]


def test_a_spoilt_file_is_fetched_again(tmp_path, heard, files):
    bring_weights(tmp_path, heard.listener, files=files)
    (tmp_path / "wilor-weights" / "pretrained_models" / "small.npz").write_bytes(b"spoilt")
    bring_weights(tmp_path, heard.listener, files=files)
    assert there(tmp_path) == CONTENTS


def test_they_are_linked_from_a_folder(tmp_path, heard, server, files, source):
    bring_weights(tmp_path, heard.listener, source, files=files)
    assert there(tmp_path) == CONTENTS
    assert server.ranges == []
    own = tmp_path / "wilor-weights" / "pretrained_models" / "large.ckpt"
    assert own.samefile(source / "pretrained_models" / "large.ckpt")


def test_they_are_copied_where_the_disk_knows_no_links(tmp_path, heard, files, source, monkeypatch):
    def refuse(*_):
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    bring_weights(tmp_path, heard.listener, source / "pretrained_models", files=files)
    shutil.rmtree(source)
    assert there(tmp_path) == CONTENTS


def test_a_folder_that_lacks_some_names_them_all(tmp_path, heard, files, source):
    shutil.rmtree(source / "pretrained_models")
    with pytest.raises(MissingSetupError) as caught:
        bring_weights(tmp_path, heard.listener, source, files=files)
    assert f"{source} holds no small.npz, large.ckpt" == caught.value.message


def test_another_file_in_the_folder_replaces_nothing(tmp_path, heard, files, source):
    bring_weights(tmp_path, heard.listener, files=files)
    own = tmp_path / "wilor-weights" / "pretrained_models" / "small.npz"
    own.write_bytes(b"spoilt")
    (source / "pretrained_models" / "small.npz").write_bytes(b"another")
    with pytest.raises(BadInputError) as caught:
        bring_weights(tmp_path, heard.listener, source, files=files)
    assert hashlib.sha256(b"another").hexdigest() in caught.value.message
    assert files[0].sha256 in caught.value.message
    assert caught.value.exit_code == ExitCode.BAD_INPUT
    assert own.read_bytes() == b"spoilt"
    assert not list(own.parent.glob(".handmocap*"))


def test_without_network_a_missing_file_is_said_and_none_is_asked_for(tmp_path, heard, server, files):
    with pytest.raises(MissingSetupError) as caught:
        bring_weights(tmp_path, heard.listener, offline=True, files=files)
    assert "--weights" in caught.value.hint
    assert server.ranges == []


def test_doctor_knows_them_by_their_content(tmp_path, heard, files, source):
    assert examine_weights(tmp_path, files=files).advice
    bring_weights(tmp_path, heard.listener, files=files)
    assert examine_weights(tmp_path, files=files).found.endswith("the published files, by their SHA-256")
    assert examine_weights(tmp_path, source, files).advice == ""
    (source / "pretrained_models" / "small.npz").write_bytes(b"another")
    (source / "pretrained_models" / "large.ckpt").unlink()
    line = examine_weights(tmp_path, source, files)
    assert "large.ckpt missing; small.npz not the published file" in line.found
    assert str(source) in line.advice
    assert not line.needed


def test_a_second_look_reads_no_file_again(tmp_path, heard, files, monkeypatch):
    bring_weights(tmp_path, heard.listener, files=files)
    examine_weights(tmp_path, files=files)
    monkeypatch.setattr("handmocap_addon.core.files.file_hashes.sha256_of", lambda *_: pytest.fail("read again"))
    assert examine_weights(tmp_path, files=files).advice == ""


def test_the_published_files_are_four_with_whole_hashes():
    assert {file.name for file in WILOR_FILES} == {
        "wilor_final.ckpt",
        "detector.pt",
        "MANO_RIGHT.pkl",
        "mano_mean_params.npz",
    }
    assert all(len(file.sha256) == 64 and file.address.endswith(file.name) for file in WILOR_FILES)


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_a_file_that_others_may_write_to_is_copied_and_its_mode_left(tmp_path, heard, files, source):
    theirs = source / "pretrained_models" / "large.ckpt"
    theirs.chmod(0o666)
    bring_weights(tmp_path, heard.listener, source, files=files)
    own = tmp_path / "wilor-weights" / "pretrained_models" / "large.ckpt"
    assert not own.samefile(theirs)
    assert (own.stat().st_mode & 0o777, theirs.stat().st_mode & 0o777) == (0o644, 0o666)
    assert examine_weights(tmp_path, files=files).advice == ""
    own.chmod(0o666)
    assert "Others may write to" in examine_weights(tmp_path, files=files).found


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_with_a_wide_umask_weights_are_still_their_owner_s_alone(tmp_path, heard, files):
    before = os.umask(0)
    try:
        bring_weights(tmp_path / "environments", heard.listener, files=files)
    finally:
        os.umask(before)
    weights = tmp_path / "environments" / "wilor-weights"
    assert [path for path in (weights, *weights.rglob("*")) if path.stat().st_mode & 0o022] == []
