"""A network compiled for inference, the choice of what answers a question about it, and the answer from there.

Three executors give the same numbers: the *tree* (two passes over a packed junction tree), *programs* of variable
elimination (for each target, the few multiplications that it needs under these findings, many cases side by side) and
*numpy* (the textbook's passes, where numba is missing). ``Plan.choice`` decides by counting; ``Plan.explain`` shows
the count; ``posterior`` and ``marginals`` hand the question over.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.errors import NetworkTooLarge
from model.inference import underflow, variable_elimination
from model.inference.arrays import NOTHING, Columns, Evidence, Pattern, Posterior
from model.inference.junction_tree import reference
from model.inference.junction_tree.packed import executor as compiled
from model.inference.junction_tree.packed.pack import Packed, best_numbers, pack
from model.inference.junction_tree.reference import Cliques
from model.inference.junction_tree.triangulation import CELL_LIMIT, JunctionTree, too_large, triangulate
from model.inference.lru import ByteLRU, Usage, weight_of
from model.inference.numba_door import COMPILED
from model.network import Network, Table
from model.resources.deadline import checkpoint


class Choice(NamedTuple):
    """Which executor answers a question, and why."""

    executor: str
    why: str


TREE, PROGRAMS, NUMPY = "compiled tree executor", "variable elimination", "numpy executor"
TOO_LARGE = Choice(PROGRAMS, "a program for each target; the tree is too large")
LAID_OVER = Choice(PROGRAMS, "a program for each target; variables are laid over the network")
NO_NUMBA = Choice(NUMPY, "since numba cannot be imported")
ALL_AT_ONCE = Choice(TREE, "two passes give every variable")
UPWARDS = Choice(TREE, "one pass gives P(evidence)")
FEWER_ENTRIES = Choice(TREE, "a program for each target would not gain enough")
FEWER_STEPS = Choice(PROGRAMS, "a program for each target costs less than the tree has entries")

TREE_IS_QUICK, TREE_IS_SLOW = 20_000, 1_000_000
"""A tree of fewer entries for each name answers one case sooner than programs are found; one of more entries later
than programs of what each of a few cases speaks of are found."""

SIDE_BY_SIDE = 8
"""What programs of a batch gain on entries one by one."""

DOUBTED = -208.0
"""Log P(evidence) below which numbers that the tree lost may count: what is lost is below 2**-1022, or e**-708, beside
numbers of at most 1, so that above this it is less than e**-500 of all."""

LOWEST = -sys.float_info.max
"""A logarithm below this is that of what the tree takes for impossible, which is always looked at again."""

TINY = 1e-60
"""A number of which six in one product are below the smallest that can be held."""

PATTERNS = 1_000
"""Evidence patterns whose cost is kept, the least recently used dropped first."""


LAID_TREES = 64_000_000
"""Bytes of trees of plans laid over another (for events), the least recently used dropped first. One is some 25 MB for
a network of 130 variables, and only a few analyses of events need it."""


NEEDED = 2_000_000
"""Bytes of the names of tables that answers depend on, by evidence pattern, the least recently used dropped first."""


class Memory(NamedTuple):
    """Bytes of the tree executor: what all threads share, and a workspace, of which a question uses one."""

    tables: int
    workspace: int


@dataclass(frozen=True, eq=False)
class Plan:
    """A network compiled for inference; immutable and shared by all threads.

    Where ``base`` is given, the network is that plan's with variables laid over it that its own decide: what is not
    of these is asked of the base, these are answered by programs, and a tree is made only where all are asked about.
    ``numpy_alone`` is the one switch between the compiled executors and the textbook's passes in numpy
    (``junction_tree/reference.py``), which answer everything where numba is missing. What each executor works on is
    made when it first answers (so the class has no slots), the same whichever thread makes it.
    """

    network: Network
    limit: int = CELL_LIMIT
    base: Plan | None = None
    numpy_alone: bool = not COMPILED

    @cached_property
    def cliques(self) -> Cliques:
        """The junction tree, and which tables belong to which clique."""
        return reference.place(self.network, triangulate(self.network, limit=None))

    @cached_property
    def too_large(self) -> NetworkTooLarge | None:
        """Why nothing is answered by the tree: it would be over the limit."""
        return too_large(self.tree, self.limit) if self.cells > self.limit else None

    def narrowed(self, names: Iterable[str] | None, evidence: Evidence) -> Plan:
        """The base plan where nothing said or asked is of what was laid over it, else this one."""
        if self.base is None or names is None:
            return self
        said = (*names, *evidence.likelihood, *evidence.tables)
        return self.base if all(name in self.base.network for name in said) else self

    @property
    def tree(self) -> JunctionTree:
        """The cliques and how they hang together."""
        return self.cliques.tree

    @property
    def cells(self) -> int:
        """Table entries of the junction tree."""
        return self.tree.cells

    @cached_property
    def programs(self) -> variable_elimination.Prepared:
        """For variable elimination."""
        over = None if self.base is None else self.base.programs
        return variable_elimination.prepare(self.network, over=over)

    @property
    def packed(self) -> compiled.Tree:
        """For the tree executor, tables that are mostly zero compressed."""
        return self._made_once("packed", lambda: _packed(self.cliques, compress=True))

    @property
    def whole(self) -> compiled.Tree:
        """For the tree executor when a replaced table is not zero where the network's own is."""
        if not self.packed.packed.compressed:
            return self.packed
        return self._made_once("whole", lambda: _packed(self.cliques, compress=False))

    @property
    def best(self) -> compiled.Tree:
        """For the tree executor's most probable explanations."""
        return self._made_once("best", lambda: _maximised(self.cliques, self.packed))

    @property
    def best_whole(self) -> compiled.Tree:
        """The same when a replaced table is not zero where the network's own is."""
        return self._made_once("best_whole", lambda: _maximised(self.cliques, self.whole))

    def _made_once(self, kind: str, make: Callable[[], compiled.Tree]) -> compiled.Tree:
        """A tree of this plan's own, kept for good; one of a plan laid over another, within the bound of ``laid``."""
        if self.base is not None:
            return self.laid.get((self, kind), make, weigh=_weight)
        found = self._trees.get(kind)
        return self._trees.setdefault(kind, make()) if found is None else found

    @cached_property
    def _trees(self) -> dict[str, compiled.Tree]:
        return {}

    @cached_property
    def laid(self) -> ByteLRU[compiled.Tree]:
        """Trees of the plans that are laid over this one, and over those."""
        return ByteLRU(LAID_TREES) if self.base is None else self.base.laid

    @cached_property
    def needed(self) -> ByteLRU[tuple[str, ...]]:
        """Variables whose tables answers depend on, by what they are about and what their evidence speaks of."""
        return ByteLRU(NEEDED)

    @property
    def caches(self) -> dict[str, Usage]:
        """What is kept of answers to come, within which bounds."""
        programs = self.programs
        return {
            "programs": programs.programs.usage,
            "linked programs": programs.linked.usage,
            "trees laid over": self.laid.usage,
            "needed tables": self.needed.usage,
        }

    @property
    def spare_bytes(self) -> int:
        """Bytes of the trees and of their spare workspaces, as far as they may be touched."""
        trees = self._trees.values()
        spare = {id(tree.spare): sum(a.nbytes + b.nbytes for a, b in tuple(tree.spare)) for tree in trees}
        return sum(spare.values()) + sum(tree.packed.floats.nbytes + tree.packed.ints.nbytes for tree in trees)

    def fitting(self, evidence: Evidence) -> compiled.Tree:
        """The packed tree that has room for the tables replaced by the evidence."""
        return self.packed if compiled.fits(self.packed, evidence.tables) else self.whole

    @property
    def memory(self) -> Memory:
        """What the tree executor takes; a workspace's pages count from when a question first touches them."""
        packed = self.packed.packed
        return Memory(packed.floats.nbytes + packed.ints.nbytes, 8 * packed.work + 4 * packed.state)

    def choice(self, evidence: Evidence, names: Sequence[str] | None, *, with_p_evidence: bool = True) -> Choice:
        """Which executor answers: by counted table entries and multiplications, never by time.

        ``with_p_evidence``: P(evidence) is wanted too.

        >>> from model.inference import compile
        >>> from model.network import Variable
        >>> coin = Network([Variable("coin", ("heads", "tails"))], {"coin": np.array([0.5, 0.5])})
        >>> compile(coin).choice(NOTHING, ("coin",)).why
        'a program for each target would not gain enough'
        """
        if self.numpy_alone:
            return NO_NUMBA
        if self.base is not None and names:
            return LAID_OVER
        if self.too_large:
            return TOO_LARGE
        if not names:
            return ALL_AT_ONCE if names is None else UPWARDS
        return FEWER_STEPS if self._programs_pay(evidence, tuple(names), with_p_evidence) else FEWER_ENTRIES

    def _programs_pay(self, evidence: Evidence, names: tuple[str, ...], with_p_evidence: bool) -> bool:
        """Few cases: where the tree is large, and few names need little of it. A batch: where the names are few."""
        stored, batch = self.packed.packed.cells, evidence.cases >= variable_elimination.ENOUGH
        if not batch and stored <= TREE_IS_QUICK * len(names):
            return False
        together = self._together(evidence.pattern, names, with_p_evidence)
        if batch:
            return together < SIDE_BY_SIDE * stored
        if evidence.cases > 1 and 2 * together >= stored > TREE_IS_SLOW:
            together = variable_elimination.cells_of_few(
                self.programs, evidence, names, with_p_evidence=with_p_evidence
            )
        return 2 * together < stored

    @cached_property
    def _together(self) -> Callable[[Pattern, tuple[str, ...], bool], float]:
        """Multiplications of the programs for some names; one number kept for each evidence pattern."""
        return lru_cache(PATTERNS)(partial(_cells_together, self.programs))

    def touched(self, evidence: Evidence, names: Sequence[str] | None) -> int:
        """Entries of the tables that the two passes visit, one pass and the other counted, in each case.

        Up from what the evidence enters and down to what is asked, between these and where they meet; with a
        replaced table, up to the root. Without names, down to everything.
        """
        entering = [self._tops[name] for name in evidence.likelihood]
        entering += [self._placed[name] for name in evidence.tables]
        asked = [self._tops[name] for name in names or ()]
        meeting = np.asarray(self._above[[*entering, *asked]].all(axis=0))
        if evidence.tables or names is None:
            meeting[:-1] = False
        top = int(np.argmax(meeting)) + 1
        up, down = (np.asarray(self._above[marks].any(axis=0))[:top] for marks in (entering, asked))
        entries = self._entries[:top]
        return int(entries @ up) + int(entries.sum() if names is None else entries @ down)

    def explain(self, evidence: Evidence = NOTHING, names: Iterable[str] | None = None) -> str:
        """Which executor answers a question and why: the tree, the memory, both counts, the choice.

        >>> from model.inference import compile
        >>> from model.network import Variable
        >>> coin = Network([Variable("coin", ("heads", "tails"))], {"coin": np.array([0.5, 0.5])})
        >>> print(compile(coin).explain(names=("coin",)))
        junction tree: 1 cliques, width 0, 2 table entries; largest clique coin
        memory: 2 entries stored in 0.3 kB shared by all threads, and 0.1 kB for each question at a time
        tree: 2 entries touched a case, both passes; 2 weighed against programs
        programs: 2 multiplications a case
        answered by: compiled tree executor, a program for each target would not gain enough
        """
        names = None if names is None else tuple(dict.fromkeys(names))
        choice = self.choice(evidence, names)
        lines = [_tree_line(self.tree)]
        if self.too_large:
            lines.append(f"refused: {self.too_large}")
        elif choice is not NO_NUMBA:
            lines += [self._memory_line(), self._passes_line(evidence, names)]
        if names and choice is not NO_NUMBA:
            lines.append(self._programs_line(evidence, names))
        return "\n".join([*lines, f"answered by: {choice.executor}, {choice.why}"])

    def _memory_line(self) -> str:
        packed = self.packed.packed
        share = f" of {packed.dense:,}, zeros left out," if packed.compressed else ""
        return (
            f"memory: {packed.cells:,} entries stored{share} in {_size(self.memory.tables)} shared by all threads,"
            f" and {_size(self.memory.workspace)} for each question at a time"
        )

    def _passes_line(self, evidence: Evidence, names: Sequence[str] | None) -> str:
        touched, stored = self.touched(evidence, names), self.packed.packed.cells
        return f"tree: {touched:,} entries touched a case, both passes; {stored:,} weighed against programs"

    def _programs_line(self, evidence: Evidence, names: Sequence[str]) -> str:
        try:
            count = sum(variable_elimination.cells(self.programs, evidence, name) for name in names)
        except NetworkTooLarge as error:
            return f"programs: refused: {error}"
        return f"programs: {count:,} multiplications a case"

    @cached_property
    def _tops(self) -> dict[str, int]:
        """The highest clique with each variable, where findings enter and marginals are read."""
        found = {v: c for c, clique in enumerate(self.tree.cliques) for v in clique.variables[: clique.residual]}
        return {name: found[v] for v, name in enumerate(self.network.names)}

    @cached_property
    def _placed(self) -> dict[str, int]:
        """The clique that each conditional table belongs to."""
        return {name: c for c, names in enumerate(self.cliques.families) for name in names}

    @cached_property
    def _above(self) -> NDArray[np.bool_]:
        """Whether a clique (axis 1) is another (axis 0) or above it."""
        found = np.eye(len(self.tree.cliques), dtype=np.bool_)
        for c in reversed(range(len(found) - 1)):
            found[c] |= found[self.tree.cliques[c].parent]
        return found

    @cached_property
    def _entries(self) -> NDArray[np.int64]:
        return np.array(self.packed.packed.entries)


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """What a plan has worked out of its network: the junction tree, and that packed where it was needed."""

    cliques: Cliques
    limit: int
    packed: Packed | None
    lossy: bool


