"""What the extension consists of and what its set-up brings, in CycloneDX's JSON."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

_PIN: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)")
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def bill_of_materials(name: str, version: str, zip_name: str, content: bytes, files: Mapping[str, Path]) -> dict[str, Any]:
    """The bill of a zip with these files; the same sources give the same bill.

    A wheel that is in the zip is `required` and has the hash of its file. What the set-up brings is `optional`, has the
    lists that name it, and the hash of its file; where there are several files, for several systems, the lists have them.
    """
    wheels = [_of_wheel(path) for file, path in sorted(files.items()) if file.endswith(".whl")]
    lists = [path for file, path in sorted(files.items()) if file.startswith("requirements/")]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": f"{name}@{version}",
                "name": name,
                "version": version,
                "licenses": [{"license": {"id": "GPL-3.0-or-later"}}],
                "hashes": [_sha256(hashlib.sha256(content).hexdigest())],
                "properties": [{"name": "file", "value": zip_name}],
            }
        },
        "components": [*wheels, *_brought(lists, {wheel["bom-ref"] for wheel in wheels})],
    }


def _of_wheel(path: Path) -> dict[str, Any]:
    name, version = path.name.split("-")[:2]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {**_component(name.replace("_", "-"), version), "scope": "required", "hashes": [_sha256(digest)]}


def _brought(lists: list[Path], in_the_zip: set[str]) -> Iterator[dict[str, Any]]:
    """The pinned packages, each version once."""
    found: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    for file in lists:
        for line in file.read_text(encoding="utf-8").splitlines():
            pin = _PIN.match(line)
            if pin is not None:
                found.setdefault((pin[1], pin[2]), (_HASH.findall(line), []))[1].append(file.name)
    for (name, version), (hashes, named_by) in sorted(found.items()):
        component = _component(name, version)
        if component["bom-ref"] in in_the_zip:
            continue
        component |= {"scope": "optional", "properties": [{"name": "list", "value": each} for each in named_by]}
        if len(hashes) == 1:
            component["hashes"] = [_sha256(hashes[0])]
        yield component


def _component(name: str, version: str) -> dict[str, Any]:
    address = f"pkg:pypi/{name.lower()}@{version}"
    return {"type": "library", "bom-ref": address, "name": name, "version": version, "purl": address}


def _sha256(digest: str) -> dict[str, str]:
    return {"alg": "SHA-256", "content": digest}
