"""What a file of another tool says before it is trusted, and the checks that make it a network."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from model.errors import AftermathError, BadExchangeFile, listed, nearest
from model.network import SUM_TOLERANCE, Network, Table, Variable

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
STATE_LENGTH = 64
SCALED = 1e-6
"""A row may miss 1 by this much, as decimals that were rounded do; it is then scaled, and reported."""

TABLE_LIMIT = 4_000_000
"""Cells that one table may have: beyond it a file of a few lines could ask for all the memory there is."""

_NUMBERS = re.compile(r"[0-9eE+\-.,\s]*")


@dataclass(frozen=True, slots=True)
class Declared:
    """A variable as the file declares it."""

    name: str
    states: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """A conditional table as the file gives it: shape (*parents' states, states)."""

    name: str
    parents: tuple[str, ...]
    table: Table
    line: int


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
    as ``levers``; ``left_out`` is then what the network has no place for, by name, each with why.
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
    levers: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)


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
    if NAME.fullmatch(name):
        return
    words = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
    near = words if NAME.fullmatch(words) else f"v_{words}"[:64]
    raise BadExchangeFile(
        f"variable {name!r}: a name is a letter and then at most 63 letters, digits or underscores",
        where=(where,),
        did_you_mean=near,
    )


def declared(variables: Iterable[Declared], file: str) -> dict[str, Declared]:
    """Variables by name, once their names and states are known to be ones that we can keep."""
    found: dict[str, Declared] = {}
    spelt: dict[str, Declared] = {}
    for variable in variables:
        where = place(file, variable.line)
        check_name(variable.name, where)
        same = spelt.setdefault(variable.name.casefold(), variable)
        if same is not variable:
            how = "is declared twice" if same.name == variable.name else f"and {same.name!r} differ only in case"
            raise BadExchangeFile(f"variable {variable.name!r} {how}, first on line {same.line}", where=(where,))
        _check_states(variable, where)
        found[variable.name] = variable
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


def numbers(text: str, *, file: str, line: int) -> list[float]:
    """Numbers separated by spaces or commas; nothing else may stand between them.

    >>> numbers("0.2, 0.8", file="asia.bif", line=1)
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


def filled(
    name: str, parents: Sequence[str], values: Sequence[float], *, shape: Sequence[int], file: str, line: int
) -> Filled:
    """A table from its numbers in the order (parents, states), once their count is right."""
    if len(values) != math.prod(shape):
        what = " x ".join(str(length) for length in shape)
        raise complaint(file, line, f"table of {name!r} has {len(values):,} numbers, not {what} = {math.prod(shape):,}")
    return Filled(name, tuple(parents), np.array(values, dtype=np.float64).reshape(shape), line)


def settle(draft: Draft, file: str) -> tuple[Network, tuple[str, ...]]:
    """Make a draft a network: each variable has exactly one table, each row sums to 1.

    Returns the network and a note on the rows that were scaled. Raises BadExchangeFile.
    """
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
    scaled = {name: _scaled(tables[name], variables, file) for name in variables}
    try:
        network = Network(
            (Variable(name, v.states, tables[name].parents) for name, v in variables.items()),
            {name: rows for name, (rows, _) in scaled.items()},
        )
    except AftermathError as error:
        raise BadExchangeFile(str(error), where=(file,)) from None
    return network, _on_scaling({name: off for name, (_, off) in scaled.items()})


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


def _scaled(filled_in: Filled, variables: Mapping[str, Declared], file: str) -> tuple[Table, float]:
    """Rows as read where they sum to 1 within 1e-9, scaled within 1e-6, refused beyond; and the most any was off."""
    table = filled_in.table
    if not np.isfinite(table).all() or (table < 0).any():
        detail = f"table of {filled_in.name!r} has a number that is negative or not finite"
        raise complaint(file, filled_in.line, detail)
    sums = table.sum(axis=-1, keepdims=True)
    off = np.abs(sums - 1.0)
    worst = float(off.max())
    if worst > SCALED:
        at = np.unravel_index(int(off.argmax()), off.shape)[:-1]
        states = zip(filled_in.parents, at, strict=True)
        when = ", ".join(f"{parent}: {variables[parent].states[k]}" for parent, k in states)
        row = f"row when {{{when}}}" if when else "row"
        detail = f"table of {filled_in.name!r}, {row}: sums to {float(sums[at].item()):.10g}, not 1"
        raise complaint(file, filled_in.line, detail)
    if worst <= SUM_TOLERANCE:
        return table, 0.0
    return np.where(off > SUM_TOLERANCE, table / sums, table), worst


def _on_scaling(off: Mapping[str, float]) -> tuple[str, ...]:
    touched = [name for name, worst in off.items() if worst]
    if not touched:
        return ()
    worst = max(off.values())
    return (f"rows that missed 1 by up to {worst:.1e} were scaled, in the tables of {listed(touched, most=6)}",)
