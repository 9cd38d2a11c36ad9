"""Body, clip and hands that belong together, do so after an exact correction, or do not and are told apart."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from addon_tests.making.hand_scenes import PICTURE, Hand, arms_of, detections_of, hand
from handmocap_addon.core.body.frames import on_frames_of
from handmocap_addon.core.body.makers import AMASS, PROMPT_HMR, SMPL_CODEC
from handmocap_addon.core.body.motion import BodyMotion, BodyTrack, camera_path
from handmocap_addon.core.body.pictures import PictureFacts, lens_size, seen_in, turned_upright
from handmocap_addon.core.errors import BadUsageError, BelongingError, FrameCountError
from handmocap_addon.core.hands.hand_poses import HandPoses, HandTrack
from handmocap_addon.core.maths.rotations import (
    axis_angle_to_quat_wxyz,
    quat_wxyz_multiply,
    quat_wxyz_to_rotmat,
    rotmat_to_quat_wxyz,
)
from handmocap_addon.core.whose_hands import belonging
from handmocap_addon.core.whose_hands.seen_wrists import SeenHands
from handmocap_addon.core.whose_hands.wrist_agreement import check_hands_are_the_body_s

WIDTH, HEIGHT = 1280, 720
COUNT = 60


def moving(count: int = COUNT, rate: float = 30.0, size: tuple[int, int] = (WIDTH, HEIGHT)) -> BodyMotion:
    """A person who turns evenly and walks, in front of an upright camera, `rate` frames a second."""
    time = np.arange(count) / rate
    zero = np.zeros(count)
    arms = np.zeros((count, 21, 3))
    arms[:, 15, 2], arms[:, 16, 2] = -0.4 * time, 0.6 * time
    world = axis_angle_to_quat_wxyz(np.stack((zero, 0.5 * time, zero), axis=1))
    # The camera looks along the world's -z; half a turn about x makes y point down.
    half_turn = np.array(((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0)))
    seen = half_turn @ quat_wxyz_to_rotmat(world)
    lens = np.array(((1100.0, 0.0, size[0] / 2), (0.0, 1100.0, size[1] / 2), (0.0, 0.0, 1.0)))
    return BodyMotion(
        axis_angle_to_quat_wxyz(arms),
        BodyTrack(world, np.stack((0.3 * time, zero + 1.0, zero), axis=1)),
        BodyTrack(rotmat_to_quat_wxyz(seen), np.stack((0.3 * time, zero + 0.7, zero + 3.5), axis=1)),
        np.zeros(10),
        np.tile(lens, (count, 1, 1)),
        "hmr4d_results.pt",
    )


def wrists(motion: BodyMotion) -> np.ndarray:
    return belonging.arms_of(motion).wrist


def lying(upright: BodyMotion, clockwise: int) -> BodyMotion:
    """The body as it is before the camera whose pictures have to be turned clockwise by so much to stand."""
    return turned_upright(upright, (WIDTH, HEIGHT), 360 - clockwise)


def clip_of(size: tuple[int, int] = (WIDTH, HEIGHT), **more: Any) -> PictureFacts:
    return PictureFacts("shot.mov", size, **more)


@pytest.mark.parametrize("size", [(1280, 720), (1281, 719), (1280, 724)])
def test_pictures_of_the_same_size_are_the_same(size):
    motion = moving()
    assert seen_in(motion, clip_of(size)) is motion


@pytest.mark.parametrize(("size", "scale"), [((2560, 1440), 2.0), ((640, 360), 0.5), ((1920, 1080), 1.5)])
def test_a_proxy_s_camera_is_scaled_to_the_clip(size, scale):
    motion = moving()
    scaled = seen_in(motion, clip_of(size))
    np.testing.assert_allclose(wrists(scaled), wrists(motion) * scale)
    assert "pictures of 1280x720 and shot.mov has {}x{}".format(*size) in scaled.warnings[0]


def test_a_proxy_whose_size_had_to_be_rounded_is_scaled():
    proxy = moving(size=(854, 480))
    scaled = seen_in(proxy, clip_of((1920, 1080)))
    np.testing.assert_allclose(wrists(scaled), wrists(proxy) * (1920 / 854, 1080 / 480))


@pytest.mark.parametrize("clockwise", [90, 270])
@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_a_phone_s_lying_pictures_are_turned_as_its_file_says(clockwise, scale):
    upright = moving()
    saw = lying(upright, clockwise)
    # What the camera saw is turned: a point of the upright picture (x, y) is (y, W - x) in one that has to be turned clockwise.
    x, y = wrists(upright)[..., 0], wrists(upright)[..., 1]
    there = np.stack((y, WIDTH - x) if clockwise == 90 else (HEIGHT - y, x), axis=-1)
    np.testing.assert_allclose(wrists(saw), there, atol=1e-6)
    saw = replace(saw, intrinsics=saw.intrinsics * np.array((scale, scale, 1.0))[:, None])
    turned = seen_in(saw, clip_of(stored_size=(HEIGHT, WIDTH), rotation=clockwise))
    np.testing.assert_allclose(wrists(turned), wrists(upright), atol=1e-6)
    assert "lying pictures" in turned.warnings[0]


def test_lying_pictures_without_a_turn_in_the_file_are_refused():
    with pytest.raises(BelongingError, match="720x1280 and shot.mov has 1280x720: they lie") as caught:
        seen_in(lying(moving(), 90), clip_of())
    assert "0_input_video.mp4" in caught.value.hint


def test_a_body_that_lies_in_the_world_as_its_pictures_did_is_refused():
    saw = lying(moving(), 90)
    # GVHMR took the lying pictures for upright ones.
    half_turn = np.array((0.0, 1.0, 0.0, 0.0))
    orient = quat_wxyz_multiply(np.tile(half_turn, (COUNT, 1)), saw.camera.orient_quat_wxyz)
    lies = replace(saw, world=BodyTrack(orient, saw.world.translation))
    with pytest.raises(BelongingError, match="lies in the world"):
        seen_in(lies, clip_of(stored_size=(HEIGHT, WIDTH), rotation=90))


ANAMORPHIC = clip_of((1920, 1080), stored_size=(1440, 1080), pixel_aspect=Fraction(4, 3))


def test_a_squeezed_picture_s_lens_that_knows_it_is_made_square():
    motion = moving(size=(1440, 1080))
    lens = motion.intrinsics.copy()
    lens[:, 0, 0] *= 0.75
    knows = replace(motion, intrinsics=lens)
    square = seen_in(knows, ANAMORPHIC)
    np.testing.assert_allclose(square.intrinsics[0], ((1100.0, 0.0, 960.0), (0.0, 1100.0, 540.0), (0.0, 0.0, 1.0)))
    np.testing.assert_allclose(wrists(square), wrists(knows) * (4 / 3, 1.0))


def test_a_squeezed_picture_that_was_taken_for_a_square_one_is_refused():
    with pytest.raises(BelongingError, match="1440x1080 in shot.mov, whose pixels are not square") as caught:
        seen_in(moving(size=(1440, 1080)), ANAMORPHIC)
    assert "copy of 1920x1080 with square pixels" in caught.value.hint


@pytest.mark.parametrize("size", [(1280, 960), (640, 640), (1280, 700)])
def test_other_pictures_are_refused_with_both_sizes(size):
    with pytest.raises(BelongingError, match="1280x720 and shot.mov has {}x{}".format(*size)):
        seen_in(with_lens(moving(), np.hypot(1280, 720), 640.0, 360.0), clip_of(size))


def with_lens(motion: BodyMotion, focal: float, x: float, y: float) -> BodyMotion:
    lens = np.array(((focal, 0.0, x), (0.0, focal, y), (0.0, 0.0, 1.0)))
    return replace(motion, intrinsics=np.tile(lens, (motion.frame_count, 1, 1)))


@pytest.mark.parametrize("point", [(655.4, 352.1), (640.0, 380.0), (900.0, 360.0), (420.0, 250.0), (672.0, 378.0)])
def test_a_lens_whose_middle_is_not_the_picture_s_stays_as_it_is_and_is_said(point):
    """A calibrated lens, and the lens of larger pictures of which these were cut."""
    motion = with_lens(moving(), 1100.0, *point)
    kept = seen_in(motion, clip_of())
    np.testing.assert_array_equal(kept.intrinsics, motion.intrinsics)
    (said,) = kept.warnings
    assert said.startswith(f"GVHMR's lens has its middle at {point[0]:.0f}, {point[1]:.0f} in the 1280x720 of shot.mov")
    fitted = belonging.fitted_to_hands(motion, poses_of(motion, (WIDTH, HEIGHT)))
    np.testing.assert_array_equal(fitted.intrinsics, motion.intrinsics)


def test_hands_tell_a_lens_of_other_pictures_from_one_with_its_middle_elsewhere():
    motion = with_lens(moving(), 1100.0, 640.0, 480.0)
    seen_there = with_lens(motion, 1100.0, 640.0, 360.0)
    with pytest.raises(BelongingError, match="moved by 0 and -120 pixels: GVHMR saw another part of the picture"):
        belonging.fitted_to_hands(motion, poses_of(seen_there, (WIDTH, HEIGHT)))


def test_a_middle_far_outside_is_of_other_pictures():
    for point in ((1100.0, 360.0), (640.0, 40.0)):
        with pytest.raises(BelongingError, match="GVHMR's result was made from pictures of"):
            seen_in(with_lens(moving(), 1100.0, *point), clip_of())


def times(count: int, fps: float) -> np.ndarray:
    return np.arange(count) / fps


def test_as_many_frames_are_the_same():
    motion = moving()
    assert on_frames_of(motion, times(COUNT, 24), Fraction(24), "shot.mov") is motion


@pytest.mark.parametrize("more", [-2, -1, 1, 2])
def test_a_frame_or_two_more_or_less_keep_the_frames_in_their_places(more):
    motion = moving()
    laid = on_frames_of(motion, times(COUNT + more, 60), Fraction(60), "shot.mov", (Fraction(30),))
    assert laid.frame_count == COUNT + more
    rows = np.minimum(np.arange(COUNT + more), COUNT - 1)
    np.testing.assert_array_equal(laid.camera.translation, motion.camera.translation[rows])
    np.testing.assert_array_equal(laid.body_quat_wxyz, motion.body_quat_wxyz[rows])
    assert (
        f"has {COUNT} frames (its copy of the clip is called 30 fps) and shot.mov has {COUNT + more} at 60 fps"
        in laid.warnings[0]
    )


@pytest.mark.parametrize(("fps", "count"), [(60, 120), (24, 48), (25, 50), (50, 100), (120, 240)])
def test_a_body_that_was_made_into_30_frames_a_second_is_laid_on_the_clip_s_times(fps, count):
    laid = on_frames_of(moving(), times(count, fps), Fraction(fps), "shot.mov")
    exact = moving(count, fps)
    inside = times(count, fps) <= (COUNT - 1) / 30.0
    assert laid.frame_count == count
    for part, expected in (
        (laid.world.translation, exact.world.translation),
        (laid.camera.translation, exact.camera.translation),
        (quat_wxyz_to_rotmat(laid.body_quat_wxyz), quat_wxyz_to_rotmat(exact.body_quat_wxyz)),
        (quat_wxyz_to_rotmat(laid.world.orient_quat_wxyz), quat_wxyz_to_rotmat(exact.world.orient_quat_wxyz)),
    ):
        np.testing.assert_allclose(part[inside], expected[inside], atol=1e-9)
    assert "both last equally long at 30 fps" in laid.warnings[0]


def test_uneven_times_are_followed():
    uneven = np.cumsum(np.concatenate(((0.0,), np.tile((0.01, 0.03), 49))))
    laid = on_frames_of(moving(), uneven, None, "shot.mov")
    inside = uneven <= (COUNT - 1) / 30.0
    np.testing.assert_allclose(laid.world.translation[inside, 0], 0.3 * uneven[inside], atol=1e-9)


def test_a_body_at_the_rate_of_the_copy_beside_it_is_laid_out():
    laid = on_frames_of(moving(20, 10.0), times(COUNT, 30), Fraction(30), "shot.mov", (Fraction(10),))
    np.testing.assert_allclose(laid.world.translation[:50, 0], 0.3 * times(50, 30), atol=1e-9)


@pytest.mark.parametrize(("count", "fps"), [(90, 30), (30, 30), (100, 24), (240, 60)])
def test_a_body_of_a_part_of_the_clip_is_refused_with_counts_and_rate(count, fps):
    with pytest.raises(FrameCountError, match=f"has {COUNT} frames and shot.mov has {count} at {fps} fps") as caught:
        on_frames_of(moving(), times(count, fps), Fraction(fps), "shot.mov")
    assert "0_input_video.mp4" in caught.value.hint


def test_a_rate_that_the_body_s_file_says_is_followed():
    """Of mocap at 120 frames a second, which no copy of a clip has."""
    mocap = replace(moving(240, 120.0), maker=AMASS, fps=Fraction(120))
    laid = on_frames_of(mocap, times(48, 24), Fraction(24), "shot.mov")
    inside = times(48, 24) <= 239 / 120.0
    np.testing.assert_allclose(laid.world.translation[inside], moving(48, 24).world.translation[inside], atol=1e-9)
    assert "The AMASS result has 240 frames at 120 fps and shot.mov has 48 at 24 fps" in laid.warnings[0]


def test_as_many_frames_at_another_rate_are_told():
    motion = replace(moving(), maker=SMPL_CODEC, fps=Fraction(30))
    laid = on_frames_of(motion, times(COUNT, 24), Fraction(24), "shot.mov")
    np.testing.assert_array_equal(laid.body_quat_wxyz, motion.body_quat_wxyz)
    assert laid.warnings == (
        f"The .smpl result has {COUNT} frames at 30 fps and shot.mov has {COUNT} at 24 fps: one is laid on each, so look at "
        "the speed",
    )
    assert on_frames_of(motion, times(COUNT, 30), Fraction(30), "shot.mov") is motion


def test_prompt_hmr_takes_every_second_frame_of_fast_clips():
    motion = replace(moving(COUNT, 60.0), maker=PROMPT_HMR)
    laid = on_frames_of(motion, times(2 * COUNT, 120), Fraction(120), "shot.mov")
    inside = times(2 * COUNT, 120) <= (COUNT - 1) / 60.0
    exact = moving(2 * COUNT, 120.0)
    np.testing.assert_allclose(laid.camera.translation[inside], exact.camera.translation[inside], atol=1e-9)


@pytest.mark.parametrize("maker", [AMASS, PROMPT_HMR])
def test_a_body_of_no_known_rate_is_refused_with_its_maker_s_way_out(maker):
    with pytest.raises(FrameCountError, match=f"The {maker.name} result has {COUNT} frames and shot.mov has 120") as caught:
        on_frames_of(replace(moving(), maker=maker), times(120, 60), Fraction(60), "shot.mov")
    assert caught.value.hint == maker.own_clip


def test_a_body_without_a_camera_is_laid_on_frames_and_compared_with_nothing():
    unseen = replace(moving(), camera=None, intrinsics=None, maker=AMASS)
    assert seen_in(unseen, clip_of()) is unseen
    assert on_frames_of(unseen, times(COUNT + 1, 60), Fraction(60), "shot.mov").camera is None
    (said,) = belonging.fitted_to_hands(unseen, poses_of(moving(), (WIDTH, HEIGHT))).warnings
    assert said.startswith("The AMASS motion has no camera, so nobody has looked whether hands and body are of one clip")
    for use in (belonging.arms_of, lens_size, lambda motion: camera_path(motion, np.zeros(3))):
        with pytest.raises(BadUsageError, match="The AMASS motion has no camera"):
            use(unseen)


LEFT = hand("left", (820.0, 500.0), (700.0, 260.0), COUNT)
RIGHT = hand("right", (420.0, 480.0), (560.0, 420.0), COUNT)
ARMS = arms_of(LEFT, RIGHT)


def seen(hands: list[Hand]) -> SeenHands:
    detections, _ = detections_of(hands)
    return SeenHands(detections.frame, detections.keypoints_2d[:, 0].astype(np.float64))


def check(hands: list[Hand], arms: Any = ARMS, **more: Any) -> tuple[str, ...]:
    return check_hands_are_the_body_s(seen(hands), arms, PICTURE, "shot.mov", **more)


@pytest.mark.parametrize("error", [0.0, 12.0, 25.0])
def test_hands_at_the_body_s_wrists_are_its_own(error):
    assert check([LEFT, RIGHT], arms_of(LEFT, RIGHT, error)) == ()


def test_one_hand_is_enough():
    assert check([LEFT]) == ()


def test_another_person_s_hands_beside_them_change_nothing():
    others = [hand("left", (60.0, 60.0), (90.0, 600.0), COUNT), hand("right", (1200.0, 90.0), (1190.0, 90.0), COUNT)]
    assert check([LEFT, RIGHT, *others]) == ()
    few = replace(LEFT, seen=np.arange(COUNT) % 3 == 0)
    assert not any("another" in sentence for sentence in check([few, *others]))


def test_few_hands_refuse_nothing_and_say_so():
    few = replace(LEFT, wrist=LEFT.wrist + 400.0, seen=np.arange(COUNT) < 5)
    said = f"Hands were seen on 5 of {COUNT} frames of shot.mov, too few to tell whether the GVHMR result is of this person"
    assert check([few]) == (f"{said} and this clip",)


def refusal(hands: list[Hand], arms: Any = ARMS, **more: Any) -> str:
    with pytest.raises(BelongingError) as caught:
        check(hands, arms, **more)
    assert caught.value.hint
    return caught.value.message


def test_hands_far_from_the_body_are_counted_and_refused():
    far = hand("left", (100.0, 650.0), (1200.0, 660.0), COUNT)
    message = refusal([far])
    assert f"seen on {COUNT} of {COUNT} frames of shot.mov, but none" in message
    assert "another clip, another person" in message


def test_the_hands_of_another_body_are_that_body_s():
    far = [hand("left", (100.0, 650.0), (300.0, 660.0), COUNT), hand("right", (90.0, 80.0), (300.0, 90.0), COUNT)]
    assert check(far, others=[arms_of(*far)]) == ()


def mirrored(one: Hand) -> Hand:
    side = "right" if one.side == "left" else "left"
    return replace(one, side=side, wrist=one.wrist * (-1.0, 1.0) + (PICTURE[0], 0.0))


def test_a_flipped_clip_is_called_one():
    assert "in a mirror" in refusal([mirrored(LEFT), mirrored(RIGHT)])


def test_a_clip_turned_by_half_is_called_one():
    assert "upside down" in refusal([replace(one, wrist=np.array(PICTURE) - one.wrist) for one in (LEFT, RIGHT)])


def test_a_body_of_another_part_of_the_picture_is_called_one():
    moved = [replace(one, wrist=one.wrist + (200.0, 40.0)) for one in (LEFT, RIGHT)]
    assert "moved by 200 and 40 pixels" in refusal(moved).replace("199", "200").replace("201", "200").replace("41", "40")


LONG = 120


def waving(frames: np.ndarray) -> list[Hand]:
    """Both hands on these frames of a long way, of 30 a second."""
    time = frames / 30.0
    path = np.stack((640.0 + 150.0 * np.sin(2.0 * time), 360.0 + 90.0 * np.sin(3.1 * time)), axis=1)
    return [Hand(side, path + (x, 0.0), np.zeros(len(frames))) for side, x in (("left", 160.0), ("right", -160.0))]


@pytest.mark.parametrize("scale", [0.5, 0.75, 4 / 3, 2.0])
def test_a_body_of_a_part_of_the_picture_is_called_one(scale):
    """Of the same shape, so that its size does not tell."""
    middle = np.array(PICTURE) / 2.0
    hands = [replace(one, wrist=middle + scale * (one.wrist - middle)) for one in (LEFT, RIGHT)]
    assert f"when these are {scale:.2f} times as far from the picture's middle" in refusal(hands)


@pytest.mark.parametrize("error", [(0.0, 0.0), (14.0, -9.0)], ids=["exact", "beside the hands"])
@pytest.mark.parametrize("delay", [-12, -6, -3, 3, 6, 12])
def test_a_body_that_begins_elsewhere_in_the_clip_is_called_one(delay, error):
    clip = np.arange(LONG) + 20
    arms = arms_of(*waving(clip), np.array(error))
    word = "later" if delay > 0 else "earlier"
    assert f"{abs(delay)} frames {word}" in refusal(waving(clip + delay), arms)
    assert check(waving(clip), arms) == ()
    assert check(waving(clip + 1), arms) == (), "one frame is within what hands are seen to lag"


def test_a_small_delay_of_slow_hands_is_told():
    slow = np.arange(LONG) / 6.0
    error = np.random.default_rng(2).normal(0.0, 2.0, (LONG, 1, 2))
    (sentence,) = check(waving(slow + 5 / 6.0), arms_of(*waving(slow), error))
    assert re.search("better [456] frames later: look whether the clip was cut since", sentence)
    assert check(waving(slow), arms_of(*waving(slow), error)) == ()


def test_what_looks_like_a_delay_of_hands_that_go_straight_on_is_not_refused():
    slow = np.arange(LONG) / 6.0
    for told in check(waving(slow), arms_of(*waving(slow), np.full(2, 12.0))):
        assert "look whether" in told


@pytest.mark.parametrize(("speed", "words"), [(2.0, "at 2 times"), (0.5, "at 0.5 times"), (0.8, "at 0.8 times")])
def test_as_many_frames_of_another_rate_are_called_that(speed, words):
    body = waving(np.arange(LONG))
    message = refusal(waving(np.arange(LONG) * speed), arms_of(*body))
    assert f"they fit the body's wrists {words} its speed" in message
    assert "frames later" not in message


def test_a_body_that_runs_backwards_is_called_one():
    assert "wrists backwards" in refusal(waving(np.arange(LONG)[::-1]), arms_of(*waving(np.arange(LONG))))


def test_hands_that_move_otherwise_are_told():
    still = [replace(one, wrist=np.tile(one.wrist[COUNT // 2], (COUNT, 1))) for one in (LEFT, RIGHT)]
    (sentence,) = check(still)
    assert "hand lengths from the body's wrists on average" in sentence


def poses_of(motion: BodyMotion, size: tuple[int, int] | None, **clip: Any) -> HandPoses:
    """Hands exactly at a motion's wrists."""
    tracks = []
    for side in (0, 1):
        track = HandTrack.empty(motion.frame_count)
        track.detected[:] = True
        track.keypoints_2d[:] = wrists(motion)[:, side, None]
        tracks.append(track)
    facts = {"name": "shot.mov", "fps": [30, 1], **({"size": list(size)} if size is not None else {}), **clip}
    return HandPoses(*tracks, np.arange(motion.frame_count), times(motion.frame_count, 30.0), {"clip": facts})


