"""``.uai``, the text of the UAI inference competitions (2008): a preamble of sizes and scopes, then tables.

    BAYES 2  2 3  2  1 0  2 0 1   2  0.2 0.8   6  0.1 0.7 0.2  0.9 0.1 0.0

The last variable of a scope is the child, and in its table the last variable changes fastest. The format names
nothing: variables become v0, v1, … and states s0, s1, …; files of evidence are not read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from model.errors import listed
from model.interchange.block_text import NUMBER, Text
from model.interchange.unchecked import Declared, Draft, Filled, filled, numbers
from model.wording import quantity

_WORD = re.compile(r"\S+")
_COUNT = re.compile(r"[0-9]{1,9}")
_MOST = 999_999_999


@dataclass(frozen=True, slots=True)
class _Scope:
    """One function's variables by number, the child last."""

    parents: tuple[int, ...]
    child: int
    at: int


def parse(data: bytes, file: str) -> Draft:
    """A .uai file's text as a draft.

    >>> parse(b"BAYES 1 2 1 1 0 2 .2 .8", "x.uai").variables
    (Declared(name='v0', states=('s0', 's1'), line=1),)
    """
    source = Text(data, file)
    words = _Words(source)
    kind = words.take("'BAYES'")
    if kind != "BAYES":
        rule = "only Bayesian networks are read" if kind == "MARKOV" else "a .uai file begins with its kind"
        raise source.complain(words.at, f"expected 'BAYES', found {kind[:40]!r}: {rule}")
    sizes = []
    for k in range(words.count("the number of variables", _MOST)):
        sizes.append((words.count(f"the number of states of v{k}", _MOST), source.line(words.at)))
    scopes = [_scope(words, len(sizes)) for _ in range(words.count("the number of tables", _MOST))]
    _check_children(scopes, len(sizes), source)
    tables = tuple(_table(words, scope, [size for size, _ in sizes]) for scope in scopes)
    words.ended()
    variables = tuple(
        Declared(f"v{k}", tuple(f"s{i}" for i in range(size)), line) for k, (size, line) in enumerate(sizes)
    )
    return Draft(
        "unknown", variables, tables, ("the file names nothing: variables are v0, v1, … and states s0, s1, …",)
    )


def _scope(words: _Words, variables: int) -> _Scope:
    length = words.count("the number of variables of a table", variables)
    at = words.at
    if not length:
        raise words.source.complain(at, "a table of no variable, which is no table of a Bayesian network")
    found = [words.count("a variable's number", variables - 1) for _ in range(length)]
    if len(set(found)) < length:
        raise words.source.complain(at, f"the scope {' '.join(map(str, found))[:60]} names a variable twice")
    return _Scope(tuple(found[:-1]), found[-1], at)


def _check_children(scopes: Sequence[_Scope], variables: int, source: Text) -> None:
    """Each variable is the child of one table: before states are made, whose number a few bytes can make huge."""
    line_of: dict[int, int] = {}
    for scope in scopes:
        if scope.child in line_of:
            detail = f"a second table of v{scope.child}; the first is on line {line_of[scope.child]}"
            raise source.complain(scope.at, f"{detail} (the last variable of a scope is the child)")
        line_of[scope.child] = source.line(scope.at)
    missing = [f"v{k}" for k in range(variables) if k not in line_of]
    if missing:
        raise source.complain(0, f"no table is given for {listed(missing, most=6)} as its last variable")


def _table(words: _Words, scope: _Scope, sizes: Sequence[int]) -> Filled:
    shape = [sizes[k] for k in (*scope.parents, scope.child)]
    name, total = f"v{scope.child}", math.prod(shape)
    count = words.count(f"the number of values of the table of {name!r}", _MOST)
    if count != total:
        what = " x ".join(map(str, shape))
        found = f"table of {name!r} has {quantity(count, 'number')}, not {what} = {total:,}"
        raise words.source.complain(words.at, found)
    line = words.source.line(words.at)
    printed = " ".join(words.number(f"a number of the table of {name!r}") for _ in range(total))
    values = numbers(printed, file=words.source.file, line=line)
    return filled(name, [f"v{k}" for k in scope.parents], values, shape=shape, file=words.source.file, line=line)


class _Words:
    """The words of the text, taken one by one."""

    def __init__(self, source: Text) -> None:
        self.source = source
        self.at = 0
        self._words = _WORD.finditer(source.text)

    def take(self, what: str) -> str:
        match = next(self._words, None)
        if match is None:
            raise self.source.complain(len(self.source.text.rstrip()), f"expected {what}, found the end of the file")
        self.at = match.start()
        return match[0]

    def count(self, what: str, most: int) -> int:
        word = self.take(what)
        if not _COUNT.fullmatch(word) or int(word) > most:
            raise self.source.complain(self.at, f"expected {what}, a whole number up to {most:,}, found {word[:40]!r}")
        return int(word)

    def number(self, what: str) -> str:
        """A number as it is printed: its digits say how it was rounded."""
        word = self.take(what)
        if not NUMBER.fullmatch(word):
            raise self.source.complain(self.at, f"expected {what}, found {word[:40]!r}")
        return word

    def ended(self) -> None:
        for match in islice(self._words, 1):
            raise self.source.complain(match.start(), f"after the last table: {match[0][:40]!r} is not understood")
