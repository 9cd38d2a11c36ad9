"""What every estimator of hands, and every one of bodies, offers to the worker."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

from ...core.clip.frame_marks import FrameMark
from ...core.landmarks.fit import FittedHand
from ...core.rig.hand_skeleton import HandSkeleton
from ...core.skeleton import Side

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class VideoFrame:
    """One decoded frame: upright pixels (H, W, 3) uint8 in the estimator's channel order, and when it is shown."""

    index: int
    time: float  # seconds from the first frame, by the container's timestamps
    pixels: Array
    # (k, 3) x, y and radius in pixels of the only places where a hand is wanted; None: anywhere.
    wanted_near: Array | None = None
    marks: FrameMark = FrameMark.PLAIN  # a frame that is lost is black, and what is seen on it does not count


@dataclass(frozen=True, eq=False)
class HandObservation:
    """One hand seen on one frame.

    An estimator of landmarks leaves `hand_pose` and `global_orient` None; they are fitted later from `keypoints_3d`.
    """

    side: Side  # the person's own left or right, in an un-mirrored picture
    score: float  # detector's confidence, 0 to 1
    bbox: Array  # (4,) x1 y1 x2 y2, pixels of the frame
    keypoints_2d: Array  # (21, 2) pixels, OpenPose order
    keypoints_3d: Array  # (21, 3) metres, relative to the wrist, camera axes (x right, y down, z forward)
    hand_pose: Array | None = None  # (45,) axis-angle, absolute, flat convention, un-mirrored
    global_orient: Array | None = None  # (3,) axis-angle, camera space, un-mirrored
    betas: Array | None = None  # (10,) MANO shape


@dataclass(frozen=True)
class EstimatorInfo:
    """What goes into the result's `meta` about the estimator that made it."""

    name: str
    model: str  # package and version, with the hash of the weights
    licence: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class Slicing:
    """How a clip is cut into slices for an estimator; what it sees depends on the first two, never on the third."""

    length: int  # frames; a multiple of the frames that the estimator takes at once
    # Frames before a slice that a tracker has to see first; 0 where frames are taken by themselves, so that one slice
    # after the other can be observed in one go.
    warm_up: int
    at_once: int  # slices on as many threads


class HandEstimator(Protocol):
    """Frames in, hands out, in the order of the frames; an estimator may read ahead to work in batches."""

    channel_order: Literal["rgb", "bgr"]
    info: EstimatorInfo
    slicing: Slicing
    leaves_out_unwanted: bool  # hands that are not `wanted_near` cost nothing

    def observe(self, frames: Iterator[VideoFrame]) -> Generator[tuple[VideoFrame, list[HandObservation]], None, None]:
        """Yield every frame once with the hands seen on it, in order, as if no other frames had ever been seen.

        May run on several threads at once, where `slicing` says so; so may `look_again`.
        """
        ...

    def look_again(self, pixels: Array) -> list[HandObservation]:
        """Hands in a crop (H, W, 3) in which one was missed, in the crop's pixels; other frames count nothing."""
        ...

    def fit(self, world: Array, image: Array, skeleton: HandSkeleton) -> FittedHand:
        """Rotations for hands without any, from landmarks (N, 21, 3) in metres and (N, 21, 2) in pixels of one side."""
        ...

    def close(self) -> None:
        """Free the model."""
        ...


@dataclass(frozen=True, eq=False)
class PersonObservation:
    """One person seen on one frame."""

    picture: Array  # (33, 2) pixels of the frame, MediaPipe's landmarks
    world: Array  # (33, 3) metres, x right, y down, z away from the camera, origin between the hips
    visibility: Array  # (33,) 0 to 1
    presence: Array  # (33,) 0 to 1


class PeopleTracker(Protocol):
    """Follows people from frame to frame. One thread has it at a time."""

    def forget(self, pixels: Array) -> None:
        """See the next frames, which are like these pixels, as if no others had ever been seen."""
        ...

    def people(self, pixels: Array, time: float) -> list[PersonObservation]:
        """The people on a frame, upright pixels (H, W, 3) uint8 in RGB, at a time in seconds that grows."""
        ...


class BodyEstimator(Protocol):
    """Frames in, the landmarks of people out."""

    info: EstimatorInfo

    def tracker(self) -> AbstractContextManager[PeopleTracker]:
        """One for a stretch of frames; any number at once, each on a thread of its own."""
        ...

    def close(self) -> None:
        """Free the models."""
        ...
