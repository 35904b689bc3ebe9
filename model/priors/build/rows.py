"""Rows over combinations of the parents: those of a table, and the exceptions laid over any other gate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from model.gates import RowPool
from model.network import Table
from model.priors.build.expert_pools import stated_row
from model.priors.build.statements import Integers, Mask, Reader
from model.priors.schema.variables import Distribution, Row
from model.priors.yaml.source_map import as_yaml
from model.resources.deadline import checkpoint
from model.wording import quantity


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows laid over some combinations of the parents; ``owner`` numbers the row of each, -1 for none.

    ``pools`` holds, by those numbers, the rows that several experts share.
    """

    owner: Integers
    rows: Table
    ess: Table
    pools: dict[int, RowPool] = field(default_factory=dict)

    @property
    def mask(self) -> Mask:
        return self.owner >= 0


def laid(reader: Reader, rows: Sequence[Row], key: str) -> tuple[Rows, bool]:
    """Rows put where they belong, and whether all of them could be placed."""
    over = Rows(
        np.full(reader.cards, -1, dtype=np.int64),
        np.zeros((*reader.cards, len(reader.states))),
        np.full(reader.cards, math.inf),
    )
    owner, sizes = over.owner.reshape(-1), over.ess.reshape(-1)  # the same memory, a combination each
    stated_rows = over.rows.reshape(-1, len(reader.states))
    placed = True
    for position, row in enumerate(rows):
        mask = reader.combinations(row.when, key, position, "when")
        stated = stated_row(reader, row, key, position)
        if mask is None:
            placed = False
            continue
        checkpoint()
        reader.check_overlap(mask, over.owner, key, position)
        at = np.flatnonzero(mask)
        owner[at] = position
        if stated is not None:
            stated_rows[at], sizes[at] = stated.row, stated.ess
            if stated.pool is not None:
                over.pools[position] = stated.pool
            condition = f"when {as_yaml(row.when)}: " if row.when else ""
            reader.state(row, condition + reader.said_row(stated.row), stated.ess, key, position, pool=stated.told)
    return over, placed


def lay_default(reader: Reader, over: Rows, said: Distribution, number: int) -> None:
    """What holds wherever no row does, laid over the rest as one row more, which ``number`` counts."""
    left = ~over.mask
    if not left.any():
        found, expected = "a default where the rows cover every combination", "the default left out"
        reader.note("default", found=found, expected=expected, at_key=True)
        return
    stated = stated_row(reader, said, "default")
    if stated is None:
        return
    over.owner[left], over.rows[left], over.ess[left] = number, stated.row, stated.ess
    if stated.pool is not None:
        over.pools[number] = stated.pool
    what = f"in the other {covered(left)}: {reader.said_row(stated.row)}"
    reader.state(said, what, stated.ess, "default", pool=stated.told, place=("rows", number))


def covered(mask: Mask) -> str:
    """How many combinations a row covers, in words.

    >>> covered(np.array([[True, False], [True, True]]))
    '3 of 4 combinations'
    """
    return f"{np.count_nonzero(mask)} of {quantity(mask.size, 'combination')}"


def exceptions(reader: Reader) -> Rows | None:
    """The rows laid over the gate by ``except``."""
    rows: list[Row] = getattr(reader.said, "except_", [])
    for position, row in enumerate(rows):
        if not row.when:
            expected = "'when', with what makes it an exception"
            reader.note("except", position, found="an exception to everything", expected=expected)
    return laid(reader, rows, "except")[0] if rows else None
