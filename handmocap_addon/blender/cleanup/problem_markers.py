"""Timeline markers where a hand needs a look. They go with the next run; a marker that a person renamed or moved is his."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..curves.kept_text import json_list
from ..version_differences import drop_older_copy

_PREFIX = "handmocap: "
# Markers carry no properties of their own in every version, so the scene remembers which are ours.
_PROPERTY = "handmocap_markers"
_LONGEST_NAME = 63
_MOST_MARKERS = 1000


def show_markers(scene: Any, places: Iterable[tuple[float, str]]) -> None:
    """Replace our markers by these, each a frame and a text."""
    remove_markers(scene)
    ours = []
    for frame, text in places:
        marker = scene.timeline_markers.new((_PREFIX + text)[:_LONGEST_NAME], frame=round(frame))
        ours.append((marker.name, marker.frame))
    if ours:
        scene[_PROPERTY] = json.dumps(ours)


def remove_markers(scene: Any) -> None:
    """Take away our markers that nobody touched."""
    for marker in _our_markers(scene):
        scene.timeline_markers.remove(marker)
    scene.pop(_PROPERTY, None)
    drop_older_copy(scene, _PROPERTY)


def has_markers(scene: Any) -> bool:
    """Whether any of our markers are shown."""
    return bool(_our_markers(scene))


def _our_markers(scene: Any) -> list[Any]:
    """One marker for each that we remember, so that a person's marker of the same name and frame stays."""
    kept = json_list(scene.get(_PROPERTY), _PROPERTY)[:_MOST_MARKERS]
    wanted = [tuple(entry) for entry in kept if isinstance(entry, list)]
    found = []
    for marker in scene.timeline_markers:
        if (marker.name, marker.frame) in wanted:
            wanted.remove((marker.name, marker.frame))
            found.append(marker)
    return found
