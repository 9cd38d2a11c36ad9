"""The whole test suite on a fresh machine: makes the environments, then linters, types and tests in both of them.

    python3 scripts/test.py [--env DIR] [-- PYTEST OPTIONS]
    python3 scripts/test.py --search [--seed NUMBER] [--examples NUMBER] [-- PYTEST OPTIONS]

Python 3.11 tests Blender 4.5, Python 3.13 tests Blender 5.2.

The suite tries the tests of properties with the same examples every time. --search runs these tests alone, with random
examples of a seed that it prints. What it finds is printed as a call of the test: write its arguments, made smaller where
that still fails, as an @example above the test, and the suite keeps it.
"""

from __future__ import annotations

# isort: off
import os
import sys

# PYTHONSAFEPATH takes a program's own folder off the path; nothing else may be imported yet.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
import own_modules  # noqa: F401

if __name__ == "__main__" and sys.version_info < (3, 11):
    from newer_python import start_again

    sys.exit(start_again(sys.argv))
# isort: on

import argparse
import random
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from handmocap_addon.core.errors import NoUvError  # noqa: E402
from handmocap_addon.core.process.child_processes import python_command, start  # noqa: E402
from handmocap_addon.set_up import environments  # noqa: E402
from handmocap_addon.set_up.uv import ensure_uv  # noqa: E402
from scripts.border import bordered  # noqa: E402

# Each ring in the environment that it lives in; core in both, since their numpy differs. Its tests of properties are tried
# once with the same examples: with Blender's numpy, which is another one in each Blender.
_WORKER_TESTS = ("addon_tests/core", "addon_tests/set_up", "addon_tests/worker")
_BLENDER_TESTS = tuple(f"addon_tests/{name}" for name in ("core", "blender", "ui", "end_to_end", "docs"))
_ONCE = "--core-properties-elsewhere"

_MOST_AT_ONCE = 4


def say(text: str) -> None:
    print(f"test.py: {text}", flush=True)


def main() -> int:
    """Run everything and return 0 only if everything passed."""
    parser = argparse.ArgumentParser(allow_abbrev=False, description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--env", type=Path, default=environments.default_folder(), help="folder of the environments")
    parser.add_argument("--search", action="store_true", help="only tests of properties, with random examples")
    parser.add_argument("--seed", type=int, help="of the search; without it a new one")
    parser.add_argument("--examples", type=int, default=1000, help="of the search, for each property (default 1000)")
    parser.add_argument("pytest_options", nargs="*")
    options = parser.parse_args()
    if options.seed is not None and not options.search:
        parser.error("--seed is for --search")
    if options.examples < 1:
        parser.error("--examples is 1 or more")
    folder = options.env.resolve()
    started = time.monotonic()
    worker = environments.ensure_worker(folder, say)
    blender = environments.ensure_blender_module(folder, say)
    environments.ensure_readers(folder, say)  # which commands would bring in the middle of a test
    for environment in (worker, blender):
        environments.add_test_tools(environment, say)
    # Tests of the set-up use it, also where the environments are there already.
    try:
        ensure_uv(folder, say)
    except NoUvError as error:
        say(f"tests with uv are left out: {error.sentence()}")
    say(f"set-up ready after {time.monotonic() - started:.0f} s")

    variables = {**os.environ, "HANDMOCAP_ENV": str(folder)}
    # Most of a test's time a child process works alone. A file's tests stay together, for what they share.
    pytest = ["-m", "pytest", "-n", str(min(os.cpu_count() or 1, _MOST_AT_ONCE)), "--dist", "loadfile"]
    lint = python_command(worker.python, "-m", "ruff")
    checks = [
        ("ruff check", [*lint, "check", "."]),
        ("ruff format", [*lint, "format", "--check", "."]),
        ("mypy", python_command(blender.python, "-m", "mypy")),
    ]
    if options.search:
        seed = options.seed if options.seed is not None else random.randrange(2**32)
        say(f"searching with --seed {seed} --examples {options.examples}")
        variables["HANDMOCAP_SEARCH_EXAMPLES"] = str(options.examples)
        pytest += ["-m", "hypothesis", "--hypothesis-profile", "search", "--hypothesis-seed", str(seed)]
        checks = []
    once = [] if options.search else [_ONCE]
    stages = [
        *checks,
        ("tests of core and worker", python_command(worker.python, *pytest, *once, *_WORKER_TESTS, *options.pytest_options)),
        ("tests in Blender", python_command(blender.python, *pytest, *_BLENDER_TESTS, *options.pytest_options)),
    ]
    failed = []
    for name, command in stages:
        say(name)
        stage_started = time.monotonic()
        if start(command, variables, stdin=None, cwd=REPOSITORY).wait() != 0:
            failed.append(name)
        say(f"{name}: {'FAILED' if name in failed else 'passed'} after {time.monotonic() - stage_started:.0f} s")
    if options.search and failed:
        say("write the arguments of what failed as an @example above its test")
    say(f"{'FAILED: ' + ', '.join(failed) if failed else 'all passed'} after {time.monotonic() - started:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(bordered("test.py", main, say))
