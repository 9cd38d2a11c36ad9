"""Every sentence that stops a person, as the code has it, for docs/troubleshooting.md.

    python3 -m tools.pages.refusals [--check]

reads the sources and writes the table of each kind of failure into the page; --check writes nothing and exits with 1 where
the page says something else. What a sentence names (a file, a number) stands there as `…`. Standard library only.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from tools.pages.regions import PAGES, REPOSITORY, table, with_region

PAGE: Final = PAGES / "troubleshooting.md"
REGION: Final = "refusals"
_PACKAGE: Final = REPOSITORY / "handmocap_addon"
_SOURCES: Final = (_PACKAGE, REPOSITORY / "scripts", REPOSITORY / "tools")
_GAP: Final = "…"
_DEEPEST: Final = 2


@dataclass(frozen=True, order=True)
class Refusal:
    """A sentence and what to do, with `…` for what only a run knows."""

    kind: str  # the class of the error
    message: str
    hint: str


def refusals() -> list[Refusal]:
    """Of all sources, each sentence once, in alphabetical order."""
    kinds = {kind.name for kind in error_kinds()}
    trees = [ast.parse(file.read_text(encoding="utf-8")) for folder in _SOURCES for file in sorted(folder.rglob("*.py"))]
    constants = Constants(trees)
    found = _without_vaguer({refusal for tree in trees for refusal in _of_file(tree, kinds, constants)})
    return sorted(found, key=lambda refusal: (refusal.message.lstrip(f"{_GAP} '\"").lower(), refusal))


@dataclass(frozen=True)
class ErrorKind:
    """A class of errors as its module has it."""

    name: str
    description: str
    exit_code: str


def error_kinds() -> list[ErrorKind]:
    """In the order of their module; a class without an exit code of its own has its parent's."""
    (module,) = [file for file in _PACKAGE.rglob("errors.py") if "class HandmocapError" in file.read_text(encoding="utf-8")]
    numbers: dict[str, str] = {}
    kinds: dict[str, ErrorKind] = {}
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.ClassDef):
            continue
        values = {
            target.id: line.value
            for line in node.body
            if isinstance(line, ast.Assign)
            for target in line.targets
            if isinstance(target, ast.Name)
        }
        if node.name == "ExitCode":
            numbers = {name: ast.unparse(value) for name, value in values.items()}
        elif "exit_code" in values:
            code = numbers[ast.unparse(values["exit_code"]).rpartition(".")[2]]
            kinds[node.name] = ErrorKind(node.name, (ast.get_docstring(node) or "").splitlines()[0], code)
        else:
            parent = next((kinds[base.id] for base in node.bases if isinstance(base, ast.Name) and base.id in kinds), None)
            if parent is not None:
                kinds[node.name] = ErrorKind(node.name, (ast.get_docstring(node) or "").splitlines()[0], parent.exit_code)
    return list(kinds.values())


def _called(node: ast.Call) -> str:
    return (
        node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
    )


def _without_vaguer(found: set[Refusal]) -> set[Refusal]:
    """Without those whose advice another one of the same sentence has in full."""
    advice: dict[tuple[str, str], set[str]] = {}
    for one in found:
        advice.setdefault((one.kind, one.message), set()).add(one.hint)

    def is_vague(one: Refusal) -> bool:
        pattern = re.compile(".*".join(map(re.escape, one.hint.split(_GAP))))
        return any(hint != one.hint and pattern.fullmatch(hint) for hint in advice[one.kind, one.message])

    return {one for one in found if _GAP not in one.hint or not is_vague(one)}


