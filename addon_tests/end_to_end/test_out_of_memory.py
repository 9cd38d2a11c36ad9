"""Where memory runs out, every program says that and ends as one that failed; no trace reaches a person.

The error is raised where the work is done, in a process of its own: a real limit strikes in another place on every machine.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from handmocap_addon.core.errors import ExitCode
from scripts.border import bordered

REPOSITORY = Path(__file__).resolve().parents[2]
MESSAGE, HINT = "This machine ran out of memory", "close other programs, raise the process's limit, or use a shorter clip"

_SHORT = """
import json, sys
from pathlib import Path
def short_of_memory(*_, **__):
    raise WORDS
folder = Path(sys.argv[1])
"""
PROGRAMS = {
    "front door": """
from scripts import handmocap
handmocap._do = short_of_memory
sys.exit(handmocap.main(["doctor", "--env", str(folder)]))
""",
    "batch": """
import handmocap_addon.blender.shot.command_line as commands
from scripts import batch
commands.run_command = short_of_memory
sys.exit(batch.main(["apply", "--out", str(folder)]))
""",
    "set-up": """
from handmocap_addon.set_up import command_line
command_line._do = short_of_memory
sys.exit(command_line.main(["sizes", str(folder)]))
""",
    "worker": """
from handmocap_addon.worker import command_line
command_line._doctor = short_of_memory
sys.exit(command_line.main(["doctor"]))
""",
    "background": """
from handmocap_addon.blender.background import scene_copy_child
order = folder / "order.json"
said = {"command": "bake", "targets": [], "folder": str(folder / "copy"), "blend": "scene.blend", "request": {}}
order.write_text(json.dumps(said), encoding="utf-8")
sys.argv = ["blender", "--", str(order)]
sys.exit(scene_copy_child.run_order({"bake": short_of_memory}))
""",
}


# An array's, a thread's, a library's and the system's.
WORDS = (
    'MemoryError("Unable to allocate 8.00 GiB for an array")',
    'RuntimeError("can\'t start new thread")',
    "ImportError('libopenblas.so: failed to map segment from shared object')",
    "OSError(12, 'Cannot allocate memory')",
)


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_it_is_said_and_the_exit_code_is_that_of_a_failure(program: str, words: str, tmp_path: Path) -> None:
    # Its stdin stays open, as a parent's does.
    child = subprocess.Popen(
        [sys.executable, "-c", _SHORT.replace("WORDS", words) + PROGRAMS[program], str(tmp_path)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None and child.stdout is not None and child.stderr is not None
    with child:
        said = child.stdout.read() + child.stderr.read()
        code = child.wait()
    assert code == ExitCode.FAILED, said
    assert MESSAGE in said
    assert HINT in said
    assert "Traceback" not in said
    assert "report this" not in said


def test_so_it_is_at_the_border_of_the_other_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.border.ready_streams", lambda: None)

    def short_of_memory() -> int:
        raise MemoryError

    said: list[str] = []
    assert bordered("test", short_of_memory, said.append) == ExitCode.FAILED
    assert said == [f"{MESSAGE}: {HINT}"]
