"""Dataclasses that hold arrays: two of them are the same only where they are one, since arrays do not compare as a whole."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "handmocap_addon"
ARRAYS = {"NDArray", "ndarray", "Array"}


def aliases_in(tree: ast.Module) -> set[str]:
    """Names of a module that stand for an array."""
    types = (ast.Name, ast.Attribute, ast.Subscript, ast.BinOp)
    assigned = [node for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, types)]
    assigned = [node for node in assigned if names_array(node.value, ARRAYS)]
    return {target.id for node in assigned for target in node.targets if isinstance(target, ast.Name)}


def names_array(annotation: ast.expr, arrays: set[str]) -> bool:
    """Whether what is annotated holds an array, and is not a function that is given or gives one."""
    if isinstance(annotation, ast.Constant):
        return isinstance(annotation.value, str) and annotation.value in arrays
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value).endswith("Callable"):
        return False
    if isinstance(annotation, ast.Name | ast.Attribute) and ast.unparse(annotation).rpartition(".")[2] in arrays:
        return True
    return any(names_array(child, arrays) for child in ast.iter_child_nodes(annotation) if isinstance(child, ast.expr))


def compared_by_arrays(source: str) -> Iterator[str]:
    """Dataclasses with an array in them that Python would compare field by field."""
    tree = ast.parse(source)
    arrays = ARRAYS | aliases_in(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef):
            continue
        for decorator in node.decorator_list:
            name = decorator.func if isinstance(decorator, ast.Call) else decorator
            if ast.unparse(name).rpartition(".")[2] != "dataclass":
                continue
            options = decorator.keywords if isinstance(decorator, ast.Call) else []
            is_one_by_one = any(option.arg == "eq" and ast.unparse(option.value) == "False" for option in options)
            fields = [line.annotation for line in node.body if isinstance(line, ast.AnnAssign)]
            if not is_one_by_one and any(names_array(field, arrays) for field in fields):
                yield node.name


@pytest.mark.parametrize(
    ("decorator", "annotation", "is_found"),
    [
        ("dataclass", "NDArray[np.float64]", True),
        ("dataclass(frozen=True)", "Mapping[str, Array] | None", True),
        ("dataclass(frozen=True)", "'Array'", True),
        ("dataclasses.dataclass(frozen=True, eq=True)", "np.ndarray", True),
        ("dataclass(frozen=True)", "Points", True),
        ("dataclass(frozen=True)", "Callable[[Array], Array]", False),
        ("dataclass(frozen=True, eq=False)", "Array", False),
        ("dataclass(frozen=True)", "int", False),
    ],
)
def test_what_holds_an_array_is_found(decorator, annotation, is_found):
    source = f"Points = NDArray[Any]\n@{decorator}\nclass Held:\n    name: str\n    content: {annotation}\n"
    assert list(compared_by_arrays(source)) == (["Held"] if is_found else [])


def test_no_dataclass_of_the_package_is_compared_by_its_arrays():
    found = {
        str(file.relative_to(PACKAGE)): list(compared_by_arrays(file.read_text("utf-8"))) for file in PACKAGE.rglob("*.py")
    }
    assert {file: names for file, names in found.items() if names} == {}
