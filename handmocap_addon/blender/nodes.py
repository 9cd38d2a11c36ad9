"""Nodes by what they are: their names are in the language of the person who made the file."""

from __future__ import annotations

from typing import Any


def node_of_type(tree: Any, node_type: str) -> Any | None:
    """The first node of a type in a node tree, or None, also where there is no tree."""
    return next((node for node in tree.nodes if node.type == node_type), None) if tree is not None else None
