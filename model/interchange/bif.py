"""BIF, the interchange format of 1998 that the public collections of networks use.

    network asia { }
    variable tub { type discrete [ 2 ] { yes, no }; }
    probability ( tub | asia ) { (yes) 0.05, 0.95; (no) 0.01, 0.99; }

Read with every dialect's liberties (quoted words, states without commas, parents without a bar,
``table`` and ``default``, comments, properties) but nothing beyond them: text that is not understood
is an error with its line, never skipped.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import BadExchangeFile, listed, nearest
from model.interchange.unchecked import (
    Beside,
    Declared,
    Draft,
    Filled,
    Mask,
    complaint,
    declared,
    floats,
    left_out,
    properties,
    shape_of,
    told,
    unfit_state,
    words,
)
from model.network import Network, Table
from model.wording import quantity

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r'[^\s,;{}()\[\]|"]+')
_QUOTED = re.compile(r'"([^"\n]*)"')
_COMMENT = re.compile(r'"[^"\n]*"|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_FITS = re.compile(r'(?!.*//)(?!.*/\*)[^\s,;{}()\[\]|"]+')
NAMES = re.compile(r'[^"\n]+')
"""Names that a file can hold, in quotation marks where they are not one word."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a probability block: the parents' states it is about (None: a whole table or a default)."""

    states: tuple[str, ...] | None
    values: list[float]
    line: int
    text: str


@dataclass(slots=True)
class _Block:
    """A probability block as written."""

    name: str
    parents: tuple[str, ...]
    line: int
    rows: list[_Line] = field(default_factory=list)
    table: _Line | None = None
    default: _Line | None = None