def compiled_of(plan: Plan) -> Compiled:
    """What a plan that is laid over no other has worked out."""
    tree = plan._trees.get("packed")
    bare = replace(plan.cliques)  # without what the textbook's passes keep
    return Compiled(bare, plan.limit, None if tree is None else tree.packed, tree is not None and tree.lossy)


def restored(made: Compiled) -> Plan:
    """The plan that had worked this out."""
    plan = Plan(made.cliques.network, made.limit)
    plan.__dict__["cliques"] = made.cliques
    if made.packed is not None:
        plan._trees["packed"] = compiled.Tree(plan.network, made.packed, made.packed.floats, lossy=made.lossy)
    return plan


def posterior(plan: Plan, evidence: Evidence = NOTHING, names: Iterable[str] | None = None) -> Posterior:
    """Probability of each state of the variables named (all of them by default) once the evidence is known.

    Exact, by whichever executor has the fewest table entries to go through: two passes over the junction tree,
    the downward one only to what the names need, or a program made for this target and these findings.
    Raises NetworkTooLarge where the tree is over the limit and so is the program of a name.
    """
    names = None if names is None else tuple(dict.fromkeys(names))
    plan = plan.narrowed(names, evidence)
    return _answered(plan, evidence, names, plan.choice(evidence, names).executor)


