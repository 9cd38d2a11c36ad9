"""The network in torch: the forward pass of core/landmarks/reading.py, and what its angles do to a hand's bones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from handmocap_addon.core.landmarks.reading import ANGLE_OFFSET, ANGLE_SCALE, LOG_DEVIATION_RANGE
from handmocap_addon.core.maths.rotations import normalized
from handmocap_addon.core.rig.hand_hinges import hand_hinges
from handmocap_addon.core.rig.hand_skeleton import HandSkeleton
from handmocap_addon.core.skeleton import FINGERS, HAND_JOINT_COUNT, finger_landmarks

Array = NDArray[Any]

_HIDDEN = 192
_DROPOUT = 0.1
_PALM_VALUES = 6
# Hinges of a finger by joint. A thumb has three at its base and one at each joint beyond, as the long fingers have.
_HINGES_OF_JOINT = (slice(0, 3), slice(3, 4), slice(4, 5))
_HINGES_PER_FINGER = 5


class ReadingNetwork(nn.Module):  # type: ignore[misc]  # torch is in no environment of the suite
    """Features (B, 100) to hinge angles, the palm's rotation and expected errors."""

    def __init__(self, features: Array, hinge_count: int) -> None:
        super().__init__()
        self.mean = torch.tensor(features.mean(axis=0), dtype=torch.float32)
        self.deviation = torch.tensor(features.std(axis=0) + 1e-3, dtype=torch.float32)
        self.hinge_count = hinge_count
        layers: list[nn.Module] = []
        width = features.shape[1]
        for _ in range(2):
            layers += [nn.Linear(width, _HIDDEN), nn.GELU(approximate="tanh"), nn.Dropout(_DROPOUT)]
            width = _HIDDEN
        self.layers = nn.Sequential(*layers, nn.Linear(width, hinge_count + _PALM_VALUES + HAND_JOINT_COUNT + 1))

    def standardized(self, features: Tensor) -> Tensor:
        """Features (B, 100) at mean zero and deviation one."""
        return (features - self.mean) / self.deviation

    def forward(self, standardized: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Angles (B, H) radians, rotations (B, 3, 3), logarithms (B, 16) of the errors in radians: bones, then the palm."""
        values = self.layers(standardized)
        angles = values[:, : self.hinge_count] * ANGLE_SCALE + ANGLE_OFFSET
        palm = _rotation_of_six(values[:, self.hinge_count : self.hinge_count + _PALM_VALUES])
        return angles, palm, values[:, self.hinge_count + _PALM_VALUES :].clamp(*LOG_DEVIATION_RANGE)

    def save(self, path: Path) -> None:
        """As core/landmarks/reading.py reads it; weights in half precision."""
        arrays = {"mean": self.mean.numpy(), "deviation": self.deviation.numpy()}
        for number, layer in enumerate(layer for layer in self.layers if isinstance(layer, nn.Linear)):
            arrays[f"weight_{number}"] = layer.weight.detach().numpy().astype(np.float16)
            arrays[f"bias_{number}"] = layer.bias.detach().numpy()
        np.savez_compressed(path, **arrays)


def _rotation_of_six(values: Tensor) -> Tensor:
    """Rotations (B, 3, 3) from their first two columns, not yet orthonormal (Zhou et al. 2019)."""
    first = nn.functional.normalize(values[:, :3], dim=1)
    second = values[:, 3:] - (values[:, 3:] * first).sum(dim=1, keepdim=True) * first
    second = nn.functional.normalize(second, dim=1)
    return torch.stack((first, second, torch.cross(first, second, dim=1)), dim=2)


class FingerKinematics:
    """Bone directions and joint rotations of one hand from hinge angles, differentiable."""

    def __init__(self, skeleton: HandSkeleton) -> None:
        hinges = hand_hinges(skeleton)
        rest = skeleton.landmarks()
        bones = [normalized(np.diff(rest[list(finger_landmarks(finger))], axis=0)) for finger in FINGERS]
        self._bones = torch.tensor(np.stack(bones), dtype=torch.float32)  # (5, 3, 3)
        axes = torch.tensor(np.array([hinge.axis for hinge in hinges]), dtype=torch.float32)
        self._cross = torch.linalg.cross(axes[:, :, None].expand(-1, 3, 3), torch.eye(3).expand(len(hinges), 3, 3), dim=1)
        limits = torch.tensor([hinge.limits for hinge in hinges], dtype=torch.float32)
        self.lowest, self.highest = limits[:, 0], limits[:, 1]
        self.hinge_count = len(hinges)

    def posed(self, angles: Tensor) -> tuple[Tensor, Tensor]:
        """Directions (B, 15, 3) in the wrist's frame and local rotations (B, 15, 3, 3) for angles (B, H)."""
        turned = angles[..., None, None]
        hinged = torch.eye(3) + torch.sin(turned) * self._cross + (1.0 - torch.cos(turned)) * (self._cross @ self._cross)
        hinged = hinged.reshape(len(angles), len(FINGERS), _HINGES_PER_FINGER, 3, 3)
        joints = [hinged[:, :, hinges] for hinges in _HINGES_OF_JOINT]
        local = [_product(rotmat) for rotmat in joints]
        frame = torch.eye(3).expand(len(angles), len(FINGERS), 3, 3)
        directions = []
        for step, rotmat in enumerate(local):
            frame = frame @ rotmat
            directions.append(torch.einsum("bfij,fj->bfi", frame, self._bones[:, step]))
        shape = (len(angles), HAND_JOINT_COUNT, 3)
        return torch.stack(directions, dim=2).reshape(shape), torch.stack(local, dim=2).reshape(*shape, 3)


def _product(rotmat: Tensor) -> Tensor:
    """(B, 5, 3, 3) of rotations (B, 5, k, 3, 3), the first one outermost."""
    result = rotmat[:, :, 0]
    for number in range(1, rotmat.shape[2]):
        result = result @ rotmat[:, :, number]
    return result
