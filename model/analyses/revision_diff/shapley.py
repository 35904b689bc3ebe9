"""The Shapley value: a difference split among those who made it, so that the parts add up to the whole.

A part is what one adds on average over all orders in which they may come (Shapley 1953). Up to EXACT players every
set is looked at; beyond, random orders (Castro, Gomez & Tejada 2009), whose parts add up to the whole all the same.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np

from model.network import Table

EXACT = 8
"""Players up to whom each of the 2^n sets is looked at."""

ORDERS = 64
"""Random orders beyond: a part's standard error is then an eighth of how much it varies from order to order."""


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """The part of each player, shape (players, values), and its standard error, None where it is exact."""

    values: Table
    errors: Table | None


def subsets(players: Sequence[int]) -> list[int]:
    """Every set of some players, each a number below 2^n as bits.

    >>> subsets([0, 2])
    [0, 1, 4, 5]
    """
    found = [0]
    for player in sorted(players):
        found += [each | 1 << player for each in found]
    return found


def exact(players: Sequence[int], worth: Mapping[int, Table]) -> Parts:
    """Parts from what each set is worth.

    >>> worth = {0: np.array([0.0]), 1: np.array([1.0]), 2: np.array([2.0]), 3: np.array([5.0])}
    >>> exact([0, 1], worth).values.tolist()
    [[2.0], [3.0]]
    """
    n = len(players)
    parts = []
    for player in players:
        others = subsets([each for each in players if each != player])
        added = np.stack([worth[each | 1 << player] - worth[each] for each in others])
        sizes = [each.bit_count() for each in others]
        weights = np.array([factorial(k) * factorial(n - k - 1) / factorial(n) for k in sizes])
        parts.append(weights @ added)
    return Parts(np.array(parts), None)


def orders(players: int, seed: str, count: int = ORDERS) -> list[list[int]]:
    """Random orders of so many players, the same for the same seed."""
    chance = random.Random(seed)
    return [chance.sample(range(players), players) for _ in range(count)]


def prefixes(players: Sequence[int], chosen: Sequence[Sequence[int]]) -> list[int]:
    """The sets that some players pass through as they come in each order, each set once."""
    found = {0: None}
    for order in chosen:
        gathered = 0
        for player in order:
            if player in players:
                gathered |= 1 << player
                found[gathered] = None
    return list(found)


def sampled(players: Sequence[int], chosen: Sequence[Sequence[int]], worth: Mapping[int, Table]) -> Parts:
    """Parts from what the sets that the orders pass through are worth, with their standard errors."""
    added = np.zeros((len(chosen), len(players), *worth[0].shape))
    for i, order in enumerate(chosen):
        gathered = 0
        for player in (each for each in order if each in players):
            added[i, players.index(player)] = worth[gathered | 1 << player] - worth[gathered]
            gathered |= 1 << player
    return Parts(added.mean(axis=0), added.std(axis=0, ddof=1) / np.sqrt(len(chosen)))
