"""An estimator that sees what the demo's truth says, on pictures that tell which frame they are.

Run as a program it estimates the demo so, and kills itself where it is told to:

    python -m addon_tests.making.truth_seer TARGET [KILLED_AT]
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from handmocap_addon.core.body.gvhmr_file import read_gvhmr_result
from handmocap_addon.core.body.motion import BodyMotion, BodyTrack
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.landmarks.definition import RIG_JOINTS
from handmocap_addon.core.landmarks.fit import FittedHand, fit_landmarks
from handmocap_addon.core.rig.hand_skeleton import HandSkeleton
from handmocap_addon.core.skeleton import SIDES
from handmocap_addon.worker.commands import estimate, first_look, look_again
from handmocap_addon.worker.estimators.base import EstimatorInfo, HandObservation, Slicing, VideoFrame
from handmocap_addon.worker.events import Cancellation, EventWriter
from handmocap_addon.worker.video import FrameList, probe_clip

DEMO = Path(__file__).parents[2] / "demo"
N = 96
# The demo's person twice, the second one this far to the right of the picture.
SECOND_PERSON_METRES = 1.0


def demo_truth() -> dict[str, np.ndarray]:
    with np.load(DEMO / "truth.npz") as content:
        return dict(content)


def beside(motion: BodyMotion) -> BodyMotion:
    moved = motion.camera.translation + (SECOND_PERSON_METRES, 0.0, 0.0)
    return replace(motion, camera=BodyTrack(motion.camera.orient_quat_wxyz, moved))


class TruthSeer:
    """Sees every hand of the truth but those that it is told to miss at first."""

    channel_order = "rgb"
    info = EstimatorInfo("truth", "none", "none", {})
    leaves_out_unwanted = False
    slicing = Slicing(length=40, warm_up=3, at_once=2)

    def __init__(self, truth: dict[str, np.ndarray], missed: dict[str, range] | None = None, people: int = 1) -> None:
        self._truth, self._missed, self._people = truth, missed or {}, people
        self.looked_at: list[int] = []
        self.seen: list[int] = []
        self.blind_again = False

    def hand(self, side: str, frame: int, person: int, corner: np.ndarray | float = 0.0) -> HandObservation:
        points = self._truth[f"{side}_keypoints_2d"][frame].astype(float)
        depth = (self._truth[f"{side}_wrist_world"][frame] @ self._truth["world_to_camera_rotmat"].T)[2]
        depth += self._truth["world_to_camera_translation"][2]
        points = points + (person * SECOND_PERSON_METRES * self._truth["intrinsics"][0, 0] / depth, 0.0) - corner
        box = np.concatenate((points.min(axis=0) - 5.0, points.max(axis=0) + 5.0))
        return HandObservation(side, 0.9, box, points, self._truth[f"{side}_keypoints_3d"][frame])

    def observe(self, frames: Iterator[VideoFrame]) -> Generator[tuple[VideoFrame, list[HandObservation]], None, None]:
        for frame in frames:
            self.seen.append(frame.index)
            yield (
                frame,
                [
                    self.hand(side, frame.index, person)
                    for person in range(self._people)
                    for side in SIDES
                    if person > 0 or frame.index not in self._missed.get(side, ())
                ],
            )

    def look_again(self, pixels: np.ndarray) -> list[HandObservation]:
        """What is in the crop, of both hands: whose middles lie in it."""
        frame, left, top = (int(value) for value in pixels[0, 0] * np.array((1, 4, 4)))
        self.looked_at.append(frame)
        seen = [] if self.blind_again else [self.hand(side, frame, 0, np.array((left, top))) for side in SIDES]
        size = np.array(pixels.shape[1::-1])
        return [hand for hand in seen if ((hand.keypoints_2d[9] > 0.0) & (hand.keypoints_2d[9] < size)).all()]

    def fit(self, world: np.ndarray, image: np.ndarray, skeleton: HandSkeleton) -> FittedHand:
        return fit_landmarks(world, skeleton, image, RIG_JOINTS)

    def close(self) -> None: ...


class TellingReader:
    def __init__(self, *_arguments, **_options) -> None: ...

    def frames(self, wanted: Iterable[int]) -> Iterator[VideoFrame]:
        y, x = np.mgrid[:480, :640] // 4
        for frame in wanted:
            if frame < N:
                pixels = np.stack((np.full(x.shape, frame), x, y), axis=-1).astype(np.int64)
                yield VideoFrame(frame, frame * 1001 / 24000, pixels)

    def rows(self) -> FrameList:
        return FrameList(np.arange(N) * 1001 / 24000, np.zeros(N, np.uint8))


def tell_pictures(setattr_: Callable[[object, str, object], None] = setattr) -> None:
    """Let the worker read pictures whose pixels say their frame and, to four pixels, their place."""
    for module in (estimate, first_look, look_again):
        setattr_(module, "ClipReader", TellingReader)


class MortalSeer(TruthSeer):
    """Takes its time, and kills its process at the frame or at the look that it is told: `frame 50`, `look 7`."""

    def __init__(self, killed_at: str) -> None:
        super().__init__(demo_truth(), {"left": range(30, 50)})
        self._killed_at = killed_at

    def observe(self, frames: Iterator[VideoFrame]) -> Generator[tuple[VideoFrame, list[HandObservation]], None, None]:
        for frame, hands in super().observe(frames):
            time.sleep(0.002)
            self._live(f"frame {frame.index}")
            yield frame, hands

    def look_again(self, pixels: np.ndarray) -> list[HandObservation]:
        self._live(f"look {len(self.looked_at)}")
        return super().look_again(pixels)

    def _live(self, moment: str) -> None:
        if moment == self._killed_at:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    target, killed_at = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
    tell_pictures()
    events = EventWriter()
    people = [estimate.Person(read_gvhmr_result(DEMO / "hmr4d_results.pt"), target)]
    request = estimate.Request(probe_clip(DEMO / "clip.mp4"), load_stand_in_body(), people)
    result = estimate.estimate_clip(request, MortalSeer(killed_at), events, Cancellation())
    events.emit("result", reused=result.reused)


if __name__ == "__main__":
    main()
