"""The clips by name, one file each."""

from __future__ import annotations

from typing import Final

from ..clip import TruthClip
from . import count, crossing, demo, fast_fists, leaving, pinches, second_person

CLIPS: Final[dict[str, TruthClip]] = {
    module.CLIP.name: module.CLIP for module in (demo, fast_fists, pinches, crossing, leaving, second_person, count)
}
