"""Draws a lit, shadowed mesh with OpenGL, without a window: about 30 ms a picture on one processor core.

Needs moderngl, OpenCV and an EGL driver (Mesa's draws in software).
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

# One thread for Mesa's software driver: several processes share the work. It reads this once.
os.environ.setdefault("LP_NUM_THREADS", "1")

import cv2
import moderngl

from handmocap_addon.core.maths.rotations import normalized

from .random_hands import Camera
from .random_looks import Light

Array = NDArray[Any]

_SUPERSAMPLING = 2
_SHADOW_SIZE = 1024  # pixels of the square picture from each lamp
_SHADOW_REACH = np.array((0.55, 0.55, 2.0))  # metres about the hands that a lamp's picture holds
_NEAR, _FAR = 0.05, 20.0  # metres

_VERTEX_SHADER = """#version 330
uniform mat4 to_picture; uniform mat4 to_lamp[2];
in vec3 position; in vec3 normal; in vec3 colour;
out vec3 at; out vec3 facing; out vec3 albedo; out vec4 at_lamp[2];
void main() {
    at = position; facing = normal; albedo = colour;
    for (int k = 0; k < 2; k++) at_lamp[k] = to_lamp[k] * vec4(position, 1.0);
    gl_Position = to_picture * vec4(position, 1.0);
}"""
_FRAGMENT_SHADER = """#version 330
uniform vec3 eye; uniform vec3 lamp[2]; uniform vec3 lamp_colour[2]; uniform vec3 from_above; uniform vec3 from_below;
uniform float highlight; uniform float sharpness; uniform float wrap; uniform sampler2D shadow_0; uniform sampler2D shadow_1;
in vec3 at; in vec3 facing; in vec3 albedo; in vec4 at_lamp[2];
out vec4 pixel;
float lit(sampler2D shadow, vec4 point) {
    vec3 place = point.xyz / point.w * 0.5 + 0.5;
    float sum = 0.0;
    for (int x = -1; x <= 1; x++) for (int y = -1; y <= 1; y++)
        sum += texture(shadow, place.xy + vec2(x, y) * 1.3 / 1024.0).r < place.z - 0.006 ? 0.0 : 1.0;
    return sum / 9.0;
}
vec3 from_lamp(vec3 normal, vec3 view, vec3 direction, vec3 colour, float share) {
    float diffuse = max((dot(normal, direction) + wrap) / (1.0 + wrap), 0.0);
    float mirrored = pow(max(dot(normal, normalize(direction + view)), 0.0), sharpness) * highlight;
    return colour * share * (albedo * diffuse + vec3(mirrored) * step(0.0, dot(normal, direction)));
}
void main() {
    vec3 normal = normalize(facing), view = normalize(eye - at);
    if (dot(normal, view) < 0.0) normal = normalize(normal - dot(normal, view) * view);
    vec3 sum = albedo * mix(from_below, from_above, normal.y * 0.5 + 0.5);
    sum += from_lamp(normal, view, lamp[0], lamp_colour[0], lit(shadow_0, at_lamp[0]));
    sum += from_lamp(normal, view, lamp[1], lamp_colour[1], lit(shadow_1, at_lamp[1]));
    pixel = vec4(pow(clamp(sum, 0.0, 1.0), vec3(1.0 / 2.2)), 1.0);
}"""
_SHADOW_SHADER = """#version 330
uniform mat4 to_picture; in vec3 position; void main() { gl_Position = to_picture * vec4(position, 1.0); }"""


class Renderer:
    """One window-less context for pictures of one size and meshes with the same faces."""

    def __init__(self, size: tuple[int, int], faces: Array, vertex_count: int) -> None:
        self._size = size
        self._context = moderngl.create_standalone_context(backend="egl")
        self._context.enable(moderngl.DEPTH_TEST)
        self._surface = self._context.program(_VERTEX_SHADER, _FRAGMENT_SHADER)
        self._depth = self._context.program(_SHADOW_SHADER, "#version 330\nvoid main() {}")
        large = (size[0] * _SUPERSAMPLING, size[1] * _SUPERSAMPLING)
        self._picture = self._context.framebuffer([self._context.texture(large, 4)], self._context.depth_renderbuffer(large))
        self._shadows = [self._context.depth_texture((_SHADOW_SIZE, _SHADOW_SIZE)) for _ in range(2)]
        for shadow in self._shadows:
            shadow.compare_func = ""
            shadow.filter = (moderngl.NEAREST, moderngl.NEAREST)
        self._shadow_pictures = [self._context.framebuffer(depth_attachment=shadow) for shadow in self._shadows]
        indices = self._context.buffer(faces.astype("i4").tobytes())
        self._vertices = self._context.buffer(reserve=vertex_count * 9 * 4)
        self._positions = self._context.buffer(reserve=vertex_count * 3 * 4)
        self._mesh = self._context.vertex_array(
            self._surface, [(self._vertices, "3f 3f 3f", "position", "normal", "colour")], indices
        )
        self._shadow_mesh = self._context.vertex_array(self._depth, [(self._positions, "3f", "position")], indices)

    def draw(self, vertices: Array, normals: Array, colours: Array, camera: Camera, light: Light, middle: Array) -> Array:
        """RGBA (H, W, 4) float32 from 0 to 255, transparent where nothing is.

        Args:
            vertices: (V, 3) metres in the world.
            normals: (V, 3) unit.
            colours: (V, 3) linear RGB.
            camera: where it is seen from.
            light: directions here in the world's axes.
            middle: (3,) metres in the world: shadows are drawn about it.
        """
        self._vertices.write(np.concatenate((vertices, normals, colours), axis=1).astype("f4").tobytes())
        self._positions.write(vertices.astype("f4").tobytes())
        directions = normalized(light.directions)
        to_lamp = [_seen_from_lamp(direction, middle) for direction in directions]
        for matrix, picture in zip(to_lamp, self._shadow_pictures, strict=True):
            picture.use()
            picture.clear(depth=1.0)
            self._depth["to_picture"].write(_columns(matrix))
            self._shadow_mesh.render()

        self._picture.use()
        self._picture.clear(0.0, 0.0, 0.0, 0.0)
        surface = self._surface
        surface["to_picture"].write(_columns(_seen_by_camera(camera, self._size)))
        surface["to_lamp"].write(b"".join(_columns(matrix) for matrix in to_lamp))
        surface["eye"].value = tuple(camera.position)
        surface["lamp"].write(directions.astype("f4").tobytes())
        surface["lamp_colour"].write(light.colours.astype("f4").tobytes())
        for number, shadow in enumerate(self._shadows):
            shadow.use(number)
            surface[f"shadow_{number}"].value = number
        surface["from_above"].value, surface["from_below"].value = tuple(light.from_above), tuple(light.from_below)
        for name in ("highlight", "sharpness", "wrap"):
            surface[name].value = getattr(light, name)
        self._mesh.render()
        width, height = self._size
        large = np.frombuffer(self._picture.read(components=4), np.uint8)
        large = large.reshape(height * _SUPERSAMPLING, width * _SUPERSAMPLING, 4)[::-1]
        return np.asarray(cv2.resize(large.astype(np.float32), self._size, interpolation=cv2.INTER_AREA))


def _columns(matrix: Array) -> bytes:
    """As OpenGL wants a matrix (4, 4): column by column."""
    return matrix.T.astype("f4").tobytes()


def _seen_from_lamp(direction: Array, middle: Array) -> Array:
    """(4, 4) from the world to a lamp's clip space, without perspective."""
    up = np.array((0.0, 1.0, 0.0) if abs(direction[1]) < 0.9 else (1.0, 0.0, 0.0))
    right = normalized(np.cross(up, direction))
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack((right, np.cross(direction, right), -direction)) / _SHADOW_REACH[:, None]
    matrix[:3, 3] = -matrix[:3, :3] @ middle
    return matrix


def _seen_by_camera(camera: Camera, size: tuple[int, int]) -> Array:
    """(4, 4) from the world to the picture's clip space."""
    width, height = size
    intrinsics = camera.intrinsics
    projection = np.array(
        (
            (2.0 * intrinsics[0, 0] / width, 0.0, 2.0 * intrinsics[0, 2] / width - 1.0, 0.0),
            (0.0, -2.0 * intrinsics[1, 1] / height, 1.0 - 2.0 * intrinsics[1, 2] / height, 0.0),
            (0.0, 0.0, (_FAR + _NEAR) / (_FAR - _NEAR), -2.0 * _FAR * _NEAR / (_FAR - _NEAR)),
            (0.0, 0.0, 1.0, 0.0),
        )
    )
    placed = np.eye(4)
    placed[:3, :3], placed[:3, 3] = camera.rotmat, camera.translation
    return projection @ placed
