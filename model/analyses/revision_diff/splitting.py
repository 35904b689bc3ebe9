"""One question under two revisions: how far each state moved, and which edits moved it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from model.analyses.revision_diff import shapley
from model.analyses.revision_diff.mixtures import InvalidMixture, Mixtures
from model.evidence import Case
from model.inference.arrays import settled
from model.network import Table

AGREE = 1e-9
"""How far the parts may add up to something else than the difference."""

Block = tuple[int, ...]
"""Units that are applied together, by number."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A target in a case of either revision, under the newer names, and the probabilities that they give it."""

    target: str
    old: Case
    new: Case
    before: Mapping[str, float]
    after: Mapping[str, float]

    @property
    def states(self) -> tuple[str, ...]:
        """The target's states in the order of the newer revision, and then those that it no longer has."""
        return tuple(dict.fromkeys((*self.after, *self.before)))

    @property
    def shift(self) -> Table:
        """What each state gained; one that a revision does not have has probability 0 there."""
        pairs = [(self.after.get(state, 0.0), self.before.get(state, 0.0)) for state in self.states]
        return np.array([settled(new - old, max(new, old)) for new, old in pairs])


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """The part of each block of units, shape (blocks, states), which sum to the shift, and their standard errors.

    ``note`` says why blocks are larger than the smallest that make a model, where they are.
    """

    blocks: tuple[Block, ...]
    parts: Table
    errors: Table | None
    note: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Splitter:
    """Splits shifts among blocks of units: ``blocks`` of the network's, ``pictures`` of scenarios and cohorts.

    ``pictures`` are by kind and name of the entry; ``seed`` is what random orders are drawn from.
    """

    mixtures: Mixtures
    blocks: Sequence[Block]
    pictures: Mapping[tuple[str, str], int]
    seed: str
    orders: int = shapley.ORDERS

    def split(self, asked: Asked, picture: Sequence[tuple[str, str]]) -> Split:
        """The split of one question; ``picture`` are the entries whose statements it is asked under.

        The network's units that can reach the target count, and those of its picture, all together as one.
        Where a set of edits rules out the case, or makes no model, what depends on it is put together, which is said.
        """
        own = [self.pictures[name] for name in picture if name in self.pictures and asked.old != asked.new]
        said = {**asked.old.findings, **asked.new.findings}
        reach = self.mixtures.relevant([asked.target, *said])
        blocks = [block for block in self.blocks if any(reach >> unit & 1 for unit in block)]
        players = [*blocks, *([tuple(own)] if own else [])]
        if not players:
            return _nothing(asked)
        for together, note in self._attempts(players, own):
            found = self._tried(asked, together, own)
            if found is not None:
                return Split(tuple(together), *found, note)
        return Split((_joined(players),), asked.shift[None], None, WHOLE)

    def _attempts(self, players: Sequence[Block], own: Sequence[int]) -> list[tuple[list[Block], str | None]]:
        structural = self.mixtures.structural
        tied = [block for block in players if set(block) & set(own) or any(structural >> unit & 1 for unit in block)]
        others = [block for block in players if block not in tied]
        attempts: list[tuple[list[Block], str | None]] = [(list(players), None)]
        if len(tied) > 1 and others:
            attempts.append(([_joined(tied), *others], STRUCTURE))
        return attempts

    def _tried(self, asked: Asked, players: Sequence[Block], own: Sequence[int]) -> tuple[Table, Table | None] | None:
        """The parts and their errors; None where some set cannot be, or they do not add up to the difference."""
        numbers = list(range(len(players)))
        if len(players) <= shapley.EXACT:
            orders, sets = None, shapley.subsets(numbers)
        else:
            orders = shapley.orders(len(players), self.seed, self.orders)
            sets = shapley.prefixes(numbers, orders)
        try:
            worth = self._worth(asked, players, own, sets)
        except InvalidMixture:
            return None
        if worth is None:
            return None
        found = shapley.exact(numbers, worth) if orders is None else shapley.sampled(numbers, orders, worth)
        if np.abs(found.values.sum(axis=0) - asked.shift).max() > AGREE:
            return None
        return found.values, found.errors

    def _worth(
        self, asked: Asked, players: Sequence[Block], own: Sequence[int], sets: Sequence[int]
    ) -> dict[int, Table] | None:
        """What the target's states have in each mixture; None where the case is impossible in one."""
        bits = [sum(1 << unit for unit in block) for block in players]
        pictured = sum(1 << unit for unit in own)
        batches: dict[tuple[int, bool], list[tuple[int, int]]] = {}
        for each in sets:
            applied = sum(bit for player, bit in enumerate(bits) if each >> player & 1)
            key = applied & self.mixtures.structural & ~pictured, bool(applied & pictured) or not own
            batches.setdefault(key, []).append((each, applied & ~pictured))
        worth: dict[int, Table] = {}
        for (structure, is_new), members in batches.items():
            case = asked.new if is_new else asked.old
            applied_each = [applied for _, applied in members]
            rows = self.mixtures.group(structure).answers(asked.target, case, applied_each)
            for (each, _), row in zip(members, rows, strict=True):
                if row is None:
                    return None
                worth[each] = np.array([row.get(state, 0.0) for state in asked.states])
        return worth


WHOLE = "the edits are not told apart: some of them alone make no model, or rule out what is given"
STRUCTURE = "edits of structure and of the scenario are not told apart: some of them alone rule out what is given"


def _joined(blocks: Sequence[Block]) -> Block:
    return tuple(sorted(unit for block in blocks for unit in block))


def _nothing(asked: Asked) -> Split:
    return Split((), np.zeros((0, len(asked.states))), None)


def splitter(mixtures: Mixtures, blocks: Sequence[Block], seed: str, orders: int) -> Splitter:
    """A splitter of the edits that blocks of units hold, those of scenarios and cohorts apart."""
    found = mixtures.found
    pictures = {}
    network = []
    for block in blocks:
        edits = [found.edits[i] for unit in block for i in mixtures.units[unit].edits]
        outside = [
            edit for edit in edits if edit.kind not in ("variables", "model") or edit.item == ("default_scenario",)
        ]
        if outside:
            pictures[outside[0].kind, outside[0].name] = block[0]
        else:
            network.append(tuple(block))
    return Splitter(mixtures, network, pictures, seed, orders)
