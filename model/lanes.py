"""The lane executor: batches of scenarios, parameter draws, and single targets on hard networks.

A question about one target is answered by a program of its own (``elimination``): only the tables it needs,
sliced by what is known. Cases that speak of the same variables share a program and run side by side; a batch in
which each case speaks of other variables shares one program in which every finding is a likelihood, and
whatever a block of cases leaves alone is read from the answer without evidence. Identical cases are
computed once.
"""

from __future__ import annotations

import math
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from model import elimination, lane_kernels
from model.batch import Evidence
from model.elimination import CUT, HARD, LANED, SOFT, Floats, Ints, Packed, Program
from model.elimination_kernels import LANE, SIZE, SOURCE
from model.errors import BadQuestion, NetworkTooLarge
from model.network import Network, Table, Variable
from model.triangulation import CELL_LIMIT
from model.vectors import LANES

NO_TABLES = (np.empty((0, 2), dtype=np.int64), np.empty(0))
PROGRAMS = 64_000_000
"""Bytes of programs kept, the least recently used dropped first; as much again in lane form."""
MEMORY = 64_000_000
"""Bytes that LANES cases side by side may take in a thread; beyond, they are answered one by one."""
ENOUGH = LANES // 2
"""So many cases that speak of the same variables are worth a program of their own."""
UNION_CELLS = 500_000
"""Above this a program shared by cases that speak of different variables costs more than one each."""
EACH = 64
"""Cases with programs of their own that one thread takes at a time."""
CHUNK = 64 * LANES
"""Cases one thread takes at a time."""
TREE_IS_QUICK = 20_000
SIDE_BY_SIDE = 8
"""A tree of fewer entries answers one case sooner than a program is found; what lanes gain on entries one by one."""
MANY_CODES = 100_000
THREADS_FROM = 4_000_000
"""Findings, and multiplications, from which a second thread pays."""

T = TypeVar("T")
Codes = NDArray[np.int32]


class Recent(Generic[T]):
    """The most recently used values by key, within so many bytes; threads may share it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[object, tuple[T, int]] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    def get(self, key: object, make: Callable[[], T]) -> T:
        """The value of the key, made now if it is not kept; two threads may both make it, and one is kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        made = make()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = made, _weight(made)
                self._held += self._kept[key][1]
            while self._held > self._most and len(self._kept) > 1:
                self._held -= self._kept.popitem(last=False)[1][1]
            return self._kept[key][0] if key in self._kept else made


def _weight(value: object) -> int:
    """Bytes of a value: its arrays, and what any object takes."""
    names = getattr(value, "__slots__", ())
    return 1000 + sum(part.nbytes for name in names if isinstance(part := getattr(value, name), np.ndarray))


class Workers:
    """A thread a core, started when first needed, anew in a process that was forked."""

    def __init__(self) -> None:
        self._process = -1
        self._pool: ThreadPoolExecutor | None = None
        self.count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    def each(self, do: Callable[[T], None], parts: Sequence[T]) -> None:
        """Do the same to every part, in this thread and the others; returns when all are done."""
        waiting = iter(parts)

        def work() -> None:
            for part in waiting:
                do(part)

        helpers = [self._threads().submit(work) for _ in range(min(self.count, len(parts)) - 1)]
        work()
        for helper in helpers:
            if not helper.cancel():
                helper.result()

    def _threads(self) -> ThreadPoolExecutor:
        if self._pool is None or self._process != os.getpid():
            self._pool, self._process = ThreadPoolExecutor(self.count, thread_name_prefix="lanes"), os.getpid()
        return self._pool


@dataclass(frozen=True, slots=True, eq=False)
class Lanes:
    """A network ready for programs: packed once, its programs kept as they are made."""

    packed: Packed
    programs: Recent[Program] = field(default_factory=lambda: Recent(PROGRAMS))
    linked: Recent[Linked] = field(default_factory=lambda: Recent(PROGRAMS))
    workers: Workers = field(default_factory=Workers)

    @property
    def network(self) -> Network:
        """The network it was made from."""
        return self.packed.network