class _Scanner:
    """A place in the text; every step either finds what it expects or complains with the line."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.at = 0
        self.properties: dict[str, list[str]] = {}
        self._ends = [match.start() for match in re.finditer("\n", text)]
        self._skip()

    @property
    def line(self) -> int:
        return bisect_right(self._ends, self.at - 1) + 1

    def complain(self, detail: str) -> BadExchangeFile:
        return complaint(self.file, self.line, detail)

    def sees(self, symbol: str) -> bool:
        return self.text.startswith(symbol, self.at)

    def take(self, symbol: str, where: str) -> None:
        if not self.sees(symbol):
            raise self.complain(f"expected {symbol!r} {where}, found {self._next()}")
        self.at += len(symbol)
        self._skip()

    def word(self, what: str) -> str:
        match = _QUOTED.match(self.text, self.at) or _WORD.match(self.text, self.at)
        if match is None:
            raise self.complain(f"expected {what}, found {self._next()}")
        self.at = match.end()
        self._skip()
        return match[1] if match.re is _QUOTED else match[0]

    def words(self, end: str, what: str) -> tuple[str, ...]:
        """Words up to a closing symbol, which is taken too; a comma may follow each."""
        found = []
        while not self.sees(end):
            found.append(self.word(what))
            self.comma()
        self.take(end, f"after {what}")
        return tuple(found)

    def comma(self) -> None:
        """Pass over a comma where one may stand."""
        if self.sees(","):
            self.take(",", "")

    def values(self, what: str) -> tuple[list[float], str]:
        """Numbers up to a semicolon, which is taken too, and their text."""
        end = self.text.find(";", self.at)
        if end < 0:
            raise self.complain(f"no ';' after the numbers of {what}")
        text = self.text[self.at : end]
        found = floats(text, file=self.file, line=self.line)
        self.at = end
        self.take(";", "after numbers")
        return found, text

    def property(self, of: str) -> None:
        """Keep the text of one property of a variable, or of '' for whatever else has one."""
        start = self.at
        while not self.sees(";"):
            symbol = self.text[self.at : self.at + 1]
            if symbol and symbol in "(),[]|":
                self.take(symbol, "")
            else:
                self.word("the property's words or ';'")
        text = self.text[start : self.at].strip()
        self.properties.setdefault(of, []).append(text[1:-1] if _QUOTED.fullmatch(text) else text)
        self.take(";", "after the property")

    def ended(self) -> bool:
        return self.at >= len(self.text)

    def _skip(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _next(self) -> str:
        return repr(self.text[self.at :].split(maxsplit=1)[0][:40]) if not self.ended() else "the end of the file"


def parse(data: bytes, file: str) -> Draft:
    """A BIF file's text as a draft.

    >>> parse(b"variable x { type discrete [2] { a, b }; } probability (x) { table .5, .5; }", "x.bif").variables
    (Declared(name='x', states=('a', 'b'), line=1),)
    """
    scanner = _Scanner(_without_comments(_text(data, file), file), file)
    name = "unknown"
    variables: list[Declared] = []
    blocks: list[_Block] = []
    while not scanner.ended():
        word = scanner.word("'network', 'variable' or 'probability'")
        if word == "network":
            name = _network(scanner)
        elif word == "variable":
            variables.append(_variable(scanner))
        elif word == "probability":
            blocks.append(_probability(scanner))
        else:
            raise scanner.complain(f"expected 'network', 'variable' or 'probability', found {word[:40]!r}")
    known = declared(variables, file)
    tables = tuple(_filled(block, known, file) for block in blocks)
    labels, definitions, notes = _properties(scanner.properties)
    return Draft(name, tuple(variables), tables, notes, labels=labels, definitions=definitions)


def _properties(texts: Mapping[str, Sequence[str]]) -> tuple[dict[str, str], dict[str, str], tuple[str, ...]]:
    """Labels and definitions by variable, and a note on what else the properties say."""
    labels, definitions = {}, {}
    count = len(texts.get("", ()))
    for name in filter(None, texts):
        labels[name], definitions[name], others = told(texts[name])
        count += others
    return labels, definitions, left_out(count)


def render(network: Network, name: str, beside: Beside) -> str:
    """A network as BIF text; numbers are written in full, so that reading them gives the same bits."""
    lines = [f"network {name} {{", "}"]
    for variable in network.variables:
        lines.append(f"variable {_name(variable.name)} {{")
        lines.append(f"  type discrete [ {len(variable.states)} ] {{ {', '.join(variable.states)} }};")
        quoted = (text.replace('"', "'") for text in properties(variable.name, beside))
        lines += [f'  property "{text}" ;' for text in quoted]
        lines.append("}")
    for variable in network.variables:
        given = f" | {', '.join(map(_name, variable.parents))}" if variable.parents else ""
        lines.append(f"probability ( {_name(variable.name)}{given} ) {{")
        lines += _rows(network, variable.name)
        lines.append("}")
    return "\n".join(lines) + "\n"


def unfit(network: Network) -> str | None:
    """Why this network cannot be BIF, or None."""
    rule = "BIF ends a word at spaces, commas, brackets, bars, quotes and comments; XMLBIF can hold it"
    return unfit_state(network, _FITS, rule)


def _name(name: str) -> str:
    """A variable's name, in quotation marks where it is not one word."""
    return name if _FITS.fullmatch(name) else f'"{name}"'


def _rows(network: Network, name: str) -> list[str]:
    variable, table = network[name], network.tables[name]
    if not variable.parents:
        return [f"  table {_joined(table)};"]
    states = product(*(network[parent].states for parent in variable.parents))
    flat = table.reshape(-1, len(variable.states))
    return [f"  ({', '.join(when)}) {_joined(row)};" for when, row in zip(states, flat, strict=True)]


def _joined(row: Table) -> str:
    return ", ".join(repr(p) for p in row.tolist())


