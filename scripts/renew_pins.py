"""Writes the hashes of all wheels into the lists of packages; the one way in which pins change.

    python3 scripts/renew_pins.py [--check] [--index ADDRESS] [--download] [LIST.txt …]

To take another version, change it in handmocap_addon/requirements/ and run this: it asks the package index that pip is set
up for, and no other place that pip's settings name, what hash each wheel of that version has. Builds of torch that are not
there are asked for at their own index. --check writes nothing and fails where a list says something else. The lists are
complete, so a package that another one needs has a line, too.

A list of your own, for a build of torch that has none here: write torch==2.13.0+rocm7.2, torchvision and whatever that build
needs besides into a file, run this with --index ADDRESS and the file, look at what you get, and give the file to
handmocap.py setup --torch-list. Where an index has no hash of a file, --download brings the file and computes it.
"""

from __future__ import annotations

# isort: off
import os
import sys

# PYTHONSAFEPATH takes a program's own folder off the path; nothing else may be imported yet.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
import own_modules  # noqa: F401
# isort: on

import argparse
import functools
import hashlib
import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

REPOSITORY: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from handmocap_addon.set_up.torch_builds import TORCH_INDEXES  # noqa: E402
from scripts.border import bordered  # noqa: E402

REQUIREMENTS: Final = REPOSITORY / "handmocap_addon" / "requirements"
_BLOCK_BYTES: Final = 1 << 20
_OLDEST_PYTHON: Final = 11  # of Python 3

_PIN: Final = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)(?P<marker>\s*;[^#]*?)?(?:\s+--hash=\S+)*$")
HashesOf = Callable[[str, str], list[str]]


def main() -> int:
    """Renew or compare, from the command line."""
    parser = argparse.ArgumentParser(allow_abbrev=False, description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where something differs")
    parser.add_argument("--index", help="ask this package index and not the list's own")
    parser.add_argument("--download", action="store_true", help="bring the files of which the index has no hash")
    parser.add_argument("lists", nargs="*", type=Path, help="which lists (default: all)")
    options = parser.parse_args()
    failed = False
    for file in options.lists or sorted(REQUIREMENTS.glob("*.txt")):
        before = file.read_text(encoding="utf-8")
        try:
            after = renewed(before, asking(options.index or TORCH_INDEXES.get(file.name), options.download))
        except (ValueError, OSError) as error:
            print(f"{file.name}: stays as it is, {error}", flush=True)
            failed = True
            continue
        print(f"{file.name}: {'as before' if after == before else 'other hashes'}", flush=True)
        failed |= options.check and after != before
        if not options.check and after != before:
            file.write_text(after, encoding="utf-8")
    return 1 if failed else 0


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
                raise ValueError(f"there is no wheel of {pin['name']} {pin['version']}")
            head = f"{pin['name']}=={pin['version']}{(pin['marker'] or '').rstrip()}"
            line = " ".join([head, *(f"--hash=sha256:{each}" for each in hashes)])
        lines.append(line)
    return "\n".join(lines) + "\n"


@functools.cache
def asking(index: str | None = None, download: bool = False) -> HashesOf:
    """Asks an index (None: that of pip's settings) through pip itself, with its proxies, certificates and passwords."""
    command: Any = importlib.import_module("pip._internal.commands").create_command("index")
    parse_links: Any = importlib.import_module("pip._internal.index.collector").parse_links
    options, _ = command.parse_args(["versions", "none"])
    # One index is believed. Whatever else the person's settings name may hold other bytes.
    options.extra_index_urls, options.find_links = [], []
    options.index_url = index or options.index_url
    known: dict[tuple[str, str], list[str]] = {}

    def hashes_of(name: str, version: str) -> list[str]:
        if (name, version) in known:
            return known[name, version]
        with command.main_context():
            session = command.get_default_session(options)
            finder = command._build_package_finder(options, session)
            collector = finder._link_collector
            sources = collector.collect_sources(project_name=name, candidates_from_page=lambda _page: [])
            pages = [collector.fetch_response(source.link) for source in sources.index_urls if source is not None]
            if not any(pages):
                raise ValueError(f"{options.index_url} has no answer about {name}")
            links = [link for page in pages if page is not None for link in parse_links(page)]
            wheels = {link.filename: link for link in links if is_of(link.filename, version)}
            without = [name for name, link in wheels.items() if link.hash_name != "sha256"]
            if without and not download:
                raise ValueError(f"the index has no SHA-256 of {', '.join(without)}: run it with --download")
            found = {_downloaded_sha256(session, link) if name in without else link.hash for name, link in wheels.items()}
        known[name, version] = sorted(found)
        return known[name, version]

    return hashes_of


def _downloaded_sha256(session: Any, link: Any) -> str:
    """The hash of what an index serves now; that it is the right file is for a person to find out."""
    print(f"bringing {link.filename}", flush=True)
    digest = hashlib.sha256()
    with session.get(link.url_without_fragment, stream=True) as response:
        response.raise_for_status()
        for block in response.iter_content(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


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
    sys.exit(bordered("renew_pins.py", main, lambda text: print(f"renew_pins.py: {text}", file=sys.stderr)))
