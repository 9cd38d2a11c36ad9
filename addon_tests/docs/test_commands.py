"""The commands of the pages: those that can run here are run as they are written, the others are read by their own parsers."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from addon_tests.docs.pages import DOCS, README, REPOSITORY, Block, blocks, pages
from addon_tests.making.patience import COMMAND_PATIENCE, PATIENCE
from handmocap_addon.blender.shot.arguments import batch_parser
from handmocap_addon.set_up.pythons import find_python
from handmocap_addon.set_up.trial import SYSTEM_PACKAGES
from tools.pages.options_table import commands

PAGES = [page for page in pages() if page.parent in (DOCS, REPOSITORY)]
RUN = {page: [block for block in blocks(page) if block.language == "sh" and block.why_not_run is None] for page in PAGES}
NOT_RUN = [block for page in PAGES for block in blocks(page) if block.language == "sh" and block.why_not_run is not None]

# Reads its options as the program does, and ends where the work would begin.
_READ_OPTIONS = """
import argparse, os, runpy, sys
parse_args = argparse.ArgumentParser.parse_args
def read(self, *arguments, **named):
    options = parse_args(self, *arguments, **named)
    if not any(action.nargs == argparse.REMAINDER for action in self._actions):
        print("accepted", flush=True)
        os._exit(0)
    return options
argparse.ArgumentParser.parse_args = read
sys.path.insert(0, os.getcwd())
program, sys.argv = sys.argv[1], sys.argv[1:]
if program == "-m":
    program, sys.argv = sys.argv[1], sys.argv[1:]
    runpy.run_module(program, run_name="__main__", alter_sys=True)
else:
    sys.path.insert(0, os.path.dirname(os.path.abspath(program)))
    runpy.run_path(program, run_name="__main__")
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository, in which the commands may write."""
    target = tmp_path_factory.mktemp("a new checkout") / "handmocap"
    rubbish = shutil.ignore_patterns(".git", "dist", "demo-result", "__pycache__", ".*_cache", ".hypothesis")
    shutil.copytree(REPOSITORY, target, ignore=rubbish)
    return target


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A shell in which `python3` is the Python that a person has, without any packages."""
    folder = tmp_path_factory.mktemp("programs")
    program = folder / "python3"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(str(find_python([sys.version_info[:2]])))} "$@"\n')
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def run(text: str, folder: Path, variables: dict[str, str]) -> None:
    """Run a block in a shell that stops at the first failure; a terminal's stdin stays open."""
    with subprocess.Popen(
        ["bash", "-e", "-u", "-o", "pipefail", "-c", text],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder, env=variables,
    ) as process:  # fmt: skip
        stdin, process.stdin = process.stdin, None
        try:
            said, _ = process.communicate(timeout=COMMAND_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        finally:
            if stdin is not None:
                stdin.close()
    assert process.returncode == 0, f"{text}\n{said}"


def written(text: str) -> Iterator[str]:
    """The files that a block's commands are to write."""
    for line in text.splitlines():
        words = shlex.split(line)
        for name in ("--out", "--save"):
            for place in [number for number, word in enumerate(words) if word == name]:
                yield words[place + 1]


@pytest.mark.parametrize("page", [page for page in PAGES if RUN[page]], ids=lambda page: page.stem)
def test_the_commands_of_a_page_run_as_they_are_written(page: Path, checkout: Path, variables: dict[str, str]) -> None:
    for block in RUN[page]:
        run(block.text, checkout, variables)
        for name in written(block.text):
            assert (checkout / name).exists(), f"{page.name}: {name}"


def test_the_demo_leaves_what_readme_says(checkout: Path, variables: dict[str, str]) -> None:
    if not (checkout / "demo-result").exists():
        run("python3 scripts/handmocap.py demo", checkout, variables)
    text = README.read_text(encoding="utf-8")
    said = re.search(r"leaves in `demo-result/`:\s+(.*?)\.\n", text, re.DOTALL)
    assert said is not None
    names = re.findall(r"`([\w.]+)`", said[1])
    assert len(names) == 6
    assert all((checkout / "demo-result" / name).stat().st_size > 0 for name in names)


def test_readme_has_the_two_commands_and_runs_the_first() -> None:
    lines = {line: block for page in [README] for block in blocks(page) for line in block.lines}
    assert lines["python3 scripts/handmocap.py demo"].why_not_run is None
    assert "python3 scripts/test.py" in lines


def of(block: Block) -> str:
    return f"{block.page.stem}: {block.lines[0][:60]}"


def programs(block: Block) -> Iterator[list[str]]:
    """The words of each command of a block, without what a shell does around it."""
    for line in block.lines:
        for part in re.split(r"\|\||\|", line):
            words = shlex.split(part)
            if words and words[0] in ("python3", "python", "blender", "sudo"):
                yield words


@pytest.mark.parametrize("block", NOT_RUN, ids=of)
def test_commands_that_no_test_can_run_are_accepted_by_their_programs(block: Block, worker_python: Path) -> None:
    found = list(programs(block))
    assert found, block.text
    for words in found:
        assert accepted(words, worker_python), " ".join(words)


def accepted(words: list[str], worker_python: Path) -> bool:
    """Whether a program takes these options; an error of its own says what it does not."""
    if words[0] == "sudo":
        return words[1:] == ["apt", "install", *SYSTEM_PACKAGES.split()]
    if words[0] == "blender":
        program, rest = words[words.index("--python") + 1], words[words.index("--") + 1 :]
        if program == "scripts/batch.py":
            return bool(batch_parser().parse_args(rest))
        return reads([program, "--", *rest], worker_python)
    if words[1] == "scripts/handmocap.py":
        command, rest = words[2], words[3:]
        if command in commands():
            parser = commands()[command]
            return bool(parser.parse_args(rest))
        if command == "benchmark":
            return reads(["tools/benchmark/accuracy.py", *rest[1:]], worker_python)
    return reads(words[1:], worker_python)


def reads(program: list[str], worker_python: Path) -> bool:
    """Whether a program's own parser takes its options, in whichever environment it lives."""
    name = program[1].replace(".", "/") if program[0] == "-m" else program[0]
    source = next(
        (
            path
            for path in (REPOSITORY / f"{name}.py", REPOSITORY / name / "__main__.py", REPOSITORY / name)
            if path.is_file()
        ),
        None,
    )
    if source is None:
        return program[:3] == ["-m", "properdocs", "build"]  # which another test runs
    if "__main__" in source.name:
        text = "".join(path.read_text(encoding="utf-8") for path in source.parent.glob("*.py"))
    else:
        text = source.read_text(encoding="utf-8")
    if "arser(" not in text:
        return not any(word.startswith("--") for word in program)
    for python in (sys.executable, worker_python):
        done = subprocess.run(
            [str(python), "-c", _READ_OPTIONS, *program],
            cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=PATIENCE, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if "accepted" in (done.stdout + done.stderr).split():  # the worker's stdout is for events
            return True
    print(done.stderr)
    return False


def test_an_option_that_is_gone_would_be_found(worker_python: Path) -> None:
    assert reads(["scripts/test.py", "--search", "--seed", "1"], worker_python)
    assert not reads(["scripts/test.py", "--sarch"], worker_python)
    assert not reads(["-m", "addon_tests.bench.no_such_bench"], worker_python)
