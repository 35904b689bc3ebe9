"""How sure each cell of a table is: 90 % ranges, exact for rows, by draws for gates."""

from __future__ import annotations

import numpy as np

from model.gates import Gate, Pinned, Rule, Stream, TableGate
from model.network import Table, complements

LOW, HIGH = 0.05, 0.95
DRAWS = 4_000
FEWEST_DRAWS = 200

MOST_NUMBERS = 8_000_000
"""Numbers drawn for one variable at most; large tables get fewer draws for it."""

Range = tuple[Table, Table]


def ranges(gate: Gate, *, stream: Stream) -> tuple[Range, int]:
    """The 5 % and 95 % quantiles of every cell, and how many draws they rest on: none when exact.

    A row of its own is a Dirichlet, so a cell is a Beta and its quantiles are exact; the cells of a gate share
    the gate's parameters, and the experts of a pool share a row: they are drawn.

    >>> gate = TableGate(np.array([0.3, 0.7]), np.array(30.0))
    >>> (low, high), draws = ranges(gate, stream=Stream(1))
    >>> low.round(3), high.round(3), draws
    (array([0.172, 0.557]), array([0.443, 0.828]), 0)
    """
    if isinstance(gate, TableGate) and not gate.pools:
        return beta_range(gate.rows, gate.ess), 0
    if isinstance(gate, Rule):
        return (gate.table(), gate.table()), 0
    if isinstance(gate, Pinned) and not gate.pools:
        (low, high), draws = ranges(gate.gate, stream=stream)
        pinned = beta_range(gate.rows, gate.ess)
        mask = gate.mask[..., None]
        return (np.where(mask, pinned[0], low), np.where(mask, pinned[1], high)), draws
    return _drawn_range(gate, stream)


def beta_range(rows: Table, ess: Table) -> Range:
    """Quantiles of each cell of rows that are Dirichlet with these sample sizes; certain cells stay put."""
    from scipy.special import betaincinv

    others = complements(rows)
    open_ = (rows > 0) & (others > 0) & np.isfinite(ess)[..., None]
    size = np.where(open_, ess[..., None], 1.0)
    mean, rest = np.where(open_, rows, 0.5), np.where(open_, others, 0.5)
    low, high = (betaincinv(size * mean, size * rest, q) for q in (LOW, HIGH))
    return np.where(open_, low, rows), np.where(open_, high, rows)


def _drawn_range(gate: Gate, stream: Stream) -> tuple[Range, int]:
    cells = gate.table().size
    draws = max(FEWEST_DRAWS, min(DRAWS, MOST_NUMBERS // cells))
    low, high = np.quantile(gate.draw(stream, draws), (LOW, HIGH), axis=0)
    return (low, high), draws
