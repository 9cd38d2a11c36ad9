"""A clip in, a `hand_poses.npz` out for every person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ...core.body.body_motion_file import StoredBody, read_body_motion
from ...core.body.makers import GVHMR
from ...core.body.model import BodyModel
from ...core.body.motion import BodyMotion
from ...core.clip.frame_marks import FrameMark
from ...core.clip.picture_cuts import PictureCuts, apart_at_cuts, picture_cuts
from ...core.errors import (
    BadUsageError,
    BelongingError,
    BodyMotionFileError,
    ClipError,
    FrameCountError,
    NoBodyError,
    NoHandsError,
)
from ...core.files.atomic_files import ensure_output_folder
from ...core.files.damaged_files import put_aside
from ...core.hands.hand_detections import Array, HandDetections
from ...core.hands.hand_poses import HandPoses, HandTrack
from ...core.hands.hand_poses_file import write_hand_poses
from ...core.landmarks.finger_trust import finger_trust
from ...core.rig.hand_skeleton import hand_skeleton
from ...core.skeleton import SIDES, Side
from ...core.whose_hands.belonging import arms_of
from ...core.whose_hands.clip_slices import ClipSlice
from ...core.whose_hands.hand_sides import HandAssociation, associate_hands
from ...core.whose_hands.projected_arms import ProjectedArms
from ...core.whose_hands.second_look import Looks, missed_hands
from ...core.whose_hands.seen_people import PeopleSeen
from ...core.whose_hands.seen_wrists import SeenHands
from ...core.whose_hands.wrist_agreement import TOLD, check_hands_are_the_body_s
from ..clip.info import ClipInfo
from ..clip.sentences import clip_entries, clip_warnings
from ..clip.stored import StoredPicture
from ..clip.timing import ClipTiming, clip_timing
from ..estimators.base import BodyEstimator, HandEstimator
from ..events import Cancellation, EventWriter
from ..results.fingerprint import fingerprint, made_with
from ..results.finished import finished_before, place_aside, read_if_any, sealed, with_warning
from ..results.finished_body import body_finished_before
from ..results.partial_results import PartialResults, partial_results
from ..results.parts import of_the_same_clip, put_into
from ..video import ClipReader, clip_sha256, stored_picture
from .body_of_clip import body_motion_beside, fitted_body, put_body
from .first_look import FirstLook
from .frame_range import FrameRange
from .look_again import SecondLook

# In the hands' `meta` where a body was looked for in vain: what it would have been made from.
_NOBODY = "no_body_in"
# Frames do not touch each other; all of a long clip at once would take a gigabyte.
_FITTED_AT_ONCE = 512


@dataclass(frozen=True)
class Person:
    """A person in the clip: the body's motion, where there is one, and the file for the hands, where they are wanted."""

    motion: BodyMotion | None
    target: Path | None


@dataclass(frozen=True)
class WrittenHands:
    """One file that is in its place."""

    path: Path
    frames_detected: dict[Side, int]


@dataclass(frozen=True)
class EstimateResult:
    """What was written, for the `result` event."""

    people: list[WrittenHands]
    frame_count: int
    fps: tuple[int, int]
    reused: bool  # it was all there before
    body: Path | None = None  # the body_motion.npz, where one was made


@dataclass(frozen=True)
class Request:
    """What is asked of a run, beside the estimator's settings."""

    clip: ClipInfo
    body: BodyModel  # on which hands without rotations are fitted
    people: Sequence[Person]
    expected_frames: int | None = None
    instead_of: str | None = None  # name of the clip that was asked for where another one is used, for the notes
    frames: FrameRange | None = None  # all, or those that are run; the other rows stay as the files have them
    side: Side | None = None  # both, or the one that is run
    afresh: bool = False  # whatever is there already
    body_fps: Fraction | None = None  # of the bodies' own frames, where they were laid on the clip's
    focal: float | None = None  # of the lens in pixels, for a body that is estimated

    @property
    def targets(self) -> list[tuple[int, Path]]:
        """The people whose hands are wanted, by number, and their files."""
        return [(number, person.target) for number, person in enumerate(self.people) if person.target is not None]

    @property
    def sides(self) -> tuple[Side, ...]:
        return SIDES if self.side is None else (self.side,)


