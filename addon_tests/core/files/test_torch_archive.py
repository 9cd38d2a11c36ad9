from __future__ import annotations

import collections
import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from addon_tests.making.gvhmr_results import (
    Call,
    Name,
    Storage,
    StoredTensor,
    as_parameter,
    gvhmr_content,
    made_up_motion,
    stored,
    stored_bfloat16,
    write_legacy_torch,
    write_torch_archive,
)
from handmocap_addon.core.body.gvhmr_file import read_gvhmr_result
from handmocap_addon.core.errors import BodyMotionFileError, ExitCode
from handmocap_addon.core.files.array_files import read_array_file


def refusal(path: Path) -> BodyMotionFileError:
    with pytest.raises(BodyMotionFileError) as caught:
        read_array_file(path)
    assert caught.value.exit_code == ExitCode.BAD_INPUT == 3
    assert caught.value.hint
    return caught.value


def written_and_read(folder: Path, content):
    path = folder / "file.pt"
    write_torch_archive(path, content)
    read = read_array_file(path)
    assert read.unknown == ()
    return read.value


@pytest.mark.parametrize("kind", ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u1"])
def test_every_kind_of_number_comes_back(tmp_path, kind):
    array = np.arange(24).reshape(2, 3, 4).astype(kind)
    read = written_and_read(tmp_path, {"array": array})["array"]
    assert read.dtype == array.dtype
    np.testing.assert_array_equal(read, array)


def test_truth_values_come_back(tmp_path):
    array = np.array([True, False, True])
    np.testing.assert_array_equal(written_and_read(tmp_path, array), array)


def test_nested_plain_values_come_back(tmp_path):
    content = {"a": [1, 2.5, None, "Größe"], "b": {"c": (True, 1 << 40)}}
    assert written_and_read(tmp_path, content) == content


@pytest.mark.parametrize("root", ["archive", "hmr4d_results", "Größe 1"])
def test_the_root_folder_may_have_any_name(tmp_path, root):
    write_torch_archive(tmp_path / "file.pt", np.arange(3.0), root=root)
    np.testing.assert_array_equal(read_array_file(tmp_path / "file.pt").value, np.arange(3.0))


def test_big_endian_storages_are_read(tmp_path):
    write_torch_archive(tmp_path / "file.pt", np.array([1.0, 2.0, -3.5], np.float32), byte_order="big")
    np.testing.assert_array_equal(read_array_file(tmp_path / "file.pt").value, [1.0, 2.0, -3.5])


def test_a_transposed_tensor_is_read_right(tmp_path):
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    transposed = StoredTensor(array.ravel(), size=(4, 3), stride=(1, 4))
    np.testing.assert_array_equal(written_and_read(tmp_path, transposed), array.T)


def test_a_slice_of_a_larger_storage_is_read_right(tmp_path):
    array = np.arange(60, dtype=np.float32).reshape(10, 6)
    rows_two_to_five = StoredTensor(array.ravel(), size=(3, 2), stride=(6, 1), offset=2 * 6 + 3)
    np.testing.assert_array_equal(written_and_read(tmp_path, rows_two_to_five), array[2:5, 3:5])


def test_a_repeated_row_is_read_right(tmp_path):
    # tensor.expand(): one row of storage is seen on every frame, with a step of zero.
    row = np.array([1.0, 2.0, 3.0], np.float32)
    expanded = StoredTensor(row, size=(5, 3), stride=(0, 1))
    np.testing.assert_array_equal(written_and_read(tmp_path, expanded), np.tile(row, (5, 1)))


def test_a_number_without_dimensions_is_read(tmp_path):
    assert written_and_read(tmp_path, StoredTensor(np.array([7.0]), size=(), stride=())) == 7.0


def test_an_empty_tensor_is_read(tmp_path):
    read = written_and_read(tmp_path, stored(np.zeros((0, 63), np.float32)))
    assert read.shape == (0, 63)


def test_what_is_read_can_be_written_to(tmp_path):
    array = written_and_read(tmp_path, np.zeros(3))
    array[0] = 1.0
    assert array.tolist() == [1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("module", "name"),
    [("posix", "system"), ("nt", "system"), ("os", "system"), ("builtins", "eval"), ("torch", "load"), ("numpy", "load"),
     ("torch._utils", "_rebuild_xla_tensor"), ("torch.storage", "_load_from_bytes"), ("builtins", "getattr"),
     ("numpy", "fromfile")],
)  # fmt: skip
def test_any_other_name_is_refused_and_said(tmp_path, module, name):
    path = tmp_path / "file.pt"
    write_torch_archive(path, {"smpl_params_global": Call(module, name, ("1",))})
    assert read_array_file(path).unknown == (f"{module}.{name}",)
    with pytest.raises(BodyMotionFileError, match=f"asks for {module}.{name}"):
        read_gvhmr_result(path)


@pytest.mark.parametrize("module", ["os", os.name if os.name == "nt" else "posix"])
def test_a_call_in_the_file_is_not_run(tmp_path, module):
    marker = tmp_path / "it-ran"
    path = tmp_path / "file.pt"
    write_torch_archive(path, {"tensor": np.zeros(3), "evil": Call(module, "system", (f"echo 1 > {marker}",))})
    assert read_array_file(path).unknown == (f"{module}.system",)
    assert not marker.exists()


def test_a_call_through_an_allowed_name_is_not_run(tmp_path):
    # A dotted name reaches into an allowed one: protocol 4 looks such names up part by part.
    path = tmp_path / "file.pt"
    write_torch_archive(path, Call("collections", "OrderedDict.fromkeys.__self__", ()))
    assert read_array_file(path).unknown == ("collections.OrderedDict.fromkeys.__self__",)


@pytest.mark.parametrize(
    "tensor",
    [
        pytest.param(StoredTensor(np.zeros(10), (4,), (1,), offset=8), id="offset at the end"),
        pytest.param(StoredTensor(np.zeros(10), (4,), (1,), offset=1 << 33), id="offset far outside"),
        pytest.param(StoredTensor(np.zeros(10), (4,), (1,), offset=-1), id="offset before the start"),
        pytest.param(StoredTensor(np.zeros(10), (3, 3), (9, 1)), id="strides outside"),
        pytest.param(StoredTensor(np.zeros(10), (2, 2), (-1, 1), offset=5), id="negative stride"),
        pytest.param(StoredTensor(np.zeros(10), (11,), (1,)), id="one too many"),
        pytest.param(StoredTensor(np.zeros(10), (-1,), (1,)), id="negative size"),
        pytest.param(StoredTensor(np.zeros(10), (2, 2), (1,)), id="fewer strides than sizes"),
        pytest.param(StoredTensor(np.zeros(10), (1 << 40,), (0,)), id="more memory than the file has"),
        pytest.param(StoredTensor(np.zeros(10), (5,), (1,), claimed_count=20), id="header claims more"),
        pytest.param(StoredTensor(np.zeros(10), (5,), (1,), claimed_count=5), id="header claims less"),
        pytest.param(StoredTensor(np.zeros(10), (5,), (1,), claimed_count=1 << 40), id="header claims far more"),
        pytest.param(StoredTensor(np.zeros(10), (5,), (1,), claimed_count=-10), id="header claims less than nothing"),
    ],
)
def test_a_tensor_outside_its_storage_is_refused(tmp_path, tensor):
    path = tmp_path / "file.pt"
    write_torch_archive(path, {"tensor": tensor})
    assert "damaged" in refusal(path).message


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_refused(tmp_path, share):
    path = tmp_path / "hmr4d_results.pt"
    write_torch_archive(path, {"tensor": np.arange(1000.0)})
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert "hmr4d_results.pt is cut short" in refusal(path).message


def test_a_flipped_byte_in_a_storage_is_noticed(tmp_path):
    path = tmp_path / "file.pt"
    write_torch_archive(path, {"tensor": np.full(1000, 2.0)})
    content = bytearray(path.read_bytes())
    content[content.index(np.full(4, 2.0).tobytes()) + 7] ^= 0x40
    path.write_bytes(content)
    refusal(path)


def test_a_cut_pickle_inside_a_whole_zip_is_refused(tmp_path):
    path = tmp_path / "file.pt"
    write_torch_archive(tmp_path / "whole.pt", {"tensor": np.zeros(3)})
    with zipfile.ZipFile(tmp_path / "whole.pt") as whole, zipfile.ZipFile(path, "w") as cut:
        for name in whole.namelist():
            content = whole.read(name)
            cut.writestr(name, content[:-20] if name.endswith("data.pkl") else content)
    refusal(path)


def test_a_missing_storage_is_refused(tmp_path):
    path = tmp_path / "file.pt"
    write_torch_archive(tmp_path / "whole.pt", {"tensor": np.zeros(3)})
    with zipfile.ZipFile(tmp_path / "whole.pt") as whole, zipfile.ZipFile(path, "w") as partly:
        for name in whole.namelist():
            if "/data/" not in name:
                partly.writestr(name, whole.read(name))
    refusal(path)


@pytest.mark.parametrize("content", [b"", b"text", b"\x80", b"\x80\x02}", b"PK"])
def test_a_file_that_is_none_of_the_kinds_is_refused(tmp_path, content):
    path = tmp_path / "file.pt"
    path.write_bytes(content)
    refusal(path)


def test_a_zip_of_something_else_is_refused(tmp_path):
    path = tmp_path / "file.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    refusal(path)


def test_a_missing_file_is_named(tmp_path):
    assert str(tmp_path / "nowhere.pt") in refusal(tmp_path / "nowhere.pt").message


def test_a_file_that_may_not_be_opened_is_a_sentence(tmp_path):
    refusal(tmp_path)


def test_a_tensor_of_bfloat16_is_read(tmp_path):
    array = np.array([1.5, -2.0, 3.140625])
    read = written_and_read(tmp_path, stored_bfloat16(array))
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, array)


