"""What to do is said in the words of whoever reads it: buttons to the panel, options to a command line, never both."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from handmocap_addon.core.audience import set_up_wilor, speak_to_the_command_line, speak_to_the_panel, way_out
from handmocap_addon.core.process.child_processes import finished, python_command
from handmocap_addon.set_up.environments import not_set_up

PACKAGE = Path(__file__).parents[2] / "handmocap_addon"
# They read a command line, or run for one alone.
OF_COMMANDS = {
    "blender/shot/arguments.py", "blender/shot/bake_arguments.py", "blender/shot/commands.py", "blender/shot/run.py",
    "blender/shot/settings.py", "core/audience.py", "core/report.py", "set_up/wilor_plan.py", "worker/command_line.py",
}  # fmt: skip
# Blender's own option, which the person before the panel gave.
OF_BLENDER = "--offline-mode"
NAMES_AN_OPTION = re.compile(r"(?<![\w-])--[a-z]|handmocap\.py")
NAMES_A_BUTTON = re.compile(r"[Pp]ress (Set|Start)|in the panel")


@pytest.fixture
def before_the_panel() -> Iterator[None]:
    speak_to_the_panel()
    yield
    speak_to_the_command_line()


def _sentences(file: Path) -> Iterator[tuple[int, str, bool]]:
    """Texts of more than one word, with whether they are one of a way out's two."""

    def visit(node: ast.AST, is_chosen: bool) -> Iterator[tuple[int, str, bool]]:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return  # a docstring
        chosen = is_chosen or (isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("way_out", "_another"))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
            yield node.lineno, node.value, chosen
        for child in ast.iter_child_nodes(node):
            yield from visit(child, chosen)

    return visit(ast.parse(file.read_text(encoding="utf-8")), False)


def test_no_sentence_outside_the_commands_names_an_option_or_a_button_to_everybody() -> None:
    found = []
    for ring in ("core", "set_up", "blender", "worker", "ui"):
        for file in (PACKAGE / ring).rglob("*.py"):
            if file.relative_to(PACKAGE).as_posix() in OF_COMMANDS:
                continue
            for line, text, is_chosen in _sentences(file):
                # The panel's own files may name buttons.
                both = NAMES_AN_OPTION.search(text) or (ring != "ui" and NAMES_A_BUTTON.search(text))
                if both and not is_chosen and OF_BLENDER not in text:
                    found.append(f"{file.relative_to(PACKAGE)}:{line}: {text}")
    assert found == []


def test_a_command_line_reads_options(tmp_path: Path) -> None:
    assert way_out("press Keep", "give --keep-keys") == "give --keep-keys"
    assert not_set_up(tmp_path).sentence() == "The hand estimator is not set up yet: run handmocap.py setup"


def test_the_panel_reads_buttons_and_its_children_say_them(before_the_panel: None, tmp_path: Path) -> None:
    assert way_out("press Keep", "give --keep-keys") == "press Keep"
    assert not_set_up(tmp_path).sentence() == "The hand estimator is not set up yet: press Set Up Hand Estimator in Set-up"
    code = (
        f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r}); from handmocap_addon.core.audience import set_up_wilor; "
    )
    said = finished(python_command(sys.executable, "-c", code + "print(set_up_wilor())")).stdout
    assert said.strip() == set_up_wilor() == "press Set Up WiLoR in Set-up"


def test_commands_started_from_blender_name_options(before_the_panel: None, tmp_path: Path) -> None:
    front_door = PACKAGE.parent / "scripts" / "handmocap.py"
    command = [sys.executable, str(front_door), "doctor", "--env", str(tmp_path / "empty")]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    assert "worker: missing - run handmocap.py setup" in said
    assert "press" not in said
