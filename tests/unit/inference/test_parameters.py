"""No function of inference takes more parameters than a reader can hold in mind."""

import ast
from collections.abc import Iterator

from tests.sources import ROOT

MOST = 8


def parameters(function: ast.FunctionDef) -> int:
    taken = function.args
    named = [*taken.posonlyargs, *taken.args, *taken.kwonlyargs]
    return len(named) + (taken.vararg is not None) + (taken.kwarg is not None)


def wide(source: str) -> Iterator[tuple[str, int]]:
    """Functions, methods and inner functions with more than MOST parameters."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and parameters(node) > MOST:
            yield node.name, parameters(node)


def test_no_function_of_inference_has_more_than_eight_parameters() -> None:
    files = sorted((ROOT / "model" / "inference").rglob("*.py"))
    assert len(files) > 30
    assert {path.name: found for path in files if (found := list(wide(path.read_text("utf-8"))))} == {}


def test_a_function_with_nine_parameters_is_found() -> None:
    source = "class A:\n    def f(a, b, /, c, d, *e, f, g, h, **i): ...\n    def g(a, b, c, d, e, f, g, h): ...\n"
    assert list(wide(source)) == [("f", 9)]
