"""Results of which only some frames or one hand were estimated again: what was there before stays in the other rows."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.hands.hand_poses import HandPoses, HandTrack
from ...core.skeleton import SIDES, Side
from ..clip.sentences import cut_sentence, lost_sentence

Array = NDArray[Any]


def of_the_same_clip(before: HandPoses | None, poses: HandPoses) -> bool:
    """Whether a file's rows are the same frames of the same clip."""
    if before is None or before.frame_count != poses.frame_count:
        return False
    clip = before.meta.get("clip")
    return isinstance(clip, dict) and clip.get("sha256") == poses.meta["clip"]["sha256"]


def put_into(before: HandPoses, poses: HandPoses, rows: Array, sides: tuple[Side, ...]) -> HandPoses:
    """`before` with the rows (N,) and sides of `poses`, and notes that say what made which."""
    tracks = {
        side: _joined(before.track(side), poses.track(side), rows) if side in sides else before.track(side) for side in SIDES
    }
    new = poses.meta["parts"][-1]
    old_parts = before.meta.get("parts")
    if not isinstance(old_parts, list):
        # Another pipeline's file, or an older one.
        whole = {"frames": [0, before.frame_count - 1], "sides": list(SIDES)}
        old_parts = [whole | {key: before.meta.get(key) for key in ("estimator", "model", "settings")}]
    # A run that was killed between two people's files finds its own part in the first one's.
    parts = [part for part in old_parts if isinstance(part, dict) and part.get("fingerprint") != new["fingerprint"]] + [new]
    notes = poses.meta | {
        "parts": parts,
        "licences": list(dict.fromkeys([*map(str, _listed(before.meta, "licences")), *poses.meta["licences"]])),
        "second_look": {side: _again(before, poses, rows, side, side in sides) for side in SIDES},
        "tracks": _tracks(before, poses, rows, sides),
        **_clip_and_warnings(before, poses, rows),
    }
    return HandPoses(tracks["left"], tracks["right"], poses.frame_index, poses.frame_time, notes)


def _joined(before: HandTrack, after: HandTrack, rows: Array) -> HandTrack:
    def chosen(name: str) -> Array:
        old, new = getattr(before, name), getattr(after, name)
        return np.where(rows.reshape(-1, *[1] * (new.ndim - 1)), new, old)

    return replace(after, **{field.name: chosen(field.name) for field in fields(HandTrack)})


def _clip_and_warnings(before: HandPoses, poses: HandPoses, rows: Array) -> dict[str, Any]:
    """The clip with the frames that are lost in the old rows and in the new ones, and all warnings once."""
    old, new = before.clip_notes(), poses.clip_notes()
    old_lost, old_smeared, old_cuts = (
        [row for row in found if row < len(rows) and not rows[row]]
        for found in (old.lost_frames, old.smeared_frames, old.cut_frames)
    )
    clip = poses.meta["clip"] | {
        "lost_frames": sorted({*old_lost, *new.lost_frames}),
        "smeared_frames": sorted({*old_smeared, *new.smeared_frames}),
        "cut_frames": sorted({*old_cuts, *new.cut_frames}),
    }
    said = [*before.warnings(), *poses.warnings()]
    old_clip = clip | {
        "lost_frames": list(old.lost_frames),
        "smeared_frames": list(old.smeared_frames),
        "cut_frames": list(old.cut_frames),
    }
    old_and_new = (old_clip, poses.meta["clip"])
    sentences = [tell for entry in old_and_new for tell in (lost_sentence(entry, poses.frame_time), cut_sentence(entry))]
    kept = [text for text in dict.fromkeys(said) if text not in sentences]
    now = (lost_sentence(clip, poses.frame_time), cut_sentence(clip))
    return {"clip": clip, "warnings": kept + [text for text in now if text]}


def _again(before: HandPoses, poses: HandPoses, rows: Array, side: Side, is_new: bool) -> list[int]:
    notes = before.meta.get("second_look")
    frames = _listed(notes, side) if isinstance(notes, dict) else []
    old = [frame for frame in frames if isinstance(frame, int) and 0 <= frame < len(rows)]
    kept = [frame for frame in old if not (is_new and rows[frame])]
    return sorted(kept + (poses.meta["second_look"][side] if is_new else []))


def _tracks(before: HandPoses, poses: HandPoses, rows: Array, sides: tuple[Side, ...]) -> list[Any]:
    """The new tracks of the sides, and the old ones but those that lie in the new part as a whole."""
    old = [
        track
        for track in _listed(before.meta, "tracks")
        if _is_a_track(track)
        and (track["side"] not in (*sides, None) or not rows[track["frames"][0] : track["frames"][1] + 1].all())
    ]
    return old + [track for track in poses.meta["tracks"] if track["side"] in (*sides, None)]


def _listed(notes: dict[str, Any], key: str) -> list[Any]:
    """A list of the notes of a file that anything may have written."""
    found = notes.get(key)
    return found if isinstance(found, list) else []


def _is_a_track(note: Any) -> bool:
    if not isinstance(note, dict) or note.get("side") not in (*SIDES, None):
        return False
    frames = note.get("frames")
    return isinstance(frames, list) and len(frames) == 2 and all(isinstance(frame, int) for frame in frames)
