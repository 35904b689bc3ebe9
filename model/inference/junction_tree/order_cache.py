"""Elimination orders kept between runs: a small file a graph, so that no graph is searched twice on one machine.

A file never changes an answer: it is read under a digest of the graph, of the search's version and of its settings,
it repeats what the search found, and whatever is not whole is searched for again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from model.inference.junction_tree import elimination_order
from model.inference.junction_tree.elimination_order import Adjacency, best_order
from model.resources import disk_cache

QUICK = 6
"""Vertices up to which no file is worth it; above, the first search of a process waits 0.3 s for its compiled code."""


def kept_order(adjacent: Adjacency, cards: Sequence[int]) -> list[int]:
    """The order that ``best_order`` finds, read where an earlier run left it; searched for and left where not.

    >>> kept_order([0b010, 0b101, 0b010], [2, 2, 2])
    [0, 1, 2]
    """
    place = None if len(cards) <= QUICK else _file(adjacent, cards)
    if place is None:
        return best_order(adjacent, cards)
    order = _read(place, len(cards))
    if order is None:
        order = best_order(adjacent, cards)
        disk_cache.write_order(place, order)
    return order


def folder() -> Path | None:
    """Where orders are kept; None where nothing says."""
    return disk_cache.folder("orders")


def digest(adjacent: Adjacency, cards: Sequence[int]) -> str:
    """What the search depends on and nothing else: states, edges, the search's version and settings.

    >>> digest([0b10, 0b01], [2, 2]) == digest([0b10, 0b01], [2, 3])
    False
    """
    settings = (
        elimination_order.SEARCH,
        elimination_order.SEED,
        elimination_order.WORK,
        elimination_order.PATIENCE,
        elimination_order.SHAKEN,
        elimination_order.SHAKES,
    )
    told = json.dumps([settings, list(cards), [f"{edges:x}" for edges in adjacent]])
    return hashlib.sha256(told.encode()).hexdigest()


def _file(adjacent: Adjacency, cards: Sequence[int]) -> Path | None:
    place = folder()
    return None if place is None else place / f"{digest(adjacent, cards)}.json"


def _read(place: Path, count: int) -> list[int] | None:
    """The order in a file, None unless it is whole and has each vertex once."""
    order = disk_cache.read_order(place)
    if not isinstance(order, list) or not all(type(v) is int for v in order) or sorted(order) != list(range(count)):
        return None
    return order
