"""Trains the network that reads MediaPipe's landmarks and says how good it is on pictures that it never saw.

    reading-venv/bin/python -m tools.landmark_reading.train gathered_*.npz

See the package's docstring for what to install. All figures are of the held-out pictures, in degrees.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.landmarks import reading as landmark_reading
from handmocap_addon.core.rig.hand_skeleton import hand_skeleton

from .gathered_hands import load_gathered
from .network import FingerKinematics, ReadingNetwork
from .training_data import TrainingData, training_data

Array = NDArray[Any]

_BATCH = 256
_LEARNING_RATE, _WEIGHT_DECAY = 3e-3, 0.02
_FEATURE_NOISE = 0.04  # deviations of the features
# Weights of the palm's error, the joint rotations' error, angles beyond their limits, and the expected errors' likelihood.
_PALM, _JOINTS, _LIMITS, _LIKELIHOOD = 0.3, 0.2, 2.0, 0.05


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Train the network that reads MediaPipe's landmarks.")
    parser.add_argument("gathered", type=Path, nargs="+", help="files of gather.py")
    parser.add_argument("--epochs", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(landmark_reading.__file__).with_name("mediapipe_reading.npz"))
    options = parser.parse_args(arguments)
    torch.manual_seed(options.seed)
    skeleton = hand_skeleton(load_stand_in_body(), "right")
    data = training_data(load_gathered(options.gathered).usable(), skeleton)
    kinematics = FingerKinematics(skeleton)
    network = ReadingNetwork(data.features[~data.held_out], kinematics.hinge_count)
    _train(network, kinematics, _rows(data, ~data.held_out), options.epochs)
    print(f"trained on {np.sum(~data.held_out)} hands, measured on {np.sum(data.held_out)}; degrees")
    _report(network, kinematics, _rows(data, data.held_out))
    network.save(options.out)
    print(f"wrote {options.out}")


def _rows(data: TrainingData, rows: Array) -> TrainingData:
    return TrainingData(**{field.name: getattr(data, field.name)[rows] for field in fields(data)})


def _tensor(values: Array) -> Tensor:
    return torch.tensor(values, dtype=torch.float32)


def _train(network: ReadingNetwork, kinematics: FingerKinematics, data: TrainingData, epochs: int) -> None:
    features = network.standardized(_tensor(data.features))
    targets = [_tensor(values) for values in (data.bone_directions, data.palm_rotmat, data.joint_rotmat)]
    optimizer = torch.optim.AdamW(network.parameters(), lr=_LEARNING_RATE, weight_decay=_WEIGHT_DECAY)
    batches = -(-len(features) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _LEARNING_RATE, total_steps=epochs * batches)
    network.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(features)).split(_BATCH):
            seen = features[rows] + _FEATURE_NOISE * torch.randn(len(rows), features.shape[1])
            loss = _loss(network(seen), kinematics, *(values[rows] for values in targets))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    network.eval()


def _loss(
    outputs: tuple[Tensor, Tensor, Tensor], kinematics: FingerKinematics, bones: Tensor, palm: Tensor, joints: Tensor
) -> Tensor:
    """Errors as chords, which are angles where they are small, plus the likelihood of the expected ones (Laplace)."""
    angles, read_palm, log_deviation = outputs
    read_bones, read_joints = kinematics.posed(angles)
    bone_error = torch.sqrt(2.0 * (1.0 - (read_bones * bones).sum(dim=-1)).clamp(min=1e-6) + 1e-4)
    palm_error = _rotation_chord(read_palm, palm)
    errors = torch.cat((bone_error, palm_error[:, None]), dim=1).detach()
    # Only the expected error learns from this: it must not buy likelihood with worse angles.
    likelihood = (errors * torch.exp(-log_deviation) + log_deviation).mean()
    over = torch.relu(kinematics.lowest - angles) ** 2 + torch.relu(angles - kinematics.highest) ** 2
    joint_error = _rotation_chord(read_joints, joints)
    return (
        bone_error.mean()
        + _PALM * palm_error.mean()
        + _JOINTS * joint_error.mean()
        + _LIMITS * over.mean()
        + _LIKELIHOOD * likelihood
    )


def _rotation_chord(first: Tensor, second: Tensor) -> Tensor:
    """(…) about the angle in radians between rotations (…, 3, 3), where it is small."""
    return ((first - second) ** 2).sum(dim=(-1, -2)).add(1e-4).sqrt() / 2.0**0.5


def _report(network: ReadingNetwork, kinematics: FingerKinematics, data: TrainingData) -> None:
    with torch.no_grad():
        angles, palm, log_deviation = network(network.standardized(_tensor(data.features)))
        bones = kinematics.posed(angles)[0].double().numpy()
    off = _degrees_between(bones, data.bone_directions)
    raw = _degrees_between(data.world_bone_directions, data.bone_directions)
    trace = np.einsum("nij,nij->n", palm.double().numpy(), data.palm_rotmat)
    palm_off = np.degrees(np.arccos(((trace - 1.0) / 2.0).clip(-1.0, 1.0)))
    expected = np.degrees(np.exp(log_deviation.numpy()))[:, : off.shape[1]]
    print(f"bone directions        mean {off.mean():5.2f}, 95th percentile {np.percentile(off, 95):5.1f}")
    print(f"raw world landmarks    mean {raw.mean():5.2f}, 95th percentile {np.percentile(raw, 95):5.1f}")
    print(f"palm orientation       mean {palm_off.mean():5.2f}, 95th percentile {np.percentile(palm_off, 95):5.1f}")
    print("by fifths of its own expected error: expected, found")
    for rows in np.array_split(np.argsort(expected.ravel()), 5):
        print(f"  {expected.ravel()[rows].mean():5.1f} {off.ravel()[rows].mean():5.1f}")


def _degrees_between(first: Array, second: Array) -> Array:
    """Angles (…) between unit vectors (…, 3)."""
    return np.asarray(np.degrees(np.arccos(np.sum(first * second, axis=-1).clip(-1.0, 1.0))))


if __name__ == "__main__":
    main(sys.argv[1:])
