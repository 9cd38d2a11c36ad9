"""Measures where MediaPipe puts the bases of the fingers against the rig's joints, for core/landmark_definition.py.

    WORKER_PYTHON scripts/measure_landmark_definition.py HAND_POSES.npz [TRUTH.npz]

HAND_POSES.npz is the estimate of the demo clip. Each hand is measured by itself, so that one checks the other.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from handmocap_addon.core.hand_poses_file import read_hand_poses  # noqa: E402
from handmocap_addon.core.hand_skeleton import hand_skeleton  # noqa: E402
from handmocap_addon.core.landmark_definition import RIG_JOINTS, LandmarkDefinition  # noqa: E402
from handmocap_addon.core.landmark_fit import palm_orientation  # noqa: E402
from handmocap_addon.core.rotations import normalized, quat_wxyz_to_rotmat, rotation_between  # noqa: E402
from handmocap_addon.core.skeleton import FINGERS, SIDES, finger_landmarks  # noqa: E402
from handmocap_addon.core.stand_in_body import load_stand_in_body  # noqa: E402

# A frame whose landmarks are this many pixels off on average shows a confused hand, not a definition.
_LARGEST_MEAN_ERROR = 8.0
# Depth is hardly seen in a picture: offsets out of the back of the hand are held near zero.
_HOLD = np.array((0.006, 0.3, 0.006))


def main(hand_poses: Path, truth_path: Path) -> None:
    """Print offsets along, back and thumbwards, in shares of the palm's length, for each side."""
    poses = read_hand_poses(hand_poses)
    truth = np.load(truth_path, allow_pickle=False)
    body = load_stand_in_body(truth["betas"])
    focal, centre = truth["intrinsics"][0, 0], truth["intrinsics"][:2, 2]
    for side in SIDES:
        skeleton, track = hand_skeleton(body, side), poses.track(side)
        true_2d, true_3d = truth[f"{side}_keypoints_2d"], truth[f"{side}_keypoints_3d"].astype(float)
        offset = track.keypoints_2d - true_2d
        used = track.detected & (np.linalg.norm(offset, axis=-1).mean(axis=1) < _LARGEST_MEAN_ERROR)
        offset, true_2d, true_3d = offset[used].astype(float), true_2d[used], true_3d[used]
        pixels_per_metre = np.sqrt(
            np.sum((true_2d - true_2d.mean(1, keepdims=True)) ** 2, axis=(1, 2))
            / np.sum((true_3d - true_3d.mean(1, keepdims=True))[..., :2] ** 2, axis=(1, 2))
        )
        rays = normalized(np.concatenate(((true_2d.mean(1) - centre) / focal, np.ones((len(true_2d), 1))), axis=1))
        to_middle = quat_wxyz_to_rotmat(rotation_between(rays, np.array((0.0, 0.0, 1.0))))
        turn = to_middle @ palm_orientation(true_3d, skeleton, RIG_JOINTS)
        unit = {landmark: tuple(row) for landmark in (0, 1, 2) for row in [np.eye(3)[landmark]]}
        axes = LandmarkDefinition(unit).offsets_on(skeleton)[:3]  # palm length times along, back, thumbwards
        design = (turn[:, :2] @ axes.T).reshape(-1, 3)
        print(side, f"({int(used.sum())} frames)")
        for finger in FINGERS:
            landmark = finger_landmarks(finger)[0]
            seen = (offset[:, landmark] / pixels_per_metre[:, None]).reshape(-1)
            hold = np.diag(_HOLD * len(offset) * np.sum(axes**2, axis=1))
            shares = np.linalg.solve(design.T @ design + hold, design.T @ seen)
            print(f"  {finger:7}", " ".join(f"{share:+.3f}" for share in shares))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else REPOSITORY / "demo" / "truth.npz")