@dataclass(frozen=True, slots=True, eq=False)
class Linked:
    """A program in lane form, its constant tables in place.

    ``place[f]`` is where a factor that differs between cases lies in a thread's memory (in entries), ``constants``
    hold all others and what each message is without evidence; ``effort[v]`` is what a finding on v costs.
    """

    program: Program
    steps: Ints
    inputs: Ints
    maps: Ints
    weights: Floats
    weight_exponents: Floats
    place: Ints
    constant_at: Ints
    constants: Floats
    constant_exponents: Floats
    memory: int
    mixed: int
    effort: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """Evidence as small integers.

    ``codes`` (rows, cases): -1 nothing, s the state that is known, card + k the k-th of the variable's likelihoods.
    Row r speaks of variable ``about[r]``, as an intervention if ``done[r]``; ``soft[r]`` is (likelihoods, states).
    ``tables[v]`` (cases or 1, entries) replaces v's table; for v in ``cut`` it is one distribution for all parents.
    ``scale`` (cases,) is the logarithm by which likelihoods were scaled.
    """

    cases: int
    codes: Codes
    about: Ints
    done: NDArray[np.bool_]
    soft: tuple[Table, ...]
    tables: Mapping[int, Table]
    cut: frozenset[int]
    scale: Floats

    @property
    def repeatable(self) -> bool:
        """Whether the codes say everything, so that equal codes are equal cases."""
        return not self.varying

    @property
    def varying(self) -> tuple[int, ...]:
        """Variables whose replaced tables differ between cases other than by the codes."""
        named = {int(v) for v, done in zip(self.about, self.done, strict=True) if done}
        return tuple(v for v, rows in self.tables.items() if len(rows) > 1 and v not in named)


def prepare(network: Network) -> Lanes:
    """Make a network ready for the lane executor."""
    return Lanes(elimination.pack(network))


def warm() -> None:
    """Load every kernel from the cache, or compile it: once a process, ahead of the first question.

    >>> warm()
    """
    two = ("no", "yes")
    flip = np.array([[0.9, 0.1], [0.2, 0.8]])
    network = Network(
        [Variable("a", two), Variable("b", two, ("a",)), Variable("c", two, ("b",))],
        {"a": np.array([0.5, 0.5]), "b": flip, "c": flip},
    )
    prepared, which = prepare(network), np.arange(2 * LANES)
    known = np.eye(2)[which % 2]
    report = np.stack([1.0 + which, np.full(len(which), 0.5)], axis=1)
    scattered = {"a": np.where(which[:, None] % 2 == 1, known, 1.0), "c": report}
    posterior(prepared, Evidence(1, {"b": known[:1]}), ["a"])
    posterior(prepared, Evidence(len(which), {"b": known, "c": known + 0.5}), ["a"])
    posterior(prepared, Evidence(ENOUGH, {name: rows[:ENOUGH] for name, rows in scattered.items()}), ["b"])
    posterior(prepared, Evidence(3, {"a": known[:3], "c": report[:3]}), ["b"])
    set_to = {"b": np.broadcast_to(known[:, None], (len(which), 2, 2))}
    posterior(prepared, Evidence(len(which), {"a": known}, set_to), ["c"])
    draws(prepared, ["a"], Evidence(1, {"c": known[:1]}), {"b": np.repeat(flip[None], len(which), axis=0)})


def posterior(lanes: Lanes, evidence: Evidence, names: Iterable[str] = ()) -> tuple[Floats, Mapping[str, Table]]:
    """Log P(evidence), shape (cases,), and the distribution of each variable named, shape (cases, states).

    Exact, and the fields of ``engine.Posterior`` in their order; zeros where the evidence is impossible.

    >>> from model.batch import Evidence
    >>> rain = Variable("rain", ("no", "yes"))
    >>> wet = Variable("wet", ("no", "yes"), parents=("rain",))
    >>> tables = {"rain": np.array([0.8, 0.2]), "wet": np.array([[0.9, 0.1], [0.1, 0.9]])}
    >>> seen = Evidence(1, {"wet": np.array([[0.0, 1.0]])})
    >>> posterior(prepare(Network([rain, wet], tables)), seen, ["rain"])[1]["rain"].round(4)
    array([[0.3077, 0.6923]])

    Raises NetworkTooLarge, before any table is allocated, where what is left of the network is still too much.
    """
    wanted, position = tuple(names), lanes.network.position
    answered = _answers(lanes, evidence)
    if len(wanted) == 1:
        rows, logs = answered(position[wanted[0]], True)
        return _locked_posterior({wanted[0]: rows}, logs)
    _, logs = answered(-1, True)
    return _locked_posterior({name: answered(position[name], False)[0] for name in wanted}, logs)


