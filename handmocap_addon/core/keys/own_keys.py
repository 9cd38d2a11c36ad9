"""What becomes of keys that were there before the tool came, and that it has no record of."""

from __future__ import annotations

import enum


class OwnKeys(enum.StrEnum):
    """What a run does with them."""

    ASK = "ask"  # another program's give way, a person's stay, and where that is doubtful nothing is written
    KEEP = "keep"  # all stay
    REPLACE = "replace"  # another program's give way, doubtful ones too; a person's stay
    START_OVER = "start over"  # all keys on the joints that are written give way, whoever made them
