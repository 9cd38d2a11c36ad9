"""Writes clips as cameras, phones, editing programs and damaged cards leave them; each is small, and its right reading known.

Pictures are those of `clips.picture`, so that every frame tells its number, its turn and its colours.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .clips import HEIGHT, WIDTH, picture

Array = NDArray[Any]
RATE = Fraction(24)


def damage_packets(clip: Path, numbers: Sequence[int], target: Path) -> None:
    """A copy of a clip in which the packets of these frames, counted as shown, hold noise; the container stays whole."""
    content = bytearray(clip.read_bytes())
    noise = np.random.default_rng(3)
    with av.open(str(clip)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        shown = sorted(packet.pts for packet in packets)
        for packet in packets:
            if shown.index(packet.pts) in numbers:
                at = content.index(bytes(packet))
                content[at : at + packet.size] = noise.integers(0, 256, packet.size, np.uint8).tobytes()
    target.write_bytes(content)


def write_pixel_aspect(path: Path, aspect: Fraction, frame_count: int = 6, size: tuple[int, int] = (WIDTH, HEIGHT)) -> None:
    """A clip whose stored pixels are as wide as `aspect` times their height."""
    with av.open(str(path), "w") as container:
        stream = _stream(container, size)
        stream.codec_context.sample_aspect_ratio = aspect
        _encode(container, stream, [picture(number, *size) for number in range(frame_count)])


def write_pictures(path: Path, pictures: Sequence[Array], **options: str) -> None:
    """A clip of these pictures (H, W, 3) uint8 RGB as they are; `options` are the codec's."""
    with av.open(str(path), "w") as container:
        _encode(container, _stream(container, (pictures[0].shape[1], pictures[0].shape[0]), **options), pictures)


def put_index_first(clip: Path, target: Path) -> None:
    """A clip's packets in an mp4 whose `moov` comes before them, so that a file that is cut short still opens."""
    with av.open(str(clip)) as source, av.open(str(target), "w", options={"movflags": "faststart"}) as container:
        given = source.streams.video[0]
        stream = container.add_stream_from_template(given)
        for packet in source.demux(given):
            if packet.size:
                packet.stream = stream
                container.mux(packet)


def write_with_cover(path: Path, size: tuple[int, int] = (320, 240), flagged: bool = False, frame_count: int = 12) -> None:
    """A clip with a cover of one frame before it; `flagged` as the attached picture that it is."""
    with av.open(str(path), "w") as container:
        cover = container.add_stream("mjpeg", rate=RATE)
        cover.width, cover.height = size
        cover.pix_fmt = "yuvj420p"
        if flagged:
            cover.disposition = av.stream.Disposition.attached_pic
        film = _stream(container, (WIDTH, HEIGHT))
        frame = av.VideoFrame.from_ndarray(picture(200, *size), format="rgb24")
        for packet in (*cover.encode(frame), *cover.encode(None)):
            container.mux(packet)
        _encode(container, film, [picture(number) for number in range(frame_count)])


def write_sound_with_cover(path: Path) -> None:
    """A song as shops sell it."""
    with av.open(str(path), "w", format="mp4") as container:
        sound = container.add_stream("aac", rate=44_100)
        sound.layout = "mono"
        cover = container.add_stream("mjpeg", rate=RATE)
        cover.width, cover.height, cover.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        container.mux(cover.encode(av.VideoFrame.from_ndarray(picture(1), format="rgb24")))
        container.mux(cover.encode(None))
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 22_050), np.float32), format="fltp", layout="mono")
        silence.sample_rate = 44_100
        container.mux(sound.encode(silence))
        container.mux(sound.encode(None))


def write_two_films(path: Path, sizes: Sequence[tuple[int, int]], counts: Sequence[int]) -> None:
    """A clip with several pictures beside each other; frames of the second are numbered from 100, of the third from 200."""
    with av.open(str(path), "w") as container:
        streams = [_stream(container, size) for size in sizes]
        for order, (stream, size, count) in enumerate(zip(streams, sizes, counts, strict=True)):
            _encode(container, stream, [picture(order * 100 + number, *size) for number in range(count)])


