"""How much, and which way, a child's table alone depends on each of its parents: what an arc of the graph is worth."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.network import Network, Table

Sign = Literal["raises", "lowers", "mixed", "none", "unordered"]

ROUNDING = 1e-12
"""A change of a probability no larger is nothing: the rounding of adding up a table."""


@dataclass(frozen=True, slots=True)
class ArcStrength:
    """An arc, which way the parent moves the child, and by how much at most.

    ``sign`` is of states as they stand in the file: *raises* where no step up of the parent makes a higher state of
    the child less likely and some step makes one likelier, *lowers* the reverse, *mixed* where both happen, *none*
    where nothing changes, *unordered* where something does and the states of either variable have no order.
    ``strength`` is the largest total variation, in [0, 1], between the child's distributions under two states of the
    parent. Other parents are averaged over evenly, so that both depend on the table alone.
    """

    parent: str
    child: str
    sign: Sign
    strength: float


def arc_strengths(network: Network, nominal: Collection[str] = ()) -> Iterator[ArcStrength]:
    """Every arc, children in the order of the file and the parents of each in its own order.

    ``nominal`` are the variables whose states have no order.

    >>> from model.network import Variable
    >>> rain, wet = Variable("rain", ("no", "yes")), Variable("wet", ("no", "yes"), ("rain",))
    >>> tables = {"rain": np.array([0.8, 0.2]), "wet": np.array([[0.9, 0.1], [0.2, 0.8]])}
    >>> [(arc.parent, arc.sign, round(arc.strength, 3)) for arc in arc_strengths(Network([rain, wet], tables))]
    [('rain', 'raises', 0.7)]
    """
    for variable in network.variables:
        table = network.tables[variable.name]
        for axis, parent in enumerate(variable.parents):
            others = tuple(other for other in range(len(variable.parents)) if other != axis)
            rows = table.mean(axis=others) if others else table
            sign, strength = _sign(rows), _strength(rows)
            if sign != "none" and (parent in nominal or variable.name in nominal):
                sign = "unordered"
            yield ArcStrength(parent, variable.name, sign, strength)


def _sign(rows: Table) -> Sign:
    """Which way the rows (states of the parent, states of the child) move, by their cumulative tails."""
    above = np.cumsum(rows[:, ::-1], axis=1)[:, :-1]
    steps = np.diff(above, axis=0)
    up, down = bool((steps > ROUNDING).any()), bool((steps < -ROUNDING).any())
    if up and down:
        return "mixed"
    return "raises" if up else "lowers" if down else "none"


def _strength(rows: Table) -> float:
    """The largest total variation between two of the rows."""
    return float(max((0.5 * np.abs(rows - row).sum(axis=1).max() for row in rows), default=0.0))