def marginals(lanes: Lanes, evidence: Evidence, names: Iterable[str] = ()) -> dict[str, Table]:
    """Probability of each state of the variables named, without that of the evidence: only what they depend on is read.

    A finding that is irrelevant to a variable is not looked at, so that it may be impossible unnoticed.
    """
    answered = _answers(lanes, evidence)
    return {name: answered(lanes.network.position[name], False)[0] for name in names}


def draws(lanes: Lanes, names: Iterable[str], evidence: Evidence, tables: Mapping[str, Table]) -> dict[str, Table]:
    """Distributions of the variables named under each draw of the tables given, shape (draws, states).

    ``tables[name]`` has shape (draws, *parents' states, states); only those of ``needed`` are read. The evidence is
    of one case, or of as many as there are draws.
    """
    wanted = tuple(names)
    counting = frozenset(needed(lanes, wanted, evidence))
    count = max((len(rows) for rows in tables.values()), default=1)
    likelihood = {
        name: np.repeat(rows, count, axis=0) if len(rows) == 1 else rows for name, rows in evidence.likelihood.items()
    }
    read = {name: rows for name, rows in tables.items() if name in counting}
    said = _said(lanes, count, likelihood, {**read, **evidence.tables})
    return {name: _answered(lanes, said, lanes.network.position[name], whole=False)[0] for name in wanted}


def needed(lanes: Lanes, names: Iterable[str], evidence: Evidence) -> tuple[str, ...]:
    """Variables whose tables the answers about these names depend on, in file order: draw only those."""
    said = _said(lanes, evidence.cases, evidence.likelihood, evidence.tables)
    found = np.zeros(len(lanes.packed.cards), dtype=np.bool_)
    for case in _patterns(lanes.packed, said, said.codes)[1].tolist():
        for name in names:
            target = lanes.network.position[name]
            role = _role(lanes.packed, said, said.codes[:, case : case + 1], target)
            found |= elimination.needed(lanes.packed, target, role, whole=False)
    return tuple(name for name, counts in zip(lanes.network.names, found, strict=True) if counts)


def cells(lanes: Lanes, evidence: Evidence, name: str) -> int:
    """Multiplications that one case of this evidence costs, before those that lanes do side by side are divided.

    Of a batch: as if every case spoke of every variable, which is the most it can cost.
    """
    position = lanes.network.position
    role = np.zeros(len(lanes.packed.cards), dtype=np.int64)
    for v in evidence.tables:
        role[position[v]] |= LANED if evidence.cases > 1 else 0
    for v, rows in evidence.likelihood.items():
        known = evidence.cases == 1 and v != name and np.count_nonzero(rows) == 1
        role[position[v]] |= HARD if known else SOFT
    return _program(lanes, position[name], role, whole=True, every=evidence.cases == 1).cells


def pays(lanes: Lanes, evidence: Evidence, names: Sequence[str], *, against: int) -> bool:
    """Whether this executor is the cheaper one, against a tree that touches so many table entries a case.

    One case: where the tree is large and little of it matters. A batch: where the names are few.
    """
    try:
        if evidence.cases < ENOUGH:
            return against > TREE_IS_QUICK and 2 * sum(cells(lanes, evidence, name) for name in names) < against
        return sum(cells(lanes, evidence, name) for name in names) < SIDE_BY_SIDE * against
    except NetworkTooLarge:
        return False


def _locked_posterior(found: dict[str, Table], logs: Floats) -> tuple[Floats, Mapping[str, Table]]:
    possible = np.isfinite(logs)
    if not possible.all():
        found = {name: np.where(possible[:, None], rows, 0.0) for name, rows in found.items()}
    for rows in found.values():
        rows.setflags(write=False)
    return logs, MappingProxyType(found)


def _answers(lanes: Lanes, evidence: Evidence) -> Callable[[int, bool], tuple[Table, Floats]]:
    """How to answer about a target (-1: P(evidence) alone), with P(evidence) or not."""
    if evidence.cases == 1 and not evidence.tables:
        _check(lanes.network, 1, evidence.likelihood, {})
        return lambda target, whole: _asked(lanes, evidence.likelihood, target, whole=whole)
    said = _said(lanes, evidence.cases, evidence.likelihood, evidence.tables)
    return lambda target, whole: _answered(lanes, said, target, whole=whole)