def _text(data: bytes, file: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise complaint(file, line, "not UTF-8 text: save the file as UTF-8") from None
    if "\0" in text:
        raise complaint(file, text.count("\n", 0, text.index("\0")) + 1, "a NUL character: not a text file")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _without_comments(text: str, file: str) -> str:
    """The text with comments blanked out, every line where it was."""
    if "//" not in text and "/*" not in text:
        return text

    def blank(match: re.Match[str]) -> str:
        found = match[0]
        if found.startswith('"'):
            return found
        if found.startswith("/*") and (len(found) < 4 or not found.endswith("*/")):
            raise complaint(file, text.count("\n", 0, match.start()) + 1, "a comment '/*' is never closed")
        return re.sub(r"[^\n]", " ", found)

    return _COMMENT.sub(blank, text)


def _network(scanner: _Scanner) -> str:
    name = "unknown" if scanner.sees("{") else scanner.word("the network's name")
    scanner.take("{", "after the network's name")
    while not scanner.sees("}"):
        _expect_property(scanner, "the network", "")
    scanner.take("}", "at the end of the network block")
    return name


def _variable(scanner: _Scanner) -> Declared:
    line = scanner.line
    name = scanner.word("a variable's name")
    scanner.take("{", f"after variable {name}")
    states: tuple[str, ...] | None = None
    while not scanner.sees("}"):
        if states is None and scanner.sees("type"):
            scanner.word("type")
            states = _states(scanner, name)
        else:
            _expect_property(scanner, f"variable {name}", name)
    scanner.take("}", f"at the end of variable {name}")
    if states is None:
        raise complaint(scanner.file, line, f"variable {name}: no 'type discrete' line names its states")
    return Declared(name, states, line)


def _states(scanner: _Scanner, name: str) -> tuple[str, ...]:
    kind = scanner.word("discrete")
    if kind != "discrete":
        detail = f"variable {name} is {kind!r}; only discrete variables are read"
        raise scanner.complain(f"{detail}: GeNIe and pyAgrum can discretise it")
    scanner.take("[", "after 'discrete'")
    count = scanner.word("the number of states")
    scanner.take("]", "after the number of states")
    scanner.take("{", "before the states")
    states = scanner.words("}", "a state's name")
    if count != str(len(states)):
        raise scanner.complain(f"variable {name} says {count} states and names {len(states)}: {listed(states)}")
    scanner.take(";", "after the states")
    return states


def _probability(scanner: _Scanner) -> _Block:
    line = scanner.line
    scanner.take("(", "after 'probability'")
    name = scanner.word("a variable's name")
    if scanner.sees("|"):
        scanner.take("|", "after the variable")
    else:
        scanner.comma()
    block = _Block(name, scanner.words(")", "a parent's name"), line)
    scanner.take("{", f"after probability of {name}")
    while not scanner.sees("}"):
        _line(scanner, block)
    scanner.take("}", f"at the end of probability of {name}")
    return block


def _line(scanner: _Scanner, block: _Block) -> None:
    line = scanner.line
    if scanner.sees("("):
        scanner.take("(", "before the parents' states")
        states = scanner.words(")", "a parent's state")
        values, text = scanner.values(f"the row ({', '.join(states)})")
        block.rows.append(_Line(states, values, line, text))
        return
    word = scanner.word("a row, 'table' or 'default'")
    if word not in ("table", "default"):
        _finish_property(scanner, word, f"probability of {block.name}", "")
        return
    if getattr(block, word) is not None:
        raise scanner.complain(f"probability of {block.name} has two {word!r} lines")
    values, text = scanner.values(word)
    setattr(block, word, _Line(None, values, line, text))


def _expect_property(scanner: _Scanner, where: str, of: str) -> None:
    _finish_property(scanner, scanner.word(f"'property' or '}}' in {where}"), where, of)


def _finish_property(scanner: _Scanner, word: str, where: str, of: str) -> None:
    if word != "property":
        raise scanner.complain(f"{where}: {word[:40]!r} is not understood")
    scanner.property(of)


def _filled(block: _Block, variables: Mapping[str, Declared], file: str) -> Filled:
    shape = shape_of(block.name, block.parents, variables, file=file, line=block.line)
    if block.table is not None:
        if block.rows or block.default:
            raise complaint(file, block.table.line, f"probability of {block.name} has a table and rows as well")
        return _from_table(block, block.table, shape, file)
    return _from_rows(block, shape, variables, file)


def _from_table(block: _Block, written: _Line, shape: tuple[int, ...], file: str) -> Filled:
    """A whole table, in which the variable's own state changes slowest and the last parent's fastest."""
    if len(written.values) != math.prod(shape):
        sizes = " x ".join(str(length) for length in (shape[-1], *shape[:-1]))
        detail = f"table of {block.name!r} has {len(written.values):,} numbers, not {sizes} = {math.prod(shape):,}"
        raise complaint(file, written.line, detail)

    def turned(values: NDArray[Any]) -> NDArray[Any]:
        return np.moveaxis(values.reshape(shape[-1], *shape[:-1]), 0, -1)

    return Filled(
        block.name,
        block.parents,
        turned(np.array(written.values, dtype=np.float64)),
        block.line,
        printed=lambda: turned(np.array(words(written.text), dtype=np.object_)),
    )


def _from_rows(block: _Block, shape: tuple[int, ...], variables: Mapping[str, Declared], file: str) -> Filled:
    """A table by rows; where none speaks, the default does."""
    lines = [_checked(block.name, row, shape[-1], file) for row in (block.default, *block.rows) if row is not None]
    owner = np.full(shape[:-1], -1 if block.default is None else 0, dtype=np.int64)
    first = len(lines) - len(block.rows)
    for number, row in enumerate(block.rows, start=first):
        at = _position(block, row, variables, file)
        if owner[at] >= first:
            detail = f"probability of {block.name}: this combination has a row on line {lines[owner[at]].line} too"
            raise complaint(file, row.line, detail)
        owner[at] = number
    if (owner < 0).any():
        raise complaint(file, block.line, _gaps(block, np.argwhere(owner < 0).tolist(), variables))
    default: Mask | None = owner == 0 if block.default is not None and block.parents else None
    table = np.array([line.values for line in lines], dtype=np.float64)[owner]

    def printed() -> NDArray[np.object_]:
        return np.array([words(line.text) for line in lines], dtype=np.object_)[owner]

    return Filled(block.name, block.parents, table, block.line, printed, default)


def _checked(name: str, row: _Line, states: int, file: str) -> _Line:
    if len(row.values) != states:
        counted = f"{quantity(len(row.values), 'number')} for {quantity(states, 'state')}"
        raise complaint(file, row.line, f"probability of {name}: {counted}")
    return row


def _position(block: _Block, row: _Line, variables: Mapping[str, Declared], file: str) -> tuple[int, ...]:
    states = row.states or ()
    if len(states) != len(block.parents):
        detail = f"probability of {block.name}: {len(states)} states for {len(block.parents)} parents"
        raise complaint(file, row.line, detail)
    at = []
    for parent, state in zip(block.parents, states, strict=True):
        known = variables[parent].states
        if state not in known:
            raise BadExchangeFile(
                f"probability of {block.name}: {parent} has no state {state!r}; the states are {listed(known)}",
                where=(f"{file}:{row.line}",),
                allowed=known,
                did_you_mean=nearest(state, known),
            )
        at.append(known.index(state))
    return tuple(at)


def _gaps(block: _Block, missing: Sequence[Sequence[int]], variables: Mapping[str, Declared]) -> str:
    if not block.parents:
        return f"probability of {block.name} has no numbers"
    rows = [
        f"({', '.join(variables[parent].states[k] for parent, k in zip(block.parents, at, strict=True))})"
        for at in missing[:6]
    ]
    more = f" and {len(missing) - 6} more" if len(missing) > 6 else ""
    return f"probability of {block.name} has no row for {', '.join(rows)}{more}"