def estimate_clip(
    request: Request,
    estimator: HandEstimator,
    events: EventWriter,
    cancellation: Cancellation,
    bodies: BodyEstimator | None = None,
) -> EstimateResult:
    """Run an estimator over a clip, twice where hands were missed, and write every person's file in one step each.

    With `bodies` the body of the person with the hands is estimated from the same frames, and written beside the hands. It
    is the whole clip's: a run of some frames alone leaves it as it is. That nobody can be seen is said in the hands' file.

    What an earlier run with the same inputs has finished is used again: whole files, or the slices of one that was stopped.

    Raises:
        ClipError, BelongingError, FrameCountError, NoHandsError, OutputError, CancelledError: nothing was written.
    """
    for _, target in request.targets:
        ensure_output_folder(target.parent)
    with partial_results(request.targets[0][1], events.log, cancellation.check) as partial:
        run = _Run(request, estimator, events, cancellation, partial, bodies)
        if request.afresh:
            partial.remove()
        else:
            result = run.finished_before()
            if result is not None:
                return result
        try:
            result = run.estimated()
        except (BelongingError, FrameCountError, NoHandsError):
            # It would end so again.
            partial.remove()
            raise
        partial.remove()
        return result


class _Run:
    """One run, whose parts share what it is about."""

    def __init__(
        self,
        request: Request,
        estimator: HandEstimator,
        events: EventWriter,
        cancellation: Cancellation,
        partial: PartialResults,
        bodies: BodyEstimator | None,
    ) -> None:
        self._request = request
        self._wants_body = bodies is not None
        self._bodies = bodies if request.frames is None else None
        self._estimator = estimator
        self._events = events
        self._cancellation = cancellation
        self._partial = partial
        self._people = PeopleSeen.empty()
        clip = request.clip
        self._clip_sha256 = clip_sha256(clip)
        slicing = estimator.slicing
        # Everything that the hands on a frame depend on.
        self._key = fingerprint(
            {
                "clip": self._clip_sha256,
                "image_fps": str(clip.declared_fps) if clip.is_image_folder else None,
                "view": clip.view,
                "leaves_out_lost": clip.leaves_out_lost,
                "made_with": made_with(),
                "estimator": (estimator.info.name, estimator.info.model, estimator.info.settings),
                "slicing": (slicing.length, slicing.warm_up),
                "frames": request.frames and (request.frames.first, request.frames.last),
                "side": request.side,
                "near": [fingerprint(replace(motion, source="")) for motion in self._wanted_motions()],
            }
        )

    @property
    def _look_key(self) -> str:
        """Everything that hands and people on a frame depend on."""
        if self._bodies is None:
            return self._key
        info = self._bodies.info
        return fingerprint(self._key, [info.name, info.model], info.settings)

    @property
    def _body_made_from(self) -> str:
        """Digest of everything that the body depends on."""
        return fingerprint(self._look_key, self._made_from(0), self._request.body, [self._request.focal])

    def _made_from(self, number: int) -> str:
        """Digest of everything that a person's file depends on, but the rows that it keeps."""
        request = self._request
        bodies = [replace(person.motion, source="") for person in request.people if person.motion is not None]
        wanted = [number for number, _ in request.targets]
        return fingerprint(self._key, number, wanted, bodies, request.body, [request.clip.path.name, request.instead_of])

    def finished_before(self) -> EstimateResult | None:
        """The result, where every file is there already."""
        found = [finished_before(target, self._made_from(number)) for number, target in self._request.targets]
        files = [poses for poses in found if poses is not None]
        fps = files[0].frames_per_second() if len(files) == len(found) else None
        if fps is None:
            return None
        if self._bodies is not None:
            has_body = body_finished_before(self._body_target, self._body_made_from) is not None
            if not has_body and files[0].meta.get(_NOBODY) != self._body_made_from:
                return None
        self._events.log("Nothing has changed since the hands were estimated; the result is used again")
        return self._result(files, fps, reused=True)

    def estimated(self) -> EstimateResult:
        """Do the work and write every file."""
        request, estimator, check = self._request, self._estimator, self._cancellation.check
        for remark in request.clip.remarks:
            # Which picture of several is read may be the reason of what follows.
            self._events.log(remark)
        expected = [request.expected_frames] if request.expected_frames is not None else []
        expected += [person.motion.frame_count for person in request.people if person.motion is not None]
        stored = stored_picture(request.clip)
        frame_time = marks = None
        if request.frames is not None or any(request.clip.likely_frame_count != count for count in expected):
            # Decoding alone is many times faster than estimating, and only it knows.
            listed = ClipReader(request.clip, estimator.channel_order, on_decoded=check).rows()
            frame_time, marks = listed.time, listed.marks
            self._check_count(len(frame_time), expected)
        seen = self._first_look()
        detections, picture_size, run_count = seen.detections, seen.picture_size, seen.frame_count
        if request.frames is None or frame_time is None or marks is None:
            frame_time, marks = seen.frame_time, seen.marks
        else:
            # That a picture's file is damaged is known only where it was read.
            marks[request.frames.first : request.frames.last + 1] |= seen.marks
        first = request.frames.first if request.frames is not None else 0
        in_pictures = picture_cuts(seen.thumbnails, seen.frame_time, (seen.marks & FrameMark.LOST).astype(bool))
        cuts = first + in_pictures.certain
        # What was seen is by far the largest thing of a long clip: no more of it than one is kept.
        del seen
        people = self._people
        self._check_count(len(frame_time), expected)
        is_lost = (marks & FrameMark.LOST).astype(bool)
        if is_lost.all():
            raise ClipError(f"None of the frames of {request.clip.path.name} can be decoded", "choose another copy of it")
        arms = [arms_of(person.motion) for person in request.people if person.motion is not None]
        told = self._check_wrists(detections, arms, picture_size)
        association = associate_hands(detections, frame_time, arms)
        looks = missed_hands(detections, association, frame_time, picture_size, arms, self._wanted_hands())
        looks = looks.taken(np.flatnonzero(~is_lost[looks.frame]))
        rows = np.ones(len(frame_time), bool)
        if request.frames is not None:
            rows[: request.frames.first] = rows[request.frames.last + 1 :] = False
            looks = looks.taken(np.flatnonzero(rows[looks.frame]))
        if looks.count:
            detections = detections.joined(self._second_look(looks, run_count))
            association = associate_hands(detections, frame_time, arms)
        if not (association.given[:, [SIDES.index(side) for side in request.sides]] >= 0).any():
            if detections.count and arms and not (association.given >= 0).any():
                seen_on = f"{TOLD} {len(np.unique(detections.frame))} of {run_count} frames of {request.clip.path.name}"
                raise BelongingError(
                    f"{seen_on}, but none where the body's wrists are",
                    "choose the body of the person whose hands are seen in this clip",
                )
            raise NoHandsError(
                f"No {request.side + ' ' if request.side else ''}hand was found in any of the {run_count} frames of "
                f"{request.clip.path.name}",
                "choose a clip in which hands are larger than about 40 pixels, or another estimator",
            )
        timing = clip_timing(request.clip.declared_fps, frame_time, has_holes=request.clip.leaves_out_lost)
        clip_entry = self._clip_entry(timing, picture_size, stored, marks, cuts)
        warnings = clip_warnings(request.clip, clip_entry, frame_time, marks)
        files: list[HandPoses] = []
        asides: list[Path | None] = []
        body: StoredBody | None = None
        for number, target in request.targets:
            poses = self._poses(number, detections, association, timing, len(arms), cuts)
            own = request.people[number].motion
            of_body = (*own.warnings, *told[number]) if own is not None else ()
            known = list(dict.fromkeys([*warnings, *of_body]))
            poses = replace(poses, meta={"clip": clip_entry, **poses.meta, "warnings": known})
            completed, aside = self._completed(poses, target, rows), place_aside(target)
            if self._bodies is not None:
                # Both hands close the arms, whichever was asked for.
                body, completed = self._body(people, completed, picture_size, in_pictures)
            if aside is not None:
                said = f"{target.name} could not be read and was put aside as {aside.name}; a new one was made"
                completed = with_warning(completed, said)
            asides.append(aside)
            files.append(sealed(completed))
            check()
        del detections, association
        for warning in dict.fromkeys([*warnings, *(sentence for one in told.values() for sentence in one)]):
            if warning not in request.clip.remarks:
                self._events.log(warning)
        for (_, target), poses, aside in zip(request.targets, files, asides, strict=True):
            if aside is not None:
                put_aside(target, aside)
                self._events.log(poses.warnings()[-1])
            write_hand_poses(target, poses)
        if body is not None:
            for warning in put_body(self._body_target, body).motion.warnings:
                self._events.log(warning)
        return self._result(files, timing.fps, reused=False)

    def _check_wrists(
        self, detections: HandDetections, arms: list[ProjectedArms], size: tuple[int, int]
    ) -> dict[int, tuple[str, ...]]:
        """What should be known of each wanted person's hands, by number.

        Raises:
            BelongingError: a body is not of this clip.
        """
        if not arms:
            return {}
        seen, name = (
            SeenHands(detections.frame, detections.keypoints_2d[:, 0].astype(np.float64)),
            self._request.clip.path.name,
        )
        told = {}
        for number, _ in self._request.targets:
            others, motion = arms[:number] + arms[number + 1 :], self._request.people[number].motion
            maker = motion.maker if motion is not None else GVHMR
            told[number] = check_hands_are_the_body_s(seen, arms[number], size, name, others, maker)
        return told

    def _clip_entry(
        self, timing: ClipTiming, picture_size: tuple[int, int], stored: StoredPicture, marks: Array, cuts: Array
    ) -> dict[str, Any]:
        """What `meta` says about the clip."""
        clip, instead_of = self._request.clip, self._request.instead_of
        return {
            "name": clip.path.name,
            "size": list(picture_size),
            "frames": len(timing.frame_time),
            "fps": [timing.fps.numerator, timing.fps.denominator],
            "variable_frame_rate": timing.variable_frame_rate,
            "sha256": self._clip_sha256,
            **clip_entries(clip, stored, marks, cuts.tolist()),
            **({"instead_of": instead_of} if instead_of is not None else {}),
        }

    def _wanted_hands(self) -> list[tuple[int, Side]]:
        return [(number, side) for number, _ in self._request.targets for side in self._request.sides]

    def _check_count(self, count: int, expected: Sequence[int]) -> None:
        clip, frames = self._request.clip, self._request.frames
        for other in expected:
            if count != other:
                raise FrameCountError(
                    f"The GVHMR result has {other} frames and {clip.path.name} has {count}",
                    "use the 0_input_video.mp4 in GVHMR's output folder as the clip",
                )
        if frames is not None and frames.last >= count:
            raise BadUsageError(f"{clip.path.name} has {count} frames", "choose frames within them")

    def _wanted_motions(self) -> list[BodyMotion]:
        """Of the bodies, those near which alone the estimator looks for hands; none where it looks everywhere."""
        people = self._request.people if self._estimator.leaves_out_unwanted else ()
        return [person.motion for person in people if person.motion is not None and person.target is not None]

    def _first_look(self) -> ClipSlice:
        request, frames = self._request, self._request.frames
        arms = [arms_of(motion) for motion in self._wanted_motions()]
        look = FirstLook(request.clip, self._estimator, frames, self._partial, self._look_key, arms, self._bodies)
        on_step = self._on_step(
            "Estimating", look.frames_done, frames.count if frames else self._request.clip.likely_frame_count
        )
        seen = look.finished(on_step)
        self._people = look.people()
        return seen

    def _keeps_body(self, poses: HandPoses) -> bool:
        """Whether a run of some frames alone finds the whole clip's body beside the hands."""
        if not self._wants_body or self._bodies is not None:
            return False
        try:
            body = read_body_motion(self._body_target)
        except BodyMotionFileError:
            return False
        clip = body.meta.get("clip")
        is_of_clip = isinstance(clip, dict) and clip.get("sha256") == self._clip_sha256
        return is_of_clip and body.motion.frame_count == poses.frame_count

    @property
    def _body_target(self) -> Path:
        return body_motion_beside(self._request.targets[0][1])

    def _body(
        self, people: PeopleSeen, poses: HandPoses, picture_size: tuple[int, int], cuts: PictureCuts
    ) -> tuple[StoredBody | None, HandPoses]:
        """The body of the person with the hands, and the hands with a sentence where there is none."""
        request = self._request
        assert self._bodies is not None
        self._events.progress("Fitting the body", 0, 1)
        try:
            body = fitted_body(
                people, poses, picture_size, request.focal, request.body, self._bodies.info,
                {"fingerprint": self._body_made_from}, cuts,
            )  # fmt: skip
        except NoBodyError as error:
            said = f"The hands stand alone. {error.sentence()}"
            self._events.log(said)
            return None, with_warning(replace(poses, meta=poses.meta | {_NOBODY: self._body_made_from}), said)
        self._events.progress("Fitting the body", 1, 1)
        return body, poses

    def _second_look(self, looks: Looks, frames_before: int) -> HandDetections:
        look = SecondLook(self._request.clip, self._estimator, looks, self._partial, self._key)
        on_step = self._on_step("Looking again", frames_before + look.looks_done, frames_before + looks.count)
        return look.finished(on_step)

    def _on_step(self, stage: str, done_before: int, total: int) -> Callable[[int], None]:
        """Counts what is done, says so, and ends the work where that is asked for."""
        done = done_before
        if done_before:
            self._events.progress(stage, done_before, max(total, done_before))

        def on_step(count: int) -> None:
            nonlocal done
            self._cancellation.check()
            if count:
                done += count
                self._events.progress(stage, done, max(total, done))

        return on_step

    def _poses(
        self,
        number: int,
        detections: HandDetections,
        association: HandAssociation,
        timing: ClipTiming,
        body_count: int,
        cuts: Array,
    ) -> HandPoses:
        """A person's hands on the frames that were run."""
        request, info = self._request, self._estimator.info
        frame_count = len(timing.frame_time)
        first, last = (0, frame_count - 1) if request.frames is None else (request.frames.first, request.frames.last)
        made_by = {"estimator": info.name, "model": info.model, "settings": info.settings}
        part = {"frames": [first, last], "sides": list(request.sides), **made_by, "fingerprint": self._made_from(number)}
        meta = {
            **made_by,
            "made_with": made_with(),
            "parts": [part],
            "licences": [info.licence],
            "fitted_on": request.body.name,
            "bodies": body_count,
            **({"body": {"fps": [request.body_fps.numerator, request.body_fps.denominator]}} if request.body_fps else {}),
            **_notes_for(number, association, detections),
        }
        # How steady a hand is, is not told across a cut.
        time = apart_at_cuts(timing.frame_time, cuts)
        tracks = {
            side: _hand_track(side, detections, association.of(number, side), time, request.body, self._estimator)
            if side in request.sides
            else HandTrack.empty(frame_count)
            for side in SIDES
        }
        return HandPoses(tracks["left"], tracks["right"], np.arange(frame_count), timing.frame_time, meta)

    def _completed(self, poses: HandPoses, target: Path, rows: Array) -> HandPoses:
        """With what the file holds of the frames and the side that were not run."""
        if rows.all() and self._request.side is None:
            return poses
        before = read_if_any(target)
        if before is not None and of_the_same_clip(before, poses):
            return put_into(before, poses, rows, self._request.sides)
        if before is not None:
            self._events.log(f"{target.name} is of another clip; the hands that were not asked for are not kept")
        return poses

    def _result(self, files: Sequence[HandPoses], fps: Fraction, reused: bool) -> EstimateResult:
        written = [
            WrittenHands(target, {side: int(poses.track(side).detected.sum()) for side in SIDES})
            for (_, target), poses in zip(self._request.targets, files, strict=True)
        ]
        has_body = self._keeps_body(files[0]) or (
            self._bodies is not None and files[0].meta.get(_NOBODY) != self._body_made_from
        )
        body = self._body_target if has_body else None
        return EstimateResult(written, files[0].frame_count, (fps.numerator, fps.denominator), reused, body)


