"""The stages whose state is told in more places than their own panel, by the names that jobs and sentences go by."""

from __future__ import annotations

from typing import Final

SOURCE: Final = "source"
BODY: Final = "body"
FINGERS: Final = "fingers"