def test_hands_from_a_file_ask_for_the_same():
    upright = moving()
    poses = poses_of(upright, (WIDTH, HEIGHT), rotation=90, stored_size=[HEIGHT, WIDTH])
    assert belonging.fitted_to_hands(upright, poses) is upright
    fitted = belonging.fitted_to_hands(lying(upright, 90), poses)
    np.testing.assert_allclose(wrists(fitted), wrists(upright), atol=1e-6)
    far = replace(upright, camera=replace(upright.camera, translation=upright.camera.translation * (-4.0, -1.0, 1.0)))
    with pytest.raises(BelongingError, match="none is within a hand's length"):
        belonging.fitted_to_hands(far, poses)


def test_hands_of_other_pipelines_that_tell_too_little_are_not_compared_and_that_is_said():
    upright = moving()
    sized, poses = (WIDTH, HEIGHT), poses_of(upright, None)
    (said,) = belonging.fitted_to_hands(upright, poses).warnings
    assert said.startswith("Nobody has looked whether hands and body are of one clip")
    assert "do not say how large its pictures are" in said
    bare = poses_of(upright, sized)
    for side in ("left", "right"):
        bare.track(side).keypoints_2d[:] = 0.0
    (said,) = belonging.fitted_to_hands(upright, bare).warnings
    assert "hold no landmarks in its pictures" in said
    for side in ("left", "right"):
        bare.track(side).detected[:] = False
    assert belonging.fitted_to_hands(upright, bare) is upright
    assert belonging.fitted_to_hands(upright, poses_of(upright, sized)) is upright


def test_the_rate_that_the_worker_found_is_used_again():
    upright = moving(COUNT, 30.0)
    poses = poses_of(upright, (WIDTH, HEIGHT))
    slow = moving(20, 10.0)
    with pytest.raises(FrameCountError):
        belonging.fitted_to_hands(slow, poses)
    known = replace(poses, meta={**poses.meta, "body": {"frames": 20, "fps": [10, 1]}})
    assert belonging.fitted_to_hands(slow, known).frame_count == COUNT
