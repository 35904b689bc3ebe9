"""The engine beside its peers, case by case and network by network."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bench import limit, networks, ours, questions
from bench.ours import Prepared
from bench.peers import PEERS, Done, Hired, Refused, Task
from bench.questions import Question
from bench.timing import Measured, Ratio, Turn, clock, compared, interleaved
from model import inference
from model.inference import Evidence
from model.network import Network, Table

CASES: Mapping[str, tuple[str, ...]] = {
    "a": ("a",),
    "b": ("b", "b with P(e)"),
    "c": ("c", "c shared"),
    "d": ("d", "d sampled"),
    "e": ("e",),
}
"""The rows that each case has."""
ASKED = 12
SCENARIOS = 10_000
DRAWS = 1_000
PEER_TASKS = 50
CORES = 2
DRAWN_BYTES = 64_000_000
PEER_BYTES = 32_000_000
OURS = "ours"
PARTS: Mapping[str, float] = {"pyagrum": 0.4, "anew": 0.15, "pgmpy": 0.3, "ck": 0.15}
"""Parts of a network's time."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What a peer did: the engine that was quickest, its seconds, the ratio to ours; ``reason``: why any is missing."""

    engine: str = ""
    seconds: float | None = None
    ratio: Ratio | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One case on one network. ``seconds`` are of one answer; ``first`` when it was asked for the first time.

    ``share`` is the multiply-adds that an answer needs over those that the machine does in that time.
    """

    case: str
    network: str
    seconds: float | None
    first: float | None = None
    peers: Mapping[str, Beside] = field(default_factory=dict)
    max_abs_diff: float | None = None
    multiply_adds: float | None = None
    share: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """What is timed: our runner, the peers' tasks on their network, and what both must agree on.

    ``expected`` gives our rows by task, from what was seen of our own answers.
    """

    name: str
    network: Network
    turn: Turn
    tasks: Sequence[Task]
    expected: Callable[[Mapping[int, Mapping[str, Table]]], Mapping[int, Mapping[str, Table]]]
    multiply_adds: float
    cores: int = 1
    added: float = 0.0
    first: Mapping[int, float] = field(default_factory=dict)
    note: str = ""


@dataclass(slots=True)
class Budget:
    """Seconds that the peers may use on one network, each its own part, so that none takes another's."""

    seconds: float
    rows: int
    cut: float
    spent: dict[str, float] = field(default_factory=dict)

    def left(self, peer: str) -> float:
        """Seconds that a peer has left, not above 0 when they are used up."""
        return self.seconds * PARTS[peer] - self.spent.get(peer, 0.0)

    def share(self) -> float:
        """Seconds that the next row is meant to take, everyone together."""
        return self.seconds / self.rows


def rows(
    names: Sequence[str], letters: str, *, seconds: float, cut: float, rate: float, peers: Mapping[str, Hired]
) -> Iterator[Row]:
    """Every case on every network, each network within about so many seconds; a peer's answer is cut at ``cut``."""
    wanted = [row for letter in CASES if letter in letters for row in CASES[letter]]
    for name in names:
        try:
            network = networks.load(name)
        except networks.Absent as absent:
            yield Row("-", name, None, note=f"skipped: {absent}")
            continue
        yield from _of_network(name, network, wanted, Budget(seconds, len(wanted), cut), rate, peers)


def _of_network(
    name: str, network: Network, wanted: Sequence[str], budget: Budget, rate: float, peers: Mapping[str, Hired]
) -> Iterator[Row]:
    try:
        prepared = ours.prepare(network)
    except Refused as refused:
        yield Row("-", name, None, note=f"ours {refused}")
        return
    yield Row("-", name, None, note=_size(prepared))
    for row in wanted:
        share = budget.share()
        try:
            case = MAKERS[row](prepared, row, share)
        except Refused as refused:
            yield Row(row, name, None, note=f"ours {refused}")
            continue
        yield _row(name, case, share, budget, rate, peers)


def _size(prepared: Prepared) -> str:
    network = prepared.network
    return (
        f"{len(network.names)} variables, {network.parameters():,} parameters, {prepared.plan.cells:,} table entries, "
        f"compiled in {prepared.seconds:.2f} s"
    )


