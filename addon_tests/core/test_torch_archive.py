from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from addon_tests.making.gvhmr_results import Call, StoredTensor, stored, write_torch_archive
from handmocap_addon.core.errors import BodyMotionFileError, ExitCode
from handmocap_addon.core.torch_archive import read_torch_archive


def refusal(path: Path) -> BodyMotionFileError:
    with pytest.raises(BodyMotionFileError) as caught:
        read_torch_archive(path)
    assert caught.value.exit_code == ExitCode.BAD_INPUT == 3
    assert caught.value.hint
    return caught.value


def written_and_read(folder: Path, content):
    path = folder / "file.pt"
    write_torch_archive(path, content)
    return read_torch_archive(path)


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
    np.testing.assert_array_equal(read_torch_archive(tmp_path / "file.pt"), np.arange(3.0))


def test_big_endian_storages_are_read(tmp_path):
    write_torch_archive(tmp_path / "file.pt", np.array([1.0, 2.0, -3.5], np.float32), byte_order="big")
    np.testing.assert_array_equal(read_torch_archive(tmp_path / "file.pt"), [1.0, 2.0, -3.5])


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
     ("torch._utils", "_rebuild_parameter"), ("collections", "defaultdict")],
)  # fmt: skip
def test_any_other_name_is_refused_and_said(tmp_path, module, name):
    path = tmp_path / "file.pt"
    write_torch_archive(path, {"smpl_params_global": Call(module, name, ("1",))})
    assert f"{module}.{name}" in refusal(path).message


@pytest.mark.parametrize("module", ["os", os.name if os.name == "nt" else "posix"])
def test_a_call_in_the_file_is_not_run(tmp_path, module):
    marker = tmp_path / "it-ran"
    path = tmp_path / "file.pt"
    write_torch_archive(path, {"tensor": np.zeros(3), "evil": Call(module, "system", (f"echo 1 > {marker}",))})
    refusal(path)
    assert not marker.exists()


def test_a_call_through_an_allowed_name_is_not_run(tmp_path):
    # A dotted name reaches into an allowed one: protocol 4 looks such names up part by part.
    path = tmp_path / "file.pt"
    write_torch_archive(path, Call("collections", "OrderedDict.fromkeys.__self__", ()))
    refusal(path)


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


@pytest.mark.parametrize("content", [b"", b"\x80\x02}q\x00.", b"text"])
def test_a_file_that_is_no_zip_is_refused(tmp_path, content):
    # The second is the old format of torch before 1.6: a bare pickle.
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
