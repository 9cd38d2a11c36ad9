"""The rings of the package: who may import whom, and which libraries each ring must live without."""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "handmocap_addon"
RINGS = ("core", "worker", "blender", "ui")
BLENDER_LIBRARIES = ("bpy", "mathutils", "bmesh", "gpu")
WORKER_LIBRARIES = ("torch", "cv2", "av", "mediapipe", "wilor_mini", "ultralytics")
# Started by path in a process of its own; importing it is not meant.
STARTED_BY_PATH = ("handmocap_addon.worker.__main__", "handmocap_addon.set_up.__main__")

_IMPORT_WITHOUT = """
import importlib, json, sys

blocked, modules = json.loads(sys.argv[1])

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ImportError(f"{name} is blocked")

for name in list(sys.modules):
    assert name.partition(".")[0] not in blocked, f"{name} is loaded already"
before = {name.partition(".")[0] for name in sys.modules}
sys.meta_path.insert(0, Block())
failed = {}
for name in modules:
    try:
        importlib.import_module(name)
    except Exception as error:
        failed[name] = f"{type(error).__name__}: {error}"
after = {name.partition(".")[0] for name in sys.modules}
print(json.dumps([failed, sorted(after - before - set(sys.stdlib_module_names))]))
"""


def module_of(file: Path) -> str:
    """The dotted name of a file of the package."""
    parts = file.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_module(name: str) -> bool:
    """Whether a dotted name is that of a file of the package, and not of something in it."""
    path = REPOSITORY.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def modules_of(*rings: str) -> list[str]:
    """Every module of the rings by its dotted name; "" is the package itself with the modules beside it."""
    names = []
    for ring in rings:
        files = PACKAGE.glob("*.py") if ring == "" else (PACKAGE / ring).rglob("*.py")
        names += [module_of(file) for file in sorted(files)]
    return [name for name in names if name not in STARTED_BY_PATH]


def imported_without(blocked: tuple[str, ...], modules: list[str]) -> tuple[dict[str, str], list[str]]:
    """Import modules in a child process in which some libraries do not exist: the failures, and what else was loaded."""
    assert modules
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_WITHOUT, json.dumps([blocked, modules])],
        capture_output=True, text=True, cwd=REPOSITORY, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    failed, loaded = json.loads(done.stdout.splitlines()[-1])
    return failed, loaded


def imports_of(file: Path) -> set[str]:
    """Every module that a file imports, by its full dotted name."""
    package = file.relative_to(REPOSITORY).with_suffix("").parts[:-1]
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) + 1 - node.level]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


def rings_imported_by(file: Path) -> set[str]:
    """The rings of this package that a file imports from."""
    parts = [name.split(".") for name in imports_of(file) if name.split(".")[0] == "handmocap_addon"]
    return {part[1] for part in parts if len(part) > 1 and (PACKAGE / part[1]).is_dir()}


def test_core_and_the_package_import_with_numpy_alone():
    failed, loaded = imported_without((*BLENDER_LIBRARIES, *WORKER_LIBRARIES, "smplx", "mannequin"), modules_of("", "core"))
    assert failed == {}
    # numpy 1 brings its compiler's runtime along.
    assert {name for name in loaded if "cython" not in name} == {"numpy", "handmocap_addon"}


def test_the_front_door_s_modules_need_the_standard_library_alone():
    names = ("errors", "files.atomic_files", "job_protocol")
    modules = ["handmocap_addon", "handmocap_addon.set_up", "handmocap_addon.load_package"]
    modules += [f"handmocap_addon.core.{name}" for name in names]
    modules += ["handmocap_addon.blender.shot.arguments", "handmocap_addon.worker.command_line"]
    failed, loaded = imported_without((*BLENDER_LIBRARIES, *WORKER_LIBRARIES, "numpy", "mannequin"), modules)
    assert failed == {}
    assert loaded == ["handmocap_addon"]


@pytest.mark.skipif(importlib.util.find_spec("av") is None, reason="the worker's libraries are not in this environment")
def test_the_worker_imports_without_blender_and_without_torch():
    failed, _ = imported_without((*BLENDER_LIBRARIES, "torch", "wilor_mini", "ultralytics"), modules_of("worker"))
    assert failed == {}


@pytest.mark.skipif(importlib.util.find_spec("av") is None, reason="the worker's libraries are not in this environment")
def test_no_estimator_is_loaded_before_it_is_chosen():
    modules = [name for name in modules_of("worker") if "estimators." not in name]
    failed, _ = imported_without(("mediapipe", "torch", "wilor_mini"), modules)
    assert failed == {}


@pytest.mark.skipif(importlib.util.find_spec("bpy") is None, reason="Blender is not in this environment")
def test_blender_and_the_panel_import_without_the_worker_s_libraries():
    failed, _ = imported_without(WORKER_LIBRARIES, ["bpy", *modules_of("blender", "ui")])
    assert failed == {}


@pytest.mark.parametrize(
    ("ring", "allowed"),
    [
        ("core", {"core"}),
        ("set_up", {"core", "set_up"}),
        ("worker", {"core", "set_up", "worker"}),
        ("blender", {"core", "set_up", "blender"}),
        ("ui", {"core", "set_up", "blender", "ui"}),
    ],
)
def test_a_ring_imports_only_rings_inside_it(ring, allowed):
    files = sorted((PACKAGE / ring).rglob("*.py"))
    assert files
    strangers = {str(file.relative_to(PACKAGE)): rings_imported_by(file) - allowed for file in files}
    assert {file: rings for file, rings in strangers.items() if rings} == {}


