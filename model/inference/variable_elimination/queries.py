"""Questions about a few targets: of evidence, of draws of the tables, and what they would cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from model.errors import BadQuestion, NetworkTooLarge
from model.inference.arrays import Evidence, Pattern
from model.inference.variable_elimination import per_case_kernels
from model.inference.variable_elimination import program as programs
from model.inference.variable_elimination.coded_evidence import (
    NO_TABLES,
    CodedEvidence,
    check,
    code_evidence,
    patterns,
    role_of,
    under_draws,
)
from model.inference.variable_elimination.columns import HARD, LANED, SOFT
from model.inference.variable_elimination.program import Program
from model.inference.variable_elimination.scheduler import Prepared, alike, answered, fits, program_for
from model.network import Table

Floats = NDArray[np.float64]


def posterior(prepared: Prepared, evidence: Evidence, names: Iterable[str] = ()) -> tuple[Floats, Mapping[str, Table]]:
    """Log P(evidence), shape (cases,), and the distribution of each variable named, shape (cases, states).

    Exact, and the fields of ``inference.Posterior`` in their order; zeros where the evidence is impossible.

    >>> from model.inference.arrays import Evidence
    >>> from model.inference.variable_elimination.scheduler import prepare
    >>> from model.network import Network, Variable
    >>> rain = Variable("rain", ("no", "yes"))
    >>> wet = Variable("wet", ("no", "yes"), parents=("rain",))
    >>> tables = {"rain": np.array([0.8, 0.2]), "wet": np.array([[0.9, 0.1], [0.1, 0.9]])}
    >>> seen = Evidence(1, {"wet": np.array([[0.0, 1.0]])})
    >>> posterior(prepare(Network([rain, wet], tables)), seen, ["rain"])[1]["rain"].round(4)
    array([[0.3077, 0.6923]])

    Raises NetworkTooLarge, before any table is allocated, where what is left of the network is still too much.
    """
    wanted, position = tuple(names), prepared.network.position
    answered = _answers(prepared, evidence)
    if len(wanted) == 1:
        rows, logs = answered(position[wanted[0]], True)
        return _locked_posterior({wanted[0]: rows}, logs)
    _, logs = answered(-1, True)
    return _locked_posterior({name: answered(position[name], False)[0] for name in wanted}, logs)


def marginals(prepared: Prepared, evidence: Evidence, names: Iterable[str] = ()) -> dict[str, Table]:
    """Probability of each state of the variables named, without that of the evidence: only what they depend on is read.

    A finding that is irrelevant to a variable is not looked at, so that it may be impossible unnoticed.
    """
    answered = _answers(prepared, evidence)
    return {name: answered(prepared.network.position[name], False)[0] for name in names}


def draws(
    prepared: Prepared, names: Iterable[str], evidence: Evidence, tables: Mapping[str, Table]
) -> dict[str, Table]:
    """Distributions of the variables named under each draw of the tables given, shape (draws, states).

    ``tables[name]`` has shape (draws, *parents' states, states); only those of ``needed`` are read. The evidence is
    of one case, or of as many as there are draws.
    """
    wanted = tuple(names)
    counting = frozenset(needed(prepared, wanted, evidence))
    count = max((len(rows) for rows in tables.values()), default=1)
    likelihood = {
        name: np.repeat(rows, count, axis=0) if len(rows) == 1 else rows for name, rows in evidence.likelihood.items()
    }
    read = {name: rows for name, rows in tables.items() if name in counting}
    coded = code_evidence(prepared.network, prepared.workers, count, likelihood, {**read, **evidence.tables})
    return {
        name: answered(prepared, coded, prepared.network.position[name], with_p_evidence=False)[0] for name in wanted
    }


def draws_with_evidence(
    prepared: Prepared, name: str, evidence: Evidence, tables: Mapping[str, Table]
) -> tuple[Table, Floats]:
    """Distribution of a variable under each draw of the tables, and how likely the evidence is under that draw.

    The evidence is of one case. ``tables[name]`` has shape (draws or 1, *parents' states, states); tables not given
    are the network's own, those that neither answer depends on are not read. Returns shape (draws, states), zeros
    where a draw makes the evidence impossible, and natural logarithms of P(evidence), shape (draws,).

    >>> from model.inference.variable_elimination.scheduler import prepare
    >>> from model.network import Network, Variable
    >>> rain = Variable("rain", ("no", "yes"))
    >>> wet = Variable("wet", ("no", "yes"), parents=("rain",))
    >>> own = {"rain": np.array([0.8, 0.2]), "wet": np.array([[0.9, 0.1], [0.1, 0.9]])}
    >>> prepared = prepare(Network([rain, wet], own))
    >>> seen = Evidence(1, {"wet": np.array([[0.0, 1.0]])})
    >>> rows, log_p = draws_with_evidence(prepared, "rain", seen, {"rain": np.array([[0.8, 0.2], [0.5, 0.5]])})
    >>> rows[:, 1].round(4), np.exp(log_p).round(4)
    (array([0.6923, 0.9   ]), array([0.26, 0.5 ]))
    """
    coded = _drawn(prepared, evidence, tables)
    rows, log_p = alike(prepared, coded, prepared.network.position[name], with_p_evidence=True)
    return _possible(rows, log_p), log_p


def draws_fit(prepared: Prepared, name: str, evidence: Evidence, tables: Mapping[str, Table]) -> bool:
    """Whether draws of these tables are worked on side by side; else each is answered by itself."""
    target, coded = prepared.network.position[name], _drawn(prepared, evidence, tables)
    role = role_of(prepared.packed, coded, coded.codes, target, single_case=False)
    try:
        return fits(program_for(prepared, target, role, with_p_evidence=bool(evidence.likelihood), single_case=False))
    except NetworkTooLarge:
        return False


def _drawn(prepared: Prepared, evidence: Evidence, tables: Mapping[str, Table]) -> CodedEvidence:
    """One case of evidence under every draw."""
    if evidence.cases != 1:
        raise BadQuestion(f"the evidence under draws of the tables is of one case, not of {evidence.cases}")
    count = max((len(rows) for rows in tables.values()), default=1)
    known = code_evidence(prepared.network, prepared.workers, 1, evidence.likelihood, evidence.tables)
    return under_draws(known, prepared.network, count, tables)


def _possible(rows: Table, log_p: Floats) -> Table:
    """The rows, zeros where the evidence is impossible."""
    possible = np.isfinite(log_p)
    return rows if possible.all() else np.where(possible[:, None], rows, 0.0)


def needed(prepared: Prepared, names: Iterable[str], evidence: Evidence) -> tuple[str, ...]:
    """Variables whose tables the answers about these names depend on, in file order: draw only those."""
    coded = code_evidence(prepared.network, prepared.workers, evidence.cases, evidence.likelihood, evidence.tables)
    found = np.zeros(len(prepared.packed.cards), dtype=np.bool_)
    for case in patterns(prepared.packed, coded, coded.codes)[1].tolist():
        for name in names:
            target = prepared.network.position[name]
            role = role_of(prepared.packed, coded, coded.codes[:, case : case + 1], target)
            found |= programs.needed(prepared.packed, target, role, with_p_evidence=False)
    return tuple(name for name, counts in zip(prepared.network.names, found, strict=True) if counts)


def cells(prepared: Prepared, evidence: Evidence, name: str, *, with_p_evidence: bool = True) -> int:
    """Multiplications that one case of this evidence costs, before those that lanes do side by side are divided.

    Of a batch: as if every case spoke of every variable, which is the most it can cost. ``with_p_evidence``: with
    P(evidence). Raises NetworkTooLarge.
    """
    return cells_of_pattern(prepared, evidence.pattern, name, with_p_evidence)


def cells_of_pattern(prepared: Prepared, pattern: Pattern, name: str, with_p_evidence: bool) -> int:
    """The same for any evidence that speaks of these variables in this way."""
    position = prepared.network.position
    spoken = tuple((position[v], HARD if known and v != name else SOFT) for v, known in pattern.findings)
    if pattern.single_case:
        return _program(prepared, position[name], spoken, with_p_evidence=with_p_evidence).cells
    role = np.zeros(len(prepared.packed.cards), dtype=np.int64)
    for replaced in pattern.replaced:
        role[position[replaced]] |= LANED
    for v, bit in spoken:
        role[v] |= bit
    return program_for(prepared, position[name], role, with_p_evidence=with_p_evidence, single_case=False).cells


def cells_of_few(prepared: Prepared, evidence: Evidence, names: Sequence[str], *, with_p_evidence: bool) -> float:
    """The mean over a few cases, each with a program of what it speaks of; inf where one would be too large."""
    coded = code_evidence(prepared.network, prepared.workers, evidence.cases, evidence.likelihood, evidence.tables)
    total = 0
    for target in (prepared.network.position[name] for name in names):
        roles = [role_of(prepared.packed, coded, coded.codes[:, i : i + 1], target) for i in range(coded.cases)]
        try:
            total += sum(
                program_for(prepared, target, role, with_p_evidence=with_p_evidence, single_case=True).cells
                for role in roles
            )
        except NetworkTooLarge:
            return math.inf
    return total / coded.cases


def _program(prepared: Prepared, target: int, spoken: tuple[tuple[int, int], ...], *, with_p_evidence: bool) -> Program:
    """The program for one case without replaced tables that speaks of these (variable, role); made once and kept."""

    def made() -> Program:
        role = np.zeros(len(prepared.packed.cards), dtype=np.int64)
        for v, bit in spoken:
            role[v] = bit
        return programs.program(prepared.packed, target, role, with_p_evidence=with_p_evidence, single_case=True)

    return prepared.programs.get((prepared.number, target, with_p_evidence, *spoken), made)


def _locked_posterior(found: dict[str, Table], logs: Floats) -> tuple[Floats, Mapping[str, Table]]:
    found = {name: _possible(rows, logs) for name, rows in found.items()}
    for rows in found.values():
        rows.setflags(write=False)
    return logs, MappingProxyType(found)


def _answers(prepared: Prepared, evidence: Evidence) -> Callable[[int, bool], tuple[Table, Floats]]:
    """How to answer about a target (-1: P(evidence) alone), with P(evidence) or not."""
    if evidence.cases == 1 and not evidence.tables:
        return lambda target, with_p_evidence: _asked(
            prepared, evidence.likelihood, target, with_p_evidence=with_p_evidence
        )
    coded = code_evidence(prepared.network, prepared.workers, evidence.cases, evidence.likelihood, evidence.tables)
    return lambda target, with_p_evidence: answered(prepared, coded, target, with_p_evidence=with_p_evidence)


def _asked(
    prepared: Prepared, likelihood: Mapping[str, Table], target: int, *, with_p_evidence: bool
) -> tuple[Table, Floats]:
    """The way of ``answered`` for one case, without its preparations: most of the time of a small question."""
    packed, position, cards = prepared.packed, prepared.network.position, prepared.cards
    spoken, findings = [], []
    vectors: list[float] = []
    scale = 0.0
    for name, rows in likelihood.items():
        v = position[name]
        if rows.shape != (1, cards[v]):
            check(prepared.network, 1, likelihood, {})
        row = rows[0].tolist()
        ones = row.count(1.0)
        if ones == len(row):
            continue
        if ones == 1 and v != target and row.count(0.0) == len(row) - 1:
            spoken.append((v, HARD))
            findings.append((v, row.index(1.0), -1))
            continue
        power = math.frexp(max(row))[1]
        scale += power * math.log(2.0)
        spoken.append((v, SOFT))
        findings.append((v, -1, len(vectors)))
        vectors.extend(math.ldexp(p, -power) for p in row)

    program = _program(prepared, target, tuple(spoken), with_p_evidence=with_p_evidence)
    rows, log = per_case_kernels.run_one(
        program.code,
        packed.table_at,
        packed.values,
        np.array(findings, dtype=np.int64).reshape(-1, 3),
        np.array(vectors),
        *NO_TABLES,
    )
    return rows[None], np.array([log + scale])
