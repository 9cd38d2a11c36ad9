"""What is known of a clip before its frames are decoded."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ...core.clip.picture_sequences import PictureSequence
from ...core.clip.view_choices import ViewChoice


@dataclass(frozen=True, eq=False)
class PromisedFrames:
    """The frames that a video's packets promise, by timestamps in the stream's ticks, in the order of showing."""

    pts: NDArray[Any]  # (P,)
    is_missing: NDArray[Any]  # (P,) where the file is damaged and has no packet any more
    is_certain: bool  # every packet is one frame that is shown; else that is so where the decoder says no other


@dataclass(frozen=True)
class ClipInfo:
    """A video file, or a folder's numbered pictures. `likely_frame_count` counts packets; decoding may find fewer."""

    path: Path  # as it was given: a file, a folder, or a picture of a folder
    sequence: PictureSequence | None  # None: a video
    likely_frame_count: int
    declared_fps: Fraction | None
    view: ViewChoice = "auto"
    stream_index: int = 0  # of the picture among a video's streams
    has_timestamps: bool = True  # else frames are shown at the declared rate
    promised: PromisedFrames | None = field(default=None, compare=False, repr=False)
    remarks: tuple[str, ...] = ()  # what should be known of a clip that can be read: sentences
    is_first_stream: bool = True  # of the pictures in a video, covers counted
    leaves_out_lost: bool = False  # frames that cannot be read are no rows, as for readers that skip them

    @property
    def is_image_folder(self) -> bool:
        return self.sequence is not None

    def files(self) -> list[Path]:
        """Everything that the clip is read from."""
        return [self.path] if self.sequence is None else self.sequence.present