def _row(name: str, case: Case, share: float, budget: Budget, rate: float, peers: Mapping[str, Hired]) -> Row:
    found, answers = _run(case, share, budget, peers)
    mine = found[OURS]
    seconds = mine.typical
    beside = {peer: _beside(mine, _engines(found, peer), case) for peer in peers}
    share_of_limit = case.multiply_adds / rate / case.cores / seconds if seconds else None
    notes = [case.note, f"ours {mine.reason}" if mine.reason else ""]
    return Row(
        case.name,
        name,
        seconds,
        statistics.median(case.first.values()) if case.first else None,
        beside,
        _difference(case.expected(answers.pop(OURS, {})), answers),
        case.multiply_adds,
        share_of_limit,
        "; ".join(note for note in notes if note),
    )


def _run(
    case: Case, share: float, budget: Budget, peers: Mapping[str, Hired]
) -> tuple[dict[str, Measured], dict[str, dict[int, Mapping[str, Table]]]]:
    """Everyone's seconds and answers, by runner: ours, and each engine of each peer."""
    runners: dict[str, Turn] = {OURS: case.turn}
    for peer, hired in peers.items():
        hired.take(case.network, threads=case.cores)
        for name in PEERS[peer][1].engines:
            runners[f"{peer} {name}"] = _turn_of(hired, name, case, budget)
    answers: dict[str, dict[int, Mapping[str, Table]]] = {}

    def see(runner: str, done: Done) -> None:
        if done.found:
            answers.setdefault(runner, {})[done.task] = done.found

    return interleaved(runners, seconds=share, see=see), answers


def _turn_of(hired: Hired, engine_name: str, case: Case, budget: Budget) -> Turn:
    asked = False

    def turn(first: int, seconds: float) -> list[Done]:
        nonlocal asked
        left = budget.left(hired.name)
        if left <= 0 and asked:
            return []
        if left <= 0 and not hired.absent:
            raise Refused("not measured: its time on this network is used up")
        asked, started, start = True, time.perf_counter(), first % len(case.tasks)
        within = max(min(budget.cut, left), 3.0)
        try:
            return hired.run(engine_name, case.tasks, first=start, seconds=seconds, within=within, wall=case.cores > 1)
        finally:
            budget.spent[hired.name] = budget.spent.get(hired.name, 0.0) + time.perf_counter() - started

    return turn


def _engines(found: Mapping[str, Measured], peer: str) -> dict[str, Measured]:
    return {name.partition(" ")[2]: seen for name, seen in found.items() if name.partition(" ")[0] == peer}


def _beside(mine: Measured, engines: Mapping[str, Measured], case: Case) -> Beside:
    """The best engine of a peer; where a task of theirs is one case of our batch, all are compared with that."""
    typical = {name: seen.typical for name, seen in engines.items() if seen.typical is not None}
    reason = _reasons(engines)
    if not typical:
        return Beside(reason=reason)
    best = min(typical, key=lambda name: typical[name] or 0.0)
    seconds = (typical[best] or 0.0) + case.added
    if set(mine.seconds) == {0} and len(case.tasks) > 1:
        ratio = Ratio(seconds / mine.median(0), seconds / mine.median(0))
        return Beside(best, seconds, ratio, reason)
    return Beside(best, seconds, compared(mine, list(engines.values())), reason)


def _reasons(engines: Mapping[str, Measured]) -> str:
    """Why engines are missing, each named when it is not all of them for one reason.

    An engine that fell out is said even where another answered: the best of fewer is not the best.
    """
    said = {name: seen.reason for name, seen in engines.items() if seen.reason}
    if len(said) == len(engines) and len(set(said.values())) == 1:
        return next(iter(said.values()))
    return "; ".join(f"{name}: {reason}" for name, reason in said.items())