def set_matrix(path: Path, a: int, b: int, c: int, d: int) -> None:
    """Write a display matrix into the only track header of an mp4: x' = a x + c y, y' = b x + d y, with y downwards."""
    content = bytearray(path.read_bytes())
    header = content.index(b"tkhd") + 4
    values = [value << 16 for value in (a, b, 0, c, d, 0, 0, 0)]
    content[header + 40 : header + 76] = struct.pack(">8iI", *values, 1 << 30)
    path.write_bytes(content)


def set_edit(path: Path, skipped_seconds: float, empty_seconds: float = 0.0) -> None:
    """Let an mp4's edit list begin later in its pictures, or after a pause; its `moov` must be the last box."""
    content = bytearray(path.read_bytes())
    movie = content.index(b"moov") - 4
    (scale,) = struct.unpack_from(">I", content, content.index(b"mvhd") + 16)
    (media_scale,) = struct.unpack_from(">I", content, content.index(b"mdhd") + 16)
    at = content.index(b"elst") - 4
    (old_size,) = struct.unpack_from(">I", content, at)
    duration, media_time = struct.unpack_from(">Ii", content, at + 16)
    skipped = round(skipped_seconds * media_scale)
    entries = [struct.pack(">IiI", round(empty_seconds * scale), -1, 1 << 16)] if empty_seconds else []
    entries.append(struct.pack(">IiI", duration - round(skipped_seconds * scale), media_time + skipped, 1 << 16))
    box = struct.pack(">I4sII", 16 + 12 * len(entries), b"elst", 0, len(entries)) + b"".join(entries)
    content[at : at + old_size] = box
    grown = len(box) - old_size
    for kind in (b"edts", b"trak", b"moov"):
        place = content.index(kind, movie) - 4
        (size,) = struct.unpack_from(">I", content, place)
        struct.pack_into(">I", content, place, size + grown)
    path.write_bytes(content)


def write_sizes(path: Path, sizes: Sequence[tuple[int, int]], each: int = 4) -> None:
    """An MPEG transport stream whose pictures change size, as streams that adapt to the network do."""
    parts = []
    for order, size in enumerate(sizes):
        part = path.with_name(f"part {order}.ts")
        with av.open(str(part), "w") as container:
            stream = _stream(container, size, bf="0", g="4")
            _encode(container, stream, [picture(order * each + number, *size) for number in range(each)], first=order * each)
        parts.append(part.read_bytes())
        part.unlink()
    path.write_bytes(b"".join(parts))


def write_packets(path: Path, timestamps: Callable[[int], int], frame_count: int = 24, ticks: int = 24) -> None:
    """A clip in Matroska or MPEG-TS without B-frames whose packets have the timestamps that `timestamps` gives, in ticks."""
    with av.open(str(path), "w") as container:
        stream = _stream(container, (WIDTH, HEIGHT), bf="0", g="6")
        packets = []
        for number in range(frame_count):
            frame = av.VideoFrame.from_ndarray(picture(number), format="rgb24")
            packets += stream.encode(frame)
        packets += stream.encode(None)
        for number, packet in enumerate(packets):
            packet.time_base = Fraction(1, ticks)
            packet.pts = packet.dts = timestamps(number)
            packet.stream = stream
            container.mux(packet)


def encoded_picture(kind: str, pixels: Array, pixel_format: str) -> bytes:
    """Pixels (H, W, 3) uint8 RGB as one picture by FFmpeg's encoder `kind`."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24").reformat(format=pixel_format)
    return _encoded(kind, frame, pixel_format)


def exr_picture(light: Array, aspect: Fraction = Fraction(1), **options: str) -> bytes:
    """Scene light (H, W, 3) or grey (H, W) float as an OpenEXR picture; `options` are the encoder's."""
    pixel_format = "gbrpf32le" if light.ndim == 3 else "grayf32le"
    context = av.CodecContext.create("exr", "w")
    context.height, context.width = light.shape[:2]
    context.pix_fmt, context.time_base = pixel_format, Fraction(1, 24)
    context.sample_aspect_ratio = aspect
    context.options = options
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(light, np.float32), format=pixel_format)
    return b"".join(bytes(packet) for packet in (*context.encode(frame), *context.encode(None)))


