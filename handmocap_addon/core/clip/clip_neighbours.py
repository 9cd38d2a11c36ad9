"""What lies beside a clip: the GVHMR results of the people in it, and hands that were estimated before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..body.gvhmr_file import RESULT_NAME
from ..hands.hand_poses_file import HAND_POSES_NAME


@dataclass(frozen=True)
class Person:
    """One person of a clip by the name of the folder, with the GVHMR result."""

    name: str
    gvhmr: Path


def people_of(clip: Path) -> tuple[Person, ...]:
    """The people whose GVHMR results lie with a clip, a video or a folder of images, in the order of their names.

    Looked for, and the first that has any is taken: beside the clip; in `mocap/<clip>/`; in the folders within it; in
    `mocap/<person>/`; in GVHMR's own `outputs/demo/<clip>/`, also of the two folders above.
    """
    folder = _folder_of(clip)
    own = folder / "mocap" / clip.stem
    above = (folder, *list(folder.parents)[:2])
    places: tuple[Iterable[Path], ...] = (
        (folder,),
        (own,),
        _folders_in(own),
        (place for place in _folders_in(folder / "mocap") if place.name not in _other_clips(clip)),
        (base / "outputs" / "demo" / clip.stem for base in above),
    )
    for group in places:
        found = [place / RESULT_NAME for place in group if (place / RESULT_NAME).is_file()]
        if found:
            return tuple(Person(clip.stem if path.parent == folder else path.parent.name, path) for path in found)
    return ()


def hands_of(clip: Path, gvhmr: Path | None) -> Path | None:
    """Hands that were estimated before: beside the person's GVHMR result, else beside the clip or in `mocap/<clip>/`."""
    folder = _folder_of(clip)
    places = [folder, folder / "mocap" / clip.stem] if gvhmr is None else [gvhmr.parent]
    return next((place / HAND_POSES_NAME for place in places if (place / HAND_POSES_NAME).is_file()), None)


def _folder_of(clip: Path) -> Path:
    return clip if clip.is_dir() else clip.parent


def _folders_in(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return []


def _other_clips(clip: Path) -> set[str]:
    """Names under which `mocap/` holds other clips' results."""
    if clip.is_dir():
        return set()
    return {path.stem for path in clip.parent.iterdir() if path.stem != clip.stem and not path.is_dir()}
