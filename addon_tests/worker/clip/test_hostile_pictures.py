"""Folders of pictures as studios deliver them: the right pixels at the right times, or a sentence."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from addon_tests.making import clips, hostile_clips
from handmocap_addon.core.clip.frame_marks import FrameMark
from handmocap_addon.core.clip.picture_sequences import PICTURE_SUFFIXES
from handmocap_addon.core.clip.view_choices import ViewChoice
from handmocap_addon.core.errors import ClipError
from handmocap_addon.worker.clip.views import displayed
from handmocap_addon.worker.estimators.base import VideoFrame
from handmocap_addon.worker.video import clip_sha256, probe_clip, read_frames, stored_picture

Array = np.ndarray[Any, Any]
RED, BLUE = (220, 20, 20), (20, 20, 220)


def decoded(path: Path, view: ViewChoice = "auto") -> list[VideoFrame]:
    return list(read_frames(probe_clip(path, view=view), "rgb"))


def numbers_in(frames: list[VideoFrame]) -> list[int | None]:
    return [None if frame.marks & FrameMark.LOST else clips.number_in(frame.pixels) for frame in frames]


def colours(frame: VideoFrame) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return clips.bottom_colours(frame.pixels)


def write(folder: Path, content: dict[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, data in content.items():
        (folder / name).write_bytes(data)
    return folder


def light_of(pixels: Array) -> Array:
    """What a display shows of uint8 values (IEC 61966-2-1)."""
    signal = pixels / 255.0
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)


def log_of(pixels: Array) -> Array:
    """Cineon code values of 16 bits for what a display shows: 95 is black, 685 white, 0.002 of density a code."""
    black = 10 ** ((95 - 685) * 0.002 / 0.6)
    code = 685 + np.log10(light_of(pixels) * (1 - black) + black) * 0.6 / 0.002
    return np.round(code / 1023 * 65535).astype(np.uint16)


def by_opencv(suffix: str, pixels: Array) -> bytes:
    done, content = cv2.imencode(suffix, np.ascontiguousarray(pixels[..., ::-1] if pixels.ndim == 3 else pixels))
    assert done
    return bytes(content.tobytes())


KINDS: dict[str, Callable[[Array], bytes]] = {
    "png": lambda pixels: by_opencv(".png", pixels),
    "16 bit.png": lambda pixels: by_opencv(".png", pixels.astype(np.uint16) * 257),
    "alpha.png": lambda pixels: hostile_clips.encoded_picture("png", pixels, "rgba"),
    "deep alpha.png": lambda pixels: hostile_clips.encoded_picture("png", pixels, "rgba64be"),
    "jpg": hostile_clips.jpeg_picture,
    "wide.jpeg": lambda pixels: hostile_clips.encoded_picture("mjpeg", pixels, "yuvj444p"),
    "tif": lambda pixels: hostile_clips.encoded_picture("tiff", pixels, "rgb24"),
    "16 bit.tiff": lambda pixels: hostile_clips.encoded_picture("tiff", pixels, "rgb48le"),
    "alpha.tiff": lambda pixels: hostile_clips.encoded_picture("tiff", pixels, "rgba"),
    "float.tiff": lambda pixels: by_opencv(".tiff", light_of(pixels).astype(np.float32)),
    "bmp": lambda pixels: by_opencv(".bmp", pixels),
    "webp": lambda pixels: by_opencv(".webp", pixels),
    "tga": lambda pixels: hostile_clips.encoded_picture("targa", pixels, "bgr24"),
    "alpha.tga": lambda pixels: hostile_clips.encoded_picture("targa", pixels, "bgra"),
    "jp2": lambda pixels: hostile_clips.encoded_picture("jpeg2000", pixels, "rgb24"),
    "exr": lambda pixels: hostile_clips.exr_picture(light_of(pixels)),
    "log.dpx": lambda pixels: hostile_clips.dpx_picture(log_of(pixels), 3),
    "density.dpx": lambda pixels: hostile_clips.dpx_picture(log_of(pixels), 1),
    "unsaid.dpx": lambda pixels: hostile_clips.dpx_picture(log_of(pixels), 0),
    "video.dpx": lambda pixels: hostile_clips.dpx_picture(pixels.astype(np.uint16) * 257, 6),
    "8 bit.dpx": lambda pixels: hostile_clips.encoded_picture("dpx", pixels, "rgb24"),
}


@pytest.mark.parametrize("order", ["rgb", "bgr"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_picture_is_shown_as_a_display_shows_it(tmp_path, kind, order):
    suffix = kind.rpartition(".")[2]
    assert f".{suffix}" in PICTURE_SUFFIXES
    write(tmp_path / "plate", {f"p.{number:04}.{suffix}": KINDS[kind](clips.picture(number)) for number in (5, 6)})
    frames = list(read_frames(probe_clip(tmp_path / "plate"), order))
    assert numbers_in(frames) == [5, 6]
    left, right = colours(frames[0])
    red, blue = (RED, BLUE) if order == "rgb" else (BLUE, RED)
    np.testing.assert_allclose(left, red, atol=6)
    np.testing.assert_allclose(right, blue, atol=6)
    assert frames[0].pixels.dtype == np.uint8 and frames[0].pixels.flags.c_contiguous


def test_every_suffix_is_tried() -> None:
    spelled_otherwise = {".j2k", ".j2c"}
    assert {f".{kind.rpartition('.')[2]}" for kind in KINDS} == PICTURE_SUFFIXES - spelled_otherwise


@pytest.mark.parametrize("pixel_format", ["gray", "gray16be", "ya8", "ya16be", "monob", "pal8"])
def test_grey_and_paletted_pictures_are_read(tmp_path, pixel_format):
    if pixel_format == "pal8":
        content = hostile_clips.paletted_png(clips.picture(9))
    else:
        content = hostile_clips.encoded_picture("png", clips.picture(9), pixel_format)
    (frame,) = decoded(write(tmp_path / "plate", {"p1.png": content}))
    assert frame.pixels.shape == (clips.HEIGHT, clips.WIDTH, 3)
    assert clips.number_in(frame.pixels) == 9


def test_a_jpeg_of_printing_colours_is_read(tmp_path):
    (frame,) = decoded(write(tmp_path / "plate", {"p1.jpg": hostile_clips.cmyk_jpeg(clips.picture(9))}))
    assert clips.number_in(frame.pixels) == 9
    np.testing.assert_allclose(colours(frame)[0], RED, atol=25)


def test_a_grey_exr_is_read(tmp_path):
    light = light_of(clips.picture(9)).mean(axis=-1)
    (frame,) = decoded(write(tmp_path / "plate", {"p1.exr": hostile_clips.exr_picture(light)}))
    assert clips.number_in(frame.pixels) == 9


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("kind", ["half", "float"])
def test_light_of_half_and_whole_floats_is_the_same(tmp_path, kind, grey):
    pixels = clips.picture(9, 150, 96)  # rows that no alignment fits
    light = light_of(pixels).mean(axis=-1) if grey else light_of(pixels)
    (frame,) = decoded(write(tmp_path / "plate", {"p1.exr": hostile_clips.exr_picture(light, format=kind)}))
    assert frame.pixels.shape == pixels.shape
    if not grey:
        np.testing.assert_allclose(frame.pixels.astype(int), pixels, atol=1)
    assert clips.number_in(frame.pixels) == 9


def test_light_that_is_no_number_or_too_bright_is_shown(tmp_path):
    light = light_of(clips.picture(9))
    light[-1, :4] = np.array((np.nan, np.inf, 70_000.0, -1.0))[:, None]
    (frame,) = decoded(write(tmp_path / "plate", {"p1.exr": hostile_clips.exr_picture(light)}))
    assert frame.pixels[-1, :4, 0].tolist() == [0, 255, 255, 0]
    assert clips.number_in(frame.pixels) == 9


def test_the_view_can_be_chosen(tmp_path):
    folder = write(tmp_path / "plate", {"p1.exr": hostile_clips.exr_picture(np.full((8, 8, 3), 0.5))})
    shown = {view: int(decoded(folder, view)[0].pixels[4, 4, 0]) for view in ("auto", "srgb", "linear", "log", "pq", "hlg")}
    # By hand: sRGB's curve at 0.5 is 0.7354; the others follow from their standards.
    assert shown["auto"] == shown["linear"] == 188
    assert shown["srgb"] == 128
    assert shown["log"] == pytest.approx(255 * _srgb((10 ** ((511.5 - 685) / 300) - 0.01080) / 0.98920), abs=1)
    assert shown["pq"] == pytest.approx(255 * _srgb(92.25 / 203), abs=1)
    assert shown["hlg"] == pytest.approx(255 * _srgb((0.25 / 3) / 0.26496), abs=1)
    assert stored_picture(probe_clip(folder, view="log")).view == "log"
    assert clip_sha256(probe_clip(folder)) == clip_sha256(probe_clip(folder, view="log"))


def _srgb(light: float) -> float:
    return 1.055 * light ** (1 / 2.4) - 0.055


@pytest.mark.parametrize("view", ["srgb", "linear", "log", "pq", "hlg"])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_every_view_grows_and_spans_the_display(view, kind):
    most = 1 if kind is np.float32 else np.iinfo(kind).max
    shown = displayed((np.linspace(0, 1, 400) * most).astype(kind), view).astype(int)
    assert (np.diff(shown) >= 0).all()
    assert shown[0] == 0 and shown[-1] == 255


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpg", "png", "tif", "webp"])
def test_exif_turns_a_picture_once(tmp_path, orientation, kind):
    upright = clips.picture(5)
    # What has to be stored so that the tag's turn shows it upright.
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    stored = np.ascontiguousarray(stored)
    content = {
        "jpg": lambda: hostile_clips.with_exif_orientation(hostile_clips.jpeg_picture(stored), orientation),
        "png": lambda: hostile_clips.with_exif_chunk(by_opencv(".png", stored), orientation),
        "tif": lambda: hostile_clips.with_tiff_orientation(
            hostile_clips.encoded_picture("tiff", stored, "rgb24"), orientation
        ),
        "webp": lambda: hostile_clips.with_webp_exif(by_opencv(".webp", stored), orientation),
    }[kind]()
    folder = write(tmp_path / "plate", {f"p1.{kind}": content})
    (frame,) = decoded(folder)
    assert frame.pixels.shape == upright.shape
    assert clips.number_in(frame.pixels) == 5
    np.testing.assert_allclose(colours(frame)[0], RED, atol=8)
    picture = stored_picture(probe_clip(folder))
    assert picture.stored_size == (stored.shape[1], stored.shape[0])
    assert picture.size == (clips.WIDTH, clips.HEIGHT)


def test_an_anamorphic_exr_is_squared(tmp_path):
    content = hostile_clips.exr_picture(light_of(clips.picture(5, 80, 96)), Fraction(2))
    folder = write(tmp_path / "plate", {"p1.exr": content})
    (frame,) = decoded(folder)
    assert frame.pixels.shape == (96, 160, 3)
    assert clips.number_in(frame.pixels) == 5
    assert stored_picture(probe_clip(folder)).pixel_aspect == 2


def test_numbers_that_are_missing_are_time_that_nobody_saw(tmp_path):
    clips.write_image_folder(tmp_path / "plate", [1, 2, 3, 7, 8], name="p.10{:02}.png")
    frames = decoded(tmp_path / "plate")
    assert numbers_in(frames) == [1, 2, 3, None, None, None, 7, 8]
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(8) / 24)
    assert probe_clip(tmp_path / "plate").likely_frame_count == 8


def test_every_second_number_is_a_slower_clip_and_said(tmp_path):
    clips.write_image_folder(tmp_path / "plate", [2, 4, 6, 8])
    frames = decoded(tmp_path / "plate")
    assert numbers_in(frames) == [2, 4, 6, 8]
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(4) / 12)
    clip = probe_clip(tmp_path / "plate")
    assert clip.declared_fps == 12
    assert "2 apart" in clip.remarks[0]


def test_a_picture_of_a_folder_is_its_sequence(tmp_path):
    clips.write_image_folder(tmp_path / "plate", [1, 2, 3], name="a{}.png")
    for number in (11, 12):
        clips.write_image(tmp_path / "plate" / f"b{number}.png", clips.picture(number))
    with pytest.raises(ClipError, match="2 sequences"):
        probe_clip(tmp_path / "plate")
    assert numbers_in(decoded(tmp_path / "plate" / "b12.png")) == [11, 12]
    assert numbers_in(decoded(tmp_path / "plate" / "a1.png")) == [1, 2, 3]


NOT_WHOLE = {
    "empty.png": b"",
    "text.png": b"not an image",
    "zeros.tga": bytes(5),
    **{
        f"half.{kind}": KINDS[kind](clips.picture(2))
        for kind in ("png", "jpg", "16 bit.tiff", "bmp", "webp", "tga", "jp2", "exr", "log.dpx")
    },
}


@pytest.mark.parametrize("share", [0.5, 0.9])
@pytest.mark.parametrize("name", NOT_WHOLE)
def test_a_picture_that_is_not_whole_is_a_frame_that_nobody_saw(tmp_path, name, share):
    suffix = name.rpartition(".")[2]
    kind = name.removeprefix("half.") if name.startswith("half.") else next(key for key in KINDS if key.endswith(suffix))
    content = NOT_WHOLE[name]
    damaged = content[: int(len(content) * share)] if name.startswith("half.") else content
    pictures = {f"p{number}.{suffix}": KINDS[kind](clips.picture(number)) for number in (1, 2, 3)}
    frames = decoded(write(tmp_path / "plate", pictures | {f"p2.{suffix}": damaged}))
    assert numbers_in(frames) == [1, None, 3]
    assert not frames[1].pixels.any()


def test_a_first_picture_that_is_damaged_has_the_size_of_the_others(tmp_path):
    clips.write_image_folder(tmp_path / "plate", [1, 2])
    (tmp_path / "plate" / "frame1.png").write_bytes(b"")
    frames = decoded(tmp_path / "plate")
    assert numbers_in(frames) == [None, 2]
    assert frames[0].pixels.shape == frames[1].pixels.shape


def test_a_jpeg_with_damage_inside_is_a_frame_that_nobody_saw(tmp_path):
    random = np.random.default_rng(1)
    noise = random.integers(0, 256, (96, 160, 3), np.uint8)
    damaged = bytearray(hostile_clips.jpeg_picture(noise))
    middle = len(damaged) // 2
    damaged[middle : middle + 40] = random.integers(0, 256, 40, np.uint8).tobytes()
    content = {"p1.jpg": hostile_clips.jpeg_picture(clips.picture(1)), "p2.jpg": bytes(damaged)}
    assert numbers_in(decoded(write(tmp_path / "plate", content))) == [1, None]


def test_a_folder_of_which_nothing_can_be_read_is_refused_by_name(tmp_path):
    folder = write(tmp_path / "plate", {"p1.png": b"", "p2.png": b"text"})
    with pytest.raises(ClipError, match=r"p1\.png .*is empty"):
        decoded(folder)


def test_a_link_that_leads_nowhere_is_a_frame_that_nobody_saw(tmp_path):
    clips.write_image_folder(tmp_path / "plate", [1, 3])
    (tmp_path / "plate" / "frame2.png").symlink_to(tmp_path / "gone.png")
    assert numbers_in(decoded(tmp_path / "plate")) == [1, None, 3]
    assert clip_sha256(probe_clip(tmp_path / "plate"))


def test_a_moving_webp_is_refused(tmp_path):
    head = b"WEBPVP8X" + struct.pack("<I", 10) + bytes((2, 0, 0, 0)) + bytes(6)
    content = b"RIFF" + struct.pack("<I", len(head)) + head
    (tmp_path / "clip.webp").write_bytes(content)
    with pytest.raises(ClipError, match="clip.webp is an animated WebP, which is not read"):
        decoded(tmp_path / "clip.webp")


def test_a_picture_without_end_is_refused(tmp_path):
    """A header that asks for 20,000 by 20,000 pixels, of which few bytes are there."""
    content = bytearray(by_opencv(".png", clips.picture(1)))
    content[16:24] = struct.pack(">II", 20_000, 20_000)
    content[29:33] = struct.pack(">I", zlib.crc32(bytes(content[12:29])))
    with pytest.raises(ClipError, match="p1.png"):
        decoded(write(tmp_path / "plate", {"p1.png": bytes(content)}))


def test_names_that_are_no_text_are_read(tmp_path):
    folder = Path(str(tmp_path)) / "plate"
    folder.mkdir()
    for number in (1, 2):
        name = b"pl\xe9t" + str(number).encode() + b".png"
        try:
            (folder / name.decode("utf-8", "surrogateescape")).write_bytes(by_opencv(".png", clips.picture(number)))
        except OSError:
            pytest.skip("this file system takes text alone")
    assert numbers_in(decoded(folder)) == [1, 2]
    assert clip_sha256(probe_clip(folder))


def paged_tiff(numbers: list[int]) -> bytes:
    """Pictures as the pages of one file."""
    content = io.BytesIO()
    first, *others = [Image.fromarray(clips.picture(number)) for number in numbers]
    first.save(content, "TIFF", save_all=True, append_images=others, compression="tiff_lzw")
    return content.getvalue()


def test_a_tiff_with_a_clip_in_its_pages_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "stack", {"stack.0001.tif": paged_tiff([1, 2, 3])})
    for path in (tmp_path / "stack", tmp_path / "stack" / "stack.0001.tif"):
        with pytest.raises(ClipError, match="stack.0001.tif holds 3 pictures one behind the other"):
            probe_clip(path)


def test_that_first_pages_alone_are_read_is_said(tmp_path: Path) -> None:
    folder = write(tmp_path / "plate", {f"plate.{n:04}.tif": paged_tiff([n, n + 100]) for n in (1, 2, 3)})
    assert numbers_in(decoded(folder)) == [1, 2, 3]
    assert probe_clip(folder).remarks == ("The pictures plate.####.tif have 2 pages each; the first one is read",)


@pytest.mark.parametrize("kind", [1, 4])
def test_thumbnails_and_masks_of_a_tiff_are_no_pages(kind: int, tmp_path: Path) -> None:
    content = bytearray(hostile_clips.encoded_picture("tiff", clips.picture(5), "rgb24"))
    order = "<" if content[:2] == b"II" else ">"
    (directory,) = struct.unpack_from(order + "I", content, 4)
    (count,) = struct.unpack_from(order + "H", content, directory)
    content += bytes(len(content) % 2)
    struct.pack_into(order + "I", content, directory + 2 + 12 * count, len(content))
    content += struct.pack(order + "HHHIII", 1, 254, 4, 1, kind, 0)
    folder = write(tmp_path / "plate", {"plate.0005.tif": bytes(content)})
    assert numbers_in(decoded(folder)) == [5]
    assert probe_clip(folder).remarks == ()


def test_a_picture_that_would_need_a_gigabyte_is_refused_with_its_size(tmp_path):
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    content = by_opencv(".png", clips.picture(1))
    folder = write(tmp_path / "plate", {"p1.png": content[:16] + header + content[29:], "p2.png": content})
    with pytest.raises(ClipError, match="p1.png has 20000 x 20000 pixels"):
        stored_picture(probe_clip(folder))
