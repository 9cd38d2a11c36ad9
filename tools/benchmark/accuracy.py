"""Estimates the clips whose poses are known, from their pictures alone, and says how far off everything is.

    python3 scripts/handmocap.py benchmark accuracy [--clip NAME …] [--json FILE] [--write]

It ends with its stdin where HANDMOCAP_END_WITH_STDIN=1 says that the parent holds it open.

Nothing is rendered: the clips and their truth are in the repository. People's bodies are given as GVHMR would give them,
without error. Tables go to stdout, everything to the JSON file; --write puts the tables into docs/accuracy.md.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

REPOSITORY = Path(__file__).resolve().parents[2]
if __package__ in (None, ""):
    sys.path.insert(0, str(REPOSITORY))

from handmocap_addon.core.body.stand_in import load_stand_in_body  # noqa: E402
from handmocap_addon.core.cleanup.clean_hands import CleanHand, CleanupSettings, Provenance, clean_hand  # noqa: E402
from handmocap_addon.core.cleanup.wrist import WristSettings, with_wrists  # noqa: E402
from handmocap_addon.core.cleanup.wrist_source import WristSource  # noqa: E402
from handmocap_addon.core.errors import BadUsageError, ExitCode, HandmocapError  # noqa: E402
from handmocap_addon.core.hands.hand_poses import HandPoses, HandTrack  # noqa: E402
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses  # noqa: E402
from handmocap_addon.core.job_protocol import END_WITH_STDIN  # noqa: E402
from handmocap_addon.core.report import fingertip_jitter  # noqa: E402
from handmocap_addon.core.rig.accuracy import wrist_errors  # noqa: E402
from handmocap_addon.core.rig.hand_skeleton import hand_skeleton  # noqa: E402
from handmocap_addon.core.rig.relaxed_hand import relaxed_hand_pose  # noqa: E402
from handmocap_addon.core.skeleton import SIDES, Side  # noqa: E402
from handmocap_addon.worker.commands.estimate import Person, Request, estimate_clip  # noqa: E402
from handmocap_addon.worker.estimators import EstimatorChoice, create_estimator  # noqa: E402
from handmocap_addon.worker.events import Cancellation, EventWriter  # noqa: E402
from handmocap_addon.worker.video import probe_clip  # noqa: E402
from tools.benchmark import tables  # noqa: E402
from tools.benchmark.arguments import accuracy_parser  # noqa: E402
from tools.benchmark.bodies import BodyResult, body_result  # noqa: E402
from tools.benchmark.known_clips import KnownClip, known_clips  # noqa: E402
from tools.benchmark.measures import (  # noqa: E402
    FrameCounts,
    Sample,
    clean_pose,
    fingertips,
    frame_counts,
    holds,
    picture_errors,
    stage_errors,
)
from tools.motion_measures import amplitude_loss, lag_frames  # noqa: E402
from tools.pages.regions import write_region  # noqa: E402

Array = NDArray[Any]


@dataclass(frozen=True)
class HandResult:
    """One hand of one person on one clip; None where the clip shows nothing to measure."""

    clip: str
    person: int
    side: Side
    pixels: float  # median longer side of the hand
    counts: FrameCounts
    counts_without_bodies: FrameCounts | None
    picture_error_pixels: float | None
    wrist_error: float | None  # degrees, mean, of the wrist taken from the hand
    jitter_before: float | None  # m/s^3, on holds
    jitter_after: float | None
    lag_frames: float | None  # against the truth
    smoothing_lag_frames: float | None  # against the unsmoothed fit
    amplitude_loss: float | None  # against the truth
    smoothing_amplitude_loss: float | None  # against the unsmoothed fit
    errors: Sample

    def summary(self) -> dict[str, Any]:
        """For the JSON file."""
        plain = asdict(replace(self, errors=Sample()))
        plain["stages"] = tables.stage_figures(self.errors)
        del plain["errors"]
        return plain


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark and return the exit code."""
    options = accuracy_parser().parse_args(arguments)
    if options.write and options.clip:
        raise BadUsageError("--write does not go with --clip", "leave one of them out, since the page has all clips")
    clips = known_clips(REPOSITORY)
    if options.clip:
        unknown = sorted(set(options.clip) - {clip.name for clip in clips})
        if unknown:
            names = ", ".join(clip.name for clip in clips)
            raise BadUsageError(f"There is no clip {unknown[0]} in the benchmark", f"choose from {names}")
        clips = [clip for clip in clips if clip.name in options.clip]
    cancellation = Cancellation()
    if os.environ.get(END_WITH_STDIN) == "1":
        cancellation.watch(sys.stdin)
    results: list[HandResult] = []
    bodies: list[BodyResult] = []
    for clip in clips:
        print(f"handmocap: {clip.name}", file=sys.stderr, flush=True)
        results += _clip_results(clip, CleanupSettings(smoothing=options.smoothing), cancellation)
        bodies.append(body_result(clip, cancellation))
    shown = {
        "clips": tables.clip_table(results),
        "motion": tables.motion_table(results),
        "stages": tables.stage_table(results),
        "bodies": tables.body_table(bodies),
    }
    for name, table in shown.items():
        print(table, end="\n\n")
        if options.write:
            write_region(name, table)
    if options.json:
        figures = {name: [one.summary() for one in part] for name, part in (("hands", results), ("bodies", bodies))}
        options.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return int(ExitCode.DONE)


