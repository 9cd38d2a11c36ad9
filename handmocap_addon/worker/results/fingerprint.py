"""Digests that tell whether something would come out the same if it were made again."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

# Whose versions change numbers.
_PACKAGES = ("numpy", "av", "opencv-python-headless", "opencv-python", "mediapipe", "wilor_mini", "torch", "ultralytics")
# What an estimate is made by. A change elsewhere, such as in how hands are cleaned or baked, makes no estimate another one.
ROOMS: Final = (
    "core/skeleton.py", "core/maths", "core/files", "core/body", "core/rig", "core/hands", "core/clip", "core/whose_hands",
    "core/landmarks", "core/body_landmarks", "core/cleanup/wrist.py", "core/cleanup/wrist_source.py",
    "core/cleanup/wrist_limits.py", "core/cleanup/gap_filling.py", "worker/clip", "worker/estimators", "worker/threads",
    "worker/results", "worker/commands", "worker/video.py",
)  # fmt: skip


def fingerprint(*values: Any) -> str:
    """Hex digest of dataclasses, arrays, lists of these and whatever JSON can say, without fields that do not compare."""
    digest = hashlib.sha256()
    for value in values:
        for part in _parts(value):
            digest.update(len(part).to_bytes(8, "little"))
            digest.update(part)
    return digest.hexdigest()


def _parts(value: Any) -> Iterator[bytes | memoryview]:
    if isinstance(value, np.ndarray):
        yield f"{value.dtype.str} {value.shape}".encode()
        yield np.ascontiguousarray(value).data.cast("B") if value.size else b""
    elif is_dataclass(value):
        for field in (field for field in fields(value) if field.compare):
            yield field.name.encode()
            yield from _parts(getattr(value, field.name))
    elif isinstance(value, (list, tuple)):
        yield f"{len(value)} values".encode()
        for each in value:
            yield from _parts(each)
    else:
        yield json.dumps(value, sort_keys=True).encode()


def program_digest(package: Path) -> str:
    """Of the files of a package that make an estimate, whatever they are called."""
    places = [package / room for room in ROOMS]
    files = [file for place in places for file in (place.rglob("*") if place.is_dir() else (place,))]
    contents = sorted(hashlib.sha256(file.read_bytes()).digest() for file in files if file.suffix in (".py", ".npz"))
    return hashlib.sha256(b"".join(contents)).hexdigest()[:16]


@functools.cache
def made_with() -> dict[str, str]:
    """The versions of the libraries, and a digest of what makes an estimate."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {"program": program_digest(Path(__file__).parents[2]), **found}
