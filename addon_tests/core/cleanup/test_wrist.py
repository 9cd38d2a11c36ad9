from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon_tests.making.formulas import angle_of, random_axis_angle, rodrigues
from addon_tests.making.mirrored import SWAPPED, mirrored_body
from addon_tests.making.property_tests import examples
from handmocap_addon.core.body.model import posed_joints
from handmocap_addon.core.body.motion import BodyMotion, BodyTrack, joint_quat_wxyz, local_rotmat_of
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.cleanup.wrist import WristSettings, with_wrists
from handmocap_addon.core.cleanup.wrist_limits import WristLimits, limited_wrist, twist_angle, wrist_angles, wrist_axes
from handmocap_addon.core.cleanup.wrist_source import WristSource
from handmocap_addon.core.errors import BadUsageError, HandPosesFileError
from handmocap_addon.core.hands.hand_poses import HandTrack
from handmocap_addon.core.maths.rotations import (
    axis_angle_to_quat_wxyz,
    mirrored_axis_angle,
    quat_wxyz_to_axis_angle,
    quat_wxyz_to_rotmat,
    rotmat_to_axis_angle,
    rotmat_to_quat_wxyz,
)
from handmocap_addon.core.rig.accuracy import wrist_errors
from handmocap_addon.core.rig.hand_skeleton import hand_skeleton
from handmocap_addon.core.skeleton import FINGERS, JOINT_INDEX, SIDES, WRIST, Side

MODEL = load_stand_in_body()
REST = MODEL.rest_joints
FOCAL, MIDDLE = 800.0, (320.0, 240.0)
RAW_HAND = WristSettings(WristSource.HAND, smoothing=0.0)
EXACT = 1e-6
seeds = st.integers(0, 2**32 - 1)
both_sides = pytest.mark.parametrize("side", SIDES)


def joint(name: str) -> int:
    """Place of a joint in `body_quat_wxyz`."""
    return JOINT_INDEX[name] - 1


@dataclass(frozen=True)
class Shot:
    """A body with its true wrists, and hands as an estimator sees them that looks straight at each."""

    truth: BodyMotion
    tracks: dict[Side, HandTrack]
    time: np.ndarray

    def body_with(self, wrist_axis_angle: np.ndarray) -> BodyMotion:
        """The body with other wrists, (3,) or (N, 3)."""
        quat = self.truth.body_quat_wxyz.copy()
        for side in SIDES:
            quat[:, joint(f"{side}_wrist")] = axis_angle_to_quat_wxyz(wrist_axis_angle)
        return replace(self.truth, body_quat_wxyz=quat)

    def stiff(self) -> BodyMotion:
        return self.body_with(np.zeros(3))

    def wrists(self, body: BodyMotion, settings: WristSettings = RAW_HAND) -> BodyMotion:
        return with_wrists(body, self.tracks, self.time, REST, settings)

    def changed(self, change: Callable[[HandTrack], HandTrack]) -> Shot:
        return replace(self, tracks={side: change(track) for side, track in self.tracks.items()})

    def unseen(self, frames: np.ndarray | slice) -> Shot:
        """Both hands missing on some frames, whose rows are zeros as in the file."""

        def hide(track: HandTrack) -> HandTrack:
            rows = np.ones(len(track.detected), bool)
            rows[frames] = False
            return HandTrack(
                **{name: np.where(rows.reshape(-1, *[1] * (values.ndim - 1)), values, values.dtype.type(0))
                   for name, values in vars(track).items()}
            )  # fmt: skip

        return self.changed(hide)


