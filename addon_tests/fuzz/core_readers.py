"""The readers that need numpy alone: good content for each, how it is changed, and what is asked of what was read."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import json
import pickle
import pickletools
import struct
import tempfile
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from addon_tests.fuzz.mutations import Random, by_bytes, by_json, by_members, by_opcodes
from addon_tests.making import body_results, gvhmr_results, smplx_models
from addon_tests.making.hand_poses import waving_hands
from handmocap_addon.core.body import parameter_files as body_parameter_files
from handmocap_addon.core.body.body_files import body_licences, read_body
from handmocap_addon.core.body.body_motion_file import StoredBody, read_body_motion, write_body_motion
from handmocap_addon.core.body.frames import on_frames_of
from handmocap_addon.core.body.gvhmr_file import RESULT_NAME
from handmocap_addon.core.body.gvhmr_record import RECORD_NAME, is_own_result, is_result_of
from handmocap_addon.core.body.motion import BodyMotion, BodyTrack
from handmocap_addon.core.body.parameters import BodyParameters
from handmocap_addon.core.body.pictures import PictureFacts, seen_in
from handmocap_addon.core.body.point_cache import PointCacheWriter, open_point_cache
from handmocap_addon.core.body.shape import BodyShape
from handmocap_addon.core.body.smplx_model_file import read_smplx_model, read_texture_coordinates
from handmocap_addon.core.body.smplx_poses import SmplxPoses, read_smplx_poses, write_smplx_poses
from handmocap_addon.core.body.smplx_surface import read_smplx_surface
from handmocap_addon.core.cleanup.corrected_hands import corrected_tracks
from handmocap_addon.core.cleanup.corrections import (  # fmt: skip
    NotSeen,
    OwnSmoothing,
    Rows,
    Shifted,
    SidesSwapped,
    WristFrom,
    corrections_from_json,
    corrections_to_json,
    without,
)
from handmocap_addon.core.cleanup.wrist_source import WristSource
from handmocap_addon.core.clip.picture_sequences import picture_sequence
from handmocap_addon.core.clip.proxy_request import ProxyRequest
from handmocap_addon.core.errors import BelongingError, FrameCountError, HandmocapError
from handmocap_addon.core.files.archive_identity import archive_identity
from handmocap_addon.core.files.file_hashes import HashMemory
from handmocap_addon.core.files.keyed_arrays import read_keyed_arrays
from handmocap_addon.core.hands.hand_poses_file import read_hand_poses, write_hand_poses
from handmocap_addon.core.hands.hands_summary import read_hands_summary
from handmocap_addon.core.job_protocol import JobEvent, Progress, parse_event
from handmocap_addon.core.report import known_hand_poses, write_failure
from handmocap_addon.core.rig.bone_map import RIGIFY, read_bone_map, write_bone_map
from handmocap_addon.set_up.stamps import stamp_of

_FRAMES = 12


@dataclasses.dataclass(frozen=True)
class Reader:
    """How inputs of a kind are made (bytes of a number's generator), the file's name, and what reads it."""

    make: Callable[[Random], bytes]
    read: Callable[[Path], Any]
    suffix: str = ".bin"
    weight: float = 1.0  # of its share of all inputs


def written(write: Callable[[Path], Any], name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write(path)
        return path.read_bytes()


def cached(make: Callable[[], bytes], change: Callable[[Random, bytes], bytes]) -> Callable[[Random], bytes]:
    """Inputs that are one good content changed."""
    once = cache(make)
    return lambda random: change(random, once())


def text_changed(random: Random, content: bytes) -> bytes:
    return by_json(random, content.decode()).encode("utf-8", errors="surrogatepass")


def _hands() -> bytes:
    poses = waving_hands(_FRAMES, Fraction(30), kind="video", rotation=90, pixel_aspect=[1, 1], stored_size=[640, 480],
                         lost_frames=[1], number_step=1, sha256="0")  # fmt: skip
    poses = dataclasses.replace(
        poses, meta=poses.meta | {"estimator": "mediapipe", "parts": [{"fingerprint": "x"}], "warnings": ["a"]}
    )
    return written(lambda path: write_hand_poses(path, poses), "hand_poses.npz")


def _read_hands(path: Path) -> None:
    poses = read_hand_poses(path)
    poses.clip_notes(), poses.frames_per_second(), poses.picture_size(), poses.clip_name(), poses.warnings()


def _torch() -> bytes:
    return written(lambda path: gvhmr_results.write_gvhmr_result(path, gvhmr_results.made_up_motion(_FRAMES)), "a.pt")


def _content() -> Any:
    return gvhmr_results.gvhmr_content(gvhmr_results.made_up_motion(_FRAMES))


def _legacy() -> bytes:
    def tensors(value: Any) -> Any:
        return (
            {key: tensors(item) for key, item in value.items()} if isinstance(value, dict) else gvhmr_results.stored(value)
        )

    return written(lambda path: gvhmr_results.write_legacy_torch(path, tensors(_content())), "a.pt")


def _legacy_changed(random: Random, content: bytes) -> bytes:
    if random.random() < 0.5:
        return by_bytes(random, content)
    # The third of its pickles is the one that arranges the tensors.
    places, end = [], 0
    for _ in range(4):
        places.append(end)
        end += next(place for code, _, place in pickletools.genops(content[end:]) if code.name == "STOP") + 1
    first, last = places[3], end
    return content[:first] + by_opcodes(random, content[first:last]) + content[last:]


def _with_lists(random: Random) -> bytes:
    content = {key: value for key, value in _content().items() if key != "net_outputs"}
    if random.random() < 0.3:
        content["smpl_params_global"]["transl"] = content["smpl_params_global"]["transl"].tolist()
    if random.random() < 0.3:
        content = {1: content}
    return by_opcodes(random, pickle.dumps(content, protocol=int(random.integers(2, 6))))


def _flat() -> bytes:
    content = _content()
    flat = {f"world_{key}": value for key, value in content["smpl_params_global"].items()}
    flat |= {f"camera_{key}": value for key, value in content["smpl_params_incam"].items()}
    packed = io.BytesIO()
    np.savez(packed, K=content["K_fullimg"], **flat)
    return packed.getvalue()


def _nested_npz() -> bytes:
    packed = io.BytesIO()
    np.savez(packed, **{key: np.array(value, dtype=object) if isinstance(value, dict) else value
                        for key, value in _content().items() if key != "net_outputs"})  # fmt: skip
    return packed.getvalue()


def _model() -> bytes:
    return written(lambda path: smplx_models.write_smplx_model(path), "SMPLX_NEUTRAL.npz")


def _read_model(path: Path) -> None:
    read_smplx_model(path, np.ones(10))
    read_texture_coordinates(path)
    read_smplx_surface(path, np.ones(10), 2)


def _poses() -> bytes:
    random = np.random.default_rng(1)
    poses = SmplxPoses(
        random.normal(size=(4, 55, 3)), np.ones((4, 3)), np.ones(10), np.ones((4, 2)), np.tile(np.eye(4), (4, 1, 1))
    )
    return written(lambda path: write_smplx_poses(path, poses), "poses.npz")


def _parameters(kind: str) -> bytes:
    turned = np.tile((1.0, 0.0, 0.0, 0.0), (4, 55, 1))
    parameters = BodyParameters("y", np.arange(4.0), turned, np.ones((4, 3)), np.ones((55, 3)), np.ones(55, bool),
                                np.ones(4), np.zeros(4), np.zeros(4))  # fmt: skip
    shape = BodyShape(np.zeros(10))
    write = {"amass": body_parameter_files.write_amass, "smpl": body_parameter_files.write_smpl}[kind]
    return written(lambda path: write(path, parameters, shape, 30.0), f"a.{kind}")


def _read_any_body(path: Path) -> None:
    """As a body, and where another file is meant, which it must be told apart from."""
    for read in (read_hand_poses, read_smplx_poses, known_hand_poses):
        try:
            read(path)
        except HandmocapError:
            continue
    archive_identity(path)
    _read_body(path)


def _read_body(path: Path) -> None:
    """A body through the one door, on a clip's frames and in its pictures."""
    motion = read_body(path)
    body_licences(path)
    for count in (_FRAMES, 2 * _FRAMES):
        with contextlib.suppress(FrameCountError):
            on_frames_of(motion, np.arange(count) / 24.0, Fraction(24), "clip.mp4")
    for size in ((1280, 720), (640, 480)):
        with contextlib.suppress(BelongingError):
            seen_in(motion, PictureFacts("clip.mp4", size))


def _gem() -> bytes:
    content = body_results.gem_content(gvhmr_results.made_up_motion(_FRAMES), [{"start": 0, "end": 12, "type": "video"}])
    return written(lambda path: gvhmr_results.write_torch_archive(path, content), "a.pt")


def _prompt_hmr(random: Random) -> bytes:
    """Two people's, or one's, with arrays of other shapes and kinds, and changed as bytes."""
    people = {
        number: body_results.prompt_hmr_person(gvhmr_results.made_up_motion(_FRAMES), np.arange(_FRAMES), number)
        for number in range(int(random.integers(1, 3)))
    }
    content = body_results.prompt_hmr_content(people, body_results.made_up_camera(_FRAMES), (640, 480))
    if random.random() < 0.6:
        _change_some_array(random, content)
    packed = written(lambda path: body_results.write_joblib(path, content, int(random.integers(2, 6))), "results.pkl")
    return by_bytes(random, packed) if random.random() < 0.5 else packed


def _change_some_array(random: Random, content: dict[Any, Any]) -> None:
    """One part, somewhere within dictionaries, becomes something else."""
    key = list(content)[int(random.integers(len(content)))]
    value = content[key]
    if isinstance(value, dict) and value:
        _change_some_array(random, value)
    elif isinstance(value, np.ndarray) and random.random() < 0.8:
        changed = value.astype(str(random.choice(("f2", "f8", ">f4", "i1", "i8", "c8", "?", "S4"))))
        changed = changed[: int(random.integers(len(value) + 1))] if value.ndim and random.random() < 0.5 else changed
        content[key] = changed[..., None] if random.random() < 0.3 else np.asfortranarray(changed)
    else:
        content[key] = random.choice(np.array((None, 0, -1.0, np.nan, np.inf, 10**40, "x", [], {}), object))


def _smpl_codec() -> bytes:
    hands = {f"{side}HandPose": np.zeros((_FRAMES, 15, 3), "f4") for side in ("left", "right")}
    content = body_results.smpl_codec_content(gvhmr_results.made_up_motion(_FRAMES), 30.0, **hands)
    return written(lambda path: body_results.write_npz(path, content), "a.smpl")


def _mocap() -> bytes:
    content = body_results.amass_content(gvhmr_results.made_up_motion(_FRAMES), np.zeros(3), 120.0, fingers=0.2)
    return written(lambda path: body_results.write_npz(path, content), "a.npz")


def _built_in_body() -> bytes:
    turned = np.tile((1.0, 0.0, 0.0, 0.0), (_FRAMES, 22, 1))
    track = BodyTrack(turned[:, 0], np.ones((_FRAMES, 3)))
    lens = np.tile(np.array(((800.0, 0.0, 320.0), (0.0, 800.0, 240.0), (0.0, 0.0, 1.0))), (_FRAMES, 1, 1))
    motion = BodyMotion(turned[:, 1:], track, track, np.zeros(10), lens)
    seen, meta = np.ones((_FRAMES, 22), bool), {"estimator": "mediapipe", "licences": ["a"], "warnings": ["b"]}
    body = StoredBody(motion, seen[:, 0], seen, np.arange(_FRAMES), np.arange(_FRAMES) / 24.0, meta)
    return written(lambda path: write_body_motion(path, body), "body_motion.npz")


def _read_built_in_body(path: Path) -> None:
    read_body_motion(path).arrays()
    _read_body(path)


_MADE_FROM = {"version": 1, "clip": "00", "options": {"steady_camera": True, "lens_mm": 35.0}, "program": "gvhmr"}


def _gvhmr_record() -> bytes:
    return json.dumps({"made_from": _MADE_FROM, "sha256": hashlib.sha256(b"a").hexdigest(), "seconds": 3.5}).encode()


def _read_gvhmr_record(path: Path) -> None:
    """Beside a file that is the result, and one that is another."""
    path.rename(path.with_name(RECORD_NAME))
    for content in (b"a", b"another"):
        path.with_name(RESULT_NAME).write_bytes(content)
        is_kept = is_result_of(path.parent, _MADE_FROM) or is_own_result(path.parent)
        assert not is_kept or content == b"a"


def _corrections() -> bytes:
    rows = Rows(2, 5)
    listed = (NotSeen(rows, "left"), SidesSwapped(rows), OwnSmoothing(rows, "right", ("thumb",), 0.5), Shifted("left", 2),
              WristFrom(rows, "left", next(iter(WristSource))))  # fmt: skip
    return corrections_to_json(listed).encode()


def _read_corrections(path: Path) -> None:
    corrections = corrections_from_json(path.read_text(encoding="utf-8", errors="replace"))
    poses = waving_hands(_FRAMES, Fraction(30))
    corrected_tracks({"left": poses.left, "right": poses.right}, corrections, None)
    corrections_to_json(without(corrections, Rows(1, 3)))


def _read_report(path: Path) -> None:
    report = path.with_name("report.json")
    path.rename(report)
    write_failure(path.parent, HandmocapError("it", "again"), None)
    json.loads(report.read_text(encoding="utf-8"))


def _lines() -> bytes:
    progress = JobEvent("progress", {"stage": "Estimating", "done": 3, "total": 9, "fps": 3.1, "eta_s": 2.0, "unit": "MB"})
    return progress.line().encode()


def _read_line(path: Path) -> None:
    event = parse_event(path.read_text(encoding="utf-8", errors="replace"))
    if event is not None:
        progress = Progress.of(event.data)
        progress.text(), progress.short_text(), progress.details(), progress.fraction


def _keyed(random: Random) -> bytes:
    packed = io.BytesIO()
    np.savez(packed, first=np.ones(5), second=np.zeros((2, 3), np.float32))
    content = by_members(random, packed.getvalue())
    good = hashlib.sha256(b"key\0" + content).digest()
    return by_bytes(random, good + content) if random.random() < 0.2 else good + content


def _cache() -> bytes:
    content = io.BytesIO()
    content.write(struct.pack("<12siiffi", b"POINTCACHE2\0", 1, 4, 0.0, 1.0, 3))
    content.write(np.ones((3, 4, 3), "<f4").tobytes())
    assert PointCacheWriter is not None
    return content.getvalue()


def _read_cache(path: Path) -> None:
    with open_point_cache(path) as points:
        float(points.sum())


def _request() -> bytes:
    request = ProxyRequest("/a/clip.mp4", "00", (24, 1), "auto", (24, 1), (0.0, 0.1), (False, True))
    return written(request.write, "request.json")


def _read_request(path: Path) -> None:
    request = ProxyRequest.read(path)
    request.digest(), request.frames_per_second()


def _notes() -> bytes:
    return json.dumps({"pins": "abc", "/a": {"mark": [1, 2], "sha256": "00"}}).encode()


def _read_notes(path: Path) -> None:
    stamp_of(path.parent, path.name)
    HashMemory(path)


def _names(random: Random) -> bytes:
    count = int(random.integers(1, 30))
    alphabet = ("1", "0", "9", "-", "_", ".", "v", "a", " ", "²", "٣", "00000", "9" * 30, "9" * 120)
    names = ["".join(random.choice(alphabet, int(random.integers(1, 5)))) for _ in range(count)]
    return "\n".join(name + str(random.choice((".png", ".exr", ".JPG", ".jp2", ".txt", ""))) for name in names).encode()


def _read_names(path: Path) -> None:
    folder = path.with_suffix("")
    folder.mkdir()
    for name in path.read_text(encoding="utf-8").splitlines():
        if name not in (".", "..") and len(name) < 200:
            (folder / name).touch()
    picture_sequence(folder)


READERS: dict[str, Reader] = {
    "hand_poses.npz": Reader(cached(_hands, by_members), _read_hands, ".npz", 3),
    "hand_poses.npz, summary": Reader(cached(_hands, by_members), read_hands_summary, ".npz"),
    "truth npz": Reader(cached(_hands, by_members), known_hand_poses, ".npz", 0.5),
    "GVHMR .pt": Reader(cached(_torch, by_members), _read_body, ".pt", 3),
    "GVHMR .pt before torch 1.6": Reader(cached(_legacy, _legacy_changed), _read_body, ".pt"),
    "GVHMR pickle": Reader(_with_lists, _read_body, ".pkl", 3),
    "GVHMR npz": Reader(cached(_flat, by_members), _read_body, ".npz"),
    "GVHMR npz of dictionaries": Reader(cached(_nested_npz, by_members), _read_body, ".npz"),
    "GEM-SMPL .pt": Reader(cached(_gem, by_members), _read_body, ".pt"),
    "PromptHMR results": Reader(_prompt_hmr, _read_body, ".pkl", 3),
    "PromptHMR .smpl": Reader(cached(_smpl_codec, by_members), _read_body, ".smpl", 2),
    "AMASS npz of mocap": Reader(cached(_mocap, by_members), _read_body, ".npz", 2),
    "body_motion.npz": Reader(cached(_built_in_body, by_members), _read_built_in_body, ".npz", 2),
    "gvhmr_run.json": Reader(cached(_gvhmr_record, text_changed), _read_gvhmr_record, ".x"),
    "SMPL-X model": Reader(cached(_model, by_members), _read_model, ".npz", 0.1),
    "SMPL-X poses": Reader(cached(_poses, by_members), read_smplx_poses, ".npz"),
    "AMASS npz": Reader(cached(lambda: _parameters("amass"), by_members), _read_any_body, ".npz", 0.5),
    ".smpl": Reader(cached(lambda: _parameters("smpl"), by_members), _read_any_body, ".smpl", 0.5),
    "bone map": Reader(cached(lambda: written(lambda path: write_bone_map(path, RIGIFY), "a.json"), text_changed), read_bone_map, ".json"),
    "report.json": Reader(cached(lambda: b'{"ok": true, "left": {"frames": 3}, "last_good": {"ok": true}}', text_changed), _read_report, ".x"),
    "corrections": Reader(cached(_corrections, text_changed), _read_corrections, ".json", 2),
    "job line": Reader(cached(_lines, text_changed), _read_line, ".txt", 2),
    "partial results": Reader(_keyed, lambda path: read_keyed_arrays(path, "key"), ".part"),
    "point cache": Reader(cached(_cache, by_bytes), _read_cache, ".pc2"),
    "proxy request": Reader(cached(_request, text_changed), _read_request, ".json"),
    "notes of the set-up": Reader(cached(_notes, text_changed), _read_notes, ".json", 0.5),
    "names in a picture folder": Reader(_names, _read_names, ".names", 0.5),
}  # fmt: skip