def test_a_tensor_that_gradients_were_wanted_of_is_read(tmp_path):
    np.testing.assert_array_equal(
        written_and_read(tmp_path, {"weights": as_parameter(np.arange(4.0))})["weights"], np.arange(4.0)
    )


def test_a_tensor_of_bytes_with_a_type_is_read(tmp_path):
    array = np.arange(6, dtype=np.float32)
    storage = Storage(array.view(np.uint8), "UntypedStorage")
    autograd = (False, Call("collections", "OrderedDict", ()))
    kind = Name("torch", "float32")
    tensor = Call("torch._utils", "_rebuild_tensor_v3", (storage, 0, (2, 3), (3, 1), *autograd, kind, None))
    np.testing.assert_array_equal(written_and_read(tmp_path, tensor), array.reshape(2, 3))


def test_a_file_of_torch_before_1_6_is_read(tmp_path):
    path = tmp_path / "file.pt"
    write_legacy_torch(path, {"first": np.arange(6.0).reshape(2, 3), "second": np.arange(4), "text": "Größe"})
    read = read_array_file(path).value
    np.testing.assert_array_equal(read["first"], np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(read["second"], np.arange(4))
    assert read["text"] == "Größe"
    path.write_bytes(path.read_bytes()[:-5])
    refusal(path)


def test_harmless_extras_are_read(tmp_path):
    content = {
        "device": Call("torch", "device", ("cuda", 0)),
        "size": Call("torch", "Size", ((3, 4),)),
        "path": Call("pathlib", "PosixPath", ("/", "clips", "a.mp4")),
        "people": Call("collections", "defaultdict", (Name("builtins", "list"),)),
        7: [None, True],
    }
    read = written_and_read(tmp_path, content)
    assert read == {"device": "cuda:0", "size": (3, 4), "path": "//clips/a.mp4", "people": {}, 7: [None, True]}


@pytest.mark.parametrize("name", ["data.pkl", "byteorder", "data/0"])
def test_a_file_that_unpacks_to_more_than_it_is_is_refused(tmp_path, name):
    path = tmp_path / "file.pt"
    write_torch_archive(tmp_path / "whole.pt", {"tensor": np.zeros(1 << 22)})
    with zipfile.ZipFile(tmp_path / "whole.pt") as whole, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        for member in whole.namelist():
            padding = b"\x00" * (1 << 24) if member.endswith(name) and name != "data/0" else b""
            bomb.writestr(member, whole.read(member) + padding)
    assert path.stat().st_size < 1 << 20
    assert "unpacks to more than it is" in refusal(path).message


def test_keys_that_take_for_ever_to_hash_are_refused(tmp_path):
    # A tuple of twice the one before, forty times: 2^40 steps for whoever takes its hash.
    path = tmp_path / "file.pkl"
    path.write_bytes(b"\x80\x02})" + b"2\x86" * 40 + b"K\x01s.")
    assert "key" in refusal(path).message


def test_a_memo_that_asks_for_gigabytes_gets_none(tmp_path):
    path = tmp_path / "file.pkl"
    path.write_bytes(b"\x80\x02}r\xff\xff\xff\x0f.")
    assert read_array_file(path).value == {}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_of_arrays_and_plain_values_are_read_as_python_reads_them(tmp_path, protocol):
    shared = np.arange(12, dtype=np.float32).reshape(3, 4)
    content = {
        "array": shared, "again": shared, "column order": np.asfortranarray(shared), "half": shared.astype(np.float16),
        "big end": shared.astype(">f8"), "number": np.float64(3.5), "texts": np.array(["a", "Größe"]), "list": [1, (2, "b")],
        "set": {1, 2}, "frozen": frozenset("a"), "bytes": b"\x00\xff", "large": 1 << 70, "none": None, 3: -1.5,
        "objects": np.array([{"a": 1}, None], dtype=object), "ordered": collections.OrderedDict(a=1),
    }  # fmt: skip
    path = tmp_path / "file.pkl"
    path.write_bytes(pickle.dumps(content, protocol))
    read = read_array_file(path)
    assert read.unknown == ()
    assert list(read.value) == list(content)
    for key, value in content.items():
        if isinstance(value, np.ndarray) and value.dtype != object:
            assert read.value[key].dtype == value.dtype.newbyteorder("=")
            np.testing.assert_array_equal(read.value[key], value)
        else:
            assert read.value[key] == (value if key != "objects" else [{"a": 1}, None])


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz_files_of_arrays_and_of_dictionaries_are_read(tmp_path, save):
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.asfortranarray(np.ones((2, 2))), "fps": np.array(24)}
    save(tmp_path / "file.npz", nested=np.array({"c": np.arange(3)}, dtype=object), **arrays)
    read = read_array_file(tmp_path / "file.npz").value
    for key, value in arrays.items():
        np.testing.assert_array_equal(read[key], value)
    np.testing.assert_array_equal(read["nested"]["c"], np.arange(3))


