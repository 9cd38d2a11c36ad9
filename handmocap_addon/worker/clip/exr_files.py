"""Whether an OpenEXR file was written to its end; FFmpeg shows what is missing as black."""

from __future__ import annotations

import struct

from ...core.clip.picture_sizes import exr_attributes

_LINES = {0: 1, 1: 1, 2: 1, 3: 16, 4: 32, 5: 16, 6: 32, 7: 32, 8: 32, 9: 256}  # rows in a block by compression
_TILED, _SEVERAL_PARTS = 0x200, 0x1000


def is_whole_exr(content: bytes) -> bool:
    """Whether all blocks of scan lines lie within the file; tiles and files of several parts are taken to be whole."""
    try:
        (flags,) = struct.unpack_from("<I", content, 4)
        if flags & (_TILED | _SEVERAL_PARTS):
            return True
        attributes, table = exr_attributes(content)
        _, top, _, bottom = struct.unpack("<4i", attributes[b"dataWindow"])
        blocks = -(-(bottom - top + 1) // _LINES[attributes[b"compression"][0]])
        offsets = struct.unpack_from(f"<{blocks}Q", content, table)
        for offset in offsets:
            (size,) = struct.unpack_from("<i", content, offset + 4)
            if offset < table or offset + 8 + size > len(content):
                return False
    except (struct.error, KeyError, IndexError, ValueError, OverflowError):
        return False
    return True