def made_up_shot(seed: int, count: int = 24, smooth: bool = False, fps: float = 25.0) -> Shot:
    random = np.random.default_rng(seed)

    def angles(low: float, high: float) -> np.ndarray:
        if not smooth:
            return np.radians(random.uniform(low, high, count))
        wave = np.sin(np.arange(count) / fps * random.uniform(1.0, 3.0) + random.uniform(0.0, 6.0))
        return np.radians(0.5 * (low + high) + 0.5 * (high - low) * wave)

    body = random_axis_angle(random, count, 21, largest=0.6)
    if smooth:
        body[:] = body[:1]
    rotmat = rodrigues(body)
    for side in SIDES:
        axes = wrist_axes(REST, side)
        bend = angles(0, 100)[:, None] * np.array((0.0, -1.0 if side == "left" else 1.0, 0.0))
        rotmat[:, joint(f"{side}_elbow")] = rodrigues(bend) @ rodrigues(angles(-35, 35)[:, None] * axes.forearm)
        swing = angles(-70, 70)[:, None] * axes.flexion + angles(-20, 30)[:, None] * axes.ulnar
        rotmat[:, joint(f"{side}_wrist")] = rodrigues(angles(-35, 35)[:, None] * axes.forearm) @ rodrigues(swing)
    world, camera = (axis_angle_to_quat_wxyz(random_axis_angle(random, count, largest=3.0)) for _ in range(2))
    if smooth:
        world[:], camera[:] = world[:1], camera[:1]
    intrinsics = np.tile([[FOCAL, 0.0, MIDDLE[0]], [0.0, FOCAL, MIDDLE[1]], [0.0, 0.0, 1.0]], (count, 1, 1))
    motion = BodyMotion(
        rotmat_to_quat_wxyz(rotmat), BodyTrack(world, np.zeros((count, 3))), BodyTrack(camera, np.zeros((count, 3))),
        np.zeros(10), intrinsics,
    )  # fmt: skip
    tracks = {side: seen_on_its_ray(motion, side, random) for side in SIDES}
    return Shot(motion, tracks, np.arange(count) / fps)


def seen_on_its_ray(motion: BodyMotion, side: Side, random: np.random.Generator) -> HandTrack:
    """The hand as seen by a virtual camera that is turned, the shortest way, until it looks straight at it."""
    count = motion.frame_count
    place = np.concatenate((random.uniform(-0.5, 0.5, (count, 2)), np.ones((count, 1))), axis=1)
    away = np.linalg.norm(place[:, :2], axis=1)
    # Looking right is a turn about the downward axis, looking down one about the leftward axis.
    turn = rodrigues(np.stack((-place[:, 1], place[:, 0], np.zeros(count)), axis=1) * (np.arctan(away) / away)[:, None])
    posed = posed_joints(REST, local_rotmat_of(motion, motion.camera), motion.camera.translation)
    seen = np.swapaxes(turn, -1, -2) @ posed.rotmat[:, WRIST[side]]
    centre = place[:, :2] * FOCAL + MIDDLE
    track = HandTrack.empty(count)
    return replace(
        track,
        detected=np.ones(count, bool),
        score=np.ones(count),
        detector_score=np.ones(count),
        bbox=np.concatenate((centre - 40.0, centre + 40.0), axis=1),
        global_orient_axis_angle=rotmat_to_axis_angle(seen),
    )


def apart(first: BodyMotion, second: BodyMotion, name: str) -> np.ndarray:
    """Angles (N,) in degrees between a joint's local rotations."""
    a, b = (quat_wxyz_to_rotmat(motion.body_quat_wxyz[:, joint(name)]) for motion in (first, second))
    return np.degrees(angle_of(np.swapaxes(a, -1, -2) @ b))


def largest_difference(first: BodyMotion, second: BodyMotion) -> float:
    return max(apart(first, second, f"{side}_{name}").max() for side in SIDES for name in ("wrist", "elbow"))


def test_the_default_gives_the_body_back_to_the_bit() -> None:
    shot = made_up_shot(0)
    assert shot.wrists(shot.truth, WristSettings()) is shot.truth


