from __future__ import annotations

from pathlib import Path

import pytest

from handmocap_addon.core.clip.picture_sequences import PictureSequence, picture_sequence
from handmocap_addon.core.errors import ClipError


def sequence_of(folder: Path, *names: str) -> PictureSequence:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"picture")
    return picture_sequence(folder)


def refusal(path: Path) -> str:
    with pytest.raises(ClipError) as caught:
        picture_sequence(path)
    assert caught.value.hint
    return caught.value.message


def rows(sequence: PictureSequence) -> list[str | None]:
    return [None if file is None else file.name for file in sequence.files]


def test_numbers_are_time_and_what_is_missing_is_a_frame(tmp_path):
    sequence = sequence_of(tmp_path / "plate", *(f"plate.{number}.exr" for number in (1001, 1002, 1005, 1006)))
    assert rows(sequence) == ["plate.1001.exr", "plate.1002.exr", None, None, "plate.1005.exr", "plate.1006.exr"]
    assert (sequence.first_number, sequence.step, sequence.missing_rows) == (1001, 1, [2, 3])
    assert sequence.number_of(4) == 1005


@pytest.mark.parametrize(
    ("names", "pattern", "first"),
    [
        (["1.png", "2.png", "3.png"], "#.png", 1),
        (["a9.png", "a10.png", "a11.png"], "a#.png", 9),
        (["a_0009.png", "a_0010.png"], "a_####.png", 9),
        (["a.998.png", "a.999.png", "a.1000.png"], "a.#.png", 998),
        (["shot_v02.0001.exr", "shot_v02.0002.exr"], "shot_v02.####.exr", 1),
        (["sc010_sh020_0001_v2.PNG", "sc010_sh020_0002_v2.PNG"], "sc010_sh020_####_v2.PNG", 1),
        (["1920x1080_3.jpg", "1920x1080_4.jpg"], "1920x1080_#.jpg", 3),
        (["x.-0001.png", "x.0000.png", "x.0001.png"], "x.####.png", -1),
        (["x-1.png", "x-2.png"], "x-#.png", 1),
        (["a1.jp2", "a2.jp2"], "a#.jp2", 1),
        (["A_01.JPG", "a_02.jpg"], "A_##.JPG", 1),
        (["only.png"], "only.png", 0),
        (["only_0007.png"], "only_####.png", 7),
        (["v1.png", "v2.png"], "v#.png", 1),
    ],
)
def test_the_number_of_the_frame_is_found_in_the_name(tmp_path, names, pattern, first):
    sequence = sequence_of(tmp_path / "plate", *names)
    assert rows(sequence) == names
    assert (sequence.pattern, sequence.first_number, sequence.step) == (pattern, first, 1)


@pytest.mark.parametrize(
    ("numbers", "step", "count"),
    [
        ([1, 3, 5, 7], 2, 4),
        ([1, 3, 5, 9, 11], 2, 6),
        ([10, 20, 30], 10, 3),
        ([1, 3], 1, 3),
        ([1, 2, 4, 6, 8], 1, 8),
        ([0, 2, 5], 1, 6),
        ([5], 1, 1),
    ],
)
def test_every_second_number_is_a_step_and_a_hole_is_none(tmp_path, numbers, step, count):
    sequence = sequence_of(tmp_path / "plate", *(f"f{number:03}.png" for number in numbers))
    assert (sequence.step, len(sequence.files)) == (step, count)
    assert [sequence.number_of(row) for row, file in enumerate(sequence.files) if file] == numbers


def test_pictures_that_lie_about_are_not_frames(tmp_path):
    folder = tmp_path / "plate"
    for name in (".DS_Store", "._f1.png", ".f3.png", "Thumbs.db", "notes.txt"):
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x")
    (folder / "f9.png").mkdir()
    sequence = sequence_of(folder, "f1.png", "f2.png", "thumb.png", "poster_01.jpg", "f1 (1).png")
    assert rows(sequence) == ["f1.png", "f2.png"]
    assert sequence.others == ("f1 (1).png", "poster_01.jpg", "thumb.png")


def test_two_sequences_in_a_folder_are_listed_and_one_is_chosen_by_a_picture_of_it(tmp_path):
    names = [f"{name}.{number:04}.png" for name in ("left", "right") for number in (1, 2, 3)]
    folder = tmp_path / "plates"
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(b"picture")
    message = refusal(folder)
    assert "2 sequences" in message
    assert "left.####.png (3 pictures, 1 to 3)" in message and "right.####.png (3 pictures, 1 to 3)" in message
    assert rows(picture_sequence(folder / "right.0002.png")) == names[3:]


@pytest.mark.parametrize(
    ("names", "of_the_first"),
    [
        (["shot_v01.1.exr", "shot_v01.2.exr", "shot_v02.1.exr", "shot_v02.2.exr"], 2),
        (["cam1_01.png", "cam1_02.png", "cam1_03.png", "cam2_01.png", "cam2_02.png"], 3),
        (["f1.png", "f2.png", "f1.jpg", "f2.jpg"], 2),
        (["f.1.exr", "f.2.exr", "g.1.exr", "g.2.exr", "thumb.png"], 2),
    ],
)
def test_versions_cameras_and_kinds_are_sequences_of_their_own(tmp_path, names, of_the_first):
    folder = tmp_path / "plates"
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(b"picture")
    assert "2 sequences" in refusal(folder)
    assert rows(picture_sequence(folder / names[0])) == names[:of_the_first]


def test_the_same_number_twice_is_refused_by_name(tmp_path):
    with pytest.raises(ClipError, match=r"f1\.png and f01\.png|f01\.png and f1\.png"):
        sequence_of(tmp_path / "plate", "f1.png", "f01.png", "f2.png")


def test_numbers_that_are_no_time_are_refused(tmp_path):
    with pytest.raises(ClipError, match="numbered from 1 to 20260101"):
        sequence_of(tmp_path / "plate", "f1.png", "f20260101.png")


def test_names_without_numbers_are_refused(tmp_path):
    with pytest.raises(ClipError, match="3 pictures in plate are no sequence"):
        sequence_of(tmp_path / "plate", "a.png", "b.png", "c.png")
    assert rows(picture_sequence(tmp_path / "plate" / "b.png")) == ["b.png"]


def test_a_folder_without_pictures_is_refused(tmp_path):
    assert "holds no images" in refusal(tmp_path)


def test_a_link_that_leads_nowhere_is_a_frame(tmp_path):
    folder = tmp_path / "plate"
    folder.mkdir()
    (folder / "f3.png").symlink_to(tmp_path / "gone.png")
    assert rows(sequence_of(folder, "f1.png", "f2.png")) == ["f1.png", "f2.png", "f3.png"]


def test_very_many_pictures_are_read_at_once(tmp_path):
    sequence = sequence_of(tmp_path / "plate", *(f"f.{number:06}.png" for number in range(20_000)))
    assert len(sequence.files) == 20_000 and not sequence.missing_rows


def test_numbers_of_many_digits_are_no_frames(tmp_path):
    for number in ("1", "9" * 60):
        (tmp_path / f"a{number}.png").touch()
    with pytest.raises(ClipError, match="are numbered from 1 to 999"):
        picture_sequence(tmp_path)
