"""What is started runs its own code, whatever the shell and the folder it is started from bring along."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from handmocap_addon.core.process.child_processes import child_environment, finished, python_command, start

REPOSITORY = Path(__file__).parents[3]
SOURCES = [
    *(REPOSITORY / "handmocap_addon").rglob("*.py"),
    *(REPOSITORY / "scripts").rglob("*.py"),
    *(REPOSITORY / "tools").rglob("*.py"),
]
# The second runs isolated, with the environment that the first gave it, and can import nothing of ours.
# The last starts a program once more with another Python, in place of the one that runs.
DOORWAYS = ("child_processes.py", "guarded_child.py", "newer_python.py")
STARTS = {
    "subprocess": {"Popen", "run", "call", "check_call", "check_output", "getoutput", "getstatusoutput"},
    "os": {"system", "popen", "startfile", "posix_spawn", "posix_spawnp", "fork", "forkpty"},
    "asyncio": {"create_subprocess_exec", "create_subprocess_shell"},
}


def starts_in(source: str) -> list[str]:
    """Every way in which a module could start a process by itself."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module, name = node.value.id, node.attr
            if name in STARTS.get(module, ()) or (module == "os" and name.startswith(("exec", "spawn"))):
                found.append(f"{node.lineno}: {module}.{name}")
        elif isinstance(node, ast.ImportFrom) and node.module in STARTS:
            found += [f"{node.lineno}: {alias.name}" for alias in node.names if alias.name in STARTS[node.module]]
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            found += [f"{node.lineno}: {name}" for name in names if name.partition(".")[0] == "multiprocessing"]
    return found


@pytest.mark.parametrize(
    "source",
    [
        "subprocess.run(['x'])",
        "from subprocess import run",
        "os.execv('x', [])",
        "import multiprocessing.pool",
        "os.system('x')",
    ],
)
def test_the_look_for_starts_finds_them(source):
    assert starts_in(f"import os, subprocess\n{source}")


def test_only_the_doorway_starts_processes():
    # A type, as in `subprocess.Popen[str]`, starts nothing.
    others = {}
    for file in SOURCES:
        source = file.read_text(encoding="utf-8").replace("subprocess.Popen[", "subprocess.Started[")
        if file.name not in DOORWAYS and starts_in(source):
            others[str(file.relative_to(REPOSITORY))] = starts_in(source)
    assert len(SOURCES) > 200
    assert others == {}


def test_no_python_is_named_without_its_isolation():
    """`[sys.executable, …]` and `[str(x.python), …]` as a command stand for a Python that is open to the shell."""
    found = []
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.List) and len(node.elts) > 1 and not isinstance(node.elts[0], ast.Starred):
                first, second = ast.unparse(node.elts[0]), ast.unparse(node.elts[1])
                if ("sys.executable" in first or first.endswith("python)")) and second != "'-I'":
                    found.append(f"{file.name}:{node.lineno} {first}")
    assert found == []


def test_variables_that_bring_code_go_and_others_stay():
    given = {
        "PATH": "/bin", "OCIO": "/studio/config.ocio", "LD_LIBRARY_PATH": "/driver", "BLENDER_USER_RESOURCES": "/mine",
        "PIP_INDEX_URL": "http://127.0.0.1", "HTTPS_PROXY": "http://127.0.0.1:1", "PYTHONPATH": "/maya", "PYTHONHOME": "/houdini",
        "PYTHONSTARTUP": "/a.py", "PYTHONUSERBASE": "/b", "PYTHONPLATLIBDIR": "lib99", "PYTHONEXECUTABLE": "/c",
        "PYTHONINSPECT": "1", "pythonpath": "/as windows has it", "PIP_TARGET": "/d", "PIP_USER": "1",
        "__PYVENV_LAUNCHER__": "/e",
    }  # fmt: skip
    kept = ("PATH", "OCIO", "LD_LIBRARY_PATH", "BLENDER_USER_RESOURCES", "PIP_INDEX_URL", "HTTPS_PROXY")
    assert child_environment(given) == {name: given[name] for name in kept} | {"PYTHONUTF8": "1", "PYTHONNOUSERSITE": "1"}


@pytest.mark.parametrize("how", ["-c", "-m", "script"])
def test_a_child_takes_no_module_from_the_shell_nor_from_the_current_folder(tmp_path, monkeypatch, how):
    here, shell, tool = tmp_path / "footage", tmp_path / "maya", tmp_path / "tool"
    for folder in (here, shell, tool):
        folder.mkdir()
        for name in ("numpy", "this", "sitecustomize", "usercustomize"):
            (folder / f"{name}.py").write_text(
                f"open({str(tmp_path / 'planted ran')!r}, 'a').write(__file__)\n", encoding="utf-8"
            )
    script = tmp_path / "script.py"
    script.write_text("import this\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(shell))
    monkeypatch.setenv("PYTHONUSERBASE", str(tool))
    arguments = {"-c": ("-c", "import this"), "-m": ("-m", "this"), "script": (script,)}[how]
    command = python_command(sys.executable, *arguments)
    done = finished(command, cwd=here)
    assert done.returncode == 0 and "Beautiful is better" in done.stdout, done.stderr
    assert start(command, cwd=here, stdout=subprocess.DEVNULL).wait() == 0
    assert not (tmp_path / "planted ran").exists()
    # The same without the doorway: what is planted is planted well.
    subprocess.run([sys.executable, *map(str, arguments)], cwd=here, env={**os.environ}, capture_output=True, check=False)
    assert (tmp_path / "planted ran").exists()


def test_a_program_that_does_not_end_is_ended():
    with pytest.raises(subprocess.TimeoutExpired):
        finished(python_command(sys.executable, "-c", "import time; time.sleep(60)"), seconds=0.5)


def test_words_are_read_as_utf_8_whatever_the_shell_s_language_is(monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    assert finished(python_command(sys.executable, "-c", "print('Hände')")).stdout.strip() == "Hände"


def test_no_compiled_code_is_put_beside_a_module(tmp_path):
    (tmp_path / "module.py").write_text("", encoding="utf-8")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import module"
    assert finished(python_command(sys.executable, "-c", code)).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["module.py"]
