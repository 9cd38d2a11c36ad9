"""What must hold for the reading of any landmarks; how near it comes to real hands is tested with the worker."""

from __future__ import annotations

import tomllib
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon_tests.making.formulas import rodrigues
from addon_tests.making.known_landmarks import REPOSITORY, known_landmarks
from addon_tests.making.mirrored import MIRROR
from addon_tests.making.property_tests import examples
from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.landmarks.reading import LandmarkReading, aligned_landmarks, read_mediapipe_landmarks
from handmocap_addon.core.rig.hand_hinges import hand_hinges
from handmocap_addon.core.rig.hand_skeleton import hand_skeleton
from handmocap_addon.core.skeleton import SIDES
from scripts.build_extension import build

# What a detector might say: the truth, and some noise.
WORLD, IMAGE, _, _ = known_landmarks(REPOSITORY / "demo" / "truth.npz", "right", every=6)
WORLD = WORLD + np.random.default_rng(0).normal(size=WORLD.shape) * 0.004
IMAGE = IMAGE + np.random.default_rng(1).normal(size=IMAGE.shape) * 1.0
# The network runs in single precision.
SINGLE = 1e-4


def values(reading: LandmarkReading) -> tuple[np.ndarray, ...]:
    return reading.angles, reading.palm_rotmat, reading.bone_deviation, reading.palm_deviation


@pytest.mark.parametrize(("side", "other"), [("left", "right"), ("right", "left")])
def test_a_hand_in_a_mirror_is_read_as_the_mirrored_hand(side, other):
    here = read_mediapipe_landmarks(WORLD, IMAGE, side)
    there = read_mediapipe_landmarks(WORLD * MIRROR, (640.0, 0.0) + IMAGE * (-1.0, 1.0), other)
    np.testing.assert_allclose(there.angles, here.angles, atol=1e-6)
    np.testing.assert_allclose(there.palm_rotmat, here.palm_rotmat * np.outer(MIRROR, MIRROR), atol=1e-6)
    np.testing.assert_allclose(there.bone_deviation, here.bone_deviation, atol=1e-6)
    np.testing.assert_allclose(there.palm_deviation, here.palm_deviation, atol=1e-6)


@pytest.mark.parametrize("side", SIDES)
@examples(25)
@given(angle=st.floats(-3.14, 3.14))
def test_a_turn_of_the_picture_turns_the_palm_and_nothing_else(side, angle):
    turn = rodrigues(np.array((0.0, 0.0, angle)))
    here = read_mediapipe_landmarks(WORLD, IMAGE, side)
    turned = read_mediapipe_landmarks(WORLD @ turn.T, IMAGE @ turn[:2, :2].T, side)
    np.testing.assert_allclose(turned.angles, here.angles, atol=SINGLE)
    np.testing.assert_allclose(turned.palm_rotmat, turn @ here.palm_rotmat, atol=SINGLE)
    np.testing.assert_allclose(turned.bone_deviation, here.bone_deviation, atol=SINGLE)


@pytest.mark.parametrize("side", SIDES)
@examples(25)
@given(
    scale=st.floats(0.01, 1000.0),
    origin=st.tuples(*[st.floats(-10.0, 10.0)] * 3),
    pixels=st.floats(0.01, 10.0),
    corner=st.floats(-5000.0, 5000.0),
)
def test_neither_size_nor_place_matters(side, scale, origin, pixels, corner):
    here = read_mediapipe_landmarks(WORLD, IMAGE, side)
    elsewhere = read_mediapipe_landmarks((WORLD + origin) * scale, IMAGE * pixels + corner, side)
    for expected, found in zip(values(here), values(elsewhere), strict=True):
        np.testing.assert_allclose(found, expected, atol=SINGLE)


@pytest.mark.parametrize("side", SIDES)
def test_aligned_palms_point_up(side):
    features, turn = aligned_landmarks(WORLD, IMAGE, side)
    assert features.shape == (len(WORLD), 100)
    knuckles = features[:, :40].reshape(-1, 20, 2)[:, [4, 8, 12, 16]].mean(axis=1)
    np.testing.assert_allclose(knuckles[:, 0], 0.0, atol=1e-9)
    assert (knuckles[:, 1] < 0.0).all()
    np.testing.assert_allclose(turn @ np.swapaxes(turn, -1, -2), np.broadcast_to(np.eye(3), turn.shape), atol=1e-12)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("count", [0, 1, 5])
def test_each_hand_is_read_by_itself(side, count):
    reading = read_mediapipe_landmarks(WORLD[:count], IMAGE[:count], side)
    hinge_count = len(hand_hinges(hand_skeleton(load_stand_in_body(), side)))
    shapes = [(count, hinge_count), (count, 3, 3), (count, 15), (count,)]
    for found, all_found, shape in zip(
        values(reading), values(read_mediapipe_landmarks(WORLD, IMAGE, side)), shapes, strict=True
    ):
        assert found.shape == shape
        np.testing.assert_allclose(found, all_found[:count], atol=SINGLE)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("place", [0.0, 3.0])
def test_landmarks_that_all_lie_in_one_point_give_a_hand_all_the_same(side, place):
    reading = read_mediapipe_landmarks(np.full((3, 21, 3), place), np.full((3, 21, 2), place), side)
    assert all(np.isfinite(found).all() for found in values(reading))
    np.testing.assert_allclose(np.linalg.det(reading.palm_rotmat), 1.0, atol=1e-6)
    assert (reading.bone_deviation > 0.0).all()


@pytest.mark.parametrize("side", SIDES)
def test_any_points_give_finite_numbers(side):
    random = np.random.default_rng(2)
    reading = read_mediapipe_landmarks(random.normal(size=(50, 21, 3)), random.normal(size=(50, 21, 2)), side)
    assert all(np.isfinite(found).all() for found in values(reading))


@pytest.mark.parametrize("side", SIDES)
def test_points_in_disorder_are_trusted_less(side):
    world, image, _, _ = known_landmarks(REPOSITORY / "demo" / "truth.npz", side, every=3)
    world, image = (np.concatenate([points] * 5) for points in (world, image))
    random = np.random.default_rng(2)
    in_order = read_mediapipe_landmarks(world, image, side)
    scattered = read_mediapipe_landmarks(
        world + random.normal(size=world.shape) * 0.05, image + random.normal(size=image.shape) * 15.0, side
    )
    assert np.median(scattered.bone_deviation) > 1.08 * np.median(in_order.bone_deviation)


def test_the_extension_s_zip_holds_the_network(tmp_path):
    manifest = tomllib.loads((REPOSITORY / "blender_manifest.toml").read_text(encoding="utf-8"))
    for wheel in manifest["wheels"]:
        (tmp_path / wheel.rpartition("/")[2]).write_bytes(b"not looked into")
    with zipfile.ZipFile(build(tmp_path / "dist", tmp_path)) as archive:
        packed = archive.read("core/landmarks/mediapipe_reading.npz")
    assert packed == (REPOSITORY / "handmocap_addon" / "core" / "landmarks" / "mediapipe_reading.npz").read_bytes()
