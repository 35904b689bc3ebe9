"""The text that Hugin, Netica and old GeNIe share: blocks in braces that hold ``name = value;`` fields and blocks.

    node rain { states = ("yes" "no"); label = "Does it rain?"; }

A file is cut into blocks and fields here, each with its place; what the fields mean is each format's
own matter. Values stay text until they are asked for, so that a file full of layout costs nothing.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from model.errors import BadExchangeFile, listed
from model.gates import Rule
from model.interchange.unchecked import Filled, filled, numbers

DEPTH_LIMIT = 64
"""Blocks within blocks, and brackets within brackets, beyond which a text is no network."""

ENTRY_LIMIT = 2_000_000
"""Blocks and fields of one file, beyond which it is no network: each costs many times its length in memory."""

HEAD_LIMIT = 16
"""Words before a brace or '='."""

STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_SPACE = re.compile(r"\s*")
_TOKEN = re.compile(rf'{STRING}|[^\s"(){{}};=,|:]+|[(){{}};=,|:]', re.DOTALL)
_VALUE = re.compile(rf"{STRING}|[(){{}};]", re.DOTALL)
_ITEM = re.compile(rf'{STRING}|[(),]|[^\s"(),]+', re.DOTALL)
_NAMED_BLOCK = re.compile(r"[A-Za-z_]\w*\s*(?={)")
_GROUPING = re.compile(r"[()]")
_ESCAPE = re.compile(r"\\(\r?\n|.)", re.DOTALL)
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_MARKS = frozenset("(){};=,|:")
_BRACKETS = frozenset("(),")


class Text:
    """A file's text with its comments blanked out, and where each character of it stands.

    >>> Text(b"node x { }", "a.net", comment="%").place(5)
    'a.net:1:6'
    """

    def __init__(self, data: bytes, file: str, *, comment: str | None = None) -> None:
        text = _decoded(data, file)
        self.file = file
        self.text = _without_comments(text, comment, file) if comment else text
        self._ends = [match.start() for match in re.finditer("\n", self.text)]

    def line(self, at: int) -> int:
        """The line of a character, from 1."""
        return bisect_right(self._ends, at - 1) + 1

    def place(self, at: int) -> str:
        """File, line and column of a character."""
        line = self.line(at)
        begin = self._ends[line - 2] + 1 if line > 1 else 0
        return f"{self.file}:{line}:{at - begin + 1}"

    def complain(self, at: int, detail: str) -> BadExchangeFile:
        """The error for something wrong at a character."""
        return BadExchangeFile(detail, where=(self.place(at),))


@dataclass(frozen=True, slots=True)
class Item:
    """One word, number or string of a value; ``bare`` says that it stood without quotes."""

    word: str
    bare: bool
    at: int

    def is_mark(self, marks: str = "(),") -> bool:
        """Whether this is a bracket or a comma."""
        return self.bare and self.word in _BRACKETS and self.word in marks


@dataclass(frozen=True, slots=True)
class Field:
    """A field ``name = value;``: the value's text, and where it begins."""

    name: str
    value: str
    at: int
    source: Text

    @property
    def line(self) -> int:
        return self.source.line(self.at)

    def complain(self, detail: str, *, at: int | None = None) -> BadExchangeFile:
        """The error for something wrong in this value."""
        return self.source.complain(self.at if at is None else at, detail)

    def one(self, what: str) -> Item:
        """The only word, number or string of the value."""
        found = list(self._items())
        if len(found) != 1 or found[0].is_mark():
            raise self.complain(f"{self.name}: expected {what}, found {self.value.strip()[:40]!r}")
        return found[0]

    def word(self, what: str) -> str:
        """The only word of the value, as text."""
        return self.one(what).word

    def text(self) -> str:
        """A text in quotes on one line; several in a row are one, as long texts are written."""
        found = list(self._items())
        if not found or any(item.bare for item in found):
            raise self.complain(f"{self.name}: expected text in quotes, found {self.value.strip()[:40]!r}")
        return " ".join("".join(item.word for item in found).split())

    def entries(self, what: str, *, commas: bool) -> list[Item | None]:
        """The words or strings between one pair of brackets.

        ``commas``: they must stand between entries, and nothing before or after one is an entry left out (None);
        otherwise they may.
        """
        found = list(self._items())
        if len(found) < 2 or not (found[0].is_mark("(") and found[-1].is_mark(")")):
            raise self.complain(f"{self.name}: expected {what} in brackets, found {self.value.strip()[:40]!r}")
        inside: list[Item | None] = []
        waiting = True
        for item in found[1:-1]:
            if item.is_mark("()"):
                raise self.complain(f"{self.name}: brackets within brackets, expected {what}", at=item.at)
            if item.is_mark(","):
                inside += [None] if waiting and commas else []
                waiting = True
            elif commas and not waiting:
                raise self.complain(f"{self.name}: expected ',' before {item.word[:40]!r}", at=item.at)
            else:
                inside.append(item)
                waiting = False
        return [*inside, None] if waiting and commas and len(found) > 2 else inside

    def names(self, what: str, *, commas: bool) -> tuple[str, ...]:
        """The same where none may be left out."""
        found = self.entries(what, commas=commas)
        if None in found:
            raise self.complain(f"{self.name}: a comma with nothing before or after it, expected {what}")
        return tuple(item.word for item in found if item is not None)

    def cells(self, shape: Sequence[int], about: str, meaning: Callable[[Item], float]) -> list[float]:
        """The values of a table of this shape: the last axis changes fastest, brackets may group blocks of it.

        Raises BadExchangeFile where the count is another, or brackets group what is no block of this shape:
        the sign of an order of parents that is not the one stated.
        """
        total, blocks = math.prod(shape), {math.prod(shape[k:]) for k in range(len(shape) + 1)}
        sizes = f"{' x '.join(map(str, shape)) or '1'}"
        found: list[float] = []
        opened: list[int] = []
        for item in self._items():
            if not item.is_mark():
                if len(found) == total:
                    raise self.complain(f"{about} has over {total:,} values, not {sizes} = {total:,}", at=item.at)
                found.append(meaning(item))
            elif item.word == "(":
                opened.append(len(found))
                if len(opened) > DEPTH_LIMIT:
                    raise self.complain(f"{about}: over {DEPTH_LIMIT} brackets within each other", at=item.at)
            elif item.word == ")":
                if not opened:
                    raise self.complain(f"{about}: ')' closes nothing", at=item.at)
                begin = opened.pop()
                group = len(found) - begin
                if group not in blocks or begin % group:
                    detail = f"{about}: brackets around {group} values, which is no block of {sizes}"
                    raise self.complain(f"{detail} (the last of these changes fastest)", at=item.at)
        if len(found) != total:
            raise self.complain(f"{about} has {len(found):,} values, not {sizes} = {total:,}")
        return found

    def table(self, name: str, parents: Sequence[str], shape: Sequence[int]) -> Filled:
        """A table of numbers in the order (parents, states)."""
        about = f"table of {name!r}"

        def number(item: Item) -> float:
            if not item.bare or not NUMBER.fullmatch(item.word):
                raise self.complain(f"{about}: expected a number, found {item.word[:40]!r}", at=item.at)
            return float(item.word)

        self.cells(shape, about, number)
        values = numbers(_GROUPING.sub(" ", self.value), file=self.source.file, line=self.line)
        return filled(name, parents, values, shape=shape, file=self.source.file, line=self.line)

    def outcomes(self, name: str, parents: Sequence[str], states: Sequence[str], shape: Sequence[int]) -> Filled:
        """The table of a variable that its parents decide: a state for each combination, by name or as ``#number``."""
        about = f"table of {name!r}"
        position = {f"#{k}": float(k) for k in range(len(states))} | {state: float(k) for k, state in enumerate(states)}

        def chosen(item: Item) -> float:
            if item.word not in position:
                detail = f"{about}: no state {item.word[:40]!r}; the states are {listed(states)}"
                raise self.complain(detail, at=item.at)
            return position[item.word]

        rule = np.array(self.cells(shape[:-1], about, chosen), dtype=np.int64).reshape(shape[:-1])
        table = np.eye(len(states))[rule]
        return Filled(name, tuple(parents), table, self.line, build=lambda _: Rule(rule, len(states)))

    def numbers(self) -> list[float]:
        """Numbers in one pair of brackets, infinities among them."""
        found = []
        for item in self.entries("numbers", commas="," in self.value):
            word = item.word if item is not None else ""
            if item is None or not (NUMBER.fullmatch(word) or word.lower().lstrip("+-") in ("infinity", "inf")):
                raise self.complain(f"{self.name}: expected a number, found {word[:40]!r}")
            found.append(float(word))
        return found

    def _items(self) -> Iterator[Item]:
        for match in _ITEM.finditer(self.value):
            word = match[0]
            bare = not word.startswith('"')
            yield Item(word if bare else _unquoted(word), bare, self.at + match.start())


