"""Writes motions of bodies as GEM-SMPL, PromptHMR, AMASS and Meshcapade's `.smpl` lay them out, from a made-up motion."""

from __future__ import annotations

import pickle
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from addon_tests.making.formulas import random_axis_angle, rodrigues
from addon_tests.making.gvhmr_results import MadeUpMotion

Array = NDArray[Any]
# (x, y up, z) to (x, -z, y), z up.
TO_Z_UP = np.array(((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)))
_QUARTER_ABOUT_X = np.array((np.pi / 2.0, 0.0, 0.0))


def turned(turn: Array, axis_angle: Array) -> Array:
    """Axis-angle (N, 3) of one rotation (3,) after others (N, 3), by the product of their quaternions."""
    first, second = _quaternion(turn[None]), _quaternion(np.asarray(axis_angle, np.float64))
    scalar = first[:, 0] * second[:, 0] - np.sum(first[:, 1:] * second[:, 1:], axis=1)
    vector = first[:, :1] * second[:, 1:] + second[:, :1] * first[:, 1:] + np.cross(first[:, 1:], second[:, 1:])
    sine = np.linalg.norm(vector, axis=1)
    angle = 2.0 * np.arctan2(sine, scalar)
    return vector / np.maximum(sine, 1e-300)[:, None] * angle[:, None]


def _quaternion(axis_angle: Array) -> Array:
    angle = np.linalg.norm(axis_angle, axis=1, keepdims=True)
    return np.concatenate((np.cos(angle / 2.0), np.sin(angle / 2.0) * axis_angle / np.maximum(angle, 1e-300)), axis=1)


def standing(motion: MadeUpMotion, seed: int = 5) -> Array:
    """Axis-angle (N, 3) of a pelvis that stands upright in a world with y up, and turns and sways."""
    random = np.random.default_rng(seed)
    sway = random_axis_angle(random, len(motion.body_pose), largest=0.3)
    return np.array(
        [
            turned(one, np.array([[0.0, way, 0.0]]))[0]
            for one, way in zip(sway, np.linspace(0.0, 2.0, len(sway)), strict=True)
        ]
    )


def gem_content(motion: MadeUpMotion, segments: Any = None) -> dict[str, Any]:
    """`smpl_params.pt`; `segments` is what it joins, where it does."""

    def group(suffix: str) -> dict[str, Array]:
        own = {key: getattr(motion, f"{key}{suffix}") for key in ("global_orient", "transl")}
        return {"body_pose": motion.body_pose, "betas": motion.betas, **own}

    content: dict[str, Any] = {"body_params_incam": group("_incam"), "body_params_global": group("")}
    content["K_fullimg"] = motion.intrinsics
    return content if segments is None else {**content, "segment_info": segments}


@dataclass(frozen=True)
class MadeUpCamera:
    """From a world to OpenCV's axes: (N, 3, 3) and (N, 3)."""

    rotmat: Array
    translation: Array


def made_up_camera(frame_count: int, seed: int = 3) -> MadeUpCamera:
    """A camera that moves about."""
    random = np.random.default_rng(seed)
    rotmat = rodrigues(random_axis_angle(random, frame_count, largest=2.0)).astype(np.float32)
    return MadeUpCamera(rotmat, random.normal((0.0, 0.0, 4.0), size=(frame_count, 3)).astype(np.float32))


def prompt_hmr_person(motion: MadeUpMotion, frames: Array, number: int = 1) -> dict[str, Any]:
    """A person of `results.pkl` on some frames of the video."""
    count = len(frames)
    fingers = np.full((count, 99), 0.7, np.float32)  # what zero matrices become
    pose = np.concatenate((motion.global_orient, motion.body_pose, fingers), axis=1)
    box = np.tile(np.array((10.0, 20.0, 300.0, 700.0)), (count, 1))
    return {
        "frames": np.asarray(frames),
        "bboxes": box,
        "masks": np.ones((count, 9, 16), bool),
        "detected": np.ones(count, bool),
        "track_id": number,
        "smplx_cam": {"pose": pose[:, :75], "trans": motion.transl, "contact": np.ones((count, 6), bool)},
        "smplx_world": {"pose": pose, "shape": motion.betas, "trans": motion.transl},
    }


def prompt_hmr_content(
    people: dict[Any, dict[str, Any]], camera: MadeUpCamera, size: tuple[int, int], focal: float = 900.0
) -> dict[str, Any]:
    """`results.pkl` with all that its last step leaves in it, wrong camera places included."""
    world = {
        "pred_cam_R": np.swapaxes(camera.rotmat, 1, 2), "Rwc": np.swapaxes(camera.rotmat, 1, 2),
        "Twc": camera.translation * 3.0, "Rcw": camera.rotmat, "Tcw": camera.translation,
        "img_focal": np.float32(focal), "img_center": np.array(size) / 2.0, "viz_scale": 2.0, "viz_center": [0.1, 0, 0.3],
    }  # fmt: skip
    return {
        "camera": {"pred_cam_R": camera.rotmat, "pred_cam_T": camera.translation, "img_focal": np.float32(focal)},
        "people": people,
        "timings": {},
        "masks": np.ones((len(camera.rotmat), 9, 16), bool),
        "has_tracks": True,
        "has_hands": False,
        "spec_calib": {"first_frame": {"pitch": 0.1, "roll": np.float64(0.0)}},
        "contact_joint_ids": [7, 10, 8, 11, 20, 21],
        "camera_world": world,
    }