def by_tree(plan: Plan, evidence: Evidence, names: tuple[str, ...]) -> Posterior:
    """``posterior`` by the tree executor, whichever would have fewer entries to go through."""
    return _answered(plan, evidence, names, TREE)


def _answered(plan: Plan, evidence: Evidence, names: tuple[str, ...] | None, executor: str) -> Posterior:
    checkpoint()
    if executor is PROGRAMS:
        return Posterior.gathered(
            *variable_elimination.posterior(plan.programs, evidence, plan.network.names if names is None else names)
        )
    if executor is NUMPY:
        return posterior_numpy(plan, evidence, names)
    tree = plan.fitting(evidence) if evidence.tables else plan.packed
    rows = compiled.posterior(tree, evidence.cases, evidence.likelihood, evidence.tables, names)
    found = Posterior(rows, tree.packed.columns if names is None else _columns(tree.packed, names))
    if (rows.item(-1) if evidence.cases == 1 else rows[:, -1].min(initial=0.0)) < DOUBTED or lost_before(
        tree, evidence
    ):
        return _confirmed(plan, evidence, tree, found)
    return found


def lost_before(tree: compiled.Tree, evidence: Evidence) -> bool:
    """Whether numbers that the tree lost when it was packed may be raised again: by a table that is replaced."""
    return tree.lossy and bool(evidence.tables)


