"""Variables and the network they make: values that cannot be wrong once built."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from model.errors import BadNetwork, UnknownState, UnknownVariable, listed

Table = NDArray[np.float64]

SUM_TOLERANCE = 1e-9
"""How far from 1 a row may be as written."""
EXACT = 1e-14
"""How far from 1 a row may be in a network: what is further is divided by its sum, so that an executor
that leaves out barren variables agrees with one that does not."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A quantity with finitely many states, in the order of the file, and its direct causes.

    ``index`` is the place of each state.

    >>> Variable("lung", ("yes", "no"), parents=("smoke",)).state("no")
    1
    """

    name: str
    states: tuple[str, ...]
    parents: tuple[str, ...] = ()
    index: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", {state: i for i, state in enumerate(self.states)})
        if not self.name:
            raise BadNetwork("a variable has an empty name")
        if not self.states:
            raise BadNetwork("a variable needs at least one state", where=(self.name,))
        for kind, names in (("state", self.states), ("parent", self.parents)):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise BadNetwork(f"{kind} {listed(twice)} named twice", where=(self.name,))

    def state(self, found: str, *, where: tuple[str | int, ...] = ()) -> int:
        """Position of a state. Raises UnknownState, naming the states there are."""
        try:
            return self.index[found]
        except KeyError:
            raise UnknownState(found, self.states, where=where or (self.name,)) from None


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A discrete Bayesian network: variables in file order, one conditional table each.

    ``tables[name]`` has shape (states of parent 1, …, states of parent n, states of the variable),
    parents in the variable's own order; each row along the last axis sums to 1. Rows given within 1e-9
    of that are divided by their sum.

    >>> rain = Network([Variable("rain", ("no", "yes"))], {"rain": np.array([0.8, 0.2])})
    >>> rain["rain"].states
    ('no', 'yes')

    ``network[name]`` is a variable, or UnknownVariable; ``by_name`` has those that are known to exist. ``card`` is how
    many states each has, ``entries`` how many its table.

    Raises BadNetwork for a cycle (shown as a path), an unknown parent, a table of the wrong shape,
    a negative or non-finite entry, or a row that does not sum to 1.
    """

    variables: tuple[Variable, ...]
    tables: Mapping[str, Table]
    names: tuple[str, ...] = field(init=False)
    topological: tuple[str, ...] = field(init=False)
    position: Mapping[str, int] = field(init=False)
    by_name: Mapping[str, Variable] = field(init=False)
    card: Mapping[str, int] = field(init=False)
    entries: Mapping[str, int] = field(init=False)

    def __init__(self, variables: Iterable[Variable], tables: Mapping[str, Table]) -> None:
        values = tuple(variables)
        by_name = {variable.name: variable for variable in values}
        if not values:
            raise BadNetwork("a network needs at least one variable")
        if len(by_name) != len(values):
            names = [variable.name for variable in values]
            raise BadNetwork(f"variable {listed(sorted({n for n in names if names.count(n) > 1}))} named twice")
        for variable in values:
            for parent in variable.parents:
                if parent not in by_name:
                    raise UnknownVariable(parent, by_name, where=(variable.name, "parents"))
        if set(tables) != set(by_name):
            odd = sorted(set(tables) ^ set(by_name))
            raise BadNetwork(f"tables and variables differ: {listed(odd)}")
        locked = {v.name: _checked(v, by_name, tables[v.name]) for v in values}
        object.__setattr__(self, "variables", values)
        object.__setattr__(self, "tables", MappingProxyType(locked))
        object.__setattr__(self, "names", tuple(by_name))
        object.__setattr__(self, "topological", topological(values))
        object.__setattr__(self, "position", MappingProxyType({name: i for i, name in enumerate(by_name)}))
        object.__setattr__(self, "by_name", MappingProxyType(by_name))
        object.__setattr__(self, "card", MappingProxyType({v.name: len(v.states) for v in values}))
        object.__setattr__(self, "entries", MappingProxyType({name: table.size for name, table in locked.items()}))

    def __getitem__(self, name: str) -> Variable:
        return self.variable(name)

    def __contains__(self, name: object) -> bool:
        return name in self.by_name

    def variable(self, name: str, *, where: tuple[str | int, ...] = ()) -> Variable:
        """The variable of that name. Raises UnknownVariable, naming the nearest."""
        try:
            return self.by_name[name]
        except KeyError:
            raise UnknownVariable(name, self.names, where=where) from None

    def cards(self, names: Iterable[str]) -> tuple[int, ...]:
        """Number of states of each variable named."""
        return tuple(map(self.card.__getitem__, names))

    def children(self, name: str) -> tuple[str, ...]:
        """Variables that have this one as a parent, in file order."""
        return tuple(v.name for v in self.variables if name in v.parents)

    def ancestors(self, names: Iterable[str]) -> frozenset[str]:
        """The variables named and everything upstream of them."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self.by_name[name].parents)
        return frozenset(found)

    def parameters(self) -> int:
        """Number of table entries, over all variables."""
        return sum(self.entries.values())

    def digest(self) -> str:
        """SHA-256 of names, states, parents and numbers: equal networks have equal digests.

        >>> one = Network([Variable("x", ("a", "b"))], {"x": np.array([0.5, 0.5])})
        >>> one.digest() == Network([Variable("x", ("a", "b"))], {"x": np.array([0.5, 0.5])}).digest()
        True
        """
        shape = [[v.name, v.states, v.parents] for v in self.variables]
        digest = hashlib.sha256(json.dumps(shape, ensure_ascii=False).encode())
        for name in self.names:
            digest.update(np.ascontiguousarray(self.tables[name], dtype="<f8").tobytes())
        return digest.hexdigest()


def complements(rows: Table) -> Table:
    """The sum of the other entries of each row, for every entry: (…, states), as ``rows``.

    Summed from both ends, with no subtraction: beside a state of probability 1e-17 the other is 1.0, whose complement
    is 1e-17 all the same, which 1 - 1.0 is not.

    >>> complements(np.array([1e-17, 1.0])), complements(np.array([0.5, 0.3, 0.2])).round(12)
    (array([1.e+00, 1.e-17]), array([0.5, 0.7, 0.8]))
    """
    if rows.shape[-1] == 2:
        return rows[..., ::-1]
    others = np.zeros(rows.shape)
    others[..., 1:] = np.cumsum(rows[..., :-1], axis=-1)
    others[..., :-1] += np.cumsum(rows[..., :0:-1], axis=-1)[..., ::-1]
    return others


def topological(variables: Sequence[Variable]) -> tuple[str, ...]:
    """Names so that every parent comes before its children, file order kept where it may be.

    Raises BadNetwork with one cycle as a path when there is no such order.
    """
    parents = {v.name: v.parents for v in variables}
    placed: dict[str, None] = {}
    for start in parents:
        trail: list[str] = []
        waiting = [start]
        while waiting:
            name = waiting[-1]
            if name in placed:
                waiting.pop()
                continue
            missing = next((p for p in parents[name] if p not in placed), None)
            if missing is None:
                placed[name] = None
                waiting.pop()
                if trail and trail[-1] == name:
                    trail.pop()
                continue
            if not trail or trail[-1] != name:
                trail.append(name)
            if missing in trail:
                loop = [*trail[trail.index(missing) :], missing]
                raise BadNetwork(f"a cycle: {' <- '.join(loop)}", where=(missing, "parents"))
            waiting.append(missing)
    return tuple(placed)


def _checked(variable: Variable, by_name: Mapping[str, Variable], table: Table) -> Table:
    array = np.array(table, dtype=np.float64)
    shape = (*(len(by_name[p].states) for p in variable.parents), len(variable.states))
    where = (variable.name, "table")
    if array.shape != shape:
        raise BadNetwork(f"the table has shape {array.shape}, not {shape}", where=where)
    if not np.isfinite(array).all() or (array < 0).any():
        raise BadNetwork("the table has an entry that is negative or not finite", where=where)
    off = np.abs(array.sum(axis=-1) - 1.0)
    if off.max() > SUM_TOLERANCE:
        row = np.unravel_index(int(off.argmax()), off.shape) if off.ndim else ()
        when = ", ".join(f"{p}: {by_name[p].states[k]}" for p, k in zip(variable.parents, row, strict=True))
        raise BadNetwork(f"the row when {{{when}}} sums to {float(array[row].sum())!r}, not 1", where=where)
    inexact = off > EXACT
    if inexact.any():
        array[inexact] /= array[inexact].sum(axis=-1, keepdims=True)
    array.setflags(write=False)
    return array