@dataclass(slots=True)
class Block:
    """A block: the words before its brace, those in brackets there, and the fields and blocks in it."""

    head: tuple[str, ...]
    at: int
    source: Text
    scope: Field | None = None
    fields: list[Field] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)

    @property
    def line(self) -> int:
        return self.source.line(self.at)

    @property
    def kind(self) -> str:
        """What the words before the block's own name say it is."""
        return " ".join(self.head[:-1])

    @property
    def name(self) -> str:
        """The block's own name, the last word before its brace."""
        return self.head[-1]

    def complain(self, detail: str) -> BadExchangeFile:
        """The error for something wrong with this block."""
        return self.source.complain(self.at, detail)

    def get(self, name: str) -> Field | None:
        """The field with this name. Raises BadExchangeFile when there are several: either could be meant."""
        found = [each for each in self.fields if each.name == name]
        if len(found) > 1:
            first = self.source.line(found[0].at)
            raise found[1].complain(f"{name}: given twice, first on line {first}")
        return found[0] if found else None

    def need(self, name: str, why: str) -> Field:
        """The field with this name, which must be there."""
        found = self.get(name)
        if found is None:
            raise self.complain(f"{' '.join(self.head)}: no field {name!r}, {why}")
        return found

    def inner(self, name: str) -> Block | None:
        """The only block whose head is this word."""
        found = [each for each in self.blocks if each.head == (name,)]
        if len(found) > 1:
            raise found[1].complain(f"{name}: given twice, first on line {found[0].line}")
        return found[0] if found else None


