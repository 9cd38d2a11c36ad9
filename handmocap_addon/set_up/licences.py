"""The licences of what a set-up brings, shown before anything is fetched, and that a person has agreed to them."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..core.files.atomic_files import write_json
from ..core.files.json_files import JsonError, read_json

_CONSENT_NAME: Final = "licences-accepted.json"
_MOST_BYTES: Final = 1 << 24


@dataclass(frozen=True)
class Licence:
    """One part, in words for people, and where its own text stands."""

    part: str
    terms: str
    address: str

    def text(self) -> str:
        return f"{self.part}: {self.terms} ({self.address})"


WILOR_LICENCES: Final = (
    Licence(
        "WiLoR, its code and weights",
        "CC BY-NC-ND 4.0: no commercial work, no altered copies passed on",
        "https://github.com/rolpotamias/WiLoR",
    ),
    Licence(
        "wilor_mini, the package that runs it",
        "its repository names no licence: it is fetched from there for you and not passed on",
        "https://github.com/warmshao/WiLoR-mini",
    ),
    Licence(
        "MANO_RIGHT.pkl, the hand model",
        "MANO licence: non-commercial research, and you register and agree on its site, wherever the file comes from",
        "https://mano.is.tue.mpg.de/license.html",
    ),
    Licence(
        "smplx, which poses the hand model", "MPI licence: non-commercial research", "https://github.com/vchoutas/smplx"
    ),
    Licence(
        "ultralytics, the hand detector",
        "AGPL-3.0, or its makers' commercial licence",
        "https://github.com/ultralytics/ultralytics",
    ),
)


def _fingerprint(licences: tuple[Licence, ...]) -> str:
    return hashlib.sha256("\n".join(licence.text() for licence in licences).encode()).hexdigest()


def are_accepted(folder: Path, what: str, licences: tuple[Licence, ...]) -> bool:
    """Whether somebody agreed to these very licences for this folder of environments."""
    return bool(_consents(folder).get(what, {}).get("sha256") == _fingerprint(licences))


def accept(folder: Path, what: str, licences: tuple[Licence, ...]) -> None:
    """Remember the consent; it is asked for again when a licence's words change.

    Raises:
        OutputError: the folder cannot be written.
    """
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    mine = {"sha256": _fingerprint(licences), "accepted": now, "licences": [licence.text() for licence in licences]}
    write_json(folder / _CONSENT_NAME, {**_consents(folder), what: mine})


def _consents(folder: Path) -> dict[str, dict[str, object]]:
    try:
        found = read_json(folder / _CONSENT_NAME, _MOST_BYTES)
    except JsonError:
        return {}
    return found if isinstance(found, dict) and all(isinstance(entry, dict) for entry in found.values()) else {}
