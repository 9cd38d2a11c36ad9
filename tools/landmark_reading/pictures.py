"""Random pictures of random hands: a figure in random light before a random background, and what a camera does to it."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from handmocap_addon.core.body.model import BodyModel, skinned_vertices
from handmocap_addon.core.maths.rotations import normalized
from handmocap_addon.core.skeleton import BODY_JOINTS, JOINT_INDEX

from .random_hands import PICTURE_SIZE, RandomHands, random_body, random_body_number, random_hands
from .random_looks import Light, Look, random_light, random_look
from .renderer import Renderer

Array = NDArray[Any]

# Joints whose surface is bare skin; the forearm's follows the elbow.
_BARE_BODY = [JOINT_INDEX[name] for name in BODY_JOINTS if name.endswith(("head", "neck", "elbow", "wrist"))]
_BARE = [*_BARE_BODY, *range(len(BODY_JOINTS), len(JOINT_INDEX))]


class Photographer:
    """Makes pictures; keeps the bodies and the renderer."""

    def __init__(self) -> None:
        self._body = functools.cache(_SurfacedBody)
        model = self._body(0).model
        self._renderer = Renderer(PICTURE_SIZE, model.faces, len(model.vertices))

    def picture(self, picture: int) -> tuple[Array, RandomHands]:
        """RGB (H, W, 3) uint8, and the truth about it; the same for the same number."""
        random = np.random.default_rng(picture)
        number = random_body_number(random)
        body = self._body(number)
        hands = random_hands(random, body.model)
        return self.photograph(random, body, hands, random_look(random)), hands

    def photograph(self, random: np.random.Generator, body: _SurfacedBody, hands: RandomHands, look: Look) -> Array:
        """RGB (H, W, 3) uint8 in random light."""
        brightness = random.uniform(0.92, 1.08)
        light = _in_the_world(random_light(random), hands)
        figure = self._renderer.draw(
            skinned_vertices(body.model, hands.posed, 0),
            body.normals(hands),
            np.where(body.bare[:, None], look.skin, look.clothes) * brightness,
            hands.camera,
            light,
            hands.middle,
        )
        covered = figure[..., 3:] / 255.0
        return _through_a_camera(random, figure[..., :3] + _random_background(random) * (1.0 - covered))


class _SurfacedBody:
    """A body with the normals of its surface and where it is bare."""

    def __init__(self, number: int) -> None:
        model = random_body(number)
        self.model: BodyModel = model
        corners = model.vertices[model.faces]
        face_normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals = np.zeros_like(model.vertices)
        for corner in range(3):
            np.add.at(normals, model.faces[:, corner], face_normals)
        self._rest_normals = normalized(normals)
        strongest = np.argmax(model.skin_weights, axis=1)[:, None]
        self._joint = np.take_along_axis(model.skin_joints, strongest, axis=1)[:, 0]
        self.bare = np.isin(self._joint, _BARE)

    def normals(self, hands: RandomHands) -> Array:
        """(V, 3): each follows the joint that moves its vertex most."""
        return np.einsum("vab,vb->va", hands.posed.rotmat[0][self._joint], self._rest_normals)


def _in_the_world(light: Light, hands: RandomHands) -> Light:
    """Lamps placed by the camera, turned about the vertical to where it stands."""
    towards_camera = hands.camera.position - hands.middle
    azimuth = np.arctan2(towards_camera[0], towards_camera[2])
    cosine, sine = np.cos(azimuth), np.sin(azimuth)
    turn = np.array(((cosine, 0.0, sine), (0.0, 1.0, 0.0), (-sine, 0.0, cosine)))
    return replace(light, directions=light.directions @ turn.T)


def _random_background(random: np.random.Generator) -> Array:
    """(H, W, 3) from 0 to 255: one colour, a gradient, or blurred patches."""
    width, height = PICTURE_SIZE
    kind = random.random()
    first, second = random.random((2, 3)) * 220.0
    if kind < 0.4:
        return np.broadcast_to(first, (height, width, 3))
    if kind < 0.7:
        return np.broadcast_to(first + (second - first) * np.linspace(0.0, 1.0, width)[:, None], (height, width, 3))
    patches = random.random((int(random.integers(3, 9)), int(random.integers(3, 12)), 3)) * random.uniform(60.0, 255.0)
    return np.asarray(cv2.resize(patches.astype(np.float32), PICTURE_SIZE, interpolation=cv2.INTER_CUBIC))


def _through_a_camera(random: np.random.Generator, picture: Array) -> Array:
    """RGB (H, W, 3) uint8: exposure, noise, at times blur, mostly compressed."""
    picture = picture * random.uniform(0.6, 1.15) + random.normal(0.0, random.uniform(0.0, 5.0), picture.shape)
    if random.random() < 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), random.uniform(0.3, 1.0))
    pixels = picture.clip(0.0, 255.0).astype(np.uint8)
    if random.random() < 0.7:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(45, 95))]
        pixels = cv2.imdecode(cv2.imencode(".jpg", pixels, quality)[1], cv2.IMREAD_COLOR)
    return np.asarray(pixels)