def _confirmed(plan: Plan, evidence: Evidence, tree: compiled.Tree, found: Posterior) -> Posterior:
    """The same, after programs have worked out anew what the tree may have got wrong: they lose no number.

    Where the product of many small numbers is below 1e-308, the tree loses it. What is lost was small beside what is
    left at that moment, and what is left may be ruled out, or made as small, by findings met later. So the cases that
    are in doubt are those with a small P(evidence), where a number was lost at all; and all of them where one was lost
    before, and a table is replaced by one that makes likely what it was of.
    """
    low = np.flatnonzero((found.log_evidence < DOUBTED) & (found.log_evidence > -math.inf))
    counts = len(low) and (tree.lossy or _lost(tree, evidence.picked(low), tuple(found.places)))
    below = math.inf if lost_before(tree, evidence) else DOUBTED if counts else LOWEST
    doubted = np.flatnonzero(found.log_evidence < below)
    if not len(doubted):
        return found
    try:
        logs, _ = variable_elimination.posterior(plan.programs, evidence.picked(doubted))
        saved = doubted[np.isfinite(logs)]
        if not len(saved):
            return found
        logs, rows_of = variable_elimination.posterior(plan.programs, evidence.picked(saved), found.places)
    except NetworkTooLarge:
        return found
    rows = found.rows.copy()
    for name, (_, columns) in found.places.items():
        rows[saved, columns] = rows_of[name]
    rows[saved, -1] = logs
    rows.setflags(write=False)
    return Posterior(rows, found.places)