@examples(20)
@given(seed=seeds)
def test_true_hands_seen_off_the_axis_give_the_true_wrists(seed: int) -> None:
    shot = made_up_shot(seed)
    found = shot.wrists(shot.stiff())
    assert largest_difference(found, shot.truth) < EXACT
    others = [number for number in range(21) if number not in (joint("left_wrist"), joint("right_wrist"))]
    np.testing.assert_allclose(found.body_quat_wxyz[:, others], shot.truth.body_quat_wxyz[:, others], atol=1e-12)
    assert found.world is shot.truth.world
    assert found.camera is shot.truth.camera


def test_the_place_in_the_picture_matters_by_the_angle_of_its_ray() -> None:
    shot = made_up_shot(1)
    unlimited = WristLimits(*[(-4.0, 4.0)] * 3)
    unboxed = shot.changed(lambda track: replace(track, bbox=np.zeros_like(track.bbox)))
    found = unboxed.wrists(shot.stiff(), replace(RAW_HAND, limits=unlimited))
    for side in SIDES:
        box = shot.tracks[side].bbox
        off_axis = np.degrees(np.arctan(np.linalg.norm((box[:, :2] + box[:, 2:]) / 2.0 - MIDDLE, axis=1) / FOCAL))
        assert off_axis.max() > 20.0
        np.testing.assert_allclose(np.degrees(wrist_errors(found, shot.truth, side)), off_axis, atol=EXACT)


@examples(20)
@given(seed=seeds, turn=st.tuples(*[st.floats(-2.0, 2.0)] * 3))
def test_a_turn_of_the_camera_changes_nothing(seed: int, turn: tuple[float, float, float]) -> None:
    shot = made_up_shot(seed)
    rotmat = rodrigues(turn)

    # Hands in the picture's middle, so that a turned camera needs no new box.
    def centred(track: HandTrack) -> HandTrack:
        return replace(track, bbox=np.tile((*MIDDLE, *MIDDLE), (len(track.bbox), 1)))

    def turned(axis_angle: np.ndarray) -> np.ndarray:
        return rotmat_to_axis_angle(rotmat @ rodrigues(axis_angle))

    still = shot.changed(centred)
    moved = still.changed(lambda track: replace(track, global_orient_axis_angle=turned(track.global_orient_axis_angle)))
    orient = rotmat_to_quat_wxyz(rotmat @ quat_wxyz_to_rotmat(shot.truth.camera.orient_quat_wxyz))
    camera = replace(shot.truth.camera, orient_quat_wxyz=orient)
    before = still.wrists(shot.stiff(), WristSettings(WristSource.BLEND))
    after = moved.wrists(replace(shot.stiff(), camera=camera), WristSettings(WristSource.BLEND))
    assert largest_difference(before, after) < 1e-4


def test_the_world_has_no_say() -> None:
    shot = made_up_shot(2)
    elsewhere = BodyTrack(shot.truth.world.orient_quat_wxyz[::-1], shot.truth.world.translation)
    there, here = shot.wrists(replace(shot.stiff(), world=elsewhere)), shot.wrists(shot.stiff())
    np.testing.assert_array_equal(there.body_quat_wxyz, here.body_quat_wxyz)


