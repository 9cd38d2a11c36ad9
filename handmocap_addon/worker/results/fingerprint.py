"""Digests that tell whether something would come out the same if it were made again."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

# Whose versions change numbers.
_PACKAGES = ("numpy", "av", "opencv-python-headless", "opencv-python", "mediapipe", "wilor_mini", "torch", "ultralytics")
_RINGS = ("core", "worker")


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


@functools.cache
def made_with() -> dict[str, str]:
    """The versions of the libraries and a digest of this program, which is another one with every release."""
    digest = hashlib.sha256()
    package = Path(__file__).parents[2]
    for file in sorted(file for ring in _RINGS for file in (package / ring).rglob("*.py")):
        digest.update(file.relative_to(package).as_posix().encode())
        digest.update(file.read_bytes())
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {"program": digest.hexdigest()[:16], **found}
