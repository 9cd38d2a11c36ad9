"""What a person should know of the last apply beside its success, kept on the tool's action with what the keys came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..curves.made_from import recall, remember

_SUFFIX = " warnings"


def keep_warnings(armature: Any, stage: str, sentences: Sequence[str]) -> None:
    """Keep a stage's sentences in the place of those of its last run."""
    remember(armature, stage + _SUFFIX, {"sentences": list(sentences)})


def warnings_of(armature: Any, stage: str) -> tuple[str, ...]:
    """The sentences of a stage's last apply; none where it keyed nothing, or all was well."""
    kept = (recall(armature, stage + _SUFFIX) or {}).get("sentences", [])
    return tuple(str(sentence) for sentence in kept) if isinstance(kept, list) else ()
