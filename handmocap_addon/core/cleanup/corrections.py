"""What a person says about the estimate, as data: not seen here, sides swapped there, raw, later, another wrist.

Corrections never change `hand_poses.npz`. They are kept apart, are applied whenever the hands are cleaned, and so outlive
other settings and other estimators. Rows are those of the hands' file, first and last included.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..audience import way_out
from ..errors import BadInputError, BadUsageError
from ..files.json_files import JsonError, parsed_json
from ..hands.hand_poses import MOST_FRAMES
from ..skeleton import FINGERS, SIDES, Side
from .gap_filling import eased
from .wrist_source import WristSource

_VERSION: Final = 1
_MOST_CORRECTIONS: Final = 10_000


@dataclass(frozen=True)
class Rows:
    """Rows `first` to `last` of the hands' file, both included.

    Raises:
        BadUsageError: there are none.
    """

    first: int
    last: int

    def __post_init__(self) -> None:
        if not 0 <= self.first <= self.last:
            raise BadUsageError(f"The frames {self.first} to {self.last} are none", "give a first frame and a later one")

    def within(self, frame_count: int) -> slice:
        """The rows that a file of so many frames has."""
        return slice(min(self.first, frame_count), min(self.last + 1, frame_count))

    def share(self, time: NDArray[Any], seconds: float) -> NDArray[Any]:
        """1 on these rows of `time` (N,), 0 from so many seconds beside them on, and eased between (N,)."""
        span = self.within(len(time))
        if span.start == span.stop:
            return np.zeros(len(time))
        away = np.maximum(np.maximum(time[span.start] - time, time - time[span.stop - 1]), 0.0)
        share: NDArray[Any] = eased(np.clip(1.0 - away / seconds, 0.0, 1.0))
        return share


@dataclass(frozen=True)
class NotSeen:
    """What was measured of a hand is wrong and counts for nothing."""

    rows: Rows
    side: Side


@dataclass(frozen=True)
class SidesSwapped:
    """What was measured of the left hand is the right one's, and the other way round."""

    rows: Rows


@dataclass(frozen=True)
class OwnSmoothing:
    """Some fingers' own strength of smoothing; at 0 they go back to what was measured, to the bit."""

    rows: Rows
    side: Side
    fingers: tuple[str, ...] = FINGERS
    strength: float = 0.0

    def __post_init__(self) -> None:
        unknown = [finger for finger in self.fingers if finger not in FINGERS]
        if unknown or not self.fingers:
            raise BadUsageError(f"There is no finger {unknown[0] if unknown else ''}", f"name some of {', '.join(FINGERS)}")
        if not 0.0 <= self.strength <= 1.0:
            raise BadUsageError(f"The smoothing is {self.strength:g}", "give a number from 0 (raw) to 1")


@dataclass(frozen=True)
class Shifted:
    """A hand of which everything comes `frames` rows later, or earlier where negative."""

    side: Side
    frames: int

    def __post_init__(self) -> None:
        if abs(self.frames) > MOST_FRAMES:
            raise BadUsageError("The hand is shifted by more frames than a clip has", "give a smaller shift")


@dataclass(frozen=True)
class WristFrom:
    """Whose rotation a wrist gets on some frames, instead of what is set for the clip."""

    rows: Rows
    side: Side
    source: WristSource


Correction = NotSeen | SidesSwapped | OwnSmoothing | Shifted | WristFrom
_KINDS: Final[dict[str, type[Any]]] = {
    "not_seen": NotSeen,
    "sides_swapped": SidesSwapped,
    "own_smoothing": OwnSmoothing,
    "shifted": Shifted,
    "wrist_from": WristFrom,
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}


def corrections_to_json(corrections: Iterable[Correction]) -> str:
    """Text that `corrections_from_json` reads back as the same."""
    listed = [{"kind": _NAMES[type(correction)], **asdict(correction)} for correction in corrections]
    return json.dumps({"version": _VERSION, "corrections": listed})