@pytest.mark.parametrize("ring", ["core", "set_up", "worker"])
def test_no_file_outside_blender_s_rings_imports_blender(ring):
    found = {
        str(file.relative_to(PACKAGE)): library
        for file in (PACKAGE / ring).rglob("*.py")
        for library in {name.partition(".")[0] for name in imports_of(file)} & set(BLENDER_LIBRARIES)
    }
    assert found == {}


def test_one_file_alone_asks_for_blender_s_version():
    asking = [
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*.py")
        if "app.version" in file.read_text(encoding="utf-8").replace("app.version_string", "")
    ]
    assert asking in ([], ["blender/version_differences.py"])


def test_nothing_inside_blender_unpickles_or_evaluates():
    """Pickles are interpreted by a reader of our own that cannot call anything."""
    users = [
        str(file.relative_to(PACKAGE))
        for ring in ("core", "set_up", "blender", "ui")
        for file in (PACKAGE / ring).rglob("*.py")
        if imports_of(file) & {"pickle", "dill", "joblib", "shelve", "marshal"}
    ]
    # A program by itself, which looks at what an installer has compiled and runs nothing of it.
    assert users == ["set_up/whole_code.py"]
    assert not any("whole_code" in name for file in PACKAGE.rglob("*.py") for name in imports_of(file))
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func.id if isinstance(node.func, ast.Name) else ""
                assert called not in ("eval", "exec"), f"{file.name}:{node.lineno}"
                pickles = [keyword for keyword in node.keywords if keyword.arg == "allow_pickle"]
                assert all(isinstance(word.value, ast.Constant) and word.value.value is False for word in pickles), file.name


def room_of(name: str) -> str:
    """The room of a module; a file beside the rooms of a ring is one of its own, `set_up` and the wall's inside are one each."""
    parts = name.split(".")[1:]
    if not parts or not (PACKAGE / parts[0]).is_dir():
        return ""
    if parts[0] == "set_up" or len(parts) == 1:
        return parts[0]
    return ".".join(parts[:2])


def room_imports() -> dict[str, dict[str, list[str]]]:
    """For each room the rooms that it imports from, with the files that do."""
    found: dict[str, dict[str, list[str]]] = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        own = room_of(module_of(file))
        others = found.setdefault(own, {})
        for name in imports_of(file):
            if name.split(".")[0] == PACKAGE.name and is_module(name) and room_of(name) not in (own, *RINGS, ""):
                others.setdefault(room_of(name), []).append(str(file.relative_to(PACKAGE)))
    return found


def floors_of(imports: dict[str, dict[str, list[str]]]) -> dict[str, int]:
    """The floor of each room, one above the highest that it imports from. Rooms on a circle have none."""
    floors: dict[str, int] = {}
    while True:
        ready = {room for room, others in imports.items() if room not in floors and all(other in floors for other in others)}
        if not ready:
            return floors
        floors |= {room: 1 + max((floors[other] for other in imports[room]), default=0) for room in ready}


def test_no_room_climbs_or_goes_round():
    """Rooms import only from rooms on lower floors. `pytest -s` prints the list."""
    imports = room_imports()
    floors = floors_of(imports)
    files = Counter(room_of(module_of(file)) for file in PACKAGE.rglob("*.py") if file.name != "__init__.py")
    for room in sorted(files, key=lambda room: (floors.get(room, 0), room)):
        print(f"{floors.get(room, 0):3} {files[room]:3} files  {room or 'the package itself'}")
    circles = {room: {other: imports[room][other] for other in imports[room] if other not in floors} for room in imports}
    assert {room: others for room, others in circles.items() if room not in floors} == {}


def test_every_room_says_what_lives_there():
    silent = [
        str(folder.relative_to(PACKAGE))
        for folder in {file.parent for file in PACKAGE.rglob("*.py")}
        if not ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_nobody_imports_what_runs_only_in_a_copy():
    """What may rename and delete in its scene is started by path, in a background Blender on a copy of the file."""
    for room, others in room_imports().items():
        assert others.get("blender.background", []) == [], room


def test_the_room_of_curves_knows_no_rig():
    others = {room for room in room_imports()["blender.curves"] if room.startswith("blender.")}
    assert others <= {"blender.version_differences", "blender.scene_time"}


def test_only_the_room_of_curves_touches_keys():
    touching = [
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "keyframe_points"
    ]
    assert [file for file in touching if not file.startswith("blender/curves/")] == []
    assert touching


def test_only_doorways_start_processes():
    """`core.process` starts them for everybody; the rooms beside it know how they end."""
    starting = [
        file.relative_to(PACKAGE)
        for file in PACKAGE.rglob("*.py")
        if imports_of(file) & {"subprocess", "multiprocessing", "os.system", "os.popen", "pty"}
    ]
    assert {path.parent.as_posix() for path in starting} <= {"core/process", "blender/jobs", "set_up"}
    assert starting


def test_the_set_up_needs_the_standard_library_alone():
    failed, loaded = imported_without((*BLENDER_LIBRARIES, *WORKER_LIBRARIES, "numpy", "mannequin"), modules_of("set_up"))
    assert failed == {}
    assert loaded == ["handmocap_addon"]