def _difference(
    expected: Mapping[int, Mapping[str, Table]], answers: Mapping[str, Mapping[int, Mapping[str, Table]]]
) -> float | None:
    """The largest difference of any probability from any peer's."""
    gaps = [
        float(np.abs(expected[task][name] - row).max())
        for found in answers.values()
        for task, rows_found in found.items()
        if task in expected
        for name, row in rows_found.items()
    ]
    return max(gaps, default=None)


def _rng(prepared: Prepared) -> np.random.Generator:
    return np.random.default_rng(len(prepared.network.names))


def _as_seen(seen: Mapping[int, Mapping[str, Table]]) -> Mapping[int, Mapping[str, Table]]:
    return seen


def _single(prepared: Prepared, row: str, share: float) -> Case:
    """Cases a and b: one question at a time, every variable or one; b as peers answer it, or with P(evidence) too."""
    network = prepared.network
    asked = questions.asked(network, ASKED, rng=_rng(prepared), targeted=row != "a")
    first: dict[int, float] = {}
    if row == "a":
        work = statistics.mean(limit.tree(prepared.plan, question.findings) for question in asked)
    else:
        work = statistics.mean(_one_target(network, question, whole=row != "b") for question in asked)
    tasks = [Task(question.findings, question.target) for question in asked]
    turn = ours.alone(prepared, asked, first) if row == "b" else ours.single(prepared, asked, {}, first)
    return Case(row, network, turn, tasks, _as_seen, work, first=first)


def _one_target(network: Network, question: Question, *, whole: bool = True) -> int:
    """With the evidence's probability, the ``whole``, every ancestor of a finding counts."""
    asked = [question.target or "", *question.findings]
    return limit.elimination(
        network, question, network.ancestors(asked) if whole else questions.needed(network, question)
    )


def _intervened(prepared: Prepared, row: str, share: float) -> Case:
    """Case e: one variable set, three others found; the peers work on the network with its parents cut off."""
    network, rng = prepared.network, _rng(prepared)
    name = str(rng.choice([v.name for v in network.variables if v.parents]))
    state = int(rng.integers(len(network[name].states)))
    cut = questions.mutilated(network, name, state)
    asked = questions.asked(cut, ASKED, rng=rng, targeted=False, apart=name)
    table = np.broadcast_to(prepared.units[name][state], (1, *network.tables[name].shape))
    first: dict[int, float] = {}
    work = statistics.mean(limit.tree(prepared.plan, [name, *question.findings]) for question in asked)
    tasks = [Task(question.findings) for question in asked]
    turn = ours.single(prepared, asked, {name: table}, first)
    return Case(row, cut, turn, tasks, _as_seen, work, first=first)