def write_joblib(path: Path, content: Any, protocol: int = 4) -> None:
    """Write a file as `joblib.dump` does: Python's own pickle, with every array raw behind a description of it."""
    with _joblib_s_name() as wrapper, path.open("wb") as file:
        _Pickler(file, protocol, wrapper).dump(content)


class _Pickler(pickle._Pickler):  # type: ignore[name-defined,misc]
    """joblib's format 0.10 and later; its wrapper says that the numbers begin at a multiple of 16 bytes."""

    def __init__(self, file: Any, protocol: int, wrapper: type) -> None:
        super().__init__(file, protocol=protocol)
        self._stream, self._wrapper = file, wrapper

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        if type(obj) is not np.ndarray:
            super().save(obj, save_persistent_id)
            return
        described = self._wrapper()
        described.__dict__.update(
            subclass=np.ndarray, shape=obj.shape, order="F" if _is_by_columns(obj) else "C", dtype=obj.dtype, allow_mmap=True,
            numpy_array_alignment_bytes=16,
        )  # fmt: skip
        super().save(described, save_persistent_id)
        if self.proto >= 4:
            self.framer.commit_frame(force=True)
        padding = 16 - (self._stream.tell() + 1) % 16
        self._stream.write(bytes((padding,)) + b"\xff" * padding)
        if obj.dtype.hasobject:
            pickle.dump(obj, self._stream, protocol=2)
        else:
            self._stream.write(obj.tobytes(order="F" if _is_by_columns(obj) else "C"))


def _is_by_columns(array: Array) -> bool:
    return array.flags.f_contiguous and not array.flags.c_contiguous


@contextmanager
def _joblib_s_name() -> Iterator[type]:
    """A class that pickles name as joblib's, whether or not joblib is here."""
    name = "joblib.numpy_pickle"
    wrapper = type("NumpyArrayWrapper", (), {"__module__": name})
    module = types.ModuleType(name)
    module.NumpyArrayWrapper = wrapper  # type: ignore[attr-defined]
    kept = {key: sys.modules.get(key) for key in ("joblib", name)}
    sys.modules |= {"joblib": types.ModuleType("joblib"), name: module}
    try:
        yield wrapper
    finally:
        for key, value in kept.items():
            if value is None:
                del sys.modules[key]
            else:
                sys.modules[key] = value


def smpl_codec_content(motion: MadeUpMotion, fps: float = 30.0, **more: Any) -> dict[str, Any]:
    """The members of a `.smpl` as PromptHMR writes it: no hands, and always 30 frames a second."""
    count = len(motion.body_pose)
    pose = np.concatenate((motion.global_orient, motion.body_pose), axis=1).reshape(count, 22, 3)
    return {
        "codecVersion": np.array(2, "i4"), "smplVersion": np.array(2, "i4"), "gender": np.array(0, "i4"),
        "shapeParameters": motion.betas.mean(axis=0).astype("f4"), "frameCount": np.array(count, "i4"),
        "frameRate": np.array(fps, "f4"), "bodyTranslation": motion.transl.astype("f4"), "bodyPose": pose.astype("f4"),
        **more,
    }  # fmt: skip


def amass_content(motion: MadeUpMotion, rest_pelvis: Array, fps: float, fingers: float = 0.0) -> dict[str, Any]:
    """The members of AMASS's npz of SMPL-X, z up, of a motion with y up."""
    count = len(motion.body_pose)
    root = turned(_QUARTER_ABOUT_X, motion.global_orient)
    hands = np.full((count, 90), fingers)
    return {
        "gender": np.array("neutral"), "surface_model_type": np.array("smplx"), "mocap_frame_rate": np.array(fps),
        "mocap_time_length": np.array(count / fps), "trans": (rest_pelvis + motion.transl) @ TO_Z_UP.T - rest_pelvis,
        "poses": np.concatenate((root, motion.body_pose, np.zeros((count, 9)), hands), axis=1),
        "betas": np.concatenate((motion.betas[0], np.zeros(6))), "num_betas": np.array(16),
        "root_orient": root, "pose_body": motion.body_pose, "pose_hand": hands,
    }  # fmt: skip


def write_npz(path: Path, content: dict[str, Any]) -> None:
    """Whatever the file is called."""
    with path.open("wb") as file:
        np.savez_compressed(file, **content)
