"""Damaged, absurd and hostile npz files: one typed error from every reader, without reading more than is wanted."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from handmocap_addon.core.body.smplx_model_file import read_smplx_model, read_texture_coordinates
from handmocap_addon.core.body.smplx_models_folder import find_smplx_models
from handmocap_addon.core.body.smplx_poses import read_smplx_poses
from handmocap_addon.core.errors import BadInputError, HandmocapError
from handmocap_addon.core.files.archive_identity import archive_identity
from handmocap_addon.core.files.keyed_arrays import read_keyed_arrays
from handmocap_addon.core.files.npz_files import NpzError, PickledArrayError, npz_shapes, read_npz
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses
from handmocap_addon.core.hands.hands_summary import read_hands_summary
from handmocap_addon.core.report import known_hand_poses
from handmocap_addon.core.skeleton import SIDES

READERS = (
    read_hand_poses, read_hands_summary, known_hand_poses, read_smplx_model, read_texture_coordinates, read_smplx_poses,
)  # fmt: skip


def hands(frames: int = 5, **more: np.ndarray) -> dict[str, np.ndarray]:
    random = np.random.default_rng(3)
    arrays = {}
    for side in SIDES:
        arrays[f"{side}_hand_pose"] = random.normal(size=(frames, 45)).astype("f4")
        arrays[f"{side}_detected"] = np.ones(frames, bool)
    return arrays | more


def archive(members: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", kind) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return content.getvalue()


def npy(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.lib.format.write_array(content, array, allow_pickle=True)
    return content.getvalue()


def with_header(text: str, data: bytes = b"") -> bytes:
    header = text.encode("latin-1")
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def damaged_files() -> dict[str, bytes]:
    """Each stands for a kind of error that numpy or zipfile lets out."""
    whole = {f"{name}.npy": npy(array) for name, array in hands(200).items()}
    deflated = bytearray(archive(whole))
    middle = deflated.index(b"left_hand_pose.npy") + len("left_hand_pose.npy") + 8
    deflated[middle : middle + 40] = b"\xff" * 40
    stored = bytearray(archive(whole, zipfile.ZIP_STORED))
    stored[stored.index(b"left_hand_pose.npy") + 400] ^= 0xFF
    method = bytearray(archive(whole))
    for place in (place for place in range(len(method) - 4) if method[place : place + 4] == b"PK\x01\x02"):
        method[place + 10 : place + 12] = struct.pack("<H", 99)
    for place in (place for place in range(len(method) - 4) if method[place : place + 4] == b"PK\x03\x04"):
        method[place + 8 : place + 10] = struct.pack("<H", 99)
    bare = io.BytesIO()
    np.save(bare, np.zeros(3))

    def all_as(member: bytes) -> bytes:
        return archive(dict.fromkeys(whole, member))

    return {
        "nothing": b"",
        "text": b"not an archive",
        "cut": archive(whole)[:-300],
        "bit rot in a deflated member": bytes(deflated),
        "bit rot in a stored member": bytes(stored),
        "an unknown way of packing": bytes(method),
        "one bare array": bare.getvalue(),
        "a header that is no Python": all_as(with_header("{'descr': '<f4', 'shape': (3,")),
        "a header with an open bracket": all_as(with_header("((((((((")),
        "a header of absurd size": all_as(with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776, 1048576)}")),
        "a header of negative size": all_as(with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}")),
        "a header of a shape that is none": all_as(with_header("{'descr': '<f8', 'fortran_order': False, 'shape': ('a',)}")),
        "a header of deep brackets": all_as(with_header("(" * 9000)),
        "a header that is not text": all_as(with_header("\xff\xfe{'descr'")),
        "a header of another kind": all_as(with_header("{'descr': 'nonsense', 'fortran_order': False, 'shape': (3,)}")),
        "a newer format": all_as(b"\x93NUMPY\x09\x00" + bytes(60)),
        "no array in a member": all_as(b"bytes"),
        "an empty member": all_as(b""),
        "members without their ending": archive({name.removesuffix(".npy"): data for name, data in whole.items()}),
        "fewer numbers than claimed": all_as(npy(np.zeros((5, 45), "f4"))[:-9]),
        "pickled objects": all_as(npy(np.array([{}, 1], dtype=object))),
        "words for numbers": all_as(npy(np.array(["a", "b"]))),
        "fields for numbers": all_as(npy(np.zeros(3, [("a", "f4"), ("b", "i2")]))),
    }  # fmt: skip


def refusal(reader, path: Path) -> BadInputError | None:
    try:
        reader(path)
    except BadInputError as error:
        return error
    return None


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
@pytest.mark.parametrize("kind", damaged_files())
def test_every_reader_has_one_typed_sentence_for_a_damaged_file(reader, kind, tmp_path):
    path = tmp_path / "file of ours.npz"
    path.write_bytes(damaged_files()[kind])
    said = refusal(reader, path)
    if said is not None:
        assert "file of ours.npz" in said.message
        assert said.hint
        assert "\n" not in said.sentence()
    else:
        # Not what it looks for, and no harm.
        assert reader in (read_texture_coordinates, read_hands_summary)


@pytest.mark.parametrize("kind", damaged_files())
def test_what_only_looks_is_harmless_too(kind, tmp_path):
    path = tmp_path / "SMPLX_NEUTRAL.npz"
    path.write_bytes(damaged_files()[kind])
    assert isinstance(archive_identity(path), str)
    (model,) = find_smplx_models(tmp_path)
    assert model.problem
    assert read_keyed_arrays(path, "key") is None


def test_random_damage_is_never_another_error(tmp_path):
    random = np.random.default_rng(11)
    content = io.BytesIO()
    np.savez_compressed(content, **hands(40, meta=np.array('{"clip": {"name": "a.mp4"}}')))
    path = tmp_path / "hand_poses.npz"
    refused = 0
    for _ in range(400):
        damaged = bytearray(content.getvalue())
        for place in random.integers(0, len(damaged), random.integers(1, 12)):
            damaged[place] = random.integers(0, 256)
        path.write_bytes(damaged)
        for reader in (read_hand_poses, read_hands_summary):
            try:
                reader(path)
            except HandmocapError:
                refused += 1
        archive_identity(path)
    assert refused > 300


def test_members_that_nobody_wants_are_not_read(tmp_path):
    path = tmp_path / "hand_poses.npz"
    bomb = {"extra.npy": npy(np.zeros(60_000_000, "u1"))}
    path.write_bytes(archive({f"{name}.npy": npy(array) for name, array in hands().items()} | bomb))
    tracemalloc.start()
    try:
        assert read_hand_poses(path).frame_count == 5
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "hand_poses.npz"
    path.write_bytes(archive({f"{side}_detected.npy": npy(np.zeros(80_000_000, bool)) for side in SIDES}))
    tracemalloc.start()
    try:
        with pytest.raises(HandmocapError, match="unpacks to 160 MB"):
            read_hands_summary(path)
        with pytest.raises(NpzError, match="unpacks to 160 MB, more than the 100 MB"):
            read_npz(path, most_bytes=100_000_000)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_what_is_whole_is_read_as_numpy_reads_it(tmp_path):
    path = tmp_path / "a.npz"
    arrays = {
        "one": np.arange(6.0).reshape(2, 3), "turned": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "text": np.array("Hände"), "none": np.zeros((0, 3)), "scalar": np.float32(3), "ordered": np.arange(3, dtype=">i2"),
    }  # fmt: skip
    for save in (np.savez, np.savez_compressed):
        save(path, **arrays)
        for source in (path, path.read_bytes()):
            found = read_npz(source)
            assert found.keys() == arrays.keys()
            for name, array in arrays.items():
                assert np.array_equal(found[name], array) and found[name].dtype == np.asarray(array).dtype
        assert read_npz(path, ("one", "absent")).keys() == {"one"}
        assert read_npz(path, lambda name: name.startswith("t")).keys() == {"turned", "text"}
        assert npz_shapes(path, ("one", "none")) == {"one": (2, 3), "none": (0, 3)}


def test_a_pickled_array_is_named_and_a_folder_or_nothing_is_no_file(tmp_path):
    np.savez(tmp_path / "a.npz", fine=np.zeros(2), odd=np.array([{}], dtype=object))
    assert read_npz(tmp_path / "a.npz", ["fine"]).keys() == {"fine"}
    with pytest.raises(PickledArrayError, match="keeps odd as a pickled object"):
        read_npz(tmp_path / "a.npz")
    with pytest.raises(NpzError, match="is no file"):
        read_npz(tmp_path)
    with pytest.raises(NpzError, match="is not there"):
        read_npz(Path(tmp_path / "nothing.npz"))