def _typical_question(prepared: Prepared, rng: np.random.Generator) -> Question:
    """Of nine questions about one target, the one that depends on the middling number of table entries."""
    network = prepared.network
    asked = questions.asked(network, 9, rng=rng, targeted=True)
    sizes = {i: _entries(network, questions.needed(network, question)) for i, question in enumerate(asked)}
    return asked[sorted(sizes, key=lambda i: (sizes[i], i))[len(asked) // 2]]


def _entries(network: Network, names: Sequence[str]) -> int:
    return sum(network.tables[name].size for name in names)


def _scenarios(prepared: Prepared, row: str, share: float) -> Case:
    """Case c: scenarios about one target, on variables of their own or on the same three."""
    network, rng = prepared.network, _rng(prepared)
    question = _typical_question(prepared, rng)
    target = question.target or ""
    given = list(question.findings) if row == "c shared" else None
    cases = questions.scenarios(network, SCENARIOS, rng=rng, target=target, given=given)
    evidence = questions.batch(network, cases)
    count = _fitting(prepared, evidence, target, share)
    part = evidence.block(0, count)
    each = statistics.mean(_one_target(network, case) for case in cases[:20])
    distinct = len({tuple(sorted(case.findings.items())) for case in cases[:count]})
    tasks = [Task(case.findings, target) for case in cases[:PEER_TASKS]]
    return Case(
        row,
        network,
        ours.batch(prepared, lambda: part, target, cases=count, wall=True),
        tasks,
        lambda seen: _by_case(seen, target),
        each * distinct / count,
        cores=CORES,
        note=_scaled("scenarios", count, SCENARIOS, len(tasks)),
    )


def _by_case(seen: Mapping[int, Mapping[str, Table]], target: str) -> Mapping[int, Mapping[str, Table]]:
    return {i: {target: row} for i, row in enumerate(seen[0][target] if seen else ())}


def _scaled(what: str, count: int, full: int, theirs: int) -> str:
    mine = "" if count == full else f"ours on {count:,} of {full:,} {what}, scaled; "
    return f"{mine}peers on up to {theirs} {what}, scaled"


def _fitting(prepared: Prepared, evidence: Evidence, target: str, share: float) -> int:
    """How many cases of a batch a turn of ours can take, in tens."""
    now = clock(wall=True)
    count = 1
    while count < evidence.cases:
        with ours.refusing():
            inference.posterior(prepared.plan, evidence.block(0, count), (target,))  # finds the program
            started = now()
            inference.posterior(prepared.plan, evidence.block(0, count), (target,))
        if (now() - started) * 10 > max(share / 5, 0.25):
            break
        count = min(count * 10, evidence.cases)
    return count


def _drawn(prepared: Prepared, row: str, share: float) -> Case:
    """Case d: one question under many draws of the tables it depends on, the drawing timed or not."""
    network, rng = prepared.network, _rng(prepared)
    question = _typical_question(prepared, rng)
    target = question.target or ""
    names = questions.needed(network, question)
    fits = min(DRAWS, max(1, DRAWN_BYTES // (8 * _entries(network, names) or 1)))
    ready = questions.drawn(network, names, fits, rng=rng)
    count = _fitting(prepared, _under(prepared, question, ready), target, share)
    part = _under(prepared, question, {name: rows_drawn[:count] for name, rows_drawn in ready.items()})
    sampling = row == "d sampled"

    def sampled() -> Evidence:
        return _under(prepared, question, questions.drawn(network, names, count, rng=rng))

    theirs = list(network.names) if sampling else names
    many = max(1, min(PEER_TASKS, PEER_BYTES // (8 * _entries(network, theirs) or 1)))
    given = questions.drawn(network, theirs, many, rng=rng)
    tasks = [Task(question.findings, target, {name: given[name][i] for name in theirs}) for i in range(many)]
    return Case(
        row,
        network,
        ours.batch(prepared, sampled if sampling else lambda: part, target, cases=count, wall=False),
        tasks,
        lambda _: _on_their_draws(prepared, question, {name: given[name] for name in names}, many),
        limit.elimination(network, question, set(names)),
        added=_sampling_seconds(network, many, rng) if sampling else 0.0,
        note=_scaled("draws", count, DRAWS, many) + f", {len(names)} of {len(network.names)} tables needed",
    )


def _under(prepared: Prepared, question: Question, tables: Mapping[str, Table]) -> Evidence:
    """The same findings in every draw."""
    cases = max((len(table) for table in tables.values()), default=1)
    known = prepared.evidence(question).likelihood
    likelihood = {name: np.broadcast_to(row, (cases, row.shape[1])) for name, row in known.items()}
    return Evidence(cases, likelihood, tables)


def _on_their_draws(
    prepared: Prepared, question: Question, tables: Mapping[str, Table], draws: int
) -> Mapping[int, Mapping[str, Table]]:
    target = question.target or ""
    found = inference.posterior(prepared.plan, _under(prepared, question, tables), (target,)).of(target)
    return {i: {target: found[min(i, len(found) - 1)]} for i in range(draws)}


def _sampling_seconds(network: Network, draws: int, rng: np.random.Generator) -> float:
    """Seconds to draw every table once, when many draws are made together: what a peer's user would have to add."""
    now = clock(wall=False)
    started = now()
    questions.drawn(network, network.names, draws, rng=rng)
    return (now() - started) / draws


MAKERS: Mapping[str, Callable[[Prepared, str, float], Case]] = {
    "a": _single,
    "b": _single,
    "b with P(e)": _single,
    "c": _scenarios,
    "c shared": _scenarios,
    "d": _drawn,
    "d sampled": _drawn,
    "e": _intervened,
}