def _is_for_two_readers(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and _called(node) == "way_out" and len(node.args) == 2


def _of_file(tree: ast.Module, kinds: set[str], constants: Constants) -> Iterator[Refusal]:
    for node, function in _calls(tree):
        if _called(node) not in kinds:
            continue
        named = {word.arg: word.value for word in node.keywords}
        message = node.args[0] if node.args else named.get("message")
        hint = node.args[1] if len(node.args) > 1 else named.get("hint")
        if message is None:
            continue
        panel, command = (Speech(tree, constants, function, reader) for reader in range(2))
        for said in dict.fromkeys([*panel.texts(message), *command.texts(message)]):
            readers = [reader for reader in (panel, command) if said in reader.texts(message)]
            hints = [replace(reader, enters_values=True).texts(hint) if hint is not None else [""] for reader in readers]
            for told in _told_to_all(hints):
                if len(re.findall(r"[A-Za-z-]+", said)) > 1:
                    yield Refusal(_called(node), _tidy(said), _tidy(told))


def _told_to_all(hints: list[list[str]]) -> list[str]:
    """What to do, in one: in the panel and on the command line, where these differ."""
    if len(hints) == 1 or len(hints[0]) != len(hints[1]):
        return list(dict.fromkeys(itertools.chain.from_iterable(hints)))
    return [
        panel if panel == command else f"{panel}; on the command line: {command}"
        for panel, command in zip(*hints, strict=True)
    ]


def _calls(tree: ast.AST, function: ast.FunctionDef | None = None) -> Iterator[tuple[ast.Call, ast.FunctionDef | None]]:
    """Every call with the innermost function that it is in."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Call):
            yield child, function
        yield from _calls(child, child if isinstance(child, ast.FunctionDef) else function)


FoundCall = tuple[ast.Module, ast.Call, ast.FunctionDef | None]


class Constants:
    """Texts and functions that modules give a name: a module's own, else what all others agree on."""

    def __init__(self, trees: list[ast.Module]) -> None:
        self._calls: dict[str, list[FoundCall]] = {}
        self._texts: dict[str, dict[ast.Module, str]] = {}
        self._functions: dict[str, dict[ast.Module, ast.FunctionDef]] = {}
        for tree in trees:
            for call, caller in _calls(tree):
                self._calls.setdefault(_called(call), []).append((tree, call, caller))
            for function in tree.body:
                if isinstance(function, ast.FunctionDef):
                    self._functions.setdefault(function.name, {})[tree] = function
            for line in tree.body:
                targets = line.targets if isinstance(line, ast.Assign) else [getattr(line, "target", None)]
                value = getattr(line, "value", None)
                for target in targets:
                    if isinstance(target, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
                        self._texts.setdefault(target.id, {})[tree] = value.value

    def of(self, name: str, tree: ast.Module) -> list[str]:
        """What a module means by a name; nothing where that is not known."""
        texts = self._texts.get(name, {})
        agreed = set(texts.values())
        return [texts[tree]] if tree in texts else list(agreed) if len(agreed) == 1 else []

    def callers(self, function: ast.FunctionDef, tree: ast.Module) -> tuple[list[FoundCall], bool]:
        """The calls of a module's function and whether they are its module's own.

        Those of other modules where it has none, and no other module has a function of its name.
        """
        found = self._calls.get(function.name, [])
        own = [each for each in found if each[0] is tree]
        if own or list(self._functions.get(function.name, {}).values()) != [function]:
            return own, True
        return found, False

    def function(self, name: str, tree: ast.Module) -> tuple[ast.Module, ast.FunctionDef] | None:
        """The function that a module means by a name, and where it stands."""
        found = self._functions.get(name, {})
        if tree in found:
            return tree, found[tree]
        return next(iter(found.items())) if len(found) == 1 else None


@dataclass(frozen=True)
class Speech:
    """What expressions of a function may say: both sides of a choice, `…` for what is not written there."""

    tree: ast.Module
    constants: Constants
    function: ast.FunctionDef | None
    reader: int = 0  # 0: before the panel, 1: before a command line
    depth: int = 0  # how many other functions were gone through
    enters_calls: bool = True
    enters_values: bool = False  # calls within a text too; what these return is mostly a file's name or a number

    def texts(self, node: ast.expr) -> list[str]:
        if isinstance(node, ast.Constant):
            return [node.value] if isinstance(node.value, str) else [_GAP]
        if isinstance(node, ast.IfExp):
            return [*self.texts(node.body), *self.texts(node.orelse)]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return ["".join(pair) for pair in itertools.product(self.texts(node.left), self.texts(node.right))]
        if isinstance(node, ast.JoinedStr):
            return ["".join(parts) for parts in itertools.product(*map(self.texts, node.values))]
        if isinstance(node, ast.FormattedValue):
            if isinstance(node.value, (ast.IfExp, ast.Name)) or _is_for_two_readers(node.value):
                return replace(self, enters_calls=self.enters_values).texts(node.value)
            return self.texts(node.value) if self.enters_values else [_GAP]
        if isinstance(node, ast.Name):
            return self._assigned(node.id) or self._given(node.id) or self.constants.of(node.id, self.tree) or [_GAP]
        if isinstance(node, ast.Call):
            return self.texts(node.args[self.reader]) if _is_for_two_readers(node) else self._returned(node)
        return [_GAP]

    def _returned(self, call: ast.Call) -> list[str]:
        """What a function of the package returns."""
        found = self.constants.function(_called(call), self.tree)
        if found is None or self.depth >= _DEEPEST or not self.enters_calls:
            return [_GAP]
        tree, function = found
        speech = replace(self, tree=tree, function=function, depth=self.depth + 1)
        returned = [line.value for line in ast.walk(function) if isinstance(line, ast.Return) and line.value is not None]
        return list(dict.fromkeys(text for value in returned for text in speech.texts(value))) or [_GAP]

    def _assigned(self, name: str) -> list[str]:
        """What the function itself gives a name."""
        values = [
            line.value
            for line in (ast.walk(self.function) if self.function else ())
            if isinstance(line, ast.Assign)
            and any(isinstance(target, ast.Name) and target.id == name for target in line.targets)
        ]
        # A name that is made of itself has no end.
        plain = [
            value for value in values if all(not isinstance(part, ast.Name) or part.id != name for part in ast.walk(value))
        ]
        return list(dict.fromkeys(text for value in plain for text in self.texts(value)))

    def _given(self, name: str) -> list[str]:
        """What callers give one of the function's arguments: those in the same file, else those in others that mean it."""
        if self.function is None or self.depth >= _DEEPEST:
            return []
        arguments = [each.arg for each in (*self.function.args.posonlyargs, *self.function.args.args)]
        if name not in arguments:
            return []
        place = arguments.index(name)
        said = []
        callers, are_own = self.constants.callers(self.function, self.tree)
        for tree, call, caller in callers:
            value = next((word.value for word in call.keywords if word.arg == name), None)
            offset = 1 if arguments[0] in ("self", "cls") else 0
            if value is None and place - offset < len(call.args):
                value = call.args[place - offset]
            if not are_own and not isinstance(value, ast.Constant):
                return []  # of some caller elsewhere it is not known what it says
            if value is not None:
                said += replace(self, tree=tree, function=caller, depth=self.depth + 1).texts(value)
        return list(dict.fromkeys(said))


def _tidy(text: str) -> str:
    text = re.sub(rf"{_GAP}(\s*{_GAP})+", _GAP, " ".join(text.split()))
    return text.replace(": )", ")").replace(" , ", ", ")


def page_text() -> str:
    """The tables of all kinds."""
    listed = refusals()
    parts = []
    for kind in error_kinds():
        rows = [(_cell(one.message), _cell(one.hint)) for one in listed if one.kind == kind.name]
        if rows:
            code = f"`{kind.name}`, exit code {kind.exit_code}"
            parts.append(f"### {kind.description.rstrip('.')}\n\n{code}.\n\n{table(('sentence', 'what to do'), rows)}")
    return "\n\n".join(parts)


def _cell(text: str) -> str:
    return re.sub(r"([|*_<>])", r"\\\1", text) if text.strip(f" {_GAP}") else "-"


def main() -> int:
    """Write the page, or compare."""
    parser = argparse.ArgumentParser(allow_abbrev=False, description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where something differs")
    options = parser.parse_args()
    before = PAGE.read_text(encoding="utf-8")
    after = with_region(before, REGION, page_text())
    if not options.check:
        PAGE.write_text(after, encoding="utf-8")
    return 1 if options.check and before != after else 0


if __name__ == "__main__":
    sys.exit(main())