@examples(20)
@given(seed=seeds, share=st.floats(0.0, 1.0))
def test_a_mirrored_person_gets_the_mirrored_wrists(seed: int, share: float) -> None:
    shot = made_up_shot(seed)
    # A tenth of the hands are nonsense, so that limits are at work too.
    shot = shot.changed(lambda track: replace(track, global_orient_axis_angle=with_nonsense(track, seed)))
    wanted = WristSettings(WristSource.BLEND, share)
    swapped = SWAPPED[1:22] - 1

    def mirrored_quat(quat: np.ndarray) -> np.ndarray:
        return quat * (1.0, 1.0, -1.0, -1.0)

    def mirrored_motion(motion: BodyMotion) -> BodyMotion:
        return replace(
            motion,
            body_quat_wxyz=mirrored_quat(motion.body_quat_wxyz)[:, swapped],
            camera=replace(motion.camera, orient_quat_wxyz=mirrored_quat(motion.camera.orient_quat_wxyz)),
        )

    def mirrored_track(track: HandTrack) -> HandTrack:
        box = track.bbox * (-1.0, 1.0, -1.0, 1.0) + (2.0 * MIDDLE[0], 0.0, 2.0 * MIDDLE[0], 0.0)
        return replace(
            track,
            bbox=box[:, [2, 1, 0, 3]],
            global_orient_axis_angle=mirrored_axis_angle(track.global_orient_axis_angle),
        )

    tracks: dict[Side, HandTrack] = {
        "left": mirrored_track(shot.tracks["right"]), "right": mirrored_track(shot.tracks["left"])
    }  # fmt: skip
    rest = mirrored_body(MODEL).rest_joints
    found = with_wrists(mirrored_motion(shot.stiff()), tracks, shot.time, rest, wanted)
    assert largest_difference(found, mirrored_motion(shot.wrists(shot.stiff(), wanted))) < 1e-4


