"""body_motion.npz: what goes in comes out, and what is no such file is one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from handmocap_addon.core.body.body_files import read_body
from handmocap_addon.core.body.body_motion_file import (
    StoredBody,
    is_body_motion,
    read_body_motion,
    stored_arrays,
    write_body_motion,
)
from handmocap_addon.core.body.motion import BodyMotion, BodyTrack
from handmocap_addon.core.errors import BodyMotionFileError
from handmocap_addon.core.maths.rotations import axis_angle_to_quat_wxyz, quat_wxyz_to_rotmat

COUNT = 5


def body(seed: int = 3) -> StoredBody:
    """A body that turns at random."""
    random = np.random.default_rng(seed)

    def track() -> BodyTrack:
        return BodyTrack(axis_angle_to_quat_wxyz(random.normal(0, 0.6, (COUNT, 3))), random.normal(0, 2, (COUNT, 3)))

    lens = np.array(((800.0, 0, 320), (0, 800, 240), (0, 0, 1)))
    motion = BodyMotion(
        axis_angle_to_quat_wxyz(random.normal(0, 0.6, (COUNT, 21, 3))),
        track(),
        track(),
        random.normal(0, 1, 10),
        np.broadcast_to(lens, (COUNT, 3, 3)).copy(),
        warnings=("Seen through a window",),
    )
    measured = np.array((True, True, False, True, False))
    joints = random.random((COUNT, 22)) < 0.5
    return StoredBody(motion, measured, joints, np.arange(COUNT), np.arange(COUNT) / 30, {"estimator": "mediapipe"})


def test_what_goes_in_comes_out(tmp_path):
    given, path = body(), tmp_path / "body_motion.npz"
    write_body_motion(path, given)
    with np.load(path, allow_pickle=False) as stored:
        assert stored["body_pose"].shape == (COUNT, 63) and stored["camera_transl"].shape == (COUNT, 3)
    read = read_body_motion(path)
    for one, other in ((read.motion.world, given.motion.world), (read.motion.camera, given.motion.camera)):
        np.testing.assert_allclose(
            quat_wxyz_to_rotmat(one.orient_quat_wxyz), quat_wxyz_to_rotmat(other.orient_quat_wxyz), atol=1e-6
        )
        np.testing.assert_allclose(one.translation, other.translation, atol=1e-6)
    np.testing.assert_allclose(
        quat_wxyz_to_rotmat(read.motion.body_quat_wxyz), quat_wxyz_to_rotmat(given.motion.body_quat_wxyz), atol=1e-6
    )
    np.testing.assert_array_equal(read.measured, given.measured)
    np.testing.assert_array_equal(read.joints_measured, given.joints_measured)
    assert read.motion.warnings == given.motion.warnings and read.meta["estimator"] == "mediapipe"
    assert all(np.array_equal(value, given.arrays()[key]) for key, value in stored_arrays(path).items())


def test_it_stands_wherever_a_gvhmr_result_does(tmp_path):
    path = tmp_path / "called otherwise.npz"
    write_body_motion(path, body())
    assert is_body_motion(path)
    np.testing.assert_allclose(read_body(path).camera.translation, body().motion.camera.translation, atol=1e-6)


def _changed(path: Path, **changes: np.ndarray | None) -> Path:
    with np.load(path) as stored:
        arrays = {key: stored[key] for key in stored.files}
    kept = {key: value for key, value in (arrays | changes).items() if value is not None}
    np.savez(path, **kept)
    return path


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"betas": None}, "has no betas"),
        ({"measured": np.ones(COUNT - 1, bool)}, "has measured of shape"),
        ({"camera_transl": np.full((COUNT, 3), np.nan)}, "not finite in camera_transl"),
        ({"camera_transl": np.full((COUNT, 3), 1e300)}, "not finite in camera_transl"),
        ({"frame_time": np.zeros(COUNT)}, "a frame_time that does not grow"),
        ({"intrinsics": np.zeros((COUNT, 3, 3))}, "intrinsics that are no camera's lens"),
        ({"meta": np.array("{")}, "a damaged meta entry"),
        ({"meta": np.frombuffer(b"\x7f\xff\xff\x7f", "U1")}, "damaged"),
        ({"meta": np.array("[]")}, "a meta entry that is not the format's"),
        ({"betas": np.array([None] * 10, dtype=object)}, "pickled object"),
    ],
)
def test_what_is_not_the_format_is_one_sentence(tmp_path, changes, said):
    path = tmp_path / "body_motion.npz"
    write_body_motion(path, body())
    with pytest.raises(BodyMotionFileError, match=said):
        read_body_motion(_changed(path, **changes))


@pytest.mark.parametrize("length", [0, 10, 600])
def test_a_file_that_is_cut_short_is_one_sentence(tmp_path, length):
    path = tmp_path / "body_motion.npz"
    write_body_motion(path, body())
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(BodyMotionFileError):
        read_body_motion(path)
    with pytest.raises(BodyMotionFileError):
        read_body_motion(tmp_path / "not there.npz")