def corrections_from_json(text: str) -> tuple[Correction, ...]:
    """What `corrections_to_json` wrote.

    Raises:
        BadInputError: the text is something else, or of a newer version.
    """
    try:
        data = parsed_json(text)
        if data["version"] != _VERSION:
            raise BadInputError(f"The corrections are of version {data['version']}", "update the extension")
        if len(data["corrections"]) > _MOST_CORRECTIONS:
            raise ValueError("more than a person makes")
        return tuple(_correction(dict(entry)) for entry in data["corrections"])
    except (JsonError, ValueError, KeyError, TypeError, AttributeError, OverflowError, BadUsageError) as error:
        raise BadInputError(
            "The corrections in this file are damaged",
            way_out("press Start Over, which forgets them", "give --start-over, which forgets them"),
        ) from error


def _correction(entry: dict[str, Any]) -> Correction:
    kind = _KINDS[entry.pop("kind")]
    if "rows" in entry:
        entry["rows"] = Rows(int(entry["rows"]["first"]), int(entry["rows"]["last"]))
    if entry.get("side", "left") not in SIDES:
        raise ValueError(entry["side"])
    if "fingers" in entry:
        entry["fingers"] = tuple(entry["fingers"])
    if "frames" in entry:
        entry["frames"] = int(entry["frames"])
    if "strength" in entry:
        entry["strength"] = float(entry["strength"])
    if "source" in entry:
        entry["source"] = WristSource(entry["source"])
    made: Correction = kind(**entry)
    return made


def with_shift(corrections: Iterable[Correction], side: Side, frames: int) -> tuple[Correction, ...]:
    """The corrections with a hand shifted further. Shifts that follow each other add up, so that one back undoes one."""
    listed = list(corrections)
    place = len(listed)
    while place and isinstance(listed[place - 1], Shifted):
        place -= 1
        last = listed[place]
        if isinstance(last, Shifted) and last.side == side:
            frames += last.frames
            del listed[place]
            break
    return (*listed, Shifted(side, frames)) if frames else tuple(listed)


def with_swap(corrections: Iterable[Correction], rows: Rows) -> tuple[Correction, ...]:
    """The corrections with the sides swapped on some rows, or no longer where that was said last."""
    listed = tuple(corrections)
    return listed[:-1] if listed and listed[-1] == SidesSwapped(rows) else (*listed, SidesSwapped(rows))


def without(
    corrections: Iterable[Correction], rows: Rows, sides: Iterable[Side] = SIDES, fingers: Iterable[str] = FINGERS
) -> tuple[Correction, ...]:
    """The corrections that stay where those of some sides and fingers are forgotten on some rows.

    What reaches beyond the rows keeps the part outside. A shift concerns a whole hand and goes where the rows hold its
    beginning; what concerns both hands goes where both are named.
    """
    sides, fingers = tuple(sides), tuple(fingers)
    kept: list[Correction] = []
    for correction in corrections:
        kept += _outside(correction, rows, sides, fingers)
    return tuple(kept)


def _outside(correction: Correction, rows: Rows, sides: tuple[Side, ...], fingers: tuple[str, ...]) -> list[Correction]:
    if isinstance(correction, Shifted):
        return [] if correction.side in sides and rows.first == 0 and set(fingers) >= set(FINGERS) else [correction]
    concerned = set(SIDES) <= set(sides) if isinstance(correction, SidesSwapped) else correction.side in sides
    if not isinstance(correction, OwnSmoothing):
        concerned = concerned and set(fingers) >= set(FINGERS)
    if not concerned:
        return [correction]
    outside: list[Correction] = []
    if isinstance(correction, OwnSmoothing):
        others = tuple(finger for finger in correction.fingers if finger not in fingers)
        if others:
            outside.append(OwnSmoothing(correction.rows, correction.side, others, correction.strength))
        own = tuple(finger for finger in correction.fingers if finger in fingers)
        if not own:
            return [correction]
        correction = OwnSmoothing(correction.rows, correction.side, own, correction.strength)
    return outside + [_on(correction, part) for part in _parts_outside(correction.rows, rows)]


def _parts_outside(own: Rows, rows: Rows) -> list[Rows]:
    if own.last < rows.first or own.first > rows.last:
        return [own]
    parts = []
    if own.first < rows.first:
        parts.append(Rows(own.first, rows.first - 1))
    if own.last > rows.last:
        parts.append(Rows(rows.last + 1, own.last))
    return parts


def _on(correction: Correction, rows: Rows) -> Correction:
    return replace(correction, rows=rows)  # type: ignore[arg-type]