def dpx_picture(code: Array, transfer: int) -> bytes:
    """Code values (H, W, 3) uint16 of 16 bits as a 10-bit DPX picture that says how they were made."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(code, np.uint16), format="rgb48le").reformat(format="gbrp10be")
    content = bytearray(_encoded("dpx", frame, "gbrp10be"))
    content[801] = transfer
    return bytes(content)


def paletted_png(pixels: Array) -> bytes:
    """RGB pixels of at most 256 colours as a PNG with a palette."""
    palette, index = np.unique(pixels.reshape(-1, 3), axis=0, return_inverse=True)
    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.astype(np.uint8).tobytes() for row in index.reshape(height, width))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = (b"IHDR", header), (b"PLTE", palette.tobytes()), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(kind, data) for kind, data in chunks)


def cmyk_jpeg(pixels: Array) -> bytes:
    """RGB pixels as a JPEG of four inks, inverted as Adobe writes them."""
    content = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).convert("CMYK").save(content, "JPEG", quality=95)
    return content.getvalue()


def with_exif_orientation(jpeg: bytes, orientation: int) -> bytes:
    """A JPEG with an EXIF tag that says how it is to be turned."""
    exif = b"Exif\0\0" + _exif(orientation)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


def with_exif_chunk(png: bytes, orientation: int) -> bytes:
    """A PNG with the same in its own chunk."""
    after_header = 8 + 12 + 13
    return png[:after_header] + _png_chunk(b"eXIf", _exif(orientation)) + png[after_header:]


def with_tiff_orientation(tiff: bytes, orientation: int) -> bytes:
    """A TIFF whose directory is written anew behind it, with the tag."""
    order = "<" if tiff[:2] == b"II" else ">"
    (directory,) = struct.unpack_from(order + "I", tiff, 4)
    (count,) = struct.unpack_from(order + "H", tiff, directory)
    entries = [tiff[directory + 2 + 12 * number : directory + 14 + 12 * number] for number in range(count)]
    entries = [entry for entry in entries if struct.unpack_from(order + "H", entry)[0] != 0x0112]
    entries.append(struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0))
    entries.sort(key=lambda entry: struct.unpack_from(order + "H", entry)[0])
    content = tiff + bytes(len(tiff) % 2)
    new = struct.pack(order + "H", len(entries)) + b"".join(entries) + bytes(4)
    return content[:4] + struct.pack(order + "I", len(content)) + content[8:] + new


def with_webp_exif(webp: bytes, orientation: int) -> bytes:
    """A WebP as an extended file with EXIF behind the picture."""
    frame, exif = webp[12:], _exif(orientation)
    width, height = _size_of(webp)
    extended = bytes((8, 0, 0, 0)) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + extended + frame
    body += b"EXIF" + struct.pack("<I", len(exif)) + exif + bytes(len(exif) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _size_of(picture_bytes: bytes) -> tuple[int, int]:
    """Width and height of a picture that OpenCV reads."""
    height, width = cv2.imdecode(np.frombuffer(picture_bytes, np.uint8), cv2.IMREAD_UNCHANGED).shape[:2]
    return width, height


def jpeg_picture(pixels: Array) -> bytes:
    """RGB pixels as a JPEG of good quality."""
    done, content = cv2.imencode(".jpg", np.ascontiguousarray(pixels[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 95])
    assert done
    return bytes(content.tobytes())


def _exif(orientation: int) -> bytes:
    return b"MM\0*\0\0\0\x08" + struct.pack(">H", 1) + struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0) + bytes(4)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _encoded(kind: str, frame: Any, pixel_format: str) -> bytes:
    context = av.CodecContext.create(kind, "w")
    context.width, context.height = frame.width, frame.height
    context.pix_fmt, context.time_base = pixel_format, Fraction(1, 24)
    frame.pts = 0
    return b"".join(bytes(packet) for packet in (*context.encode(frame), *context.encode(None)))


def _stream(container: Any, size: tuple[int, int], **options: str) -> Any:
    stream = container.add_stream("libx264", rate=RATE)
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.options = {"crf": "12"} | options
    return stream


def _encode(container: Any, stream: Any, pictures: Sequence[Array], first: int = 0) -> None:
    for number, pixels in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts, frame.time_base = first + number, 1 / RATE
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