def _clip_results(clip: KnownClip, settings: CleanupSettings, cancellation: Cancellation) -> list[HandResult]:
    with_bodies = _estimated(clip, True, cancellation)
    # Without bodies one person is looked for; whose that should be is only clear where there is one.
    alone = _estimated(clip, False, cancellation) if len(clip.people) == 1 else None
    results = []
    for number, (person, poses) in enumerate(zip(clip.people, with_bodies, strict=True)):
        assert poses.frame_time is not None
        tracks: dict[Side, HandTrack] = {side: poses.track(side) for side in SIDES}
        from_hand = with_wrists(
            person.motion, tracks, poses.frame_time, person.rest_joints, WristSettings(source=WristSource.HAND)
        )
        for side in SIDES:
            wrist = np.degrees(wrist_errors(from_hand, person.motion, side))[tracks[side].detected]
            results.append(_hand_result(clip, number, side, poses, alone[0] if alone else None, settings, _mean(wrist)))
    return results


def _estimated(clip: KnownClip, bodies: bool, cancellation: Cancellation) -> list[HandPoses]:
    """The worker's estimate of every person, read back from its files."""
    events = EventWriter(io.StringIO())
    with tempfile.TemporaryDirectory() as folder:
        people = [
            Person(person.motion if bodies else None, Path(folder) / f"{number}.npz")
            for number, person in enumerate(clip.people)
        ]
        estimator = create_estimator(EstimatorChoice("mediapipe", people=len(people)))
        try:
            request = Request(probe_clip(clip.path), load_stand_in_body(), people)
            estimate_clip(request, estimator, events, cancellation)
        finally:
            estimator.close()
        return [read_hand_poses(person.target) for person in people if person.target is not None]


def _hand_result(
    clip: KnownClip,
    number: int,
    side: Side,
    poses: HandPoses,
    alone: HandPoses | None,
    settings: CleanupSettings,
    wrist_error: float | None,
) -> HandResult:
    truth, track = clip.people[number].hands[side], poses.track(side)
    others = [hand for person in clip.people for hand in person.hands.values() if hand is not truth]
    skeleton = hand_skeleton(load_stand_in_body(), side)
    clean = _cleaned(track, poses, side, settings)
    off = _cleaned(track, poses, side, replace(settings, smoothing=0.0))
    still = holds(truth, clip.fps) & track.detected & truth.in_view
    moving = clean.provenance != Provenance.RELAXED
    tips = {
        "clean": fingertips(clean_pose(clean), skeleton)[moving],
        "off": fingertips(clean_pose(off), skeleton)[moving],
        "truth": fingertips(truth.pose_axis_angle, truth.skeleton)[moving],
    }
    pixels = picture_errors(track, truth)
    counts = frame_counts(track, clean, truth, others)
    counts_alone = None
    if alone is not None:
        counts_alone = frame_counts(alone.track(side), _cleaned(alone.track(side), alone, side, settings), truth, others)
    return HandResult(
        clip.name,
        number,
        side,
        float(np.median(truth.size[truth.in_view])),
        counts,
        counts_alone,
        _mean(pixels),
        wrist_error,
        fingertip_jitter(clean_pose(off), still, skeleton, clip.fps),
        fingertip_jitter(clean_pose(clean), still, skeleton, clip.fps),
        lag_frames(tips["clean"], tips["truth"]),
        lag_frames(tips["clean"], tips["off"]),
        amplitude_loss(tips["clean"], tips["truth"]),
        amplitude_loss(tips["clean"], tips["off"]),
        stage_errors(track, clean, skeleton, truth),
    )


def _cleaned(track: HandTrack, poses: HandPoses, side: Side, settings: CleanupSettings) -> CleanHand:
    assert poses.frame_time is not None
    return clean_hand(track, poses.frame_time, relaxed_hand_pose(side), settings, side)


def _mean(values: Array) -> float | None:
    return float(np.mean(values)) if len(values) else None


if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
    except HandmocapError as error:
        print(f"handmocap: {error.sentence()}", file=sys.stderr)
        code = int(error.exit_code)
    sys.exit(code)