def _lost(tree: compiled.Tree, evidence: Evidence, names: tuple[str, ...]) -> bool:
    """Whether the tree loses a number over this evidence: it is asked once more, watched."""
    return underflow.watched(
        lambda: compiled.posterior(tree, evidence.cases, evidence.likelihood, evidence.tables, names)
    )[1]


def marginals(plan: Plan, evidence: Evidence, names: Iterable[str]) -> dict[str, Table]:
    """The distributions of ``posterior`` alone, shape (cases, states): less is read where nobody asks for P(evidence).

    A finding that is irrelevant to a variable may then be impossible unnoticed.

    >>> from model.network import Variable
    >>> coin = Network([Variable("coin", ("heads", "tails"))], {"coin": np.array([0.5, 0.5])})
    >>> marginals(Plan(coin), NOTHING, ("coin",))
    {'coin': array([[0.5, 0.5]])}
    """
    wanted = tuple(dict.fromkeys(names))
    plan = plan.narrowed(wanted, evidence)
    executor = plan.choice(evidence, wanted, with_p_evidence=False).executor
    if executor is PROGRAMS:
        checkpoint()
        return variable_elimination.marginals(plan.programs, evidence, wanted)
    found = _answered(plan, evidence, wanted, executor)
    return {name: found.of(name) for name in wanted}


def posterior_numpy(plan: Plan, evidence: Evidence = NOTHING, names: Iterable[str] | None = None) -> Posterior:
    """``posterior`` by the numpy executor: the fallback where numba is missing, and an independent check.

    Raises NetworkTooLarge where the junction tree is over the limit.
    """
    if plan.too_large:
        raise plan.too_large
    return reference.posterior(plan.cliques, evidence, tuple(plan.network.names if names is None else names))


def _cells_together(
    programs: variable_elimination.Prepared, pattern: Pattern, names: tuple[str, ...], with_p_evidence: bool
) -> float:
    """inf where a program would be too large."""
    try:
        return sum(variable_elimination.cells_of_pattern(programs, pattern, name, with_p_evidence) for name in names)
    except NetworkTooLarge:
        return math.inf


def _columns(packed: Packed, names: Sequence[str]) -> Mapping[str, Columns]:
    found = {}
    start = 0
    for name in names:
        place = packed.places[name].marginal
        found[name] = (slice(None), slice(start, start := start + place.stop - place.start))
    return found


def _packed(cliques: Cliques, *, compress: bool) -> compiled.Tree:
    lost: list[object] = []
    with np.errstate(under="call", call=lambda *seen: lost.append(seen)):
        packed = pack(cliques.network, cliques.tree, cliques.families, _potentials(cliques), compress=compress)
    return compiled.Tree(cliques.network, packed, packed.floats, lossy=bool(lost) or _has_tiny(cliques.network))


def _weight(tree: compiled.Tree) -> int:
    """Bytes of a tree with two of the workspaces that questions will leave with it."""
    return weight_of(tree) + 2 * (8 * tree.packed.work + 4 * tree.packed.state)


def _maximised(cliques: Cliques, whole: compiled.Tree) -> compiled.Tree:
    lost: list[object] = []
    with np.errstate(under="call", call=lambda *seen: lost.append(seen)):
        numbers = best_numbers(whole.packed, cliques.tree, cliques.network, _potentials(cliques))
    return compiled.Tree(
        cliques.network, whole.packed, numbers, whole.spare, lossy=bool(lost) or _has_tiny(cliques.network)
    )


def _has_tiny(network: Network) -> bool:
    """Whether a table has numbers of which a few in one product are too small to be held."""
    return any(((table > 0) & (table < TINY)).any() for table in network.tables.values())


def _potentials(cliques: Cliques) -> list[NDArray[np.float64]]:
    return [reference.potential(cliques, c, NOTHING)[0] for c in range(len(cliques.shapes))]


def _tree_line(tree: JunctionTree) -> str:
    return (
        f"junction tree: {len(tree.cliques)} cliques, width {tree.width}, {tree.cells:,} table entries;"
        f" largest clique {', '.join(tree.largest)}"
    )


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"