def _asked(lanes: Lanes, likelihood: Mapping[str, Table], target: int, *, whole: bool) -> tuple[Table, Floats]:
    """The way of ``_answered`` for one case, without its preparations: most of the time of a small question."""
    packed, position = lanes.packed, lanes.network.position
    shape, findings = [], []
    vectors: list[float] = []
    scale = 0.0
    for name, rows in likelihood.items():
        row, v = rows[0].tolist(), position[name]
        ones = row.count(1.0)
        if ones == len(row):
            continue
        if ones == 1 and v != target and row.count(0.0) == len(row) - 1:
            shape.append((v, HARD))
            findings.append((v, row.index(1.0), -1))
            continue
        power = math.frexp(max(row))[1]
        scale += power * math.log(2.0)
        shape.append((v, SOFT))
        findings.append((v, -1, len(vectors)))
        vectors.extend(math.ldexp(p, -power) for p in row)

    def made() -> Program:
        role = np.zeros(len(packed.cards), dtype=np.int64)
        for v, bit in shape:
            role[v] = bit
        return _program(lanes, target, role, whole=whole, every=True)

    program = lanes.programs.get((target, whole, *shape), made)
    rows, log = lane_kernels.run_one(
        program.code,
        program.sliced,
        packed.table_at,
        packed.values,
        np.array(findings, dtype=np.int64).reshape(-1, 3),
        np.array(vectors),
        *NO_TABLES,
    )
    return rows[None], np.array([log + scale])


def _said(lanes: Lanes, cases: int, likelihood: Mapping[str, Table], replaced: Mapping[str, Table]) -> Said:
    """Evidence in small integers; what says nothing is left out."""
    network, workers = lanes.network, lanes.workers
    _check(network, cases, likelihood, replaced)
    codes = np.empty((len(likelihood) + len(replaced), cases), dtype=np.int32)
    about: list[int] = []
    done: list[bool] = []
    soft: list[Table] = []
    scale = np.zeros(cases)
    counts = _coded(workers, list(likelihood.values()), codes)
    for r, (name, rows) in enumerate(likelihood.items()):
        codes[len(about)], (others, spoken) = codes[r], counts[r]
        code = codes[len(about)]
        vectors = np.empty((0, rows.shape[1]))
        if others:
            vectors = _vectors(rows, code, scale)
        if spoken:
            about.append(network.position[name])
            done.append(False)
            soft.append(vectors)
    tables: dict[int, Table] = {}
    cut = set()
    for name, given in replaced.items():
        v, rows = network.position[name], np.asarray(given)
        if any(rows.strides[1:-1]) and math.prod(rows.shape[1:-1]) > 1:
            tables[v] = np.ascontiguousarray(rows, dtype=np.float64).reshape(len(rows), -1)
            continue
        chances = np.ascontiguousarray(rows.reshape(len(rows), -1, rows.shape[-1])[:, 0], dtype=np.float64)
        tables[v] = chances
        cut.add(v)
        code = np.empty(len(chances), dtype=np.int32)
        ((others, spoken),) = _coded(workers, [chances], code[None])
        if not others and spoken == len(code) and v not in about:
            codes[len(about)] = code
            about.append(v)
            done.append(True)
            soft.append(np.empty((0, chances.shape[1])))
    return Said(
        cases,
        codes[: len(about)],
        np.array(about, dtype=np.int64),
        np.array(done, dtype=np.bool_),
        tuple(soft),
        MappingProxyType(tables),
        frozenset(cut),
        scale,
    )


def _check(network: Network, cases: int, likelihood: Mapping[str, Table], tables: Mapping[str, Table]) -> None:
    """Refuse arrays of the wrong shape: kernels do not look."""
    for name, rows in likelihood.items():
        shape: tuple[int, ...] = (cases, len(network[name].states))
        if rows.shape != shape:
            raise BadQuestion(f"the likelihood of {name} has shape {rows.shape}, not {shape}", where=("evidence", name))
    for name, rows in tables.items():
        shape = network.tables[name].shape
        if rows.shape[1:] != shape or len(rows) not in (1, cases):
            raise BadQuestion(
                f"the table of {name} has shape {rows.shape}, not ({cases} or 1, {', '.join(map(str, shape))})",
                where=("tables", name),
            )