def _notes_for(person: int, association: HandAssociation, detections: HandDetections) -> dict[str, Any]:
    """What `meta` says about the tracks: those of the person and those of nobody."""
    again = {}
    for side in SIDES:
        given = association.of(person, side)
        frames = np.flatnonzero(given >= 0)
        again[side] = frames[detections.second_look[given[frames]]].tolist()
    notes = [note.as_json() for note in association.notes if note.person in (person, None)]
    return {"tracks": notes, "second_look": again}


def _hand_track(
    side: Side, detections: HandDetections, given: Array, frame_time: Array, body: BodyModel, estimator: HandEstimator
) -> HandTrack:
    """The hand of a side from the detection (N,) that it has on each frame, or -1."""
    rows = np.flatnonzero(given >= 0)
    chosen = given[rows]
    track = HandTrack.empty(len(given))
    track.detected[rows] = True
    track.score[rows] = track.detector_score[rows] = detections.score[chosen]
    track.bbox[rows] = detections.bbox[chosen]
    track.keypoints_2d[rows] = detections.keypoints_2d[chosen]
    track.keypoints_3d[rows] = detections.keypoints_3d[chosen]
    track.pose_axis_angle[rows] = detections.hand_pose[chosen]
    track.global_orient_axis_angle[rows] = detections.global_orient[chosen]
    track.betas[rows] = detections.betas[chosen]
    # A pose that was estimated for a hand of the other side is none.
    has_no_pose = ~detections.has_pose[chosen] | (detections.is_right[chosen] != (side == "right"))
    return _fitted(track, side, rows[has_no_pose], frame_time, body, estimator)


def _fitted(
    track: HandTrack, side: Side, rows: Array, frame_time: Array, body: BodyModel, estimator: HandEstimator
) -> HandTrack:
    """The track with the poses of some rows fitted to their landmarks, and no higher scores than these poses deserve."""
    if not len(rows):
        return track
    skeleton = hand_skeleton(body, side)
    pose, orient = track.pose_axis_angle.copy(), track.global_orient_axis_angle.copy()
    for first in range(0, len(rows), _FITTED_AT_ONCE):
        block = rows[first : first + _FITTED_AT_ONCE]
        fitted = estimator.fit(track.keypoints_3d[block], track.keypoints_2d[block], skeleton)
        pose[block] = fitted.pose_axis_angle
        orient[block] = fitted.global_orient_axis_angle
    track = replace(track, pose_axis_angle=pose, global_orient_axis_angle=orient)
    score = track.score.copy()
    score[rows] = np.minimum(score[rows], finger_trust(track, rows, skeleton, frame_time))
    return replace(track, score=score)
