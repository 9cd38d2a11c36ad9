"""Where GVHMR and the programs made from it keep a person's motion: by the names that they give to the parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from .makers import GEM_SMPL, GVHMR, BodyMaker

WORLD_NAME: Final = "smpl_params_global"
CAMERA_NAME: Final = "smpl_params_incam"
LENS_NAME: Final = "K_fullimg"
PARAMETERS: Final = ("body_pose", "betas", "global_orient", "transl")
_NESTED: Final = ((WORLD_NAME, CAMERA_NAME), ("pred_smpl_params_global", "pred_smpl_params_incam"))
_GEM_NAMES: Final = ("body_params_global", "body_params_incam")
# The npz files of the PyPI package and of gvhmr-web-tool. Video2smpl's has AMASS's names for the world, and beside them,
# unchanged, the world that the network put out.
_PREFIXES: Final = (
    ("world_", "camera_"),
    ("smpl_global_", "smpl_incam_"),
    *((f"{w}_", f"{c}_") for w, c in _NESTED),
    ("net_outputs_pred_smpl_params_global_", f"{CAMERA_NAME}_"),
)
_LENS_NAMES: Final = (LENS_NAME, "intrinsics", "K")
_DEEPEST: Final = 3


@dataclass(frozen=True)
class RawPerson:
    """A person's parts as the file has them, None where it has none."""

    world: dict[str, Any] | None
    camera: dict[str, Any] | None
    intrinsics: Any
    world_name: str = WORLD_NAME
    camera_name: str = CAMERA_NAME
    maker: BodyMaker = GVHMR
    segments: Any = None  # GEM-SMPL's videos and texts, one after the other

    def parameter(self, space: str, key: str) -> Any:
        """A parameter in `world` or `camera`; pose and shape are the same in both, and some files have them once."""
        group, other = (self.world, self.camera) if space == "world" else (self.camera, self.world)
        value = (group or {}).get(key)
        return (other or {}).get(key) if value is None and key in ("body_pose", "betas") else value


def people_in(content: Any) -> list[RawPerson]:
    """Everybody whose motion a file's content holds, also in lists and dictionaries of people."""
    return list(_people(content, 0, set()))


def _people(content: Any, depth: int, seen: set[tuple[int, int]]) -> Iterator[RawPerson]:
    # A pickle can hold the same list a million times in a million lists.
    if (id(content), depth) in seen:
        return
    seen.add((id(content), depth))
    person = _person(content) if isinstance(content, dict) else None
    if person is not None:
        yield person
    elif depth < _DEEPEST:
        parts = list(content.values()) if isinstance(content, dict) else content if isinstance(content, list | tuple) else []
        for part in parts:
            if isinstance(part, dict | list | tuple):
                yield from _people(part, depth + 1, seen)


def _person(content: dict[Any, Any]) -> RawPerson | None:
    lens = next((content[name] for name in _LENS_NAMES if content.get(name) is not None), None)
    for names in (*_NESTED, _GEM_NAMES):
        groups = [group if isinstance(group, dict) else None for group in map(content.get, names)]
        if any(group is not None for group in groups):
            is_gem = names == _GEM_NAMES
            own = (*names, GEM_SMPL, content.get("segment_info")) if is_gem else ()
            return RawPerson(groups[0], groups[1], lens, *own)
    flat = [[_with_prefix(content, prefix) for prefix in prefixes] for prefixes in _PREFIXES]
    # Where a file has the parts under several names, those that are a whole are the ones.
    for groups in sorted(flat, key=lambda groups: None in groups):
        if any(group is not None for group in groups):
            return RawPerson(groups[0], groups[1], lens)
    if "global_orient_incam" in content or ("global_orient" in content and lens is not None):
        # ComfyUI-MotionCapture's npz.
        camera_keys = {key: content.get(f"{key}_incam") for key in ("global_orient", "transl")}
        has_camera = any(value is not None for value in camera_keys.values())
        return RawPerson({key: content.get(key) for key in PARAMETERS}, camera_keys if has_camera else None, lens)
    return None


def _with_prefix(content: dict[Any, Any], prefix: str) -> dict[str, Any] | None:
    group = {key: content[prefix + key] for key in PARAMETERS if prefix + key in content}
    if "betas" in content and "betas" not in group:
        group["betas"] = content["betas"]
    return group if "global_orient" in group else None
