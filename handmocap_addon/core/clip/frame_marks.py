"""What there is to say about single frames of a clip."""

from __future__ import annotations

import enum


class FrameMark(enum.IntFlag):
    """Marks of one frame; 0 is a plain one."""

    PLAIN = 0
    LOST = 1  # could not be read, or has no file: nothing is seen on it
    RESIZED = 2  # has another size than the first, and was scaled to that
    INTERLACED = 4  # two half pictures woven into one
    RETIMED = 8  # its timestamp was missing, repeated or ran backwards
    SMEARED = 16  # stands on frames that are lost, up to the next one that stands for itself
