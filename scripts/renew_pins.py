"""Writes the hashes of all wheels into the lists of packages; the one way in which pins change.

    python3 scripts/renew_pins.py [--check] [LIST.txt …]

To take another version, change it in handmocap_addon/requirements/ and run this: it asks the package index that pip is set
up for, and no other place that pip's settings name, what hash each wheel of that version has. --check writes nothing and
fails where a list says something else. The lists are complete, so a package that another one needs has a line, too.
"""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

REPOSITORY: Final = Path(__file__).resolve().parent.parent
REQUIREMENTS: Final = REPOSITORY / "handmocap_addon" / "requirements"
# Torch comes in builds of many indexes, of which a machine's driver decides.
_NOT_BY_HASH: Final = ("wilor_torch.txt",)
_OLDEST_PYTHON: Final = 11  # of Python 3

_PIN: Final = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)(?P<marker>\s*;[^#]*?)?(?:\s+--hash=\S+)*$")
HashesOf = Callable[[str, str], list[str]]


def main() -> int:
    """Renew or compare, from the command line."""
    parser = argparse.ArgumentParser(allow_abbrev=False, description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where something differs")
    parser.add_argument("lists", nargs="*", type=Path, help="which lists (default: all)")
    options = parser.parse_args()
    lists = options.lists or [file for file in sorted(REQUIREMENTS.glob("*.txt")) if file.name not in _NOT_BY_HASH]
    hashes_of = asking_the_index()
    differs = False
    for file in lists:
        before = file.read_text(encoding="utf-8")
        after = renewed(before, hashes_of)
        print(f"{file.name}: {'as before' if after == before else 'other hashes'}", flush=True)
        differs |= after != before
        if not options.check and after != before:
            file.write_text(after, encoding="utf-8")
    return 1 if options.check and differs else 0


def renewed(text: str, hashes_of: HashesOf) -> str:
    """A list of packages with the hashes of what it pins.

    Raises:
        ValueError: a line is no pin, or there is no wheel of it.
    """
    lines = []
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            pin = _PIN.match(line.strip())
            if pin is None:
                raise ValueError(f"{line[:80]!r} is no package with one version")
            hashes = hashes_of(pin["name"], pin["version"])
            if not hashes:
                raise ValueError(f"There is no wheel of {pin['name']} {pin['version']}")
            head = f"{pin['name']}=={pin['version']}{(pin['marker'] or '').rstrip()}"
            line = " ".join([head, *(f"--hash=sha256:{each}" for each in hashes)])
        lines.append(line)
    return "\n".join(lines) + "\n"


def asking_the_index() -> HashesOf:
    """Asks the index of pip's settings through pip itself, with its proxies, certificates and passwords."""
    command: Any = importlib.import_module("pip._internal.commands").create_command("index")
    parse_links: Any = importlib.import_module("pip._internal.index.collector").parse_links
    options, _ = command.parse_args(["versions", "none"])
    # One index is believed. Whatever else the person's settings name may hold other bytes.
    options.extra_index_urls, options.find_links = [], []
    known: dict[tuple[str, str], list[str]] = {}

    def hashes_of(name: str, version: str) -> list[str]:
        if (name, version) in known:
            return known[name, version]
        with command.main_context():
            finder = command._build_package_finder(options, command.get_default_session(options))
            collector = finder._link_collector
            sources = collector.collect_sources(project_name=name, candidates_from_page=lambda _page: [])
            pages = [collector.fetch_response(source.link) for source in sources.index_urls if source is not None]
        links = [link for page in pages if page is not None for link in parse_links(page)]
        wheels = {link.filename: link for link in links if is_of(link.filename, version)}
        without = [name for name, link in wheels.items() if link.hash_name != "sha256"]
        if without:
            raise ValueError(f"The index has no SHA-256 of {', '.join(without)}")
        known[name, version] = sorted({link.hash for link in wheels.values()})
        return known[name, version]

    return hashes_of


def is_of(filename: str, version: str) -> bool:
    """Whether a file is a wheel of a version that a Python of ours could take: CPython 3.11 or newer, on any system."""
    parts = filename.removesuffix(".whl").split("-")
    if not filename.endswith(".whl") or len(parts) not in (5, 6) or parts[1] != version:
        return False
    pythons, kinds = parts[-3].split("."), parts[-2].split(".")
    if any(kind.startswith("cp") and kind.endswith("t") for kind in kinds):
        return False  # without the global lock
    return any(_fits(python, "abi3" in kinds or kinds == ["none"]) for python in pythons)


def _fits(python: str, any_later: bool) -> bool:
    found = re.fullmatch(r"(?:py|cp)3(\d*)", python)
    return found is not None and (any_later or not found[1] or int(found[1]) >= _OLDEST_PYTHON)


if __name__ == "__main__":
    sys.exit(main())