def test_an_npz_that_unpacks_to_gigabytes_is_refused(tmp_path):
    path = tmp_path / "file.npz"
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", header.getvalue())
    assert "unpacks to more" in refusal(path).message


def test_a_pickle_that_calls_something_is_recognised_and_not_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "it-ran"),)

    path = tmp_path / "file.pkl"
    path.write_bytes(pickle.dumps({"smpl_params_global": Evil()}))
    assert read_array_file(path).unknown == (f"{os.mkdir.__module__}.mkdir",)
    assert not (tmp_path / "it-ran").exists()


def test_a_pointer_of_git_lfs_is_said(tmp_path):
    path = tmp_path / "hmr4d_results.pt"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", encoding="utf-8")
    assert "git lfs pull" in refusal(path).hint


def no_result(path: Path) -> str:
    with pytest.raises(BodyMotionFileError) as caught:
        read_gvhmr_result(path)
    return caught.value.message


PIECES = {
    "lists of the list before, twice": b"]" + b"q\x01(h\x01h\x01l" * 200 + b".",
    "dictionaries of the one before, twice": b"}q\x01" + b"(X\x01\0\0\0ah\x01X\x01\0\0\0bh\x01dq\x01" * 200 + b".",
    "numbers that are slow to find": b"}("
    + b"".join(b"\x8a\x0a" + (((1 << 61) - 1) * n).to_bytes(10, "little") + b"N" for n in range(1, 30_000))
    + b"u.",
    "more values than a motion has": b"(" + b"N" * 2_000_100 + b"l.",
    "a name of lists of the list before": b"]" + b"q\x01(h\x01h\x01l" * 100 + b"q\x01h\x01\x93.",
    "a path of lists of the list before": b"]" + b"q\x01(h\x01h\x01l" * 100 + b"q\x01cpathlib\nPosixPath\nh\x01\x85R.",
    "the same pairs again and again": b"]("
    + b"X\x01\0\0\0aN\x86q\x01"
    + b"h\x01" * 300_000
    + b"eq\x02ccollections\nOrderedDict\n"
    + b"q\x030"
    + b"h\x03h\x02\x85R0" * 300_000
    + b".",
    "a long key again and again": b"(" + b"N" * 500_000 + b"tq\x010}" + b"h\x01Ns" * 9_000 + b".",
    "an array of very many axes": b"cnumpy.core.numeric\n_frombuffer\n(C\0cnumpy\ndtype\nX\x02\0\0\0f4\x85R("
    + b"\x8a\x08"
    + b"\xff" * 7
    + b"\x7f"
    + b"q\x01"
    + b"h\x01" * 900_000
    + b"tX\x01\0\0\0CtR.",
    "places that are slow to find": b"N" + b"".join(b"p%d\n" % (((1 << 61) - 1) * n) for n in range(1, 60_000)) + b".",
    "a number of many digits as a key": b"}\x8b\x10\x27\0\0" + b"\x7f" * 10_000 + b"Ns.",
}


@pytest.mark.parametrize("piece", PIECES)
def test_pickles_that_ask_for_time_get_none(tmp_path, piece):
    path = tmp_path / "a.pkl"
    path.write_bytes(b"\x80\x02" + PIECES[piece])
    no_result(path)


def test_a_motion_in_lists_of_the_list_before_is_refused(tmp_path):
    content = {key: value for key, value in gvhmr_content(made_up_motion(4)).items() if key != "net_outputs"}
    nested: list[object] = [0.0, 0.0]
    for _ in range(60):
        nested = [nested, nested]
    content["smpl_params_global"]["transl"] = nested
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(content))
    assert "has no transl" in no_result(tmp_path / "a.pkl")


@pytest.mark.parametrize("packed", [np.savez, np.savez_compressed])
def test_rows_that_are_hardly_stored_are_read_only_so_far(tmp_path, packed):
    packed(tmp_path / "a.npz", world_transl=np.zeros((1 << 20, 3), np.int8))
    if packed is np.savez_compressed:
        packed(tmp_path / "a.npz", world_transl=np.zeros(1 << 27, np.int8))
        assert "unpacks to more" in refusal(tmp_path / "a.npz").message
    else:
        assert "is not a GVHMR result" in no_result(tmp_path / "a.npz")
