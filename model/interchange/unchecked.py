"""What a file of another tool says before it is trusted, and the checks that make it a network."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from model.errors import AftermathError, BadExchangeFile, listed, nearest
from model.gates import Gate
from model.network import SUM_TOLERANCE, Network, Table, Variable

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
STATE_LENGTH = 64
SCALED = 1e-6
"""A row may miss 1 by this much whatever its digits, as numbers of single precision do; it is scaled, and reported."""

FEWEST_DIGITS = 2
"""Digits that a number must have for its last to count as rounded: 0.9 and 0.2 are a mistake, 0.33 and 0.68 are not."""

TABLE_LIMIT = 4_000_000
"""Cells that one table may have: beyond it a file of a few lines could ask for all the memory there is."""

_NUMBERS = re.compile(r"[0-9eE+\-.,\s]*")
_PRINTED = re.compile(r"[+-]?(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?")
_TOLD = re.compile(r"(label|description|definition|comment)\s*=\s*(.*)", re.IGNORECASE | re.DOTALL)
_TOLD_AS = {"label": "label", "description": "label", "definition": "definition", "comment": "definition"}
_NAME_RULE = "a name is a letter and then at most 63 letters, digits or underscores"

Mask = NDArray[np.bool_]
Words = NDArray[np.object_]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Declared:
    """A variable as the file declares it."""

    name: str
    states: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """A conditional table as the file gives it: shape (*parents' states, states).

    ``printed`` gives the words that the numbers stand as, in the table's shape: their digits say how far a row may
    miss 1. ``default`` (*parents' states) is true where one line of the file speaks for many combinations.

    Where the file states a gate, ``build`` makes it of the parameters: ``table`` then holds those, one row each.
    """

    name: str
    parents: tuple[str, ...]
    table: Table
    line: int
    printed: Callable[[], Words] | None = None
    default: Mask | None = None
    build: Callable[[Table], Gate] | None = None


@dataclass(frozen=True, slots=True)
class DiagramNode:
    """A decision or a utility of an influence diagram: what it is informed by, or what it depends on."""

    name: str
    parents: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """Everything read from one file; ``notes`` says what was left out.

    ``labels`` are the file's titles of variables, ``state_labels`` those of their states, ``definitions`` what it
    says that a variable means. ``variables`` has the ``decisions`` too, which have no table until they are settled
    as ``levers``; ``left_out`` is then what the network has no place for, by name. Both say why.
    """

    name: str
    variables: tuple[Declared, ...]
    tables: tuple[Filled, ...]
    notes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    state_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    definitions: Mapping[str, str] = field(default_factory=dict)
    decisions: tuple[DiagramNode, ...] = ()
    utilities: tuple[DiagramNode, ...] = ()
    levers: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """What a file says beside the numbers, by variable; a variable of which it says nothing is left out.

    ``called`` is the name in the file where that could not be kept. ``gates`` are those that the file states,
    ``defaults`` (*parents' states) are true where one line of it speaks for many combinations. ``levers`` were
    decisions, ``left_out`` is what the network has no place for; both say why.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    state_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    definitions: Mapping[str, str] = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=dict)
    gates: Mapping[str, Gate] = field(default_factory=dict)
    defaults: Mapping[str, Mask] = field(default_factory=dict)
    levers: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)

    def renamed(self, names: Mapping[str, str]) -> Beside:
        """The same of variables that are called otherwise."""
        parts = {key: _rekeyed(getattr(self, key), names) for key in self.__dataclass_fields__}
        return Beside(**parts)


class Settled(NamedTuple):
    """A draft that holds: the network, what was changed in it, and what the file says beside the numbers."""

    network: Network
    notes: tuple[str, ...]
    beside: Beside


class Numbers(list[float]):
    """Numbers of a file, and the text in which they stand."""

    __slots__ = ("text",)

    def __init__(self, values: Sequence[float], text: str) -> None:
        super().__init__(values)
        self.text = text


def words(text: str) -> list[str]:
    """Each number of a text as it is printed."""
    return text.replace(",", " ").split()


def complaint(file: str, line: int, detail: str) -> BadExchangeFile:
    """The error for something wrong on one line.

    >>> str(complaint("asia.bif", 12, "no ';' after the states"))
    "asia.bif:12: no ';' after the states"
    """
    return BadExchangeFile(detail, where=(place(file, line),))


def place(file: str, line: int) -> str:
    """A line of a file; 0 where the thing spoken of is not in a file yet.

    >>> place("asia.bif", 12), place("asia.bif", 0)
    ('asia.bif:12', 'asia.bif')
    """
    return f"{file}:{line}" if line else file


def check_name(name: str, where: str) -> None:
    """Refuse a variable's name that prior files, URLs and every exchange format cannot all keep."""
    if not NAME.fullmatch(name):
        detail = f"variable {name!r}: {_NAME_RULE}"
        raise BadExchangeFile(detail, where=(where,), did_you_mean=usable(name))


def usable(name: str) -> str:
    """A name of ours that is read like one which is not: other scripts and accents in Latin letters.

    >>> [usable(name) for name in ("light-on", "visit to Asia?", "do\u015bwiadczenie", "\u5929\u6c14", "0", "?")]
    ['light_on', 'visit_to_Asia', 'doswiadczenie', 'TianQi', 'v_0', 'variable']
    """
    if NAME.fullmatch(name):
        return name
    words = re.sub(r"[^A-Za-z0-9]+", "_", name if name.isascii() else _in_latin(name)).strip("_")
    if not words:
        return "variable"
    return (words if words[0].isalpha() else f"v_{words}")[:64]


def _in_latin(name: str) -> str:
    from anyascii import anyascii

    return anyascii(unicodedata.normalize("NFC", name))


def renamings(names: Iterable[str]) -> dict[str, str]:
    """For each name that cannot be kept one that can, unlike every other in more than case.

    >>> renamings(["a", "A", "light-on", "light on"])
    {'A': 'A_2', 'light-on': 'light_on', 'light on': 'light_on_2'}
    """
    taken: set[str] = set()
    odd = []
    for name in names:
        if NAME.fullmatch(name) and name.casefold() not in taken:
            taken.add(name.casefold())
        else:
            odd.append(name)
    return {name: _untaken(usable(name), taken) for name in odd}


def _untaken(name: str, taken: set[str]) -> str:
    found, count = name, 1
    while found.casefold() in taken:
        count += 1
        found = f"{name[: 63 - len(str(count))]}_{count}"
    taken.add(found.casefold())
    return found


def check_names(variables: Iterable[Declared], file: str) -> None:
    """Refuse names that cannot be kept, all of them at once, each with the one that --rename gives it."""
    lines = {variable.name: variable.line for variable in variables}
    odd = renamings(lines)
    if not odd:
        return
    if len(odd) > 1:
        pairs = ", ".join(f"{name!r} as {new!r}" for name, new in odd.items())
        detail = f"{len(odd)} variables cannot keep their names: {_NAME_RULE}, and no two differ only in case"
        raise BadExchangeFile(f"{detail}; --rename brings them in, {pairs}, the old names as labels", where=(file,))
    ((name, new),) = odd.items()
    where = (place(file, lines[name]),)
    rename = f"; --rename brings it in as {new!r}, the old name as label"
    if NAME.fullmatch(name):
        same = next(other for other in lines if other.casefold() == name.casefold())
        detail = f"variable {name!r} and {same!r} differ only in case, first on line {lines[same]}"
        raise BadExchangeFile(detail + rename, where=where)
    raise BadExchangeFile(f"variable {name!r}: {_NAME_RULE}{rename}", where=where)


def declared(variables: Iterable[Declared], file: str) -> dict[str, Declared]:
    """Variables by name, once each is declared once and has states that we can keep."""
    found: dict[str, Declared] = {}
    for variable in variables:
        where = place(file, variable.line)
        same = found.setdefault(variable.name, variable)
        if same is not variable:
            detail = f"variable {variable.name!r} is declared twice, first on line {same.line}"
            raise BadExchangeFile(detail, where=(where,))
        _check_states(variable, where)
    if not found:
        raise BadExchangeFile("no variable is declared: not a file of this format, or an empty one", where=(file,))
    return found


def shape_of(
    name: str, parents: Sequence[str], variables: Mapping[str, Declared], *, file: str, line: int
) -> tuple[int, ...]:
    """Shape of a variable's table, from declared variables alone; refused beyond TABLE_LIMIT cells."""
    for known in (name, *parents):
        if known not in variables:
            raise BadExchangeFile(
                f"no variable {known!r} is declared",
                where=(place(file, line),),
                allowed=tuple(variables),
                did_you_mean=nearest(known, variables),
            )
    if len({name, *parents}) != len(parents) + 1:
        raise complaint(file, line, f"table of {name!r}: a parent is named twice, or is the variable itself")
    shape = tuple(len(variables[known].states) for known in (*parents, name))
    if math.prod(shape) > TABLE_LIMIT:
        detail = f"table of {name!r}: its {len(parents)} parents make {math.prod(shape):,} cells"
        raise complaint(file, line, f"{detail}; the most that is read is {TABLE_LIMIT:,}")
    return shape


def floats(text: str, *, file: str, line: int) -> list[float]:
    """Numbers separated by spaces or commas; nothing else may stand between them.

    >>> floats("0.2, 0.8", file="asia.bif", line=1)
    [0.2, 0.8]
    """
    good = _NUMBERS.match(text)
    if good is not None and good.end() < len(text):
        odd = text[good.end() :].split(maxsplit=1)[0][:40]
        raise complaint(file, line + text.count("\n", 0, good.end()), f"expected numbers, found {odd!r}")
    try:
        return [float(word) for word in text.replace(",", " ").split()]
    except ValueError as error:
        raise complaint(file, line, f"expected numbers: {error}") from None


def numbers(text: str, *, file: str, line: int) -> Numbers:
    """The same, with the text in which they stand."""
    return Numbers(floats(text, file=file, line=line), text)


def filled(
    name: str, parents: Sequence[str], values: Sequence[float], *, shape: Sequence[int], file: str, line: int
) -> Filled:
    """A table from its numbers in the order (parents, states), once their count is right."""
    if len(values) != math.prod(shape):
        what = " x ".join(str(length) for length in shape)
        raise complaint(file, line, f"table of {name!r} has {len(values):,} numbers, not {what} = {math.prod(shape):,}")
    table = np.array(values, dtype=np.float64).reshape(shape)
    return Filled(name, tuple(parents), table, line, printed_in(shape, values))


def printed_in(shape: Sequence[int], values: Sequence[float]) -> Callable[[], Words] | None:
    """The words of numbers in the shape of their table, where their text is known."""
    if not isinstance(values, Numbers):
        return None
    return lambda: np.array(words(values.text), dtype=np.object_).reshape(shape)


def rounding(row: Iterable[str]) -> float:
    """How far a row may miss 1 because its numbers were rounded: half a unit of the last printed digit of each.

    Printers cut zeros at the end, so the number with the most digits says how many there were: so many after the
    point, or so many that count (a zero has then lost none). A single digit is taken as meant.

    >>> rounding(["0.333", "0.333", "0.333"]), rounding(["0.500001", "0.5"]), rounding(["0.9", "0.2"])
    (0.0015, 1e-06, 0.0)
    >>> round(rounding(["1.23457e-05", "0.999988"]), 9)
    5e-07
    """
    decimals, significant, sizes = 0, 0, []
    count = 0
    for word in row:
        count += 1
        match = _PRINTED.fullmatch(word)
        whole, part, power = match.groups() if match else ("", "", None)
        exponent = int(power or 0)
        digits = (whole + part).lstrip("0")
        decimals = max(decimals, len(part) - exponent)
        if digits:
            significant = max(significant, len(digits))
            sizes.append(min(len(digits) - len(part) + exponent, 0))
    places = 0.5 * count * 10.0**-decimals if decimals >= FEWEST_DIGITS else 0.0
    figures = sum(0.5 * 10.0 ** (size - significant) for size in sizes) if significant >= FEWEST_DIGITS else 0.0
    return max(places, figures)


def settle(draft: Draft, file: str, *, rename: bool = False, scale: bool = False) -> Settled:
    """Make a draft a network: each variable has exactly one table, each row sums to 1.

    ``rename`` gives each name that cannot be kept one that can; ``scale`` makes every row sum to 1 that sums to
    anything. Raises BadExchangeFile.
    """
    called: dict[str, str] = {}
    if rename:
        draft, called = _renamed(draft)
    check_names(draft.variables, file)
    variables = declared(draft.variables, file)
    tables: dict[str, Filled] = {}
    for table in draft.tables:
        shape_of(table.name, table.parents, variables, file=file, line=table.line)
        if table.name in tables:
            first = tables[table.name].line
            raise complaint(file, table.line, f"a second table of {table.name!r}; the first is on line {first}")
        tables[table.name] = table
    missing = [name for name in variables if name not in tables]
    if missing:
        raise complaint(file, variables[missing[0]].line, f"no table is given for {listed(missing)}")
    rows, misses = {}, []
    for name in variables:
        rows[name], miss = _scaled(tables[name], variables, file, scale)
        misses += [miss] if miss else []
    try:
        builds = {name: table.build for name, table in tables.items()}
        gates = {name: build(rows[name]) for name, build in builds.items() if build is not None}
        network = Network(
            (Variable(name, v.states, tables[name].parents) for name, v in variables.items()),
            rows | {name: gate.table() for name, gate in gates.items()},
        )
    except AftermathError as error:
        raise BadExchangeFile(str(error), where=(file,)) from None
    beside = Beside(
        labels=called | {name: label for name, label in draft.labels.items() if label and label != name},
        state_labels=draft.state_labels,
        definitions={name: text for name, text in draft.definitions.items() if text},
        called=called,
        gates=gates,
        defaults={name: table.default for name, table in tables.items() if table.default is not None},
        levers=draft.levers,
        left_out=draft.left_out,
    )
    return Settled(network, (*_on_renaming(called), *_on_scaling(misses)), beside)


def _renamed(draft: Draft) -> tuple[Draft, dict[str, str]]:
    """The draft with names that can be kept, and what those that could not are called in the file."""
    new = renamings(variable.name for variable in draft.variables)
    tables = (
        replace(table, name=new.get(table.name, table.name), parents=tuple(new.get(p, p) for p in table.parents))
        for table in draft.tables
    )
    renamed = replace(
        draft,
        variables=tuple(replace(v, name=new.get(v.name, v.name)) for v in draft.variables),
        tables=tuple(tables),
        labels=_rekeyed(draft.labels, new),
        state_labels=_rekeyed(draft.state_labels, new),
        definitions=_rekeyed(draft.definitions, new),
        levers=_rekeyed(draft.levers, new),
    )
    return renamed, {ours: theirs for theirs, ours in new.items()}


def _rekeyed(said: Mapping[str, T], names: Mapping[str, str]) -> dict[str, T]:
    return {names.get(name, name): value for name, value in said.items()}


def difference(one: Network, other: Network, *, ordered: bool = True) -> str | None:
    """The first thing in which two networks differ, in words; None when they say exactly the same.

    Numbers are compared bit for bit. ``ordered=False`` lets the order of the variables differ.
    """
    if set(one.names) != set(other.names):
        return f"variables {listed(sorted(set(one.names) ^ set(other.names)))} are in one only"
    if ordered and one.names != other.names:
        return f"the order of the variables: {listed(one.names)} became {listed(other.names)}"
    for variable in one.variables:
        again = other[variable.name]
        if variable != again:
            return f"{variable.name}: states or parents became {listed(again.states)} given {listed(again.parents)}"
        if not np.array_equal(one.tables[variable.name], other.tables[variable.name]):
            off = np.abs(one.tables[variable.name] - other.tables[variable.name]).max()
            return f"{variable.name}: probabilities moved by up to {off:.3g}"
    return None


def told(properties: Iterable[str]) -> tuple[str, str, int]:
    """The label and the definition among a variable's properties, and how many of them say anything else.

    >>> told(["label = A long name", "definition = What it means", "position = (1, 2)"])
    ('A long name', 'What it means', 1)
    """
    found = {"label": "", "definition": ""}
    others = 0
    for text in properties:
        match = _TOLD.fullmatch(text.strip())
        if match is None:
            others += 1
            continue
        found[_TOLD_AS[match[1].lower()]] = tidy(match[2].strip('"'))
    return found["label"], found["definition"], others


def properties(name: str, beside: Beside) -> list[str]:
    """What is said of a variable beside its numbers, as properties."""
    label, definition = beside.labels.get(name, ""), beside.definitions.get(name, "")
    texts = [f"label = {tidy(label)}"] if label and label != name else []
    return [*texts, f"definition = {tidy(definition)}"] if definition else texts


def left_out(count: int) -> tuple[str, ...]:
    """A note on properties that there is no place for."""
    return (f"{count} propert{'y' if count == 1 else 'ies'} left out (positions and the like)",) if count else ()


def tidy(text: str) -> str:
    """A text of another tool on one line, without characters that nobody sees.

    >>> tidy(" two\\n  lines\\u200b ")
    'two lines'
    """
    return "".join(c for c in unicodedata.normalize("NFC", " ".join(text.split())) if c.isprintable())


def unfit_state(network: Network, fits: re.Pattern[str], rule: str) -> str | None:
    """The first state whose name does not fit a format's rule, in words."""
    for variable in network.variables:
        for state in variable.states:
            if not fits.fullmatch(state):
                return f"state {state!r} of {variable.name}: {rule}"
    return None


def _check_states(variable: Declared, where: str) -> None:
    if not variable.states:
        raise BadExchangeFile(f"variable {variable.name!r} has no states", where=(where,))
    for state in variable.states:
        if not state or len(state) > STATE_LENGTH or not state.isprintable() or state != state.strip():
            rule = f"1 to {STATE_LENGTH} printable characters without spaces around them"
            raise BadExchangeFile(f"variable {variable.name!r}: state {state!r} is not {rule}", where=(where,))
    twice = sorted(state for state, count in Counter(variable.states).items() if count > 1)
    if twice:
        raise BadExchangeFile(f"variable {variable.name!r}: state {listed(twice)} named twice", where=(where,))


READ_BY_PEOPLE = 2000
"""So many rows of a table are scaled in decimals, at 20 us a row: a third is then 0.3333333333333333."""


class _Miss(NamedTuple):
    """The row of one table that was furthest from 1."""

    name: str
    row: str
    off: float
    total: float


def _scaled(filled_in: Filled, variables: Mapping[str, Declared], file: str, scale: bool) -> tuple[Table, _Miss | None]:
    """Rows as read where they sum to 1 within 1e-9, scaled as far as their digits allow, refused beyond."""
    table = filled_in.table
    if not np.isfinite(table).all() or (table < 0).any():
        detail = f"table of {filled_in.name!r} has a number that is negative or not finite"
        raise complaint(file, filled_in.line, detail)
    sums = table.sum(axis=-1)
    off = np.abs(sums - 1.0)
    worst = float(off.max())
    if worst <= SUM_TOLERANCE:
        return table, None
    allowed = np.full(off.shape, SCALED)
    beyond = off > SCALED
    if beyond.any() and filled_in.printed is not None:
        rows = filled_in.printed()[beyond]
        allowed[beyond] = [max(SCALED, rounding(row)) for row in rows]
    excess = np.where(off > allowed * (1 + 1e-9), off, 0.0)
    if excess.any() and not (scale and (sums > 0).all()):
        at = np.unravel_index(int(excess.argmax() if not scale else sums.argmin()), off.shape)
        total = float(sums[at])
        detail = f"table of {filled_in.name!r}, {_row_named(filled_in, variables, at)}: sums to {total:.10g}, not 1"
        remedy = f"its digits allow {allowed[at]:.2g}; --scale scales it" if total else "nothing that could be scaled"
        raise complaint(file, filled_in.line, f"{detail} ({remedy})")
    at = np.unravel_index(int(off.argmax()), off.shape)
    miss = _Miss(filled_in.name, _row_named(filled_in, variables, at), worst, float(sums[at]))
    missed = off > SUM_TOLERANCE
    rows = np.where(missed[..., None], table / np.where(sums > 0, sums, 1.0)[..., None], table)
    if np.count_nonzero(missed) <= READ_BY_PEOPLE:
        for place in map(tuple, np.argwhere(missed).tolist()):
            rows[place] = _in_proportion(table[place].tolist())
    return rows, miss


def _in_proportion(row: Sequence[float]) -> list[float]:
    """A row scaled to sum to 1, worked out in the decimals that it is printed with.

    >>> _in_proportion([0.33, 0.33, 0.33])
    [0.3333333333333333, 0.3333333333333333, 0.3333333333333333]
    """
    parts = [Fraction(repr(p)) for p in row]
    total = sum(parts)
    return [float(part / total) for part in parts] if total else list(row)


def _row_named(filled_in: Filled, variables: Mapping[str, Declared], at: Sequence[np.intp]) -> str:
    if filled_in.build is not None:
        return f"parameter row {int(at[0]) + 1}"
    states = zip(filled_in.parents, at, strict=True)
    when = ", ".join(f"{parent}: {variables[parent].states[k]}" for parent, k in states)
    return f"row when {{{when}}}" if when else "row"


def _on_renaming(called: Mapping[str, str]) -> tuple[str, ...]:
    pairs = ", ".join(f"{theirs!r} as {ours!r}" for ours, theirs in called.items())
    return (f"renamed, the old names kept as labels: {pairs}",) if called else ()


def _on_scaling(misses: Sequence[_Miss]) -> tuple[str, ...]:
    if not misses:
        return ()
    worst = max(misses, key=lambda miss: miss.off)
    touched = listed([miss.name for miss in misses], most=6)
    return (
        f"rows that missed 1 by up to {worst.off:.1e} were scaled, in the tables of {touched}",
        f"the largest miss: table of {worst.name!r}, {worst.row}, which sums to {worst.total:.10g}",
    )
