"""The project's own source, read as a tree: which modules there are and what each imports."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def modules(room: str) -> list[Path]:
    found = sorted((ROOT / room).rglob("*.py"))
    assert found, f"{room}/ holds no modules"
    return found


def imports(path: Path, *, at_start: bool = False) -> Iterator[str]:
    """Full names that a module imports; with ``at_start``, only those imported when it is."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in started_with(tree) if at_start else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute here"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def started_with(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a module is imported: not the bodies of functions, nor what is for the type checker."""
    for child in ast.iter_child_nodes(node):
        if not is_for_later(child):
            yield child
            yield from started_with(child)


def is_for_the_checker(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def is_for_later(node: ast.AST) -> bool:
    return is_for_the_checker(node) or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