def left_out(blocks: Iterable[Block], understood: frozenset[str]) -> tuple[str, ...]:
    """A note on the fields of blocks that nothing reads, counted by name; Hugin's own settings count as one."""
    odd = Counter(
        "HR_…" if each.name.startswith("HR_") else each.name
        for block in blocks
        for each in block.fields
        if each.name not in understood
    )
    return (f"left out: {', '.join(f'{count} {name}' for name, count in sorted(odd.items()))}",) if odd else ()


def parse(source: Text) -> list[Block]:
    """The blocks of a file, in order.

    >>> found = parse(Text(b'node x { states = ("a" "b"); }', "a.net", comment="%"))
    >>> found[0].head, found[0].fields[0].names("states", commas=False)
    (('node', 'x'), ('a', 'b'))

    Raises BadExchangeFile with line and column where the text is not of this form.
    """
    scanner = _Scanner(source)
    blocks = []
    while not scanner.ended():
        found = scanner.entry(0)
        if isinstance(found, Field):
            raise scanner.complain_at(found.at, f"a field {found.name!r} outside of any block")
        blocks.append(found)
    return blocks


class _Scanner:
    """A place in the text; every step either finds what it expects or complains with line and column."""

    def __init__(self, source: Text) -> None:
        self.source = source
        self.text = source.text
        self.at = 0
        self.entries = 0
        self._skip()

    def ended(self) -> bool:
        return self.at >= len(self.text)

    def complain_at(self, at: int, detail: str) -> BadExchangeFile:
        return self.source.complain(at, detail)

    def entry(self, depth: int) -> Field | Block:
        """A field or a block with all that is in it."""
        begin = self.at
        self.entries += 1
        if self.entries > ENTRY_LIMIT:
            raise self.complain_at(begin, f"over {ENTRY_LIMIT:,} blocks and fields: too many to be a network")
        head = self._head()
        if self._sees("="):
            if len(head) != 1:
                raise self.complain_at(begin, f"expected one word before '=', found {' '.join(head)[:60]!r}")
            self._take("=")
            named = _NAMED_BLOCK.match(self.text, self.at)
            if named:
                self.at = named.end()
            elif not self._sees("{"):
                return self._field(head[0])
        scope = self._scope() if self._sees("(") else None
        if not self._sees("{"):
            raise self.complain_at(self.at, f"expected '{{' or '=' after {' '.join(head)[:60]!r}, found {self._next()}")
        if depth >= DEPTH_LIMIT:
            raise self.complain_at(self.at, f"over {DEPTH_LIMIT} blocks within each other")
        block = Block(tuple(head), begin, self.source, scope)
        self._take("{")
        while not self._sees("}"):
            if self.ended():
                raise block.complain(f"the block of {' '.join(head)[:60]!r} is never closed: no '}}' before the end")
            found = self.entry(depth + 1)
            if isinstance(found, Field):
                block.fields.append(found)
            else:
                block.blocks.append(found)
        self._take("}")
        if self._sees(";"):
            self._take(";")
        return block

    def _head(self) -> list[str]:
        head: list[str] = []
        while (token := _TOKEN.match(self.text, self.at)) and (token[0] == ":" or token[0] not in _MARKS):
            if len(head) == HEAD_LIMIT:
                raise self.complain_at(self.at, f"expected '{{' or '=' after {' '.join(head)[:60]!r}")
            head.append(_unquoted(token[0]) if token[0].startswith('"') else token[0])
            self.at = token.end()
            self._skip()
        if not head:
            raise self.complain_at(self.at, f"expected a word, found {self._next()}")
        return head

    def _scope(self) -> Field:
        """What stands in brackets before a block's brace."""
        begin = self.at
        end = self.text.find(")", begin)
        inside = self.text[begin + 1 : end]
        if end < 0 or any(mark in inside for mark in '({"'):
            raise self.complain_at(begin, "expected names and then ')' before '{'")
        self.at = end + 1
        self._skip()
        return Field("scope", inside, begin + 1, self.source)

    def _field(self, name: str) -> Field:
        begin, depth = self.at, 0
        for match in _VALUE.finditer(self.text, begin):
            mark = match[0]
            if mark == "(":
                depth += 1
            elif mark == ")":
                depth -= 1
            elif mark == ";" and not depth:
                self.at = match.end()
                self._skip()
                if not self.text[begin : match.start()].strip():
                    raise self.complain_at(begin, f"{name}: a value is missing before ';'")
                return Field(name, self.text[begin : match.start()], begin, self.source)
            elif mark in ("{", "}", ";"):
                raise self.complain_at(match.start(), f"{name}: expected ';' after its value, found {mark!r}")
            if depth < 0:
                raise self.complain_at(match.start(), f"{name}: ')' closes nothing")
        raise self.complain_at(begin, f"{name}: no ';' after its value")

    def _sees(self, mark: str) -> bool:
        return self.text.startswith(mark, self.at)

    def _take(self, mark: str) -> None:
        self.at += len(mark)
        self._skip()

    def _skip(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _next(self) -> str:
        return repr(self.text[self.at :][:200].split(maxsplit=1)[0][:40]) if not self.ended() else "the end of the file"


def _decoded(data: bytes, file: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadExchangeFile(
            f"not UTF-8 text (the byte 0x{data[error.start]:02x}): the file does not say its encoding and none is "
            "guessed; old files are often Latin-1, which 'iconv -f latin1 -t utf-8' converts",
            where=(f"{file}:{line}",),
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise BadExchangeFile("a NUL character: not a text file", where=(f"{file}:{line}",))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _without_comments(text: str, comment: str, file: str) -> str:
    """The text with comments blanked out, every character where it was.

    ``comment`` is a regular expression of what begins a comment that ends with its line; ``/*`` and ``/#`` begin
    those that their closing pair ends.
    """
    pattern = re.compile(rf'{STRING}|"|(?:{comment})[^\n]*|/\*.*?(?:\*/|\Z)|/#.*?(?:#/|\Z)', re.DOTALL)

    def blank(match: re.Match[str]) -> str:
        found = match[0]
        if found.startswith('"') and len(found) > 1:
            return found
        ends = {"/*": "*/", "/#": "#/"}.get(found[:2], "")
        if found == '"' or len(found) < 2 * len(ends) or not found.endswith(ends):
            what = "this quotation mark, or one before it," if found == '"' else f"a comment {found[:2]!r}"
            line = text.count("\n", 0, match.start()) + 1
            raise BadExchangeFile(f"{what} is never closed", where=(f"{file}:{line}",))
        return re.sub(r"[^\n]", " ", found)

    return pattern.sub(blank, text)


def _unquoted(word: str) -> str:
    r"""The text of a string: a backslash keeps the next character, joins lines, and ``\n`` ends one.

    >>> _unquoted(r'"say \"yes\""')
    'say "yes"'
    """

    def plain(match: re.Match[str]) -> str:
        kept = match[1]
        return {"n": "\n", "t": "\t"}.get(kept, "" if kept.endswith("\n") else kept)

    return _ESCAPE.sub(plain, word[1:-1])