def with_nonsense(track: HandTrack, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    count = len(track.detected)
    anything = random_axis_angle(random, count, largest=np.pi)
    return np.where(random.uniform(size=(count, 1)) < 0.1, anything, track.global_orient_axis_angle)


@both_sides
@examples(20)
@given(seed=seeds, smoothing=st.sampled_from([0.0, 0.08]))
def test_no_hand_bends_a_wrist_further_than_a_human_s(side: Side, seed: int, smoothing: float) -> None:
    shot = made_up_shot(seed, count=40)
    anything = random_axis_angle(np.random.default_rng(seed), 40, largest=np.pi)
    wild = shot.changed(lambda track: replace(track, global_orient_axis_angle=anything))
    found = wild.wrists(shot.stiff(), replace(RAW_HAND, smoothing=smoothing))
    axes, limits = wrist_axes(REST, side), WristLimits()
    twist, flexion, ulnar = wrist_angles(found.body_quat_wxyz[:, joint(f"{side}_wrist")], axes)
    total = twist + twist_angle(found.body_quat_wxyz[:, joint(f"{side}_elbow")], axes.forearm)
    for values, (low, high) in ((flexion, limits.flexion), (ulnar, limits.ulnar), (total, limits.twist)):
        assert values.min() > low - 1e-6
        assert values.max() < high + 1e-6


@both_sides
@examples(20)
@given(seed=seeds)
def test_what_is_inside_the_limits_stays_as_it_is(side: Side, seed: int) -> None:
    quat = made_up_shot(seed).truth.body_quat_wxyz
    wrist, elbow = quat[:, joint(f"{side}_wrist")], quat[:, joint(f"{side}_elbow")]
    np.testing.assert_array_equal(limited_wrist(wrist, elbow, wrist_axes(REST, side), WristLimits()), wrist)


@both_sides
def test_the_elbow_s_turn_counts_towards_the_forearm_s(side: Side) -> None:
    axes = wrist_axes(REST, side)
    elbow, wrist = (axis_angle_to_quat_wxyz(np.radians(degrees) * axes.forearm)[None] for degrees in (60.0, 50.0))
    limited = limited_wrist(wrist, elbow, axes, WristLimits())
    assert np.degrees(wrist_angles(limited, axes)[0]) == pytest.approx(25.0)
    other_way = axis_angle_to_quat_wxyz(np.radians(-50.0) * axes.forearm)[None]
    np.testing.assert_array_equal(limited_wrist(other_way, elbow, axes, WristLimits()), other_way)


@both_sides
def test_axes_bend_to_the_palm_and_to_the_little_finger(side: Side) -> None:
    hand, axes = hand_skeleton(MODEL, side), wrist_axes(REST, side)
    middle, index, pinky = (hand.joints[FINGERS.index(name) * 3] for name in ("middle", "index", "pinky"))
    flexed, ulnar = rodrigues(0.5 * axes.flexion) @ middle, rodrigues(0.5 * axes.ulnar) @ middle
    assert (flexed - middle) @ hand.palm_normal < -0.03
    assert (ulnar - middle) @ (pinky - index) > 0.0
    frame = np.stack((axes.forearm, axes.flexion, axes.ulnar))
    np.testing.assert_allclose(frame @ frame.T, np.eye(3), atol=1e-12)


@pytest.mark.parametrize("source", WristSource)
@examples(20)
@given(seed=seeds, share=st.floats(0.05, 1.0))
def test_a_forearm_that_takes_its_share_leaves_the_hand_where_it_is(source: WristSource, seed: int, share: float) -> None:
    shot = made_up_shot(seed)
    body = shot.body_with(random_axis_angle(np.random.default_rng(seed), 24, largest=0.8))
    without, shared = (shot.wrists(body, WristSettings(source, value)) for value in (0.0, share))
    for side in SIDES:
        assert np.degrees(wrist_errors(shared, without, side)).max() < EXACT
        axes, wrist, elbow = wrist_axes(REST, side), joint(f"{side}_wrist"), joint(f"{side}_elbow")
        before, after = (wrist_angles(motion.body_quat_wxyz[:, wrist], axes) for motion in (without, shared))
        np.testing.assert_allclose(after[0], (1.0 - share) * before[0], atol=1e-6)
        np.testing.assert_allclose(after[1:], before[1:], atol=1e-6)
        # The forearm points where it did: the elbow's turn is about it.
        moved = quat_wxyz_to_rotmat(shared.body_quat_wxyz[:, elbow]) @ axes.forearm
        np.testing.assert_allclose(moved, quat_wxyz_to_rotmat(without.body_quat_wxyz[:, elbow]) @ axes.forearm, atol=1e-9)


def test_a_slow_wrist_survives_smoothing_and_noise_does_not() -> None:
    shot = made_up_shot(5, count=100, smooth=True)
    wanted = WristSettings(WristSource.HAND)
    assert max(np.degrees(wrist_errors(shot.wrists(shot.stiff(), wanted), shot.truth, side)).max() for side in SIDES) < 4.0
    noise = rodrigues(random_axis_angle(np.random.default_rng(0), 100, largest=np.radians(15.0)))
    noisy = shot.changed(
        lambda track: replace(
            track, global_orient_axis_angle=rotmat_to_axis_angle(noise @ rodrigues(track.global_orient_axis_angle))
        )
    )
    for side in SIDES:
        raw, smoothed = (
            np.diff(quat_wxyz_to_axis_angle(noisy.wrists(shot.stiff(), chosen).body_quat_wxyz[:, joint(f"{side}_wrist")]),
                    n=3, axis=0)
            for chosen in (RAW_HAND, wanted)
        )  # fmt: skip
        assert np.abs(smoothed).mean() < 0.1 * np.abs(raw).mean()


def test_a_wrist_at_rest_is_the_same_after_smoothing() -> None:
    shot = made_up_shot(6, count=30, smooth=True)
    still = shot.body_with(np.array((0.2, 0.1, -0.3)))
    seen = replace(shot, tracks={side: seen_on_its_ray(still, side, np.random.default_rng(1)) for side in SIDES})
    assert largest_difference(seen.wrists(shot.stiff(), WristSettings(WristSource.HAND)), still) < EXACT


def test_a_palm_that_flips_for_a_frame_is_ignored() -> None:
    shot = made_up_shot(7, count=60, smooth=True)

    def flipped(track: HandTrack) -> HandTrack:
        orient = track.global_orient_axis_angle.copy()
        orient[30] = rotmat_to_axis_angle(rodrigues(orient[30]) @ rodrigues((np.pi, 0.0, 0.0)))
        return replace(track, global_orient_axis_angle=orient)

    wanted = WristSettings(WristSource.HAND)
    with_flip, without = (some.wrists(shot.stiff(), wanted) for some in (shot.changed(flipped), shot))
    assert largest_difference(with_flip, without) < 3.0


def test_a_short_gap_is_bridged_by_the_hand() -> None:
    shot = made_up_shot(8, count=60, smooth=True)
    found = shot.unseen(slice(25, 31)).wrists(shot.stiff())
    for side in SIDES:
        assert np.degrees(wrist_errors(found, shot.truth, side)).max() < 8.0
        measured = np.r_[:25, 31:60]
        assert np.degrees(wrist_errors(found, shot.truth, side))[measured].max() < EXACT


def test_frames_below_the_lowest_score_are_bridged() -> None:
    shot = made_up_shot(8, count=60, smooth=True)

    def doubtful(track: HandTrack) -> HandTrack:
        score, orient = track.score.copy(), track.global_orient_axis_angle.copy()
        score[25:31], orient[25:31] = 0.2, (0.1, 0.1, 0.1)
        return replace(track, score=score, global_orient_axis_angle=orient)

    strict = replace(RAW_HAND, lowest_score=0.3)
    found = shot.changed(doubtful).wrists(shot.stiff(), strict)
    assert largest_difference(found, shot.unseen(slice(25, 31)).wrists(shot.stiff(), RAW_HAND)) < EXACT


def test_where_no_hand_is_seen_the_wrist_eases_to_the_body_s() -> None:
    shot = made_up_shot(9, count=100, smooth=True)
    body = shot.stiff()
    hidden = np.r_[0:15, 40:70]
    found = shot.unseen(hidden).wrists(body)
    for side in SIDES:
        name = f"{side}_wrist"
        from_body = apart(found, body, name)
        # 0.3 seconds are 7.5 frames.
        gone = np.r_[0:7, 48:62]
        np.testing.assert_array_equal(found.body_quat_wxyz[gone, joint(name)], body.body_quat_wxyz[gone, joint(name)])
        seen = np.setdiff1d(np.arange(100), hidden)
        assert apart(found, shot.truth, name)[seen].max() < EXACT
        fading = from_body[39:49]
        assert (np.diff(fading) < 1e-9).all()
        assert np.abs(np.diff(fading)).max() < 0.35 * from_body[39]


def test_in_the_middle_of_a_gap_shorter_than_two_eases_the_wrist_is_the_body_s() -> None:
    shot = made_up_shot(10, count=60, smooth=True)
    body = shot.stiff()
    # Any rest of the hand before the gap would jump to the hand after it.
    found = shot.unseen(slice(20, 29)).wrists(body, replace(RAW_HAND, longest_gap=0.1, ease=0.3))
    for side in SIDES:
        from_body = apart(found, body, f"{side}_wrist")
        assert from_body[24] < EXACT
        assert from_body[[22, 26]].min() > 1.0


def test_without_ease_the_body_takes_over_at_once() -> None:
    shot = made_up_shot(11, count=40)
    body = shot.stiff()
    found = shot.unseen(slice(10, 30)).wrists(body, replace(RAW_HAND, ease=0.0))
    np.testing.assert_array_equal(found.body_quat_wxyz[10:30], body.body_quat_wxyz[10:30])
    assert np.isfinite(found.body_quat_wxyz).all()


@pytest.mark.parametrize("source", [WristSource.HAND, WristSource.BLEND])
@examples(20)
@given(seed=seeds, hidden=st.lists(st.integers(0, 39), max_size=38))
def test_a_clip_reversed_gives_the_wrists_reversed(source: WristSource, seed: int, hidden: list[int]) -> None:
    shot = made_up_shot(seed, count=40)
    random = np.random.default_rng(seed)
    # Uneven times, scores and nonsense.
    shot = replace(shot, time=np.cumsum(random.uniform(0.02, 0.06, 40)))
    shot = shot.changed(lambda track: replace(track, detector_score=random.uniform(0.2, 1.0, 40)))
    shot = shot.changed(lambda track: replace(track, global_orient_axis_angle=with_nonsense(track, seed)))
    shot = shot.unseen(np.array(hidden, dtype=int))
    body = shot.body_with(random_axis_angle(random, 40, largest=0.5))
    wanted = WristSettings(source, 0.5)

    def reversed_motion(motion: BodyMotion) -> BodyMotion:
        camera = replace(motion.camera, orient_quat_wxyz=motion.camera.orient_quat_wxyz[::-1])
        return replace(motion, body_quat_wxyz=motion.body_quat_wxyz[::-1], camera=camera)

    backwards = shot.changed(lambda track: HandTrack(**{name: values[::-1] for name, values in vars(track).items()}))
    backwards = replace(backwards, time=(shot.time[-1] - shot.time)[::-1])
    found = backwards.wrists(reversed_motion(body), wanted)
    assert np.isfinite(found.body_quat_wxyz).all()
    assert largest_difference(reversed_motion(found), shot.wrists(body, wanted)) < 1e-3


@pytest.mark.parametrize("source", [WristSource.HAND, WristSource.BLEND])
def test_hands_never_seen_leave_the_body_as_it_is(source: WristSource) -> None:
    shot = made_up_shot(12).unseen(slice(None))
    body = shot.body_with(np.array((0.3, -0.2, 0.1)))
    np.testing.assert_array_equal(shot.wrists(body, WristSettings(source)).body_quat_wxyz, body.body_quat_wxyz)


def test_one_hand_never_seen_leaves_its_own_wrist_alone() -> None:
    shot = made_up_shot(13)
    shot.tracks["left"] = shot.unseen(slice(None)).tracks["left"]
    found = shot.wrists(shot.stiff())
    np.testing.assert_array_equal(apart(found, shot.stiff(), "left_wrist"), 0.0)
    assert apart(found, shot.truth, "right_wrist").max() < EXACT


@pytest.mark.parametrize("count", [1, 2])
def test_very_short_clips(count: int) -> None:
    shot = made_up_shot(14, count=count)
    assert largest_difference(shot.wrists(shot.stiff()), shot.truth) < EXACT
    assert np.isfinite(shot.wrists(shot.stiff(), WristSettings(WristSource.BLEND, 1.0)).body_quat_wxyz).all()


def test_a_hand_on_every_second_frame_is_a_hand_all_along() -> None:
    shot = made_up_shot(15, count=60, smooth=True)
    found = shot.unseen(np.arange(1, 60, 2)).wrists(shot.stiff())
    for side in SIDES:
        assert np.degrees(wrist_errors(found, shot.truth, side))[:-1].max() < 2.0


@pytest.mark.parametrize("score", [0.0, 0.5, 1.0])
def test_a_blend_goes_as_far_as_the_detectors_score_says(score: float) -> None:
    shot = made_up_shot(16).changed(lambda track: replace(track, detector_score=np.full(len(track.score), score)))
    body = shot.stiff()
    found = shot.wrists(body, replace(RAW_HAND, source=WristSource.BLEND))
    for side in SIDES:
        whole = apart(shot.truth, body, f"{side}_wrist")
        np.testing.assert_allclose(apart(found, body, f"{side}_wrist"), score * whole, atol=1e-3)
        np.testing.assert_allclose(apart(found, shot.truth, f"{side}_wrist"), (1.0 - score) * whole, atol=1e-3)


def test_a_blend_follows_the_score_smoothly() -> None:
    shot = made_up_shot(17, count=50, smooth=True)
    shot = shot.changed(lambda track: replace(track, detector_score=np.where(np.arange(50) < 25, 1.0, 0.2)))
    share = apart(shot.wrists(shot.stiff(), WristSettings(WristSource.BLEND)), shot.stiff(), "left_wrist") / apart(
        shot.wrists(shot.stiff(), WristSettings(WristSource.HAND)), shot.stiff(), "left_wrist"
    )
    assert share[10] == pytest.approx(1.0, abs=0.01)
    assert share[40] == pytest.approx(0.2, abs=0.01)
    assert (np.diff(share) < 0.01).all()
    assert np.abs(np.diff(share)).max() < 0.2


def test_an_impossible_hand_has_little_say_in_a_blend() -> None:
    shot = made_up_shot(18, smooth=True)
    body = shot.stiff()
    # The forearm has turned by at most some 40 degrees, so that the palm on the other side is far outside its range.
    back_to_front = shot.body_with(np.array((np.pi, 0.0, 0.0)))
    over = replace(shot, tracks={side: seen_on_its_ray(back_to_front, side, np.random.default_rng(0)) for side in SIDES})
    assert largest_difference(over.wrists(body, WristSettings(WristSource.BLEND)), body) < 5.0
    assert largest_difference(over.wrists(body, WristSettings(WristSource.HAND)), body) > 30.0


def test_hands_without_an_orientation_are_one_sentence() -> None:
    shot = made_up_shot(19).changed(lambda track: replace(track, global_orient_axis_angle=np.zeros((24, 3))))
    with pytest.raises(HandPosesFileError) as caught:
        shot.wrists(shot.truth)
    assert caught.value.sentence() == (
        "The hands have no global_orient from which a wrist could be taken: run Estimate, or keep the body's wrist"
    )
    assert shot.wrists(shot.truth, WristSettings(forearm_twist_share=0.5)) is not shot.truth


def test_inputs_stay_as_they_are() -> None:
    shot = made_up_shot(20)
    body = shot.stiff()
    before = body.body_quat_wxyz.copy(), shot.tracks["left"].global_orient_axis_angle.copy()
    shot.wrists(body, WristSettings(WristSource.BLEND, 1.0))
    np.testing.assert_array_equal(body.body_quat_wxyz, before[0])
    np.testing.assert_array_equal(shot.tracks["left"].global_orient_axis_angle, before[1])


@both_sides
def test_wrist_errors_are_angles_between_global_rotations(side: Side) -> None:
    shot = made_up_shot(21)
    quat = shot.truth.body_quat_wxyz.copy()
    # A wrong shoulder turns the hand with it.
    turn = axis_angle_to_quat_wxyz((0.25, 0.0, 0.0))
    quat[:, joint(f"{side}_shoulder")] = rotmat_to_quat_wxyz(
        quat_wxyz_to_rotmat(quat[:, joint(f"{side}_shoulder")]) @ quat_wxyz_to_rotmat(turn)
    )
    wrong = replace(shot.truth, body_quat_wxyz=quat)
    np.testing.assert_allclose(wrist_errors(wrong, shot.truth, side), 0.25, atol=1e-9)
    np.testing.assert_allclose(wrist_errors(shot.truth, shot.truth, side), 0.0, atol=1e-7)


@pytest.mark.parametrize("name", ["pelvis", "left_elbow", "right_wrist", "left_foot", "head"])
def test_global_rotations_are_those_of_forward_kinematics(name: str) -> None:
    motion = made_up_shot(22).truth
    for track in (motion.world, motion.camera):
        posed = posed_joints(REST, local_rotmat_of(motion, track), track.translation)
        found = quat_wxyz_to_rotmat(joint_quat_wxyz(motion, track, name))
        np.testing.assert_allclose(found, posed.rotmat[:, JOINT_INDEX[name]], atol=1e-9)


@pytest.mark.parametrize("share", [-0.1, 1.1, np.nan])
def test_a_share_of_the_twist_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(BadUsageError, match="share of the twist"):
        WristSettings(forearm_twist_share=share)