def _coded(workers: Workers, likelihoods: Sequence[Table], codes: Codes) -> list[tuple[int, int]]:
    """Write the code of every likelihood vector, (variables, cases); returns the counts of ``codes_of_all``."""
    kept = [_locked(rows) for rows in likelihoods]
    tables = np.array([(rows.ctypes.data, rows.shape[1]) for rows in kept], dtype=np.int64).reshape(-1, 2)
    cases = codes.shape[1]
    step = cases if codes.size < MANY_CODES else -(-cases // workers.count)
    starts = range(0, cases, max(step, 1))
    counts = np.zeros((len(starts), len(kept), 2), dtype=np.int64)
    workers.each(lambda i: lane_kernels.codes_of_all(tables, codes, starts[i], step, counts[i]), range(len(starts)))
    return [(others, spoken) for others, spoken in counts.sum(axis=0).tolist()]


def _locked(rows: Table) -> Table:
    """The same numbers, contiguous and read-only: kernels are compiled for one kind of array."""
    view = np.ascontiguousarray(rows, dtype=np.float64).view()
    view.setflags(write=False)
    return view


def _vectors(rows: Table, code: Codes, scale: Floats) -> Table:
    """The different likelihood vectors, scaled by powers of two; writes which of them each case has, and the scale."""
    which = np.flatnonzero(code == -2)
    powers = np.frexp(rows[which].max(axis=1))[1]
    scale[which] += powers * math.log(2.0)
    vectors, kinds = np.unique(np.ldexp(rows[which], -powers[:, None]), axis=0, return_inverse=True)
    code[which] = rows.shape[1] + kinds
    return vectors


def _patterns(packed: Packed, said: Said, codes: Codes) -> tuple[NDArray[np.int8], Ints, Ints]:
    """Cases by which variables they speak of and how: (kinds, first case of each pattern, pattern of each case)."""
    kinds = lane_kernels.kinds_of(codes, packed.cards[said.about])
    if lane_kernels.alike(kinds):
        return kinds, np.zeros(1, dtype=np.int64), np.zeros(kinds.shape[1], dtype=np.int64)
    return kinds, *lane_kernels.distinct(kinds)


def _role(
    packed: Packed, said: Said, codes: Codes, target: int, *, every: bool = True, union: NDArray[np.bool_] | None = None
) -> Ints:
    """The question's shape, one set of bits a variable.

    ``codes`` (rows, cases) speak of the same variables; ``union`` says which rows to take as likelihoods instead.
    """
    role = np.zeros(len(packed.cards), dtype=np.int64)
    for v in said.cut:
        role[v] |= CUT
    for r, v in enumerate(said.about.tolist()):
        code = codes[r]
        if said.done[r]:
            if v != target:
                role[v] |= HARD | (LANED if not every and (union is not None or (code != code[0]).any()) else 0)
        elif union is not None:
            role[v] |= SOFT if union[r] else 0
        elif code[0] >= 0:
            hard = code[0] < packed.cards[v] and v != target and not role[v] & CUT
            role[v] |= (HARD | (LANED if not every and (code != code[0]).any() else 0)) if hard else SOFT
    if not every:
        for v, rows in said.tables.items():
            if len(rows) > 1 and not (v in said.cut and role[v] & HARD):
                role[v] |= LANED
    return role


def _program(lanes: Lanes, target: int, role: Ints, *, whole: bool, every: bool) -> Program:
    key = (target, whole, every, role.astype(np.int8).tobytes())
    return lanes.programs.get(key, lambda: elimination.program(lanes.packed, target, role, whole=whole, every=every))


def _answered(lanes: Lanes, said: Said, target: int, *, whole: bool) -> tuple[Table, Floats]:
    """Distribution of the target, shape (cases, states), and log P(evidence), shape (cases,)."""
    states = int(lanes.packed.cards[target]) if target >= 0 else 1
    first, which = lane_kernels.distinct(said.codes) if said.repeatable and said.cases > 1 else (None, None)
    if first is not None and len(first) < said.cases:
        rows, logs = np.empty((len(first), states)), np.empty(len(first))
        _fill(lanes, said, target, first, (rows, logs), whole=whole)
        return rows[which], logs[which] + said.scale
    rows, logs = np.empty((said.cases, states)), np.empty(said.cases)
    _fill(lanes, said, target, np.arange(said.cases), (rows, logs), whole=whole)
    return rows, logs + said.scale


def _fill(lanes: Lanes, said: Said, target: int, cases: Ints, found: tuple[Table, Floats], *, whole: bool) -> None:
    """Answer some cases, in groups that speak of the same variables and one of what is left."""
    if len(cases) == 1:
        _one_by_one(lanes, said, target, cases, found, np.arange(1), whole=whole)
        return
    codes = said.codes if len(cases) == said.cases else np.take(said.codes, cases, axis=1)
    kinds, _, pattern = _patterns(lanes.packed, said, codes)
    often = np.bincount(pattern)
    for which in np.flatnonzero(often >= ENOUGH):
        group = np.flatnonzero(pattern == which)
        role = _role(lanes.packed, said, codes[:, group], target, every=False)
        if _fits(_program(lanes, target, role, whole=whole, every=False)):
            _side_by_side(lanes, said, (target, role, whole), cases[group], found, group)
        else:
            _one_by_one(lanes, said, target, cases[group], found, group, whole=whole)
    left = np.flatnonzero(often[pattern] < ENOUGH)
    if not len(left):
        return
    spoken = lane_kernels.spoken_of(kinds, left)
    role = _role(lanes.packed, said, codes[:, left[:1]], target, every=False, union=spoken)
    if len(left) >= ENOUGH and _shared(lanes, target, role, whole=whole):
        _side_by_side(lanes, said, (target, role, whole), cases[left], found, left, union=True)
    elif said.tables or len(left) < 2:
        _one_by_one(lanes, said, target, cases[left], found, left, whole=whole)
    else:
        _each(lanes, said, (target, whole), cases[left], found, left)


def _fits(program: Program) -> bool:
    return program.entries * LANES * 8 <= MEMORY


def _shared(lanes: Lanes, target: int, role: Ints, *, whole: bool) -> bool:
    """Whether one program for cases that speak of different variables costs less than one each."""
    try:
        program = _program(lanes, target, role, whole=whole, every=False)
    except NetworkTooLarge:
        return False
    return program.cells <= UNION_CELLS and _fits(program)


def _each(
    lanes: Lanes, said: Said, question: tuple[int, bool], cases: Ints, found: tuple[Table, Floats], to: Ints
) -> None:
    """Answer cases that have little in common, each by a program that is found, run and dropped."""
    packed = lanes.packed
    soft = np.concatenate([*(vectors.ravel() for vectors in said.soft), np.empty(0)])
    soft_at = np.cumsum([0, *(vectors.size for vectors in said.soft)])

    def run(start: int) -> None:
        lane_kernels.run_each(
            (packed.cards, packed.links, packed.table_at, packed.values),
            (*question, float(CELL_LIMIT)),
            cases[start : start + EACH],
            to[start : start + EACH],
            said.codes,
            said.about,
            soft,
            soft_at,
            *found,
        )

    lanes.workers.each(run, range(0, len(cases), EACH))
    refused = cases[np.isnan(found[1][to])]
    if len(refused):
        _one_by_one(lanes, said, question[0], refused[:1], found, to[:1], whole=question[1])


def _one_by_one(
    lanes: Lanes, said: Said, target: int, cases: Ints, found: tuple[Table, Floats], to: Ints, *, whole: bool
) -> None:
    """Answer cases one at a time, each by the program of what it speaks of."""
    packed = lanes.packed
    rows, logs = found
    about = said.about.tolist()
    for case, i in zip(cases.tolist(), to.tolist(), strict=True):
        role = _role(packed, said, said.codes[:, case : case + 1], target)
        program = _program(lanes, target, role, whole=whole, every=True)
        findings, vectors = _findings(said, about, said.codes[:, case].tolist(), role)
        swapped, other = _swapped(said, case)
        rows[i], logs[i] = lane_kernels.run_one(
            program.code, program.sliced, packed.table_at, packed.values, findings, vectors, swapped, other
        )


def _findings(said: Said, about: Sequence[int], codes: Sequence[int], role: Ints) -> tuple[Ints, Floats]:
    """What one case says: (variable, known state or -1, place of its likelihood or -1), and likelihoods end to end."""
    findings = []
    vectors: list[float] = []
    for r, (v, code) in enumerate(zip(about, codes, strict=True)):
        if code >= 0 and role[v] & SOFT:
            findings.append((v, -1, len(vectors)))
            card = said.soft[r].shape[1]
            vectors.extend(said.soft[r][code - card] if code >= card else [float(s == code) for s in range(card)])
        elif code >= 0:
            findings.append((v, code, -1))
    return np.array(findings, dtype=np.int64).reshape(-1, 3), np.array(vectors, dtype=np.float64)


def _swapped(said: Said, case: int) -> tuple[Ints, Floats]:
    """Replaced tables of one case: (variable, place), and the tables end to end."""
    if not said.tables:
        return NO_TABLES
    places = np.cumsum([0, *(rows.shape[1] for rows in said.tables.values())])
    tables = np.concatenate([rows[case if len(rows) > 1 else 0] for rows in said.tables.values()])
    return np.array(list(zip(said.tables, places, strict=False)), dtype=np.int64), tables


def _replaced(said: Said, count: int, case: int) -> tuple[Ints, Floats]:
    """Replaced tables of one case end to end, and where each begins (-1: not replaced)."""
    at = np.full(count, -1, dtype=np.int64)
    if not said.tables:
        return at, np.empty(0)
    length = 0
    for v, rows in said.tables.items():
        at[v] = length
        length += rows.shape[1]
    return at, np.concatenate([rows[case if len(rows) > 1 else 0] for rows in said.tables.values()])


def _side_by_side(
    lanes: Lanes,
    said: Said,
    question: tuple[int, Ints, bool],
    cases: Ints,
    found: tuple[Table, Floats],
    to: Ints,
    *,
    union: bool = False,
) -> None:
    """Answer cases that share a program, LANES at a time, in as many threads as pay."""
    target, role, whole = question
    program = _program(lanes, target, role, whole=whole, every=False)
    linked = _linked(lanes, said, program, int(cases[0]))
    if union:
        ranked = np.argsort(-linked.effort[said.about], kind="stable")
        order = lane_kernels.by_effort(cases, said.codes, ranked)
        cases, to = cases[order], to[order]
    loads, soft = _loads(lanes.packed, said, linked)
    size = CHUNK if program.cells * len(cases) > THREADS_FROM else len(cases)
    size = min(size, -(-len(cases) // (LANES * lanes.workers.count)) * LANES) if size < len(cases) else size

    def run(start: int) -> None:
        picks = cases[start : start + size]
        lane_kernels.run_lanes(
            picks,
            to[start : start + size],
            linked.steps,
            linked.inputs,
            linked.maps,
            linked.weights,
            linked.weight_exponents,
            linked.place,
            linked.constant_at,
            linked.constants,
            linked.constant_exponents,
            (len(linked.place) - 1, found[0].shape[1]),
            loads,
            lanes.packed.values,
            said.codes,
            soft,
            (np.empty(linked.memory * LANES), np.empty(linked.mixed)),
            found[0],
            found[1],
        )

    lanes.workers.each(run, range(0, len(cases), size))


def _linked(lanes: Lanes, said: Said, program: Program, case: int) -> Linked:
    """The program with its constant tables in place; kept, since sweeps repeat it."""
    known = tuple(
        int(said.codes[r, case]) if program.role[v] & (HARD | LANED) == HARD else -1
        for r, v in enumerate(said.about.tolist())
    )
    if any(len(rows) == 1 for rows in said.tables.values()):
        return _link(lanes.packed, said, program, case)
    return lanes.linked.get(
        (program, tuple(said.about.tolist()), known), lambda: _link(lanes.packed, said, program, case)
    )


def _link(packed: Packed, said: Said, program: Program, case: int) -> Linked:
    count, factors = len(packed.cards), program.factors
    states = np.full(count, -1, dtype=np.int64)
    states[said.about] = said.codes[:, case]
    sizes = factors[:, SIZE]
    constant_at = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    original = factors[:, SOURCE] >= 0
    constant_at[original & (factors[:, LANE] == 1)] = -1
    constants, exponents = np.ones(int(sizes.sum())), np.zeros(len(factors))
    replaced, other = _replaced(said, count, case)
    base = lane_kernels.bases(factors, program.sliced, packed.table_at, replaced, states)
    lane_kernels.load_tables(constants, constant_at, factors, program.load, base, packed.values, other)
    lane_kernels.run_steps(program.steps, program.inputs, program.maps, constant_at, constants, exponents)
    steps, inputs, maps, weights, weight_exponents = lane_kernels.expand(
        program.steps, program.inputs, program.maps, factors, constant_at, constants, exponents
    )
    place, memory = _placed(factors, steps, inputs)
    return Linked(
        program=program,
        steps=steps,
        inputs=inputs,
        maps=maps,
        weights=weights,
        weight_exponents=weight_exponents,
        place=place,
        constant_at=constant_at,
        constants=constants,
        constant_exponents=exponents,
        memory=memory,
        mixed=int((steps[:, 0] * steps[:, 1]).max(initial=1)),
        effort=_effort(factors, steps, inputs, count),
    )


def _placed(factors: Ints, steps: Ints, inputs: Ints) -> tuple[Ints, int]:
    """Where each factor that differs between cases lies in memory; what a step has read is free for the next."""
    place = np.full(len(factors), -1, dtype=np.int64)
    end = 0
    for f in np.flatnonzero((factors[:, LANE] == 1) & (factors[:, SOURCE] >= 0)).tolist():
        place[f] = end
        end += int(factors[f, SIZE])
    free: list[tuple[int, int]] = []
    for _, _, first, count, out, _ in steps.tolist():
        size = int(factors[out, SIZE])
        fits = [gap for gap in free if gap[1] >= size]
        if fits:
            at, room = min(fits, key=lambda gap: (gap[1], gap[0]))
            free.remove((at, room))
            if room > size:
                free.append((at + size, room - size))
        else:
            at, end = end, end + size
        place[out] = at
        read = [int(f) for f in inputs[first : first + count, 0] if factors[f, SOURCE] < 0]
        free = _merged([*free, *((int(place[f]), int(factors[f, SIZE])) for f in read)])
    return place, end


def _merged(gaps: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for at, room in sorted(gaps):
        if joined and sum(joined[-1]) == at:
            joined[-1] = (joined[-1][0], joined[-1][1] + room)
        else:
            joined.append((at, room))
    return joined


def _effort(factors: Ints, steps: Ints, inputs: Ints, count: int) -> Ints:
    """Multiplications that a finding on each variable sets off: all steps from its own to the last."""
    above = np.zeros(len(factors), dtype=np.int64)
    effort = np.zeros(count, dtype=np.int64)
    for card, rows, first, many, out, _ in reversed(steps.tolist()):
        for f in inputs[first : first + many, 0].tolist():
            above[f] = above[out] + card * rows
            if factors[f, SOURCE] >= count:
                effort[factors[f, SOURCE] - count] = above[f]
    return effort


def _loads(packed: Packed, said: Said, linked: Linked) -> tuple[tuple[Ints, Ints, Ints, Ints, Ints], Floats]:
    """What to fill in a block: likelihoods, slices by known states, and tables given by case."""
    program, count = linked.program, len(packed.cards)
    row_of = {int(v): r for r, v in enumerate(said.about)}
    lambdas: list[list[int]] = []
    gathers: list[list[int]] = []
    streams: list[list[int]] = []
    known: list[list[int]] = []
    soft: list[Floats] = []
    soft_end = 0
    hard_at, hard, strides = program.sliced
    for f, (source, size, flat, lane) in enumerate(program.factors.tolist()):
        if source < 0 or not lane:
            continue
        at = int(linked.place[f])
        if source >= count:
            row = row_of[source - count]
            lambdas.append([f, at, size, row, soft_end])
            soft.append(said.soft[row].ravel())
            soft_end += said.soft[row].size
        else:
            first, slices = len(known), range(hard_at[f], hard_at[f + 1])
            known.extend([row_of[int(hard[i])], int(strides[i])] for i in slices)
            if source in said.tables:
                rows = said.tables[source]
                row = rows.shape[1] if len(rows) > 1 else 0
                streams.append([f, at, size, flat, rows.ctypes.data, row, first, len(known)])
            else:
                gathers.append([f, at, size, flat, int(packed.table_at[source]), first, len(known)])
    loads = (
        np.array(lambdas, dtype=np.int64).reshape(-1, 5),
        np.array(gathers, dtype=np.int64).reshape(-1, 7),
        np.array(streams, dtype=np.int64).reshape(-1, 8),
        np.array(known, dtype=np.int64).reshape(-1, 2),
        program.load,
    )
    return loads, np.concatenate(soft) if soft else np.empty(0)
