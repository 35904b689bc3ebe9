"""Words after a number agree with it, and percent is written one way, wherever people read them."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.sources import ROOT, modules

COUNTED = re.compile(
    r" (?:\w+ )?(?:arcs|bytes|cases|causes|checks|cliques|edits|entries|numbers|parameters|probabilities|"
    r"problems|questions|rows|sources|states|statements|steps|variables|warnings)\b"
)
"""What is counted in text, in the plural, after its number."""

NEVER_ONE = {
    "service/cli/text.py": {" sources (--sources prints them whole)"},
}
"""Counts that are told only where there are several."""


def parts(tree: ast.AST) -> Iterator[tuple[ast.expr, str, bool]]:
    """Each formatted value with the text that follows it, and whether it stands in an error that is raised."""
    raised = {id(inner) for node in ast.walk(tree) if isinstance(node, ast.Raise) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            for value, after in zip(node.values, [*node.values[1:], ast.Constant("")], strict=True):
                if isinstance(value, ast.FormattedValue) and isinstance(after, ast.Constant):
                    yield value, str(after.value), id(node) in raised


FILES = [path for package in ("model", "service") for path in modules(package)]
OF_PAGES = ("model/analyses", "model/readback", "model/report", "service/analyses", "service/cli", "service/pictures")
"""Where pages of text and pictures are made; what an error counts is its limit or is over it, and so several."""
MAKES_PAGES = [path for path in FILES if str(path.relative_to(ROOT)).startswith(OF_PAGES)]


@pytest.mark.parametrize("path", MAKES_PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_counted_takes_its_plural_from_the_number(path) -> None:
    allowed = NEVER_ONE.get(str(path.relative_to(ROOT)), set())
    for value, after, raised in parts(ast.parse(path.read_text(encoding="utf-8"))):
        by_itself = isinstance(value.value, ast.Call) and getattr(value.value.func, "id", "") == "quantity"
        if COUNTED.match(after) and not raised and not by_itself:
            assert after in allowed, (value.lineno, after)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_percent_stands_apart_from_its_number(path) -> None:
    for value, after, _ in parts(ast.parse(path.read_text(encoding="utf-8"))):
        spec = "".join(str(each.value) for each in getattr(value.format_spec, "values", []) if hasattr(each, "value"))
        assert not spec.endswith("%") or "H" in spec, (value.lineno, spec)
        assert not after.startswith("%"), (value.lineno, after)
